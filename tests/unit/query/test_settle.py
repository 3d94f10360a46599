"""Filters made ready to be asked, for somebody and at some moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, tzinfo
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given, settings
from tests.filters import any_nodes

from pycrm.errors import QueryError
from pycrm.query.ast import Call, Compare, In, Node, Not, Or, Parameter, Path, operands
from pycrm.query.builder import F
from pycrm.query.reading import read_filter
from pycrm.query.settle import settle, settle_order
from pycrm.query.text import read_order
from pycrm.values.periods import Period

ME = UUID("01890000-0000-7000-8000-000000000001")
EAST, WEST = UUID(int=1), UUID(int=2)
ZONE = ZoneInfo("Asia/Shanghai")
A = Path(("a",))


@attrs.frozen
class Mei:
    """Who asks, on 4 March 2026 in Shanghai."""

    today: date = date(2026, 3, 4)
    zone: tzinfo = ZONE
    zone_name: str = "Asia/Shanghai"
    fiscal_start: int = 4
    base_currency: str = "CNY"
    me: UUID = ME
    teams: Sequence[UUID] = (EAST, WEST)
    attributes: Mapping[str, Any] = attrs.field(
        factory=lambda: {"region": "华东", "regions": ["华东", "华北"], "no": None}
    )


def settled(text: str, **values: Any) -> Node:
    return settle(read_filter(text), Mei(), values)


def period(first: str, last: str) -> Period:
    return Period(date.fromisoformat(first), date.fromisoformat(last), ZONE)


@pytest.mark.parametrize(
    ("text", "values", "node"),
    [
        ("a = :x", {"x": 5}, Compare("=", A, 5)),
        ("a > :x AND b < :x", {"x": 5}, ((F.a > 5) & (F.b < 5)).node),
        ("a IN :x", {"x": [1, 2]}, In(A, (1, 2))),
        ("a IN :x", {"x": {7}}, In(A, (7,))),
        ("a IN :x", {"x": 1}, In(A, (1,))),
        ("a IN :x", {"x": []}, In(A, ())),
        ("a IN (0, :x, :y)", {"x": (1, 2), "y": 3}, In(A, (0, 1, 2, 3))),
        ("a = :x", {"x": [1, 2]}, In(A, (1, 2))),
        ("a != :x", {"x": [1, 2]}, Not(In(A, (1, 2)))),
        ("a HAS ANY :x", {"x": ["p", "q"]}, Compare("has any", A, ("p", "q"))),
        ("a UNDER :x", {"x": [EAST, WEST]}, Compare("under", A, (EAST, WEST))),
        ("ANY(lines, NOT qty > :x)", {"x": 1}, F.lines.any(~(F.qty > 1)).node),
        ("a CONTAINS :x", {"x": "海"}, Compare("contains", A, "海")),
        ("ROUND(a, :x) = 1", {"x": 2}, Compare("=", Call("ROUND", (A, 2)), 1)),
    ],
)
def test_parameters_get_their_values(text: str, values: dict[str, Any], node: Node) -> None:
    """Wherever a value stands a parameter may; a list where the filter wants one."""
    assert settled(text, **values) == node


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("a = ME", Compare("=", A, ME)),
        ("a IN MY_TEAM", In(A, (EAST, WEST))),
        ("a = MY_TEAM", In(A, (EAST, WEST))),
        ("a IN (ME, MY_TEAM)", In(A, (ME, EAST, WEST))),
        ("a = MY.region", Compare("=", A, "华东")),
        ("a IN MY.regions", In(A, ("华东", "华北"))),
        ("a = TODAY", Compare("=", A, period("2026-03-04", "2026-03-04"))),
        ("a < THIS_FISCAL_YEAR", Compare("<", A, period("2025-04-01", "2026-03-31"))),
        ("a = LAST_N_DAYS:2", Compare("=", A, period("2026-03-02", "2026-03-04"))),
        ("a < TODAY + 7", Compare("<", A, period("2026-03-11", "2026-03-11"))),
        ("a < THIS_WEEK - 1", Compare("<", A, period("2026-03-01", "2026-03-07"))),
        ("a IN (TODAY, 2026-01-01)", Or((In(A, (date(2026, 1, 1),)), Compare("=", A, period(*["2026-03-04"] * 2))))),
        ("DATE(a) = 2026-01-01", Compare("=", Call("DATE", (A, "Asia/Shanghai")), date(2026, 1, 1))),
        ("CONVERT(a, 'USD') > 0", Compare(">", Call("CONVERT", (A, "USD", date(2026, 3, 4), "CNY")), 0)),
        (
            "CONVERT(a, MY.region, YESTERDAY) > 0",
            Compare(">", Call("CONVERT", (A, "华东", date(2026, 3, 3), "CNY")), 0),
        ),
        ("CONVERT(a, 'USD', b) > 0", Compare(">", Call("CONVERT", (A, "USD", Path(("b",)), "CNY")), 0)),
    ],
)
def test_who_asks_and_when(text: str, node: Node) -> None:
    """Their record and teams, their attributes, the days of their calendar in their time zone."""
    assert settled(text) == node


@pytest.mark.parametrize(
    ("text", "values", "message"),
    [
        ("a = :regoin", {"region": 1}, r"a parameter :regoin without a value; did you mean 'region'\?; give values="),
        ("a = 1", {"x": 1}, "no parameter :x; it has no parameters"),
        ("a = :region", {"region": 1, "regoin": 2}, "no parameter :regoin; did you mean 'region'"),
        ("a = :x", {"x": None}, "x=None; a missing value is asked for with IS NULL"),
        ("a > :x", {"x": [1]}, "x is a list; compare it with IN :x"),
        ("a CONTAINS :x", {"x": ["a"]}, "x is a list"),
        ("a = MY.regoin", {}, "no attribute 'regoin'; did you mean 'region' or 'regions'"),
        ("a = MY.no", {}, "no attribute 'no'"),
        ("a = LAST_N_DAYS:0", {}, "between 1 and 10000"),
        ("a = TODAY + 10000000", {}, "outside the years 1 to 9999"),
    ],
)
def test_what_has_no_value_is_refused(text: str, values: dict[str, Any], message: str) -> None:
    """Missing values, unused ones, and what the principal lacks, with the nearest names."""
    with pytest.raises(QueryError, match=message):
        settled(text, **values)


def test_values_are_never_read_as_text() -> None:
    """What looks like a part of the language stays a text."""
    assert settled("a = :x", x="1 OR 1 = 1") == Compare("=", A, "1 OR 1 = 1")
    assert settled("a IN :x", x=["ME", ":x", "') --"]) == In(A, ("ME", ":x", "') --"))


@given(any_nodes())
@settings(max_examples=80)
def test_settled_filter_stays_settled(node: Node) -> None:
    """What is a value already is left alone; the same node comes back."""
    try:
        once = settle(node, Mei(), {"region": 1, "低": 2, "x1": 3, "Today": 4, "AND": 5, "ME": 6})
    except QueryError:
        return  # an attribute that is missing, a count out of bounds, a parameter that is not used

    if not any(isinstance(each, Call) for each in operands(once)):
        assert settle(once, Mei()) == once


def test_orders_are_settled_and_keep_their_text() -> None:
    """So that a page continues in the same order tomorrow; fields stay as they are."""
    keys = read_order("CONVERT(a, 'USD') DESC, b")
    settled_keys = settle_order(keys, Mei())

    assert settled_keys[0].operand == Call("CONVERT", (A, "USD", date(2026, 3, 4), "CNY"))
    assert [(key.text, key.descending) for key in settled_keys] == [("CONVERT(a, 'USD')", True), ("b", False)]
    assert settled_keys[1] == keys[1]


def test_filter_without_questions_is_itself() -> None:
    """Nothing is built anew."""
    node = read_filter("a = 1 AND NOT ANY(b, c IN (1, 2)) OR d IS NULL")

    assert settle(node, Mei()) is node
    assert Parameter("x") not in operands(node)
