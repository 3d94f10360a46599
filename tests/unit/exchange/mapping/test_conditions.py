"""Conditions on rows: the filter language, with the columns of the source for fields."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sheets import Prepare

from pycrm import CRM
from pycrm.errors import Problem
from pycrm.exchange.mapping.conditions import compile_condition, written_column
from pycrm.schema import Schema

COLUMNS = ("Lead Status", "Lead Owner.id", "客户编号", "Quantity", "Unit Price", "Day", "is_deleted", "order", 'a"b')
ROW: dict[str, Any] = {
    "Lead Status": "Open",
    "Lead Owner.id": "zcrm_1",
    "客户编号": "000123",
    "Quantity": "1,200.5",
    "Unit Price": 2,
    "Day": "2024年1月5日",
    "is_deleted": "FALSE",
    "order": "x",
    'a"b': "",
}


@cache
def built_in() -> Schema:
    """Return the schema, once for all examples."""
    return CRM("sqlite://", plugins=[]).schema


def holds(schema: Schema, text: str, **changes: Any) -> bool:
    """Return whether *text* holds for the row, with some cells changed."""
    condition = compile_condition(text, COLUMNS, schema, dt.date(2024, 1, 6))
    row = ROW | changes
    return condition.holds([row[column] for column in condition.columns])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\"Lead Status\" = 'Open'", True),
        ("\"Lead Status\" IN ('Won', 'Lost')", False),
        ("\"Lead Owner.id\" STARTS WITH 'zcrm_'", True),
        ("客户编号 = '000123'", True),
        ("客户编号 != '合计' AND \"order\" CONTAINS 'X'", True),
        ("Quantity > 1200", True),
        ('Quantity * "Unit Price" = 2401', True),
        ("Quantity BETWEEN 1 AND 10", False),
        ("Day = 2024-01-05", True),
        ("Day = YESTERDAY", True),
        ("Day < 2024-01-01 OR YEAR(Day) = 2024", True),
        ("is_deleted = FALSE", True),
        ("is_deleted != TRUE", True),
        ('"a""b" IS NULL', True),
        ("LENGTH(客户编号) = 6", True),
        ("NOT Quantity = 0", True),
    ],
)
def test_columns_are_fields(schema: Schema, text: str, expected: bool) -> None:
    """A column is a number, a day or a truth value where it is compared with one, and text elsewhere."""
    assert holds(schema, text) is expected


def test_empty_cells_are_missing(schema: Schema) -> None:
    """A missing value is not equal to anything, and only ``!=`` says so."""
    empty: dict[str, Any] = {"is_deleted": "", "Quantity": None, "Day": " "}

    assert not holds(schema, "is_deleted = FALSE", **empty)
    assert holds(schema, "is_deleted != TRUE", **empty)
    assert not holds(schema, "Quantity > 0", **empty)
    assert holds(schema, "Day IS NULL", **empty)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("\"Lead Stat\" = 'Open'", "mapping.unknown_column"),
        ("Quantity >", "mapping.bad_condition"),
        ("Quantity > 0 AND Quantity = 2024-01-01", "mapping.bad_condition"),
        ("ANY(lines)", "mapping.bad_condition"),
        ("Quantity = :limit", "mapping.bad_condition"),
    ],
)
def test_conditions_that_cannot_be_asked(schema: Schema, text: str, code: str) -> None:
    """What names no column, cannot be read or asks for what a row has not is refused as the mapping is bound."""
    with pytest.raises(Problem) as caught:
        compile_condition(text, COLUMNS, schema)

    assert caught.value.code == code


def test_unreadable_cell_is_told(prepare: Prepare) -> None:
    """A cell that cannot be compared is a problem of its row, never a silent no."""
    text = '[[entity]]\nentity = "account"\nwhen = "Total > 0"\n[entity.fields]\nname = "Name"'

    prepared = prepare(text, ["Name", "Total"], [("a", "5"), ("b", "five"), ("c", "-1"), ("d", "1,234")])

    assert prepared.wanted == [True, True, False, True]
    assert {place: problems[0].code for place, problems in prepared.problems.items()} == {
        1: "import.condition_unread",
        3: "import.condition_unread",
    }
    assert prepared.problems[1][0].facts["value"] == "five"


@given(st.text(min_size=1).filter(lambda text: "\n" not in text))
def test_any_header_can_be_written(header: str) -> None:
    """Whatever a column is called, a condition can name it."""
    condition = compile_condition(f"{written_column(header)} = 'x'", [header], built_in())

    assert condition.columns == (header,)
    assert condition.holds(["x"])
    assert not condition.holds([""])
