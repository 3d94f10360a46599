"""What users write as ``field=value``."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click
import pytest

from pycrm import CRM, F
from pycrm.cli.assignments import condition_of, read_json, split_assignments, value_of
from pycrm.errors import QueryError, UnknownNameError
from pycrm.schema import Schema

SCHEMA: Schema = CRM("sqlite://", plugins=[]).schema
ACCOUNT = SCHEMA.entities["account"]
ID = "01890000-0000-7000-8000-000000000001"


def condition(word: str) -> Any:
    """Return the node of a condition on accounts that looks nothing up."""
    return condition_of(None, SCHEMA, ACCOUNT, word).node  # type: ignore[arg-type]


def test_text_is_taken_as_it_stands() -> None:
    """Spaces, further signs, quotes and line breaks belong to the value."""
    assert split_assignments(["name= a=b \n'c'", "大区:=1"]) == {"name": ("=", " a=b \n'c'"), "大区": (":=", "1")}


@pytest.mark.parametrize("word", ["name", "=x", "1a=x", "na me=x", ""])
def test_no_assignment_is_refused(word: str) -> None:
    """The word is named, and how to write it."""
    with pytest.raises(click.UsageError, match="field=value"):
        split_assignments([word])


def test_field_given_twice_is_refused() -> None:
    """Which of the two was meant is not guessed."""
    with pytest.raises(click.UsageError, match="name is given twice"):
        split_assignments(["name=a", "name=b"])


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("name", "", ""),
        ("industry", " x ", " x "),
        ("tags", "a, b,大", ["a", "b", "大"]),
        ("roles", "", ()),
        ("level", "", None),
        ("employee_count", "", None),
        ("annual_revenue", "USD 12.50", "USD 12.50"),
    ],
)
def test_text_becomes_value(field: str, text: str, value: Any) -> None:
    """Empty text clears all but texts; several values are parted by commas."""
    assert value_of(ACCOUNT.fields[field], text) == value


def test_json_numbers_stay_exact() -> None:
    """A number with a point does not pass through a float."""
    assert read_json('{"a": 0.1, "b": null, "c": 3}', "x") == {"a": "0.1", "b": None, "c": 3}
    assert read_json('{"a": 0.1}', "x", exact=False) == {"a": 0.1}


@pytest.mark.parametrize("text", ["{", b"\xff\xfe\x00", "nan "])
def test_bad_json_is_refused(text: str | bytes) -> None:
    """What it was is named."""
    with pytest.raises(click.UsageError, match="standard input is no JSON"):
        read_json(text, "standard input")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("country=DE", F.country == "DE"),
        ("country!=DE", F.country != "DE"),
        ("employee_count >= 10", F.employee_count >= "10"),
        ("employee_count<10", F.employee_count < "10"),
        ("name= x", F.name == " x"),
        ("name=", F.name == ""),
        ("name=a>=b", F.name == "a>=b"),
        ("level=", F.level.is_null()),
        ("level!=", F.level.is_not_null()),
        ("level:=null", F.level.is_null()),
        ("name is null", F.name.is_null()),
        ("parent.country IS NOT NULL", F.parent.country.is_not_null()),
        ("country in DE,CN", F.country.in_(["DE", "CN"])),
        ("parent.parent.country=DE", F.parent.parent.country == "DE"),
    ],
)
def test_condition_is_read(word: str, meant: Any) -> None:
    """Each form of a condition means what the builder would say."""
    assert condition(word) == meant.node


def test_reference_by_id_needs_no_lookup() -> None:
    """An id is taken for what it is."""
    node = condition(f"parent={ID}")

    assert node.right.id == UUID(ID)


@pytest.mark.parametrize("word", ["country", "country ~ DE", "=DE", "country in"])
def test_no_condition_is_refused(word: str) -> None:
    """How to write one is said."""
    with pytest.raises(click.UsageError, match="no condition"):
        condition(word)


def test_unknown_field_names_nearest() -> None:
    """The nearest names are offered."""
    with pytest.raises(UnknownNameError, match="did you mean 'country'"):
        condition("countr=DE")


def test_nothing_has_no_order() -> None:
    """A missing value is neither smaller nor larger than another."""
    with pytest.raises(QueryError, match="only = and !="):
        condition("employee_count<")
