"""Lines of text become rows: exactly, with their lines, and with what is wrong with each."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycrm.errors import ReadError, ReadTooLargeError
from pycrm.exchange.formulas import neutral, original
from pycrm.exchange.reading import Limits, open_source
from pycrm.exchange.reading.delimited import DelimitedTable
from pycrm.exchange.rows import Row, Source

# Without marks against formulas, which a text has by chance.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8).filter(
    lambda text: original(text) == text
)


def opened(path: Path, data: bytes | str, **options: Any) -> Source:
    """Write *data* to *path* and open it."""
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return open_source(path, **options)


def rows_of(source: Source, after: int = 0) -> list[Row]:
    """Return the rows of the only table."""
    (table,) = source.tables
    return list(table.rows(after=after))


def codes(rows: list[Row]) -> dict[int, list[str]]:
    """Return the codes of the problems by line."""
    return {row.line: [problem.code for problem in row.problems] for row in rows if row.problems}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a test writes its file."""
    return tmp_path / "customers.csv"


def test_spectrum_is_read(case: Any) -> None:
    """Quotes, line ends within cells, empty cells and CRLF come out as the public cases say."""
    folder = case("csv-spectrum")
    files = sorted((folder / "csvs").glob("*.csv"))

    read = {file.stem: open_source(file).tables[0] for file in files}

    assert len(files) == 11
    for name, table in read.items():
        rows = list(table.rows())
        assert [dict(zip(table.columns, row.cells, strict=True)) for row in rows] == json.loads(
            (folder / "json" / f"{name}.json").read_text("utf-8")
        )
        assert codes(rows) == {}


@pytest.mark.parametrize(
    ("file", "expected", "encoding"),
    [
        ("customers_excel_cn_gbk.csv", "customers_excel_cn_expected.json", "gb18030"),
        ("countries_gbk.csv", "countries_gbk_expected.json", "gb18030"),
        ("countries_utf8_bom.csv", "countries_gbk_expected.json", "utf-8-sig"),
    ],
)
def test_chinese_spreadsheets_are_read(case: Any, file: str, expected: str, encoding: str) -> None:
    """What Excel in China saves is read without being told anything, blank rows left out."""
    folder = case("csv-chinese-excel")
    wanted = json.loads((folder / expected).read_text("utf-8"))

    source = open_source(folder / file)

    assert source.encoding == encoding
    assert list(source.tables[0].columns) == wanted["header"]
    assert [list(row.cells) for row in rows_of(source)] == [cells for cells in wanted["rows"] if any(cells)]


def test_chinese_spreadsheet_is_doubted(case: Any) -> None:
    """A number that lost its digits and a line of totals are told, and nothing else."""
    rows = rows_of(open_source(case("csv-chinese-excel") / "customers_excel_cn_gbk.csv"))

    assert codes(rows) == {6: ["read.digits_lost"], 11: ["read.total_line"]}
    (problem,) = rows[3].problems
    assert (problem.level, problem.facts["column"], problem.facts["value"]) == (
        "warning",
        "统一社会信用代码",
        "9.14403E+17",
    )


@given(
    rows=st.lists(st.lists(TEXTS, min_size=3, max_size=3), max_size=20),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(("\r\n", "\n")),
    encoding=st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "gb18030")),
)
def test_every_table_is_read_exactly(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], delimiter: str, end: str, encoding: str
) -> None:
    """What the module csv writes comes back to the character, in any delimiter and encoding."""
    path = tmp_path_factory.getbasetemp() / "any.csv"
    table = io.StringIO()
    # The module quotes a line end only where it is its own.
    csv.writer(
        table,
        delimiter=delimiter,
        lineterminator=end,
        quoting=csv.QUOTE_MINIMAL if end == "\r\n" else csv.QUOTE_ALL,
    ).writerows([["one", "two", "three"], *rows])

    source = opened(path, table.getvalue().encode(encoding), encoding=encoding, delimiter=delimiter, header_row=1)

    assert [list(row.cells) for row in rows_of(source)] == [cells for cells in rows if any(map(str.strip, cells))]


