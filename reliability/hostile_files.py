"""Files that were made to take the memory or the time of whoever reads them."""

from __future__ import annotations

import random
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from reliability.workbook_files import biff, compound, ods, packed, xls, xlsx

__all__ = ["HOSTILE", "HOSTILE_CELLS"]

MEBI = 1 << 20
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12))
    + "]>"
)
_STOLEN = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


def _pieces(head: bytes, piece: bytes, count: int, tail: bytes = b"") -> Iterator[bytes]:
    yield head
    block = piece * max(1, MEBI // len(piece))
    whole, rest = divmod(count * len(piece), len(block))
    for _ in range(whole):
        yield block
    yield block[: rest // len(piece) * len(piece)]
    yield tail


def _text(*arguments: bytes | int) -> Callable[[Path], None]:
    """Return what writes head, a piece so many times, and tail."""

    def write(path: Path) -> None:
        with path.open("wb") as file:
            file.writelines(_pieces(*arguments))  # type: ignore[arg-type]

    return write


def _file(make: Callable[[], bytes]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(make())

    return write


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 30)


def _random_bytes(path: Path) -> None:
    path.write_bytes(bytes(byte | 0x80 for byte in random.Random(1).randbytes(4 * MEBI)))


def _sheet(rows: str | Iterator[bytes]) -> Callable[[], bytes]:
    return lambda: xlsx({"S": rows})


def _whole(body: bytes, count: int, *, head: bytes = b"<row><c r='A1'><v>1</v></c>") -> Iterator[bytes]:
    begin = f'<worksheet xmlns="{_MAIN}"><sheetData>'.encode() + head
    return _pieces(begin, body, count, b"</row></sheetData></worksheet>")


def _cell(place: str) -> str:
    return f'<c r="{place}"><v>1</v></c>'


def _shared_texts(length: int, cells: int) -> bytes:
    rows = "".join(f'<row r="{line}"><c r="A{line}" t="s"><v>0</v></c></row>' for line in range(1, cells + 1))
    return xlsx({"S": rows}, shared=f"<si><t>{'x' * length}</t></si>")


def _many_shared_texts() -> bytes:
    head = f'<sst xmlns="{_MAIN}">'.encode()
    return xlsx(
        {"S": f'<row r="1">{_cell("A1")}</row>'}, shared=_pieces(head, b"<si><t>x</t></si>", 20_000_000, b"</sst>")
    )


def _lying_sizes() -> bytes:
    """Return an archive whose parts are said to be tiny."""
    data = bytearray(xlsx({"S": _whole(b" ", 600 * MEBI)}))
    for sign, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = data.find(sign)
        while start >= 0:
            if struct.unpack_from("<I", data, start + place)[0] > MEBI:
                struct.pack_into("<I", data, start + place, 100)
            start = data.find(sign, start + 4)
    return bytes(data)


def _entries(*names: str) -> bytes:
    book = {"xl/workbook.xml": "<workbook/>", "xl/_rels/workbook.xml.rels": "<Relationships/>"}
    return packed({**book, **dict.fromkeys(names, "x")})


def _encrypted() -> bytes:
    data = bytearray(xlsx({"S": ""}))
    start = data.find(b"PK\x01\x02")
    data[start + 8] |= 1
    return bytes(data)


def _nested_archives(path: Path) -> None:
    inner = packed({"zeros": bytes(64 * MEBI)})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(200):
            archive.writestr(f"{number}.zip", inner)


def _table(rows: str) -> Callable[[], bytes]:
    return lambda: ods(f'<table:table table:name="S">{rows}</table:table>')


def _number(row: int, column: int) -> bytes:
    return biff(0x203, struct.pack("<HHHd", row, column, 0, 1.0))


def _xls_shared() -> bytes:
    texts = biff(0xFC, struct.pack("<IIHB", 1, 1, 8_000, 0) + b"x" * 8_000)
    cells = b"".join(biff(0xFD, struct.pack("<HHHI", row, 0, 0, 0)) for row in range(60_000))
    return xls({"S": cells}, globals_=texts)


def _xls_cycle() -> bytes:
    """Return a compound file whose only chain of sectors never ends."""
    data = bytearray(xls({"S": _number(0, 0)}))
    struct.pack_into("<I", data, 512 + 4 * 3, 2)
    return bytes(data)


def _xls_dimensions() -> bytes:
    declared = biff(0x200, struct.pack("<IIHHH", 0, 0xFFFFFFFF, 0, 0xFFFF, 0))
    return xls({"S": declared + _number(0, 0)})


_REPEATED = 'table:number-rows-repeated="1048576"'
_WIDE = 'table:number-columns-repeated="16384" office:value-type="float" office:value="1"'

HOSTILE: Final[dict[str, Callable[[Path], None]]] = {
    # Text.
    "one_line_of_a_gibibyte": _sparse,
    "one_line": _text(b"a,b\n", b"x", 64 * MEBI),
    "one_line_of_cells": _text(b"a,b\n", b",", 15 * MEBI),
    "one_line_of_quoted_cells": _text(b"a,b\n", b'"",', 5 * MEBI),
    "header_of_cells": _text(b"", b"a,", 7 * MEBI, b"\n1,2\n"),
    "header_of_one_name": _text(b"", b"a,", 100_000, b"\n1,2\n"),
    "quote_never_closed": _text(b'a,b\n1,"', b"open\n", 12 * MEBI),
    "quote_never_closed_late": _text(b"a,b\n", b"1,2\n", 2 * MEBI, b'1,"x\n2,3\n'),
    "row_of_lines": _text(b"a,b\n1", b',"\n"', 12 * MEBI),
    "quotes": _text(b"a,b\n", b'"', 32 * MEBI + 1),
    "doubled_quotes": _text(b'a,b\n1,"', b'""', 7 * MEBI, b'"\n'),
    "blank_lines": _text(b"a,b\n", b"\n", 4 * MEBI),
    "carriage_returns": _text(b"a,b\n", b"\r", 4 * MEBI),
    "zeros": _text(b"a,b\n", b"\x00\n", MEBI),
    "broken_bytes": _text("甲,乙\n".encode() * 9, b"\xff,\xfe\n", 200_000),
    "long_line_in_gbk": _text("甲,乙\n".encode("gb18030"), b"x", 6 * MEBI, b",1\n"),
    "random_bytes": _random_bytes,
    "broken_utf_16": _text(b"\xff\xfe", b"\x00\xd8,\x00", MEBI, b"\n"),
    "lost_digits_everywhere": _text(b"a,b\n", b"9.1E+17,1E+99\n", 150_000),
    "marks_everywhere": _text(b"a,b\n", b"'" * 1_000 + b",'\n", 5_000),
    "blanks_behind_mark": _text(b"a,b\n1,'", b" ", 8 * MEBI, b"\n"),
    "digits_before_exponent": _text(b"a,b\n1,1.", b"1", 8 * MEBI, b"E+x\n"),
    "delimiters_of_all_kinds": _text(b"", b',;\t|"', 4 * MEBI),
    # JSON.
    "deep_lists": _text(b'{"a": ', b"[", 8 * MEBI),
    "deep_objects": _text(b"[", b'{"a":', 2 * MEBI),
    "deep_line": _text(b'{"a": 1}\n{"a": ', b"[", MEBI, b"\n"),
    "deep_list_of_lists": _text(b'[{"a": 1}, ', b"[", MEBI),
    "long_number": _text(b'{"a": ', b"9", 8 * MEBI, b"}\n"),
    "long_fraction": _text(b'{"a": 0.', b"9", 8 * MEBI, b"}\n"),
    "huge_exponent": _text(b"", b'{"a": 1e999999999}\n', 50_000),
    "string_never_closed": _text(b'[{"a": "', b"x", 64 * MEBI),
    "blanks_in_json": _text(b'[{"a": 1},', b" ", 64 * MEBI),
    "list_of_lists": _text(b'[{"a": [', b"[],", 5 * MEBI, b"1]}]"),
    "list_of_fractions": _text(b'{"a": [', b"1.5,", 3 * MEBI, b"1]}\n"),
    "one_name_a_million_times": _text(b'{"b": 1', b',"a":1', MEBI // 4, b"}\n"),
    "no_objects": _text(b"[1", b",[]", MEBI // 4, b"]"),
    # Cards.
    "card_folded": _text(b"BEGIN:VCARD\nNOTE:x\n", b" y\n", 12 * MEBI),
    "card_quoted_printable": _text(b"BEGIN:VCARD\nNOTE;ENCODING=QUOTED-PRINTABLE:x=\n", b"y=\n", 12 * MEBI),
    "card_of_lines": _text(b"BEGIN:VCARD\n", b"A:1\n", 12 * MEBI),
    "card_of_one_property": _text(b"BEGIN:VCARD\n", b"X-A:1\n", 250_000, b"END:VCARD\n"),
    "card_of_parts": _text(b"BEGIN:VCARD\nN:", b";", 15 * MEBI, b"\nEND:VCARD\n"),
    "card_of_categories": _text(b"BEGIN:VCARD\nCATEGORIES:a", b",a", 7 * MEBI, b"\nEND:VCARD\n"),
    "card_of_quotes": _text(b"BEGIN:VCARD\nTEL;X=", b'"', 15 * MEBI, b"\nEND:VCARD\n"),
    "cards_without_end": _text(b"", b"BEGIN:VCARD\n", 50_000),
    "cards_within_cards": _text(b"", b"BEGIN:VCARD\nAGENT:\n", 2 * MEBI),
    # XLSX.
    "xlsx_of_blanks": _file(lambda: xlsx({"S": _whole(b" ", 600 * MEBI)})),
    "xlsx_of_tags": _file(lambda: xlsx({"S": _whole(b"<x/>", 150 * MEBI)})),
    "xlsx_with_lying_sizes": _file(_lying_sizes),
    "xlsx_far_cell": _file(_sheet(f'<row r="1">{_cell("A1")}</row><row r="1048576">{_cell("XFD1048576")}</row>')),
    "xlsx_far_row": _file(_sheet(f'<row r="1">{_cell("XFD1")}</row><row r="1048576"><c><v>1</v></c></row>')),
    "xlsx_declared_cells": _file(_sheet(f'<dimension ref="A1:XFD1048576"/><row r="1">{_cell("A1")}</row>')),
    "xlsx_many_cells": _file(lambda: xlsx({"S": _whole(b"<c><v>1</v></c>", 6_000_000)})),
    "xlsx_shared_text": _file(lambda: _shared_texts(30_000, 20_000)),
    "xlsx_shared_texts": _file(_many_shared_texts),
    "xlsx_long_text": _file(lambda: xlsx({"S": _whole(b"x", 64 * MEBI, head=b"<row><c r='A1' t='str'><v>")})),
    "xlsx_unclosed_tags": _file(lambda: xlsx({"S": _whole(b"<c ", 20 * MEBI)})),
    "xlsx_errors": _file(lambda: xlsx({"S": _whole(b'<c r="B7" t="e"><v>#N/A</v></c>', 2_000_000)})),
    "xlsx_laughs_in_sheet": _file(lambda: xlsx({"S": iter([_LAUGHS.encode(), b"<worksheet>&m;</worksheet>"])})),
    "xlsx_laughs_in_texts": _file(lambda: xlsx({"S": ""}, shared=iter([_LAUGHS.encode(), b"<sst>&m;</sst>"]))),
    "xlsx_laughs_in_index": _file(
        lambda: xlsx({"S": ""}, further={"xl/workbook.xml": _LAUGHS + "<workbook>&m;</workbook>"})
    ),
    "xlsx_stolen_file": _file(lambda: xlsx({"S": iter([_STOLEN.encode(), b"<worksheet>&a;</worksheet>"])})),
    "xlsx_path_above": _file(lambda: _entries("../../evil.xml")),
    "xlsx_path_of_root": _file(lambda: _entries("/etc/evil.xml")),
    "xlsx_path_of_windows": _file(lambda: _entries("..\\evil.xml")),
    "xlsx_path_of_drive": _file(lambda: _entries("C:evil.xml")),
    "xlsx_many_parts": _file(lambda: _entries(*(f"{number}.xml" for number in range(20_000)))),
    "xlsx_many_sheets": _file(lambda: xlsx({f"S{number}": "" for number in range(5_000)})),
    "xlsx_encrypted": _file(_encrypted),
    "archive_of_archives": _nested_archives,
    # ODS.
    "ods_repeated_rows": _file(_table(f"<table:table-row {_REPEATED}><table:table-cell {_WIDE}/></table:table-row>")),
    "ods_repeated_text": _file(
        _table(
            "<table:table-row><table:table-cell table:number-columns-repeated='16384' office:value-type='string'>"
            f"<text:p>{'x' * 100_000}</text:p></table:table-cell></table:table-row>"
        )
    ),
    "ods_far_cell": _file(
        _table(
            f"<table:table-row><table:table-cell {_WIDE}/></table:table-row>"
            "<table:table-row table:number-rows-repeated='1048574'><table:table-cell/></table:table-row>"
            f"<table:table-row><table:table-cell {_WIDE}/></table:table-row>"
        )
    ),
    "ods_endless_number": _file(
        _table(
            f"<table:table-row table:number-rows-repeated='{'9' * 30}'><table:table-cell {_WIDE}/></table:table-row>"
        )
    ),
    "ods_laughs": _file(lambda: ods((_LAUGHS + "<x>&m;</x>").encode())),
    # XLS.
    "xls_far_cell": _file(lambda: xls({"S": _number(0, 0) + _number(65_535, 255)})),
    "xls_farther_cell": _file(lambda: xls({"S": _number(0, 0) + _number(65_535, 65_535)})),
    "xls_declared_cells": _file(_xls_dimensions),
    "xls_shared_text": _file(_xls_shared),
    "xls_many_records": _file(lambda: xls({"S": biff(0) * 1_700_000})),
    "xls_endless_chain": _file(_xls_cycle),
    "xls_cut_off": _file(lambda: xls({"S": _number(0, 0) * 5_000})[:20_000]),
    "xls_of_nothing": _file(lambda: compound(random.Random(2).randbytes(MEBI))),
}
"""By name, what writes the file."""

_LONG = 60_000
HOSTILE_CELLS: Final[dict[str, str]] = {
    "blanks": "1" + " " * _LONG + "x",
    "blanks_behind_day": "2024-01-05" + " " * _LONG + "x",
    "blanks_behind_day_of_china": "２０２４年" + "\u3000" * _LONG + "x",
    "no_width": "\u200b" * _LONG + "x",
    "digits": "1" * _LONG,
    "digits_and_commas": "1," * _LONG,
    "digits_and_points": "1." * _LONG + "x",
    "times": "2024-01-05T" + "1:" * _LONG,
    "exponent": "9" * _LONG + "E+17",
    "brackets": "(" * _LONG,
    "hyphens": "-" * _LONG,
    "quotes": "'" * _LONG,
    "apostrophes_and_equals": "'=" * _LONG,
    "ampersands": "a@b." * _LONG,
    "labels": "http://" + "a." * _LONG,
    "slashes": "http://" + "/" * _LONG,
    "phone": "+86" + " 1" * _LONG,
    "tags": "a;" * _LONG,
    "accents": "e\u0301" * _LONG,
    "names": "王" * _LONG,
    "units": "万" * _LONG,
    "line_ends": "\n" * _LONG + "x",
}
"""Cells that a pattern may take the square of their length to refuse."""
