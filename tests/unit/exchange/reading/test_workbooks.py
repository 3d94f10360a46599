"""Sheets become tables: values as they were stored, errors and lost digits told, hidden sheets left alone."""

from __future__ import annotations

import json
import struct
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pycrm.errors import MissingExtraError, ReadError, ReadTooLargeError
from pycrm.exchange.reading import Limits, open_source
from pycrm.exchange.rows import Source
from reliability.workbook_files import biff, ods, xls, xlsx

pytest.importorskip("python_calamine")
pytest.importorskip("olefile")

# What the reference says in the words of another reader.
SAME = {"P918610.0": timedelta(seconds=918610), "ABC_x000D_\nDEF": "ABC\r\nDEF"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a test writes its file."""
    return tmp_path / "book"


def opened(path: Path, data: bytes, **options: Any) -> Source:
    """Write *data* to *path* and open it."""
    path.write_bytes(data)
    return open_source(path, **options)


def text(place: str, value: str) -> str:
    """Return the XML of a cell with text."""
    return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'


def label(row: int, column: int, value: str) -> bytes:
    """Return the record of a cell with text."""
    return biff(0x204, struct.pack("<HHHHB", row, column, 0, len(value), 1) + value.encode("utf-16-le"))


def number(row: int, column: int, value: float) -> bytes:
    """Return the record of a cell with a number."""
    return biff(0x203, struct.pack("<HHHd", row, column, 0, value))


@pytest.mark.parametrize(
    "file",
    ["date", "date_1904", "empty_sheet", "errors", "has_x000D_", "hyperlinks", "merged_range"],
)
def test_edge_cases_are_read(case: Any, file: str) -> None:
    """Dates of both systems, merged cells, links and escapes are what the public cases say; errors are told."""
    folder = case("xlsx-edge")
    wanted = json.loads((folder / "reference.json").read_text("utf-8"))["sheets"][f"{file}.xlsx"]
    try:
        tables = open_source(folder / f"{file}.xlsx", header_row=0).tables
    except ReadError as error:
        tables = ()
        assert "is empty" in str(error)  # noqa: PT017 - only an empty workbook may end here

    read = {table.name: {row.line: row for row in table.rows()} for table in tables}

    for sheet, rows in wanted.items():
        for line, cells in enumerate(rows, 1):
            if not any(cell is not None for cell in cells):
                assert line not in read[sheet]
                continue
            row = read[sheet][line]
            told = {problem.facts["cell"]: problem.facts["value"] for problem in row.problems}
            for place, cell in enumerate(cells):
                found = row.cells[place] if place < len(row.cells) else None
                assert same(found, cell) or told[f"{'ABCDEFGH'[place]}{line}"] == cell


def same(found: Any, wanted: Any) -> bool:
    """Whether a cell is what the reference says."""
    if isinstance(found, date):
        return isinstance(wanted, str) and found.isoformat() == wanted[:10]
    return bool(found == SAME.get(wanted, wanted))


def test_sheets_are_tables(path: Path) -> None:
    """Empty sheets are left out, hidden ones told and read when they are named; the line is the row's number."""
    rows = f'<row r="2">{text("A2", "name")}{text("B2", "phone")}</row>'
    rows += f'<row r="5">{text("A5", "x")}<c r="B5"><v>7</v></c></row>'
    book = xlsx({"Accounts": rows, "Empty": "", "Old": rows}, hidden=["Old"])

    source = opened(path, book)

    assert (source.format, source.encoding, [table.name for table in source.tables]) == ("xlsx", None, ["Accounts"])
    assert getattr(source, "hidden") == ("Old",)  # noqa: B009 - beyond the protocol
    assert source.tables[0].columns == ("name", "phone")
    assert [(row.line, row.cells) for row in source.tables[0].rows()] == [(5, ("x", 7))]
    assert [table.name for table in open_source(path, sheet="Old").tables] == ["Old"]
    with pytest.raises(ReadError, match="no sheet 'Acounts'; did you mean 'Accounts'"):
        open_source(path, sheet="Acounts")


def test_numbers_are_as_shown(path: Path) -> None:
    """Whole numbers have no point, fractions fifteen digits; one too long for a spreadsheet has lost digits."""
    cells = ["13800000001", "0.30000000000000004", "911100001000000000", "1e300", "-5"]
    rows = "".join(f'<row r="{line}"><c r="A{line}"><v>{cell}</v></c></row>' for line, cell in enumerate(cells, 2))

    read = list(opened(path, xlsx({"S": f'<row r="1">{text("A1", "n")}</row>' + rows})).tables[0].rows())

    assert [row.cells[0] for row in read][:3] == [13800000001, 0.3, 911100001000000000]
    assert [[problem.code for problem in row.problems] for row in read] == [
        [],
        [],
        ["read.digits_lost"],
        ["read.digits_lost"],
        [],
    ]


@pytest.mark.parametrize(("from_1904", "day"), [(False, date(2024, 1, 5)), (True, date(2028, 1, 6))])
def test_days_of_both_systems(path: Path, from_1904: bool, day: date) -> None:
    """A number formatted as a day is one, counted from the beginning that the workbook tells."""
    rows = f'<row r="1">{text("A1", "on")}</row><row r="2"><c r="A2" s="1"><v>45296</v></c></row>'

    (row,) = opened(path, xlsx({"S": rows}, dates_from_1904=from_1904)).tables[0].rows()

    assert row.cells == (day,)


def test_texts_are_kept(path: Path) -> None:
    """Leading zeros stay, a mark against formulas is taken off, and a formula is the value that was stored."""
    rows = (
        f'<row r="1">{text("A1", "code")}{text("B1", "note")}{text("C1", "sum")}</row>'
        f'<row r="2">{text("A2", "000123")}{text("B2", "&#39;=1+1")}<c r="C2"><f>1/0+cmd|calc</f><v>12</v></c></row>'
    )

    (row,) = opened(path, xlsx({"S": rows})).tables[0].rows()

    assert row.cells == ("000123", "=1+1", 12)


def test_header_below_title(path: Path) -> None:
    """A title is no header, and a row of totals is doubted."""
    rows = (
        f'<row r="1">{text("A1", "客户清单")}</row>'
        f'<row r="3">{text("A3", "名称")}{text("B3", "城市")}{text("C3", "金额")}</row>'
        f'<row r="4">{text("A4", "甲")}{text("B4", "青岛")}<c r="C4"><v>1</v></c></row>'
        f'<row r="5">{text("A5", "合计")}<c r="C5"><v>1</v></c></row>'
    )

    (table,) = opened(path, xlsx({"S": rows})).tables

    assert table.columns == ("名称", "城市", "金额")
    assert [(row.line, [problem.code for problem in row.problems]) for row in table.rows()] == [
        (4, []),
        (5, ["read.total_line"]),
    ]
    assert [row.line for row in table.rows(after=4)] == [5]


def test_errors_name_their_cell(path: Path) -> None:
    """A formula that could not be worked out is nothing, and the problem says which cell."""
    rows = f'<row r="1">{text("A1", "a")}{text("B1", "b")}</row>'
    rows += f'<row r="3">{text("A3", "x")}<c t="e" r="B3"><f>A9</f><v>#REF!</v></c></row>'

    (row,) = opened(path, xlsx({"S": rows})).tables[0].rows()

    assert row.cells == ("x", None)
    (problem,) = row.problems
    assert (problem.code, problem.facts["cell"], problem.facts["column"]) == ("read.error_cell", "B3", "b")


def test_xls_is_read(path: Path) -> None:
    """The format of old: sheets, hidden ones, texts, numbers and errors."""
    cells = label(0, 0, "名称") + label(0, 1, "金额") + label(2, 0, "青岛海晨") + number(2, 1, 1.5)
    cells += label(3, 0, "x") + biff(0x205, struct.pack("<HHHBB", 3, 1, 0, 23, 1))

    source = opened(path, xls({"客户": cells, "Old": cells}, hidden=["Old"]))

    assert (source.format, getattr(source, "hidden")) == ("xls", ("Old",))  # noqa: B009 - beyond the protocol
    (table,) = source.tables
    assert (table.name, table.columns) == ("客户", ("名称", "金额"))
    first, second = table.rows()
    assert (first.line, first.cells) == (3, ("青岛海晨", 1.5))
    assert [(problem.facts["cell"], problem.facts["value"]) for problem in second.problems] == [("B4", "#REF!")]


def test_xls_shared_texts_are_read(path: Path) -> None:
    """Texts that run on from one record into the next are counted as they are."""
    long = "青" * 300
    items = b"".join(struct.pack("<HB", len(item), 1) + item.encode("utf-16-le") for item in ("code", long[:100]))
    shared = biff(0xFC, struct.pack("<II", 2, 3) + items + struct.pack("<HB", 300, 1) + long[:50].encode("utf-16-le"))
    shared += biff(0x3C, b"\x01" + long[50:].encode("utf-16-le"))
    cells = b"".join(biff(0xFD, struct.pack("<HHHI", row, 0, 0, row)) for row in range(3))

    (table,) = opened(path, xls({"S": cells}, globals_=shared)).tables

    assert [row.cells[0] for row in table.rows()] == [long[:100], long]


def test_ods_is_read(path: Path) -> None:
    """The format of LibreOffice: repeated rows and cells, and errors."""
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    tables = (
        f'<table:table table:name="S"><table:table-row>{cell.format("a")}{cell.format("b")}</table:table-row>'
        f'<table:table-row table:number-rows-repeated="2">{cell.format("x")}'
        '<table:table-cell office:value-type="float" office:value="3"><text:p>3</text:p></table:table-cell>'
        "</table:table-row>"
        f'<table:table-row>{cell.format("y")}<table:table-cell calcext:value-type="error" office:value-type="string">'
        "<text:p>#REF!</text:p></table:table-cell></table:table-row></table:table>"
    )

    source = opened(path, ods(tables))

    assert source.format == "ods"
    rows = list(source.tables[0].rows())
    assert [row.cells[0] for row in rows] == ["x", "x", "y"]
    assert [(problem.facts["cell"], problem.code) for problem in rows[2].problems] == [("B4", "read.error_cell")]


def test_large_workbook_is_refused(path: Path) -> None:
    """What would not fit says the cure."""
    rows = "".join(f'<row r="{line}">{text(f"A{line}", "x")}</row>' for line in range(1, 2_000))

    with pytest.raises(ReadTooLargeError, match="save the sheet as CSV"):
        opened(path, xlsx({"S": rows}), limits=Limits(workbook_bytes=50_000))


def test_stray_format_is_no_cell(path: Path) -> None:
    """A cell in the last row that is only formatted does not make a rectangle of the whole sheet."""
    rows = f'<row r="1">{text("A1", "a")}</row><row r="2">{text("A2", "x")}</row>'
    rows += '<row r="1048576"><c r="XFD1048576" s="1"/></row>'

    assert [row.cells for row in opened(path, xlsx({"S": rows})).tables[0].rows()] == [("x",)]


@pytest.mark.parametrize("package", ["python_calamine", "olefile"])
def test_workbooks_need_extra(path: Path, monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    """Without the package the error says how to get it."""
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(MissingExtraError, match=r"pip install 'pycrm\[import\]'"):
        opened(path, xls({"S": label(0, 0, "a")}))


def test_protected_workbook_is_refused(path: Path) -> None:
    """A workbook with a password says so."""
    with pytest.raises(ReadError, match="protected by a password"):
        opened(path, xls({"S": label(0, 0, "a")}, globals_=biff(0x2F, bytes(54))))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (xlsx({"S": ""})[:200], "damaged"),
        (xls({"S": label(0, 0, "a")})[:900], "damaged"),
    ],
)
def test_damaged_workbook_is_refused(path: Path, data: bytes, message: str) -> None:
    """A file that was cut off says so."""
    with pytest.raises(ReadError, match=message):
        opened(path, data, format="xlsx" if data.startswith(b"PK") else None)


@pytest.mark.parametrize("name", ["book.xlsx", "book.xls", "book.csv", "book"])
def test_names_do_not_decide(tmp_path: Path, name: str) -> None:
    """A workbook is one, whatever its name ends with."""
    source = opened(
        tmp_path / name, xlsx({"S": f'<row r="1">{text("A1", "a")}</row><row r="2">{text("A2", "x")}</row>'})
    )

    assert [row.cells for row in source.tables[0].rows()] == [("x",)]
