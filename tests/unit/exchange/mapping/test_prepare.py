"""Rows become inside values, column by column, with all that is wrong with a row told at once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sheets import Bind, Prepare

from pycrm import CRM, Address, Money
from pycrm.errors import Problem
from pycrm.exchange.mapping import EntityMap, FieldMap, Lookup, Mapping, bind_mapping
from pycrm.exchange.mapping.cells import make_taker
from pycrm.exchange.rows import Row
from pycrm.schema import Schema

ACCOUNT = '[[entity]]\nentity = "account"\n[entity.fields]\n'
CONTACT = '[[entity]]\nentity = "contact"\n[entity.fields]\n'


def test_plain_columns(prepare: Prepare) -> None:
    """A cell becomes what the field's kind makes of it; an empty one what the kind calls empty."""
    text = ACCOUNT + 'name = "N"\nemployee_count = "E"\nannual_revenue = "R"\ntags = "T"'

    prepared = prepare(text, "NERT", [("海晨", "12", "CNY 1.50", "vip"), ("ACME", 7.0, None, "")])

    assert prepared.wanted == [True, True]
    assert prepared.values == {
        "name": ["海晨", "ACME"],
        "employee_count": [12, 7],
        "annual_revenue": [Money("1.50", "CNY"), None],
        "tags": [("vip",), ()],
    }
    assert not prepared.problems


def test_all_problems_of_a_row(prepare: Prepare) -> None:
    """Each problem has its field, its column, its line, the cell as it stands and what may have been meant."""
    text = CONTACT + 'name = "Name"\nemail = "Mail"\nbirth_on = "Born"\ndo_not_contact = "Out"'
    rows = [("Mei", "mei@gongsi.example", "2001-02-03", "true"), ("Li", "li at home", "2001年2月3日", "是")]

    prepared = prepare(text, ["Name", "Mail", "Born", "Out"], rows)

    assert list(prepared.problems) == [1]
    found = {problem.field: problem for problem in prepared.problems[1]}
    assert found.keys() == {"email", "birth_on", "do_not_contact"}
    assert (found["email"].facts["column"], found["email"].facts["value"]) == ("Mail", "li at home")
    assert {problem.facts["line"] for problem in found.values()} == {3}
    assert found["birth_on"].facts["suggested"] == "2001-02-03"
    assert found["do_not_contact"].facts["suggested"] == "true"
    assert prepared.values["birth_on"] == [dt.date(2001, 2, 3), None]


def test_problems_hold_nothing(prepare: Prepare) -> None:
    """What is kept of a refused value does not keep the rows of its batch alive, as tracebacks would."""
    text = CONTACT + 'email = "A"\nbirth_on = { column = "B", on_problem = "empty" }'

    prepared = prepare(text, "AB", [("nobody", "2026-02-31")])

    kept = [*prepared.problems[0], *prepared.notes[0]]
    assert [problem.field for problem in kept] == ["email", "birth_on"]
    assert [(each.__traceback__, each.__context__, each.__cause__) for each in kept] == [(None, None, None)] * 2


def test_policies_for_problems(prepare: Prepare) -> None:
    """A refused value may leave the field empty or take the default; it is then a note, not a problem."""
    text = CONTACT + (
        'email = { column = "A", on_problem = "empty" }\n'
        'language = { column = "B", default = "zh", on_problem = "default" }'
    )

    prepared = prepare(text, "AB", [("nobody", "Klingon"), ("x@y.example", "")])

    assert prepared.values == {"email": [None, "x@y.example"], "language": ["zh", "zh"]}
    assert not prepared.problems
    assert [problem.field for problem in prepared.notes[0]] == ["email", "language"]


def test_join_split_and_values(prepare: Prepare) -> None:
    """Columns are joined without empty ones, cells split, parts picked, texts translated whatever their case."""
    text = ACCOUNT + (
        'name = { columns = ["A", "B"], join = " / " }\n'
        'tags = { column = "C", split = ";" }\n'
        'phone = { column = "C", split = ";", part = -1, transforms = ["digits"] }\n'
        'level = { column = "D", values = { gold = "A", "*" = "D" } }\n'
        'description = { default = "{B}" }'
    )

    prepared = prepare(text, "ABCD", [("x", "y", " a1234 ; b12345", "GOLD "), ("", "z", "", "iron")])

    assert prepared.values["name"] == ["x / y", "z"]
    assert prepared.values["tags"] == [("a1234", "b12345"), ()]
    assert prepared.values["phone"] == ["12345", None]
    assert prepared.values["level"] == ["A", "D"]
    assert prepared.values["description"] == ["y", "z"]


