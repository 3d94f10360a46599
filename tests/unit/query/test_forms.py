"""One filter in three forms: nodes, text and JSON."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import attrs
import pytest
from hypothesis import given, settings
from tests.filters import any_nodes, said_nodes

from pycrm import Account, Condition, F, Ref
from pycrm.errors import QueryError
from pycrm.query.ast import Arithmetic, Compare, Node, Not, Path
from pycrm.query.json_form import filter_from_json, filter_to_json
from pycrm.query.reading import read_filter
from pycrm.query.writing import write_filter


def types(node: Any) -> Any:
    """Return what *node* is made of, with the type of every value."""
    if isinstance(node, tuple):
        return tuple(map(types, node))
    if attrs.has(type(node)):
        return type(node), *(types(getattr(node, field.name)) for field in attrs.fields(type(node)))
    return type(node), node


@given(said_nodes())
@settings(max_examples=120)
def test_text_says_the_same_filter(node: Node) -> None:
    """Text that is written is read as the same nodes, values of the same types."""
    text = write_filter(node)

    assert types(read_filter(text)) == types(node), text
    assert write_filter(read_filter(text)) == text


@given(any_nodes())
@settings(max_examples=120)
def test_json_says_the_same_filter(node: Node) -> None:
    """Data goes through JSON and back to the same nodes, values of the same types."""
    data = filter_to_json(node)

    again = filter_from_json(json.loads(json.dumps(data)))

    assert types(again) == types(node)
    assert filter_to_json(again) == data


def _is(path: str, value: Any) -> dict[str, Any]:
    return {"=": [{"path": path}, value]}


def _in(path: str, *values: Any) -> dict[str, Any]:
    return {"in": [{"path": path}, list(values)]}


def _nested(depth: int) -> Node:
    node: Node = Compare("=", Path(("a",)), 1)
    for _ in range(depth):
        node = Not(node)
    return node


def _sum(depth: int) -> Any:
    operand: Any = Path(("a",))
    for _ in range(depth):
        operand = Arithmetic("+", 1, operand)
    return operand


FIRM = UUID("01890000-0000-7000-8000-000000000001")


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("name = '海晨'", {"=": [{"path": "name"}, "海晨"]}),
        ("amount > USD 1000.50", {">": [{"path": "amount"}, {"amount": "1000.50", "currency": "USD"}]}),
        ("weight <= 5 kg", {"<=": [{"path": "weight"}, {"amount": "5", "uom": "kg"}]}),
        ("rate = 0.1", {"=": [{"path": "rate"}, {"decimal": "0.1"}]}),
        ("n != 3 AND b = TRUE", {"and": [{"!=": [{"path": "n"}, 3]}, {"=": [{"path": "b"}, True]}]}),
        ("close_on = THIS_QUARTER", {"=": [{"path": "close_on"}, {"relative": "THIS_QUARTER"}]}),
        ("close_on < NEXT_N_DAYS:7", {"<": [{"path": "close_on"}, {"relative": "NEXT_N_DAYS", "count": 7}]}),
        ("close_on = 2026-03-01", {"=": [{"path": "close_on"}, {"date": "2026-03-01"}]}),
        (
            "met_at >= 2026-03-01T08:00:00+08:00",
            {">=": [{"path": "met_at"}, {"instant": "2026-03-01T08:00:00+08:00"}]},
        ),
        ("owner = ME OR team IN MY_TEAM", {"or": [_is("owner", {"me": True}), _in("team", {"my team": True})]}),
        ("region IN MY.regions", {"in": [{"path": "region"}, [{"my": "regions"}]]}),
        ("custom.region IN :regions", {"in": [{"path": "custom.region"}, [{"parameter": "regions"}]]}),
        ("NOT name LIKE 'a%'", {"not": {"like": [{"path": "name"}, "a%"]}}),
        ("name STARTS WITH 'a'", {"starts with": [{"path": "name"}, "a"]}),
        ("tags HAS ANY ('a', 'b')", {"has any": [{"path": "tags"}, ["a", "b"]]}),
        ("product.category UNDER 'x'", {"under": [{"path": "product.category"}, "x"]}),
        ("close_on IS NULL", {"is null": {"path": "close_on"}}),
        ("close_on IS NOT NULL", {"is not null": {"path": "close_on"}}),
        ("ANY(lines, qty > 10)", {"any": "lines", "where": {">": [{"path": "qty"}, 10]}}),
        ("NONE(lines)", {"none": "lines"}),
        ('"a b".c = amount * 2', {"=": [{"path": ["a b", "c"]}, {"*": [{"path": "amount"}, 2]}]}),
        ("YEAR(close_on) = 2026", {"=": [{"call": "YEAR", "with": [{"path": "close_on"}]}, 2026]}),
    ],
)
def test_each_form_of_data(text: str, data: dict[str, Any]) -> None:
    """What each part of the language is as data."""
    assert filter_to_json(read_filter(text)) == data
    assert filter_from_json(data) == read_filter(text)


def test_records_become_references() -> None:
    """A record in a filter is kept as its id and its entity."""
    account = Account(id=FIRM, name="海晨")

    data = filter_to_json(Compare("=", Path(("account",)), account))

    assert data == {"=": [{"path": "account"}, {"entity": None, "id": str(FIRM)}]}
    assert filter_from_json(data) == Compare("=", Path(("account",)), Ref(FIRM))


def test_order_of_keys_means_nothing() -> None:
    """As in every JSON document."""
    condition = {">": [{"path": "qty"}, 10]}

    assert filter_from_json({"where": condition, "any": "lines"}) == read_filter("ANY(lines, qty > 10)")


@pytest.mark.parametrize(
    ("data", "place", "message"),
    [
        (None, "", "filter: expected a condition such as .* got None"),
        ([], "", "got a list of 0"),
        ({}, "", "got an empty mapping"),
        ({"=": [1, 2], "<": [1, 2]}, "", "expected one key, got a mapping with '=', '<'"),
        ({"eq": [1, 2]}, "", "by one of and, or, not, any, .*got a mapping with 'eq'"),
        ({1: 2}, "", "got a mapping with a int"),
        ({"and": {"not": 1}}, "/and", "expected a list, got a mapping"),
        ({"and": [{"=": [1, 2]}, {"or": [7]}]}, "/and/1/or/0", "filter at /and/1/or/0: expected a condition"),
        ({"=": [{"path": "a"}]}, "/=", "a list of two"),
        ({"=": [{"path": "a"}, [1]]}, "/=/1", "expected a value or a mapping for one, got a list of 1"),
        ({"=": [{"path": "a"}, None]}, "/=/1", "got None"),
        ({"=": [{"path": "a"}, float("nan")]}, "/=/1", "got nan"),
        ({"=": [{"path": "a"}, 10**60]}, "/=/1", "got a int"),
        ({"=": [{"path": "a"}, {"money": 1}]}, "/=/1", "got a mapping with 'money'"),
        ({"=": [{"path": "a b"}, 1]}, "/=/0/path", "is given as a list"),
        ({"=": [{"path": []}, 1]}, "/=/0/path", "the name of a field"),
        ({"=": [{"path": ["a", ""]}, 1]}, "/=/0/path", "names that are not empty"),
        ({"=": [{"path": "a"}, {"decimal": 1}]}, "/=/1/decimal", "expected a text, got 1"),
        ({"=": [{"path": "a"}, {"decimal": "1e9"}]}, "/=/1/decimal", "a number as text"),
        ({"=": [{"path": "a"}, {"decimal": "9" * 61}]}, "/=/1/decimal", "at most 60 digits"),
        ({"=": [{"path": "a"}, {"amount": "1", "currency": "usd"}]}, "/=/1", "did you mean 'USD'|no currency"),
        ({"=": [{"path": "a"}, {"amount": "1", "uom": "a b"}]}, "/=/1", "no unit of measure"),
        ({"=": [{"path": "a"}, {"date": "2026-02-30"}]}, "/=/1/date", "expected a day"),
        ({"=": [{"path": "a"}, {"instant": "2026-02-03T10:00"}]}, "/=/1/instant", "with its time zone"),
        ({"=": [{"path": "a"}, {"id": "x"}]}, "/=/1/id", "an id, which is a UUID"),
        ({"=": [{"path": "a"}, {"parameter": "a b"}]}, "/=/1/parameter", "the name of a parameter"),
        ({"=": [{"path": "a"}, {"relative": "SOON"}]}, "/=/1/relative", "the name of a relative date"),
        ({"=": [{"path": "a"}, {"relative": "LAST_N_DAYS"}]}, "/=/1/relative", 'with a "count" where it wants one'),
        ({"=": [{"path": "a"}, {"relative": "LAST_N_DAYS", "count": "3"}]}, "/=/1/count", "a whole number"),
        ({"=": [{"path": "a"}, {"me": 1}]}, "/=/1/me", "expected true, got 1"),
        ({"=": [{"path": "a"}, {"my": ""}]}, "/=/1/my", "the name of an attribute"),
        ({"=": [{"call": "1", "with": []}, 1]}, "/=/0/call", "the name of a function"),
        ({"has any": [{"path": "a"}, "x"]}, "/has any/1", "expected a list, got 'x'"),
        ({"any": "lines", "were": {}}, "", "the keys 'any' and \"where\""),
        ({"=": [{"path": "a"}, "x" * 20_001]}, "/=/1", "at most 20000 characters"),
        ({"in": [{"path": "a"}, [1] * 25_001]}, "/in/1/24997", "at most 25000 conditions and values"),
    ],
)
def test_what_is_no_filter_is_refused(data: Any, place: str, message: str) -> None:
    """The place is named as a JSON Pointer, what was expected there and what was found."""
    with pytest.raises(QueryError, match=message) as caught:
        filter_from_json(data)

    assert caught.value.place == place


def test_data_without_end_is_refused() -> None:
    """Nothing is walked deeper than a filter may be nested, not even a list that holds itself."""
    endless: dict[str, Any] = {}
    endless["not"] = endless
    deep: Any = {"path": "a"}
    for _ in range(100_000):
        deep = {"+": [deep, 1]}

    for data in (endless, {"=": [deep, 1]}):
        with pytest.raises(QueryError, match="nested at most 40 deep"):
            filter_from_json(data)


@pytest.mark.parametrize("node", [_nested(40), Compare("=", _sum(40), 1)])
def test_deepest_filter_has_both_forms(node: Node) -> None:
    """What may be built may be written and read, down to the last level."""
    assert filter_from_json(filter_to_json(node)) == node
    assert read_filter(write_filter(node)) == node


def test_condition_has_every_form() -> None:
    """`Condition.of` reads text, data, nodes and conditions; ``str()`` and `to_json` give them."""
    text = "name = '海晨' AND NOT tags HAS ANY ('vip')"
    condition = (F.name == "海晨") & ~F.tags.has_any(["vip"])

    forms = [Condition.of(form) for form in (text, condition, condition.node, condition.to_json())]

    assert [form.node for form in forms] == [condition.node] * 4
    assert str(condition) == text
    with pytest.raises(QueryError, match="not of None"):
        Condition.of(None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value",
    [Decimal("NaN"), Decimal("Infinity"), float("inf"), Decimal("1E+61"), 10**60, datetime(2026, 1, 1), None, object()],
)
def test_value_without_form_is_refused(value: Any) -> None:
    """Neither text nor JSON quietly says something else."""
    node = Compare("=", Path(("a",)), value)

    if type(value) is not object:
        with pytest.raises(QueryError):
            write_filter(node)
    with pytest.raises(QueryError):
        filter_to_json(node)
