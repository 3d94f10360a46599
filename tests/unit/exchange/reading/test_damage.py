"""Whatever became of a file on its way, reading it gives rows or an error of ours."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pycrm.errors import ReadError
from pycrm.exchange.reading import open_source
from reliability.workbook_files import biff, ods, packed, xls, xlsx

pytest.importorskip("python_calamine")
pytest.importorskip("olefile")
pytest.importorskip("charset_normalizer")

TEXTS = biff(0xFC, struct.pack("<IIHB", 1, 1, 3, 0) + b"abc")
CELLS = biff(0xFD, struct.pack("<HHHI", 0, 0, 0, 0)) + biff(0x205, struct.pack("<HHHBB", 1, 0, 0, 23, 1))
SHEET = (
    '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>b</t></is></c></row>'
    '<row r="2"><c r="A2"><v>1</v></c><c r="B2" t="e"><v>#N/A</v></c></row>'
)
TABLE = (
    '<table:table table:name="S"><table:table-row table:number-rows-repeated="2"><table:table-cell '
    'office:value-type="string"><text:p>a</text:p></table:table-cell></table:table-row></table:table>'
)
FILES: dict[str, Callable[[], bytes]] = {
    "xlsx": lambda: xlsx({"S": SHEET}, shared="<si><t>a</t></si>"),
    "ods": lambda: ods(TABLE),
    "xls": lambda: xls({"S": CELLS}, globals_=TEXTS),
    "vcf": lambda: (
        b"BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=GBK;ENCODING=QUOTED-PRINTABLE:=CD=F5;=\n=D0=A1\nitem1.TEL;CELL:1\n"
        b'item1.X-ABLabel:_$!<Home>!$_\nADR;TYPE="work,home":;;a;b\\;c\n d\nEND:VCARD\n'
    ),
    "csv": lambda: '名称,"电话"\r\n"甲 ""x""\r\ny",138\r\n合计,\'=1\r\n'.encode("gb18030"),
    "txt": lambda: "a\tb\r\n1\t2\r\n".encode("utf-16"),
    "json": lambda: b'{"total": 2, "results": [{"a": 1.5, "b": [1, {"c": null}]}, {"a": "x\\u0000"}]}',
    "jsonl": lambda: b'{"a": 1}\n{"b": {"c": "x"}}\n',
}


@pytest.mark.parametrize("kind", FILES)
def test_damaged_files_are_read_or_refused(tmp_path: Path, kind: str) -> None:
    """Bytes changed, lost, repeated or cut off: each row has a cell per column, lines ascend, names are unique."""
    chance = random.Random(kind)
    whole = FILES[kind]()
    refused = 0
    for number in range(150):
        path = tmp_path / f"{number}.{kind}"
        path.write_bytes(damaged_part(whole, chance) if kind in {"xlsx", "ods"} else damaged(whole, chance))
        try:
            check_tables(path)
        except ReadError:
            refused += 1

    assert refused < 150


def check_tables(path: Path) -> None:
    """Read all of the file at *path*."""
    for table in open_source(path).tables:
        assert len(set(table.columns)) == len(table.columns)
        last = 0
        for row in table.rows():
            assert len(row.cells) == len(table.columns)
            assert row.line > last
            last = row.line


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Return *data* with up to six faults."""
    faulty = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(faulty) + 1)
        match chance.randrange(4):
            case 0:
                faulty[place : place + 1] = bytes([chance.choice((0, 10, 13, 34, 44, 255, chance.randrange(256)))])
            case 1:
                del faulty[place : place + chance.randint(1, 20)]
            case 2:
                start = chance.randrange(len(faulty) + 1)
                faulty[place:place] = faulty[start : start + chance.randint(1, 40)]
            case 3 if chance.random() < 0.2:
                del faulty[place:]
    return bytes(faulty)


def damaged_part(data: bytes, chance: random.Random) -> bytes:
    """Return the archive *data* with a part of it damaged."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice([name for name in parts if name.endswith((".xml", ".rels"))])
    return packed({**parts, name: damaged(parts[name], chance)})