def test_marks_against_formulas_are_taken_off(path: Path) -> None:
    """What an export made harmless is what it was, in cells and headers, wherever the cell stands."""
    texts = ["=1+1", "@x", "'s-Hertogenbosch", "+49 30", "'=x", "O'Brien"]
    table = io.StringIO()
    csv.writer(table).writerows([[neutral("=head"), "b"], *([neutral(text), neutral(text)] for text in texts)])

    source = opened(path, table.getvalue())

    assert source.tables[0].columns == ("=head", "b")
    assert [row.cells for row in rows_of(source)] == [(text, text) for text in texts]


def test_wrong_widths_are_told(path: Path) -> None:
    """A row of too many cells or too few is kept, with its line; empty ones too many are nothing."""
    source = opened(path, "a,b,c\n1,2,3\n1,2\n1,2,3,4,5\n1,2,3,,\n\n , \n7,8,9\n")

    rows = rows_of(source)

    assert codes(rows) == {3: ["read.too_few_cells"], 4: ["read.too_many_cells"]}
    assert [row.cells for row in rows] == [
        ("1", "2", "3"),
        ("1", "2", ""),
        ("1", "2", "3"),
        ("1", "2", "3"),
        ("7", "8", "9"),
    ]
    assert rows[2].problems[0].facts["value"] == "4 | 5"


def test_undecodable_bytes_are_told(path: Path) -> None:
    """The row with the bytes has the problem, those around it are read."""
    good = "客户,电话\n王小明,138\n".encode() * 30

    rows = rows_of(opened(path, good + b"bad \xff\xfe,x\n" + "张三,1\n".encode()))

    (problem,) = next(row for row in rows if row.line == 61).problems
    assert (problem.code, problem.facts["bytes"], problem.facts["column"]) == ("read.undecodable", "ff fe", "客户")
    assert rows[-1].cells == ("张三", "1")
    assert rows[-1].problems == ()


def test_nul_is_told(path: Path) -> None:
    """A NUL is the problem of its row only."""
    rows = rows_of(opened(path, "a,b\nx\x00y,1\nz,2\n"))

    assert codes(rows) == {2: ["read.nul"]}
    assert rows[1].cells == ("z", "2")


@pytest.mark.parametrize(
    ("cell", "lost"),
    [
        ("9.14403E+17", True),
        ("1.38E+11", True),
        ("1.7850E+04", False),
        ("17850.0", False),
        ("1e6", False),
        ("911100001000000000", False),
        ("000123", False),
        ("E+ label", False),
    ],
)
def test_lost_digits_are_told(path: Path, cell: str, lost: bool) -> None:
    """A long number in scientific form has lost digits; one that is all there stays as it stands."""
    (row,) = rows_of(opened(path, f"a,b\nx,{cell}\n"))

    assert row.cells == ("x", cell)
    assert codes([row]) == ({2: ["read.digits_lost"]} if lost else {})


def test_repeated_header_is_told(path: Path) -> None:
    """Files that were put together have their header again and again."""
    assert codes(rows_of(opened(path, "a,b\n1,2\na,b\n3,4\n"))) == {3: ["read.repeated_header"]}


def test_lines_count_physically(path: Path) -> None:
    """A row has the line on which it begins, whatever line ends stand in cells before it."""
    text = 'title\r\n\r\na,b,c\r\n1,"x\r\ny\r\nz",2\r\n\r\n3,"p\nq",4\r\n5,6,7'

    rows = rows_of(opened(path, text))

    assert [(row.line, row.cells[0]) for row in rows] == [(4, "1"), (8, "3"), (10, "5")]


@pytest.mark.parametrize(("encoding", "lines"), [("utf-8", 4), ("gb18030", 4), ("utf-16", None)])
def test_lines_are_counted(path: Path, encoding: str, lines: int | None) -> None:
    """Those of cells too, unless that would take decoding the file."""
    table = opened(path, 'a,b\n1,"x\ny"\n3,海\n'.encode(encoding), encoding=encoding).tables[0]

    assert isinstance(table, DelimitedTable)
    assert table.count_lines() == lines


