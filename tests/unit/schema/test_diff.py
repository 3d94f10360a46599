"""What changed since a record was loaded, and putting it back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from tests.shop import Item, Team, full_item, make_schema, plain

from pycrm.schema.diff import (
    FieldReader,
    loaded_value,
    make_diff,
    make_keep,
    make_put_back,
    make_remember,
    make_take_over,
    value_at,
)
from pycrm.values.money import Money
from pycrm.values.refs import Ref

SCHEMA = make_schema()
ITEM, TEAM = SCHEMA.entity("item"), SCHEMA.entity("team")
DIFF, REMEMBER = make_diff(ITEM), make_remember(ITEM)
KEEP, PUT_BACK = make_keep(ITEM), make_put_back(ITEM)


@pytest.fixture
def item() -> Item:
    """An item whose present values count as stored."""
    made = full_item(parent=uuid4())
    REMEMBER(made)
    return made


def changed(item: Item) -> list[str]:
    return [field.path for field in DIFF(item)]


def test_nothing(item: Item) -> None:
    """A record that was just loaded has no changes."""
    assert changed(item) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "other"),
        ("code", None),
        ("rank", 0),
        ("weight", Decimal("0.5")),
        ("price", Money("12.5", "EUR")),
        ("colours", ()),
        ("tags", ("z",)),
        ("parent", uuid4()),
        ("parent", None),
        ("custom.score", 1),
        ("custom.score", None),
        ("custom.it's", "x"),
        ("custom.marks", ()),
    ],
)
def test_one_field(item: Item, name: str, value: Any) -> None:
    """Each change of a field is found, an emptied one too, and no other."""
    if name.startswith("custom."):
        item.custom[name.removeprefix("custom.")] = value
    else:
        setattr(item, name, value)

    assert changed(item) == [name]


def test_equal_value(item: Item) -> None:
    """An equal value is no change, nor is a Ref to the same record."""
    item.name = "青岛" + "海晨"
    item.price = Money("12.50", "USD")
    item.parent = Ref(item.parent.id, "item")  # type: ignore[union-attr]
    item.custom.score = 2**63 - 1

    assert changed(item) == []


@pytest.mark.parametrize(("name", "value"), [("rank", True), ("is_new", 0), ("rank", float(-(2**63)))])
def test_other_type(item: Item, name: str, value: Any) -> None:
    """An equal value of another type counts as a change; the parser settles it."""
    item.rank = item.rank if name != "rank" else 1
    REMEMBER(item)
    setattr(item, name, value)

    assert changed(item) == [name]


def test_set_and_set_back(item: Item) -> None:
    """What was set and set back is no change."""
    item.rank, item.custom.score = 0, 0
    item.rank, item.custom.score = -(2**63), 2**63 - 1

    assert changed(item) == []


def test_multi_reference() -> None:
    """Multi-references change by what they lead to and by their order."""
    one, other = uuid4(), uuid4()
    team = Team(name="x", members=[one, other])
    make_remember(TEAM)(team)
    diff = make_diff(TEAM)
    assert diff(team) == []
    team.members = [Ref(one, "user"), other]
    assert diff(team) == []
    team.members = [other, one]

    assert [field.path for field in diff(team)] == ["members"]


def test_loaded_values(item: Item) -> None:
    """What was stored stays known after a change, in whatever place."""
    item.rank, item.custom.score = 0, 0

    assert loaded_value(ITEM, item, ITEM.fields["rank"]) == -(2**63)
    assert loaded_value(ITEM, item, ITEM.fields["custom.score"]) == 2**63 - 1
    assert loaded_value(ITEM, Item(name="new"), ITEM.fields["rank"]) is None


def test_put_back(item: Item) -> None:
    """A kept record is put back whole: values, memory, document."""
    before = plain(item)
    kept = KEEP(item)
    item.name, item.parent, item.version = "other", None, 7  # type: ignore[assignment]
    item.custom.score = None
    REMEMBER(item)
    PUT_BACK(item, kept)

    assert (plain(item), changed(item)) == (before, [])


def test_put_back_twice(item: Item) -> None:
    """It may be put back again after further changes."""
    kept = KEEP(item)
    for value in (1, 2):
        item.rank, item.custom.score = value, value
        PUT_BACK(item, kept)
        assert (item.rank, item.custom.score) == (-(2**63), 2**63 - 1)


def test_read_all(item: Item) -> None:
    """A reader gives what each field's own look-up gives, those of the document too."""
    fields = tuple(ITEM.fields.values())

    assert FieldReader(fields).read(item) == tuple(value_at(item, field) for field in fields)


def test_read_given(item: Item) -> None:
    """Of the fields only those with a value are given, none of a record without one."""
    reader = FieldReader((ITEM.fields["name"], ITEM.fields["rank"], ITEM.fields["custom.score"]))
    item.rank = None  # type: ignore[assignment]
    empty = Item()

    assert reader.given(item) == [
        (ITEM.fields["name"], item.name),
        (ITEM.fields["custom.score"], item.custom.score),
    ]
    assert reader.given(empty) == []


def test_take_over(item: Item) -> None:
    """A record takes over another's values and document."""
    other = full_item(name="other", id=item.id, custom={"score": 1})
    REMEMBER(other)
    make_take_over(ITEM)(item, other)

    assert plain(item) == plain(other)
