"""Values and records as JSON-able data."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from tests.shop import Item, full_item, make_schema

from pycrm.schema.diff import make_remember, value_at
from pycrm.schema.dump import dump_record, dump_records, dump_value
from pycrm.values.money import Money
from pycrm.values.refs import Ref

ITEM = make_schema().entity("item")

# Few of each, so that neighbours often share one, or have equal ones that are not the same object.
VALUES: dict[str, list[Any]] = {
    "name": ["青岛海晨"],
    "rank": [None, 7],
    "weight": [None, Decimal("1.5"), Decimal("1.50"), Decimal("-0"), Decimal("1E+2")],
    "made_on": [None, date(2026, 3, 1), date(2026, 3, 2)],
    "seen_at": [None, datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 1, 0, 0, 0, 1, tzinfo=UTC)],
    "colours": [(), ("red",), ("red", "blue")],
    "price": [None, Money("12.5", "USD"), Money("12.50", "USD"), Money("12", "JPY")],
    "parent": [None, UUID(int=1), UUID(int=2), Ref(UUID(int=1), "item")],
    "about": [None, Ref(UUID(int=1), "item"), Ref(UUID(int=1), "user")],
}
CUSTOM: dict[str, list[Any]] = {
    "ratio": [None, Decimal("1.25"), Decimal("1.250")],
    "since": [None, date(2026, 3, 1), date(2026, 3, 2)],
    "budget": [None, Money("-3", "CNY")],
    "marks": [(), ("x",)],
}


def one_of_each(values: dict[str, list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({name: st.sampled_from(some) for name, some in values.items()})


@given(rows=st.lists(st.tuples(one_of_each(VALUES), one_of_each(CUSTOM)), max_size=6))
def test_records_go_out_value_by_value(rows: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    """A page goes out as each of its values does by itself, whatever neighbours have in common."""
    items = [Item(**own, custom=custom) for own, custom in rows]
    for item in items:
        make_remember(ITEM)(item)
    wanted = [
        {path: dump_value(value_at(item, field), field.kind) for path, field in ITEM.fields.items()} for item in items
    ]

    assert dump_records(ITEM, items) == wanted


def test_lists_are_each_records_own() -> None:
    """What is done to the list of one dumped record is not done to another's."""
    first, second = dump_records(ITEM, [full_item(), full_item()])
    first["colours"].append("green")

    assert second["colours"] == ["red", "blue"]


def test_no_custom_fields_go_out() -> None:
    """An entity without custom and extension fields goes out with those that it has."""
    entity = make_schema(custom={}).entity("item")

    assert dump_record(entity, full_item(custom=None)).keys() == entity.fields.keys()


def test_absent_values() -> None:
    """No value is null outside, several values are an empty list."""
    out = dump_record(ITEM, Item(name="x"))

    assert (out["rank"], out["custom.score"], out["colours"], out["tags"]) == (None, None, [], [])


def test_dump_value() -> None:
    """A single value goes out in its kind's form."""
    item = full_item()

    assert dump_value(item.price, ITEM.fields["price"].kind) == {"amount": "12.50", "currency": "USD"}
    assert dump_value(None, ITEM.fields["price"].kind) is None
