"""What is exported runs nowhere, and comes back as it was."""

from __future__ import annotations

import csv
import io
import json
import random
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl
from openpyxl.utils.escape import unescape

from pycrm import CRM, Account, field
from pycrm.exchange.formulas import original
from pycrm.exchange.joined import joined, parted
from pycrm.exchange.reading import open_source
from reliability.check_text import CASES, nasty_lines, random_text
from reliability.checks import NewDatabase, check
from reliability.workers import ADMINISTRATOR, migrated

PAYLOADS = 400
HEADS = 60
_SIGNS = "=+-@＝＋－＠﹦﹢﹣﹫"
_BEFORE = [
    "",
    " ",
    "  ",
    "\t",
    "\r",
    "\n",
    "\r\n",
    "\x01",
    "\x1f",
    "\x7f",
    "\x85",
    "\xa0",
    "\u3000",
    "\u200b",
    "\u2060",
]
_BEFORE += ["\ufeff", "\u202e", "\u00ad", "\u3164", "\u2003\t", "'", "''", "' ", "\u3000'"]
_BODIES = [
    "1+1",
    "SUM(A1:A9)",
    "cmd|' /C calc'!A0",
    'HYPERLINK("http://x.test","y")',
    "-2+3",
    "A1",
    "9",
    "=1",
    "@x",
    "",
]


def payloads(count: int, seed: int) -> list[str]:
    """Return *count* different texts that spreadsheets have run: the public ones, then generated ones."""
    public = (CASES / "security-csv-formula" / "csv-payload.txt").read_text("utf-8").splitlines()
    every = [before + sign + body for body in _BODIES for sign in _SIGNS for before in _BEFORE]
    random.Random(seed).shuffle(every)
    return list(dict.fromkeys([*public, *every]))[:count]


@check("formulas_neutral", promise=29)
def formulas_neutral(new_database: NewDatabase, seed: int, *, count: int = PAYLOADS) -> Mapping[str, Any]:
    """Put payloads into texts, lists, options and labels, export CSV and XLSX, and look at every cell of the files.

    None may begin a formula, however much unseen stands before its sign, and each must read as what was stored.
    """
    texts = payloads(count, seed)
    with migrated(new_database()) as crm:
        _fill(crm, texts)
        files = list(_files(crm))
        reread = sum(_lost_by_our_reader(crm, texts, options) for options in _WAYS)
    live = sum(_is_live(cell) for _, rows in files for row in rows for cell in row if isinstance(cell, str))
    typed_formulas = sum(cell is _FORMULA for _, rows in files for row in rows for cell in row)
    changed = sum(_changed(texts, rows) for _, rows in files)
    figure = {
        "payloads": len(texts),
        "files": len(files),
        "cells": sum(len(row) for _, rows in files for row in rows),
        "live_cells": live + typed_formulas,
        "changed_after_reading": changed,
        "changed_by_our_reader": reread,
    }
    return {"passed": live == typed_formulas == changed == reread == 0 and len(texts) == count, **figure}


@check("exports_keep_text", promise=32)
def exports_keep_text(
    new_database: NewDatabase, seed: int, *, strings: Sequence[str] | None = None, generated: int = 1_000
) -> Mapping[str, Any]:
    """Export texts of every sort in every format, and read the files with other programs' readers."""
    chance = random.Random(seed)
    given = list(nasty_lines() if strings is None else strings)
    texts = [text for text in [*given, *(random_text(chance) for _ in range(generated))] if text]
    different = dict.fromkeys(("csv", "gb18030", "jsonl", "xlsx"), 0)
    with migrated(new_database()) as crm:
        with crm.acting_as(ADMINISTRATOR) as ws:
            ws.create_many([Account(name="x", description=text) for text in texts])
        for name in different:
            found = _descriptions(crm, name)
            different[name] = len(texts) if len(found) != len(texts) else sum(map(_differs, texts, found))
    return {
        "passed": not any(different.values()),
        "texts": len(texts),
        **{f"different_in_{name}": count for name, count in different.items()},
    }


def _differs(text: Any, found: Any) -> bool:
    return bool(text != found)


