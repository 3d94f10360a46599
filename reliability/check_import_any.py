"""Imports of files that nobody would write: whatever stands in them, each step works or says why it does not."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import random
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from pycrm import CRM
from pycrm.errors import PycrmError, ReadError
from pycrm.exchange.importing import ImportPlan, Proof
from pycrm.exchange.mapping import mapping_text, read_mapping_text
from pycrm.schema.dump import dump_records
from reliability.checks import NewDatabase, check
from reliability.hostile_text import hostile_texts
from reliability.workers import ADMINISTRATOR, migrated

HEADERS = [
    *["Name", "Company", "Account Name", "First Name", "Last Name", "Email", "E-mail", "Phone", "Mobile", "Country"],
    *["No", "Amount", "Currency", "Date", "Owner", "Tags", "Website", "Notes", "Status", "Stage", "Deal Name", "City"],
    *["客户名称", "编号", "联系人", "手机", "国家", "成交金额", "日期", "统一社会信用代码", "备注"],
]
VALUES = [
    *[
        "",
        " ",
        "-",
        "n/a",
        "海晨贸易",
        "Acme GmbH",
        "mei@example.com",
        "+86 138 0000 0001",
        "138 0000 0001",
        "CN",
        "中国",
    ],
    *["12.5万", "￥1,234.50", "1,234", "1e400", "-0", "00012", "123456789012345678", "9.1E+17", "100%", "yes", "NULL"],
    *["2024-01-05", "05/01/2024", "31.12.2023", "2024-02-30", "45296", "2024-01-05T10:00:00+08:00", "a;b;c", "合计"],
    *["=1+1", "two\nlines", "x" * 5_000],
]
TYPED: list[Any] = [
    *[1, -2.5, 1e300, 10**30, True, None, [], ["a", "b"], {"a": 1}, {"a": {"b": "c"}}, [{"x": 1}]],
    *["\ud800", "a\x00b"],
]
CELLS: list[Any] = [1, 2.5, True, 123456789012345678, dt.date(2024, 1, 5), dt.datetime(2024, 1, 5, 3, 4), dt.time(3, 4)]
FILES_EACH = 20
"""So many go into one database: the custom fields that a mapping defines stay, and slow the next ones down."""

FAULTS = ("crashed", "not_as_planned", "not_equal", "not_given_back", "undo_left", "undo_wrong")


@check("import_of_any_file", promise=45)
def import_of_any_file(new_database: NewDatabase, seed: int, *, files: int = 200, rows: int = 40) -> Mapping[str, Any]:
    """Odd files through all steps: suggested, planned, run, told, given back, fed again, and taken back.

    A file may be refused as none that can be read. Of every other one the run must do what the plan says and store
    what it read, its refused rows must come back as a file that the same mapping takes, and undoing must leave
    everything as it was.
    """
    told: Counter[str] = Counter()
    first: list[str] = []
    for start in range(0, files, FILES_EACH):
        with migrated(new_database()) as crm:
            for number in range(start, min(start + FILES_EACH, files)):
                found, error = _tried(crm, random.Random(seed + number), rows)
                told += found
                if not first and any(found[fault] for fault in FAULTS):
                    first.append(f"seed {seed + number}: {error or dict(found)}")
    return {
        "passed": not any(told[fault] for fault in FAULTS),
        "files": files,
        **dict.fromkeys(FAULTS, 0),
        **told,
        "first": first,
    }


def _tried(crm: CRM, chance: random.Random, rows: int) -> tuple[Counter[str], str]:
    """Take an odd file through all steps; return what was wrong, and the error if there was one."""
    with tempfile.TemporaryDirectory() as folder:
        path = _odd_file(Path(folder), chance, rows)
        try:
            return _taken_through(crm, path, chance), ""
        except Exception as error:  # noqa: BLE001  any at all is what is looked for
            return Counter(crashed=1), f"{type(error).__name__}: {str(error)[:200]}"


def _taken_through(crm: CRM, path: Path, chance: random.Random) -> Counter[str]:
    """Take the file at *path* through all steps, and count what was wrong."""
    imports, told = crm.imports, Counter[str]()
    try:
        suggestion = imports.suggest(
            ADMINISTRATOR, path, currency=chance.choice(["", "CNY"]), language=chance.choice(["en", "zh"])
        )
    except ReadError:
        return Counter(unreadable=1)
    mapping = read_mapping_text(mapping_text(suggestion.mapping))
    before = _contents(crm)
    made = imports.plan(ADMINISTRATOR, path, mapping, batch_size=chance.choice([1, 7, 5_000]))
    plan = ImportPlan.from_data(json.loads(json.dumps(made.to_data())))
    done = imports.run(ADMINISTRATOR, path, plan=plan, batch_size=chance.choice([3, 5_000]))
    reported = imports.report(ADMINISTRATOR, done.run)
    json.dumps(reported.to_data()).encode()
    told["rows"], told["refused"] = done.counts.rows, done.counts.refused
    # A run without rows has nothing to compare with its plan.
    told["not_as_planned"] += done.as_planned is False or done.counts != plan.counts or reported.counts != done.counts
    told["not_as_planned"] += _aside(plan.proof) != _aside(done.proof)
    told["not_equal"] += not done.agrees
    back = path.with_name("back.csv")
    skipped = chance.random() < 0.5
    given = imports.write_rows_back(ADMINISTRATOR, done.run, back, skipped=skipped)
    told["not_given_back"] += given != done.counts.refused + (done.counts.skipped if skipped else 0)
    try:
        again = imports.run(ADMINISTRATOR, back, mapping)
    except PycrmError:
        told["not_given_back"] += 1
    else:
        told["not_given_back"] += again.counts.rows != given
        told["undo_left"] += len(imports.undo(ADMINISTRATOR, again.run).left)
    told["undo_left"] += len(imports.undo(ADMINISTRATOR, done.run).left)
    told["undo_wrong"] += _contents(crm, known=before) != before
    return told


def _aside(proof: Proof) -> dict[tuple[str, str, str, str], int]:
    return {(each.entity, each.field, each.column, each.code): each.count for each in proof.set_aside}


_NOT_TAKEN_BACK = frozenset({"import_run", "user", "custom_field"})


def _contents(crm: CRM, known: Mapping[str, Sequence[Any]] | None = None) -> dict[str, list[Any]]:
    """Return all records by entity, of those entities that have any or had."""
    found = {}
    with crm.reading_as(ADMINISTRATOR) as ws:
        ctx = ws._ctx
        for name, entity in ctx.tools.schema.entities.items():
            if name in _NOT_TAKEN_BACK or entity.parked:
                continue
            records = ctx.matching(entity, include_binned=True)
            if records or name in (known or ()):
                found[name] = dump_records(entity, records)
    return found


# Files


def _odd_file(folder: Path, chance: random.Random, most_rows: int) -> Path:
    """Write a file of any format with headers and values of any sort."""
    hostile = list(hostile_texts(100, chance.randrange(10**9)))
    heads = [chance.choice(HEADERS if chance.random() < 0.85 else hostile) for _ in range(chance.randint(1, 9))]
    rows = [
        [chance.choice(VALUES if chance.random() < 0.8 else hostile) for _ in heads]
        for _ in range(chance.randint(0, most_rows))
    ]
    form = chance.choice(["csv", "csv", "jsonl", "json", "xlsx"])
    path = folder / f"odd.{form}"
    if form == "csv":
        path.write_bytes(_delimited([heads, *rows], chance))
    elif form == "xlsx":
        _write_workbook(path, [heads, *rows], chance)
    else:
        records = [
            {
                head: chance.choice(TYPED) if chance.random() < 0.4 else value
                for head, value in _some(heads, row, chance)
            }
            for row in rows
        ]
        path.write_text(json.dumps(records) if form == "json" else "\n".join(map(json.dumps, records)), "utf-8")
    return path


def _some(heads: Sequence[str], row: Sequence[str], chance: random.Random) -> list[tuple[str, str]]:
    return [pair for pair in zip(heads, row, strict=True) if chance.random() < 0.9]


def _delimited(rows: Sequence[Sequence[str]], chance: random.Random) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=chance.choice(",;\t|"), escapechar="\\").writerows(rows)
    data = bytearray(text.getvalue().encode(chance.choice(["utf-8", "utf-8-sig", "gb18030", "utf-16"]), "replace"))
    if data and chance.random() < 0.2:
        for _ in range(3):
            data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def _write_workbook(path: Path, rows: Sequence[Sequence[str]], chance: random.Random) -> None:
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd", "strings_to_urls": False}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            for place, text in enumerate(row):
                cell = chance.choice(CELLS) if chance.random() < 0.15 else text.encode("utf-8", "replace").decode()
                sheet.write_string(number, place, cell) if isinstance(cell, str) else sheet.write(number, place, cell)