def test_rows_resume(path: Path) -> None:
    """Reading goes on behind any line, across cells with line ends."""
    text = "a,b\n" + "".join(f'{number},"x\n{number}"\n' for number in range(3_000))
    source = opened(path, text)
    rows = rows_of(source)

    assert [rows_of(source, after=rows[place].line) for place in (0, 1_499, 2_998)] == [
        rows[place + 1 :] for place in (0, 1_499, 2_998)
    ]
    assert rows_of(source, after=rows[-1].line) == []


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_across_blocks(path: Path, end: str) -> None:
    """Many times more than is read at once, in every kind of line end, with characters across the borders."""
    count = 40_000
    text = f"编号,名称{end}" + "".join(f"{number},上海示例贸易有限公司{end}" for number in range(count))

    rows = rows_of(opened(path, text.encode("gb18030")))

    assert [row.cells for row in rows] == [(str(number), "上海示例贸易有限公司") for number in range(count)]
    assert [row.line for row in rows] == list(range(2, count + 2))


def test_long_cells_are_read(path: Path) -> None:
    """A cell of two million characters is one cell; the setting of the module csv is what it was."""
    before = csv.field_size_limit()
    long = "青岛" * 1_000_000

    rows = rows_of(opened(path, f'a,b\n1,"{long}"\n2,x\n'))

    assert [row.cells for row in rows] == [("1", long), ("2", "x")]
    assert csv.field_size_limit() == before


@pytest.mark.parametrize("header_row", [None, 4])
def test_header_below_title(path: Path, header_row: int | None) -> None:
    """Titles and blank lines above the header are no rows, whether it is found or told."""
    source = opened(path, "客户清单\n2026年\n\n名称,城市,电话\n甲,青岛,1\n", header_row=header_row)

    assert source.tables[0].columns == ("名称", "城市", "电话")
    assert [row.line for row in rows_of(source)] == [5]


def test_table_without_header(path: Path) -> None:
    """Told that there is none, columns are named by their place."""
    source = opened(path, "甲,青岛\n乙,上海\n", header_row=0)

    assert source.tables[0].columns == ("column 1", "column 2")
    assert [row.cells for row in rows_of(source)] == [("甲", "青岛"), ("乙", "上海")]


def test_told_delimiter_line_is_no_row(path: Path) -> None:
    """The line by which Excel is told the delimiter counts as a line, and is none of the table's."""
    source = opened(path, "sep=;\nname;city\na;b\n")

    assert source.tables[0].columns == ("name", "city")
    assert [row.line for row in rows_of(source)] == [3]


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        ("", {}, "is empty"),
        ("\n\n , \n", {}, "blank lines only"),
        ("a,b\n", {"header_row": 9}, "no line 9"),
        ("a,b\n", {"header_row": -1}, "header_row=-1 is no line"),
        ("a,b\n", {"delimiter": "::"}, "one character"),
        ("a,b\n", {"delimiter": '"'}, "one character"),
    ],
)
def test_nothing_to_read_is_refused(path: Path, data: str, options: dict[str, Any], message: str) -> None:
    """What is no table says so."""
    with pytest.raises(ReadError, match=message):
        opened(path, data, **options)


@pytest.mark.parametrize("text", ['a,b\n1,"open\n2,3\n4,5\n', 'a,b\n1,"', 'a,b\n1,"open\n' + "2,3\n" * 200_000])
def test_open_quote_is_refused(path: Path, text: str) -> None:
    """A quote that is never closed would make one cell of the rest; the line is named."""
    with pytest.raises(ReadError, match=r"opened in the row of line 2 is never closed") as caught:
        rows_of(opened(path, text, limits=Limits(line_bytes=1 << 19)))

    assert caught.value.line == 2


def test_endless_line_is_refused(path: Path) -> None:
    """A line beyond the limit is refused, whether it is the first or a later one."""
    with pytest.raises(ReadTooLargeError, match="longer than 1000 bytes"):
        opened(path, "x" * 300_000, limits=Limits(line_bytes=1_000))
    with pytest.raises(ReadTooLargeError, match="more than 16384 cells"):
        rows_of(opened(path, "a,b\n" + "1,2\n" * 70_000 + "," * 2_000_000 + "\n"))


def test_changed_file_is_refused(path: Path) -> None:
    """A file that is no longer the one that was opened is not read on."""
    source = opened(path, "a,b\n1,2\n")
    path.write_text("a,b\n1,2\n3,4\n")

    with pytest.raises(ReadError, match="was changed"):
        rows_of(source)
    path.unlink()
    with pytest.raises(ReadError, match="is gone"):
        rows_of(source)