def test_parts_of_an_address(prepare: Prepare) -> None:
    """Parts make one value; where no column holds any of them there is none, whatever the defaults say."""
    text = ACCOUNT + '"address.city" = "C"\n"address.street" = "S"\n"address.country" = { default = "CN" }'

    prepared = prepare(text, "CS", [("青岛", ""), ("", None), ("上海", "南京路 1 号")])

    assert prepared.values["address"] == [
        Address(city="青岛", country="CN"),
        None,
        Address(city="上海", street="南京路 1 号", country="CN"),
    ]


def test_lookups_and_records(bind: Bind, prepare: Prepare) -> None:
    """A reference by key gives the key's inside value; one to another record of the row gives its alias."""
    text = (
        '[[entity]]\nentity = "account"\n[entity.fields]\nname = "F"\n'
        'owner = { column = "O", find = "email", otherwise = "empty" }\n'
        '[[entity]]\nentity = "opportunity"\n[entity.fields]\nname = "D"\naccount = { record = "account" }\n'
        'stage = { column = "S", find = "name" }\n'
        'competitors = { column = "K", split = ",", find = "name", otherwise = "create" }'
    )

    bound = bind(text, "FODSK")
    prepared = prepare(text, "FODSK", [("x", "mei@x.example", "deal", "Won", "A, B"), ("x", "", "deal", "", "")])
    owner = bound.entities[0].prepare([Row(2, ("x", "nobody", "d", "", ""))])

    assert bound.entities[0].lookups == {"owner": Lookup("user", "email", "empty")}
    assert prepared.records == {"account": "account"}
    assert prepared.lookups == {"stage": ["Won", None], "competitors": [("A", "B"), None]}
    assert [problem.code for problem in owner.problems[0]] == ["email.invalid"]


def test_unwanted_rows(prepare: Prepare) -> None:
    """Cells of rows that have no such record are nobody's problem."""
    text = '[[entity]]\nentity = "contact"\nwhen = "Kind = \'person\'"\n[entity.fields]\nemail = "Mail"'

    prepared = prepare(text, ["Kind", "Mail"], [("firm", "broken"), ("person", "x@y.example"), ("", "")])

    assert prepared.wanted == [False, True, False]
    assert prepared.values["email"] == [None, "x@y.example", None]
    assert not prepared.problems


def test_line_as_column(prepare: Prepare) -> None:
    """Where no column is called ``#``, that is the line that the row begins in."""
    text = '[[entity]]\nentity = "sales_order_line"\n[entity.fields]\nposition = { column = "#" }\nuom = "U"'

    assert prepare(text, "U", [("pc",), ("kg",)]).values["position"] == [2, 3]
    assert prepare(text, "U#", [("pc", "9")]).values["position"] == [9]


def test_newest(prepare: Prepare) -> None:
    """The column of the last change is read as an instant, of the mapping's time zone where it says none."""
    text = (
        'reading = { time_zone = "Asia/Shanghai" }\n'
        '[[entity]]\nentity = "contact"\nnewest = "At"\n[entity.fields]\nname = "N"'
    )

    prepared = prepare(text, ["N", "At"], [("a", "2024-01-05 08:00"), ("b", ""), ("c", "soon")])

    assert prepared.newest == [dt.datetime(2024, 1, 5, tzinfo=dt.UTC), None, None]
    assert [problem.code for problem in prepared.problems[2]] == ["import.no_date"]


@pytest.mark.parametrize(
    ("cell", "kept"),
    [(13800000001.0, "13800000001"), (True, "true"), (12, "12"), (1.5, "1.5"), (dt.date(2024, 1, 5), "2024-01-05")],
)
def test_typed_cells_for_text(prepare: Prepare, cell: Any, kept: str) -> None:
    """What a workbook types goes into a text field as somebody would have written it."""
    assert prepare(ACCOUNT + 'name = "N"', "N", [(cell,)]).values["name"] == [kept]