_FORMULA = object()
_WAYS: tuple[Mapping[str, Any], ...] = ({"format": "csv"}, {"format": "csv", "encoding": "gb18030"}, {"format": "xlsx"})


def _fill(crm: CRM, texts: Sequence[str]) -> None:
    with crm.acting_as(ADMINISTRATOR) as ws:
        ws.define_field(Account, "essay", field.long_text())
        ws.define_field(Account, "marks", field.tags())
        ws.define_field(Account, "pick", field.choice([text for text in texts if len(text) <= 255]))
        for number, text in enumerate(texts[:HEADS]):
            ws.define_field(Account, f"f{number}", field.text(), label={"en": text})
        ws.create_many(
            [
                Account(name=text, custom={"essay": text, "marks": {text, f"{text}!", "a"}, "pick": text, "f0": text})
                for text in texts
            ]
        )


def _files(crm: CRM) -> Iterator[tuple[str, list[list[Any]]]]:
    """Yield each file with its rows, the headers first, as another program reads them."""
    columns = ["name", "custom.essay", "custom.marks", "custom.pick", *(f"custom.f{number}" for number in range(HEADS))]
    for headers in ("names", "labels"):
        for way in _WAYS:
            options: dict[str, Any] = {**way, "columns": columns, "headers": headers}
            file = io.BytesIO()
            crm.export(ADMINISTRATOR, Account, file, **options)
            yield f"{way['format']} {headers}", _rows(file.getvalue(), way["format"], way.get("encoding", "utf-8"))


def _lost_by_our_reader(crm: CRM, texts: Sequence[str], way: Mapping[str, Any]) -> int:
    """Return how many texts the reader that imports begin with finds otherwise than they were stored."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"a.{way['format']}"
        crm.export(ADMINISTRATOR, Account, path, columns="name custom.essay custom.pick", **way)
        (table,) = open_source(path).tables
        found = [row.cells for row in table.rows()]
    stored = [(text, text, text) for text in texts]
    return len(texts) if len(found) != len(texts) else sum(map(_differs, stored, found))


def _rows(data: bytes, name: str, encoding: str) -> list[list[Any]]:
    if name == "csv":
        return [list(row) for row in csv.reader(io.StringIO(data.decode(encoding), newline=""))]
    sheet: Any = openpyxl.load_workbook(io.BytesIO(data), read_only=True).active
    return [
        [
            _FORMULA if cell.data_type == "f" else unescape(cell.value) if isinstance(cell.value, str) else ""
            for cell in row
        ]
        for row in sheet.iter_rows()
    ]


def _is_live(text: str) -> bool:
    """Whether the strictest spreadsheet, which trims whatever is not seen, would take *text* for a formula."""
    rest = text.lstrip("\u3164\u3000")
    while rest and (unicodedata.category(rest[0])[0] in "CZ" or rest[0] == "\u3164"):
        rest = rest[1:]
    return text[:1] in {"\t", "\r", "\n"} or unicodedata.normalize("NFKC", rest[:1]) in set("=+-@")


def _changed(texts: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """Return how many cells do not read as what was stored: texts, lists, options and, of labels, the headers."""
    head, *body = rows
    changed = 0 if len(body) == len(texts) else len(texts)
    labels = [original(cell) for cell in head[4 : 4 + HEADS]]
    expected = list(texts[:HEADS])
    changed += labels != expected and labels != [f"custom.f{number}" for number in range(HEADS)]
    for text, row in zip(texts, body, strict=False):
        changed += [original(row[0]), original(row[1]), original(row[3]), original(row[4])] != [text] * 4
        changed += set(parted(original(row[2]))) != set(parted(joined({text, f"{text}!", "a"})))
    return changed


def _descriptions(crm: CRM, name: str) -> list[Any]:
    file = io.BytesIO()
    options: dict[str, Any] = {"format": "csv", "encoding": "gb18030"} if name == "gb18030" else {"format": name}
    crm.export(ADMINISTRATOR, Account, file, columns="description", **options)
    if name == "jsonl":
        return [json.loads(line)["description"] for line in file.getvalue().decode().split("\n") if line]
    rows = _rows(file.getvalue(), options["format"], options.get("encoding", "utf-8"))
    return [original(row[0]) for row in rows[1:]]
