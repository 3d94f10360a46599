"""JSON becomes rows, record by record, without a digit lost."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycrm.errors import ReadError, ReadTooLargeError
from pycrm.exchange.reading import Limits, open_source
from pycrm.exchange.rows import Row, Source


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a test writes its file."""
    return tmp_path / "records"


def opened(path: Path, text: str, **options: Any) -> Source:
    """Write *text* to *path* and open it."""
    path.write_text(text, "utf-8", "surrogateescape", newline="")
    return open_source(path, **options)


def rows_of(source: Source, after: int = 0) -> list[Row]:
    """Return the rows of the only table."""
    (table,) = source.tables
    return list(table.rows(after=after))


def test_lines_are_records(path: Path) -> None:
    """Columns are all names that occur; what a record lacks is None, and blank lines and empty records are nothing."""
    source = opened(path, '{"name": "甲", "n": 1}\n\n{"phone": ["1", "2"], "name": null}\n{}\n{"n": true}')

    assert (source.format, source.tables[0].columns) == ("jsonl", ("name", "n", "phone"))
    assert [(row.line, row.cells) for row in rows_of(source)] == [
        (1, ("甲", 1, None)),
        (3, (None, None, ["1", "2"])),
        (5, (None, True, None)),
    ]
    assert [row.line for row in rows_of(source, after=1)] == [3, 5]


def test_names_can_be_written(path: Path) -> None:
    """A name is what a file of refused rows will give back; two names that become one refuse the record."""
    source = opened(path, r'{"a\ud800": 1, "b\u0000": 2, "": 3}' "\n" r'{"a\ud800": 1, "a\udfff": 2, " b\n\u3000c": 3}')

    assert source.tables[0].columns == ("a\ufffd", "b", "column", "b c")
    assert [(row.cells, len(row.problems)) for row in rows_of(source)] == [
        ((1, 2, 3, None), 0),
        ((2, None, None, 3), 1),
    ]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    "wrap", [lambda records: records, lambda records: {"total": 2, "paging": {"next": [1]}, "results": records}]
)
def test_array_is_records(path: Path, indent: int | None, wrap: Any) -> None:
    """An array, or the array in the answer of a web service; rows count as its elements."""
    records = [{"id": "1", "properties": {"email": "a@example.com", "n": {"x": 1}}}, {"id": "2", "tags": ["a"]}]

    source = opened(path, json.dumps(wrap(records), indent=indent))

    assert source.format == "json"
    assert source.tables[0].columns == ("id", "properties.email", "properties.n.x", "tags")
    assert [(row.line, row.cells) for row in rows_of(source)] == [
        (1, ("1", "a@example.com", 1, None)),
        (2, ("2", None, None, ["a"])),
    ]
    assert [row.line for row in rows_of(source, after=1)] == [2]


def test_numbers_are_exact(path: Path) -> None:
    """Fractions are decimals as they were written, whole numbers have all their digits."""
    (row,) = rows_of(opened(path, '{"a": 1.10, "b": 911100001000000001, "c": 0.1000000000000000000001, "d": 1e3}'))

    assert row.cells == (Decimal("1.10"), 911100001000000001, Decimal("0.1000000000000000000001"), Decimal("1E+3"))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"name": "x"', "Expecting"),
        ('["x"]', "no object"),
        ('{"a": 1, "a": 2}', "twice"),
        ('{"a.b": 1, "a": {"b": 2}}', "twice"),
        ('{"a": NaN}', "NaN is no number"),
        ('{"a": 1e999999999}', "out of all bounds"),
        ('{"a": ' + "9" * 5_000 + "}", "integer string"),
        ('{"a": ' + "[" * 100 + "]" * 100 + "}", "too deep"),
        ('{"a": ' + "[" * 100_000, "too deep"),
        ('{"a": "x\udcff"}', "ff"),
    ],
)
def test_broken_lines_are_told(path: Path, line: str, told: str) -> None:
    """A line that is no record is the problem of its row only."""
    first, second, third = rows_of(
        opened(path, '{"a": "y"}\n' + line + '\n{"a": "z"}\n', format="jsonl", encoding="utf-8")
    )

    assert (first.problems, third.problems) == ((), ())
    (problem,) = second.problems
    assert (second.line, problem.code) == (2, "read.invalid_record")
    assert told in problem.message


def test_nul_is_told(path: Path) -> None:
    """A NUL, written as an escape, is told."""
    (row,) = rows_of(opened(path, '{"a": "x\\u0000"}\n', format="jsonl"))

    assert [(problem.code, problem.facts["column"]) for problem in row.problems] == [("read.nul", "a")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"a": 1}, {"a"', "at record 2"),
        ('[{"a": 1} {"a": 2}]', "expecting ','"),
        ('{\n"a": {"b": 1}\n}', "no list of objects"),
        ('[{"a": 1}, {"b": ' + "[" * 100_000, "deeper than depth"),
        ('[{"a": 1}, {"b": ' + "[" * 100 + "]" * 100 + "}]", "deeper than depth"),
        ("[]", "no records"),
    ],
)
def test_broken_array_is_refused(path: Path, text: str, message: str) -> None:
    """Behind a fault in an array nothing can be trusted; the record is named."""
    with pytest.raises(ReadError, match=message):
        opened(path, text, format="json")


def test_endless_record_is_refused(path: Path) -> None:
    """A record beyond the limit is not held in memory."""
    with pytest.raises(ReadTooLargeError, match="line_bytes=100000"):
        opened(path, '[{"a": "' + "x" * 500_000, limits=Limits(line_bytes=100_000))


def test_names_without_end_are_refused(path: Path) -> None:
    """Values where names belong would make a column of each."""
    lines = "".join(f'{{"{number}": 1}}\n' for number in range(200))

    with pytest.raises(ReadTooLargeError, match="more than 100 names"):
        opened(path, lines, limits=Limits(columns=100))


VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
)


@given(
    records=st.lists(st.fixed_dictionaries({"a": VALUES, "b": st.lists(VALUES, max_size=3)}), min_size=1, max_size=30)
)
@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_every_record_is_read_exactly(
    tmp_path_factory: pytest.TempPathFactory, form: str, records: list[dict[str, Any]]
) -> None:
    """What the module json writes comes back."""
    path = tmp_path_factory.getbasetemp() / f"any.{form}"
    text = json.dumps(records) if form == "json" else "".join(json.dumps(record) + "\n" for record in records)

    source = opened(path, text)

    assert source.format == form
    columns = source.tables[0].columns
    assert [dict(zip(columns, row.cells, strict=True)) for row in rows_of(source)] == records


def test_records_across_blocks(path: Path) -> None:
    """An array of megabytes in one line is read in flat memory, whatever stands at the borders of what is read."""
    records = [{"n": number, "text": "青岛" * (number % 50)} for number in range(20_000)]

    source = opened(path, json.dumps(records, ensure_ascii=False))

    assert [row.cells for row in rows_of(source)] == [(record["n"], record["text"]) for record in records]
