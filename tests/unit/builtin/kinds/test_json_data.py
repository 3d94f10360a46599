"""JSON fields."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from pycrm.builtin.kinds import JsonKind
from pycrm.errors import ConfigurationError, Problem
from pycrm.fields.kind import Fit
from pycrm.fields.text import TextKind
from pycrm.values.json_data import Json


def problem(kind: JsonKind, value: Any) -> Problem:
    with pytest.raises(Problem) as caught:
        kind.parse(value)
    return caught.value


@pytest.mark.parametrize("value", [{}, [], "text", '{"a": 1}', 0, False, 1.5, {"a": [None, {"b": "大区"}]}])
def test_takes_any_value(value: Any) -> None:
    """Any JSON value is taken as it is; a text is a text, whatever it looks like."""
    assert JsonKind().parse(value) == Json(value)
    assert JsonKind().parse(value).data == value


@pytest.mark.parametrize(
    ("value", "where"),
    [
        (None, "$"),
        ({"a": [1, {2}]}, "$.a[1]"),
        ({"a": float("nan")}, "$.a"),
        ([Decimal(1)], "$[0]"),
        ({"a": {"b": dt.date(2026, 1, 1)}}, "$.a.b"),
        (2**64, "$"),
    ],
)
def test_refuses_what_json_lacks(value: Any, where: str) -> None:
    """What JSON cannot keep is refused, and its place is named."""
    found = problem(JsonKind(), value)

    assert (found.code, found.facts["where"]) == ("json.invalid", where)


@pytest.mark.parametrize("value", [{"a": "x\0"}, {"\ud800": 1}, ["\0"], {1: 2}])
def test_texts_must_be_storable(value: Any) -> None:
    """NUL, halves of surrogate pairs and keys that are no texts are refused however deep they lie."""
    assert problem(JsonKind(), value).code in ("text.unstorable", "text.invalid")


def test_size_is_limited() -> None:
    """The text may have so many bytes, whatever the script."""
    kind = JsonKind(max_bytes=20)

    assert kind.parse("x" * 18).data == "x" * 18
    assert kind.parse("大" * 6).data == "大" * 6
    assert problem(kind, "x" * 19).code == problem(kind, "大" * 7).code == "json.too_large"


def test_depth_is_limited() -> None:
    """Data nested too deep is refused, data that holds itself too."""
    loop: list[Any] = []
    loop.append(loop)

    assert JsonKind(max_depth=2).parse([{"a": 1}]).data == [{"a": 1}]
    assert problem(JsonKind(max_depth=2), [[[]]]).code == "json.too_deep"
    assert problem(JsonKind(), loop).code == "json.too_deep"


def test_values_are_judged_again() -> None:
    """A value that was made elsewhere is held to this field's limits."""
    assert problem(JsonKind(max_bytes=4), Json([1, 2, 3])).code == "json.too_large"
    assert problem(JsonKind(), Json(None)).code == "json.invalid"


@pytest.mark.parametrize("options", [{"max_bytes": 0}, {"max_depth": 101}])
def test_limits_have_limits(options: dict[str, int]) -> None:
    """Limits that cannot work are refused where the field is declared."""
    with pytest.raises(ConfigurationError, match="out of bounds"):
        JsonKind(**options)


def test_upgrade_may_widen() -> None:
    """In an upgrade limits may grow; smaller ones are tried on each value."""
    assert JsonKind(max_bytes=70_000).fit(JsonKind()) is Fit.ALL
    assert JsonKind(max_depth=5).fit(JsonKind()) is Fit.SOME
    assert JsonKind().fit(TextKind()) is Fit.NONE