@pytest.mark.parametrize("cell", [9.14403e17, "9.14403E+17", "1.3800000001e+11", 2.0**53])
@pytest.mark.parametrize("path", ["name", "employee_count", "tax_number"])
def test_lost_digits(prepare: Prepare, cell: Any, path: str) -> None:
    """A number that a spreadsheet has rounded is a problem, never a value."""
    prepared = prepare(ACCOUNT + f'{path} = "N"', "N", [(cell,)])

    assert [problem.code for problem in prepared.problems[0]] == ["import.lost_digits"]
    assert prepared.values[path] == [None]


def test_equal_cells_of_other_types(prepare: Prepare) -> None:
    """1, 1.0 and True are equal, but not the same text."""
    prepared = prepare(ACCOUNT + 'name = "N"', "N", [(1,), (True,), ("1",), (1.0,), (Decimal("1.0"),)])

    assert prepared.values["name"] == ["1", "true", "1", "1", "1.0"]


def test_text_is_kept(prepare: Prepare) -> None:
    """A text field keeps what stands in the cell, white space included; other kinds call white space empty."""
    prepared = prepare(ACCOUNT + 'name = "N"\nemail = "E"', "NE", [("　x ", "  "), (" ", "\u3000")])

    assert prepared.values == {"name": ["　x ", " "], "email": [None, None]}


def test_problem_of_each_row(prepare: Prepare) -> None:
    """Equal cells share their outcome, but each row has problems of its own."""
    prepared = prepare(CONTACT + 'email = "E"', "E", [("x",), ("x",)])

    first, second = prepared.problems[0][0], prepared.problems[1][0]
    assert (first.facts["line"], second.facts["line"]) == (2, 3)
    assert first is not second


def test_no_rows(bind: Bind) -> None:
    """A batch may be empty."""
    (entity,) = bind(ACCOUNT + 'name = "N"\nwebsite = "W"', "NW").entities

    assert entity.prepare([]).wanted == []


CELLS = (
    st.none()
    | st.sampled_from(["", " ", "1", "2024-01-05", "x@y.example", "CNY 3", "zh", "A", "+1", "true"])
    | st.text(max_size=8)
    | st.integers()
    | st.floats(allow_nan=False)
    | st.booleans()
    | st.dates()
)
PATHS = ("name", "employee_count", "annual_revenue", "website", "phone", "email", "country", "birth_on", "tags")


@cache
def built_in() -> Schema:
    """Return the schema, once for all examples."""
    return CRM("sqlite://", plugins=[]).schema


def assert_as_kinds_say(rows: list[tuple[Any, ...]], times: int) -> None:
    """Prepare *rows* again and again, and see that each value is what the field's kind makes of the cell."""
    mapping = Mapping(entities=(EntityMap("account", fields=tuple(FieldMap(path, (path,)) for path in PATHS)),))
    (entity,) = bind_mapping(mapping, PATHS, built_in()).entities
    takers = {path: make_taker(built_in().entities["account"].fields[path]) for path in PATHS}
    lines = [Row(line, cells) for line, cells in enumerate(rows, start=2)]

    for _ in range(times):
        prepared = entity.prepare(lines)

        for place, row in enumerate(lines):
            refused = {problem.field for problem in prepared.problems.get(place, ())}
            for path, cell in zip(PATHS, row.cells, strict=True):
                try:
                    expected = takers[path](cell)
                except Problem:
                    assert path in refused
                    continue
                assert prepared.values[path][place] == expected
                assert path not in refused


@given(st.lists(st.tuples(*[CELLS] * len(PATHS)), max_size=6))
def test_columns_agree_with_kinds(rows: list[tuple[Any, ...]]) -> None:
    """However a cell is worked out, a value is what its kind makes of it."""
    assert_as_kinds_say(rows, 2)


def test_columns_of_distinct_cells() -> None:
    """Where nearly every cell is another, columns are worked out in bulk, and values are the same."""
    odd = ("", None, " ", "a\0b", "x" * 300, "9.1E+17", "+86 138 1234 5678", "x@y.example", "A", "\ud800", 7, 2.0**60)
    rows = [(cell,) * len(PATHS) for cell in (*(f"c{number}" for number in range(220)), *odd)]

    assert_as_kinds_say(rows, 2)
