"""A small shop for the storage room's tests: entities with fields of every kind, and custom fields, bad names too."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

import attrs

from pycrm.fields import Field, Place
from pycrm.fields import declare as field
from pycrm.schema import EntityDeclaration, OwnedRecord, OwnerDeclarations, Record, Schema, assemble, entity_maker
from pycrm.values.money import Money
from pycrm.values.refs import OptRef, Refs

NOW = datetime(2026, 3, 1, 8, 30, 0, 125, tzinfo=UTC)

HOSTILE = (
    "it's",
    'say "hi"',
    "a.b[0].$",
    "back\\slash",
    "大区",
    "😀",
    "100%s %(x)s",
    ":name ?",
    "'); DROP TABLE crm_item; --",
)
"""Names that no field may have, and that must do no harm all the same."""

_declared: list[EntityDeclaration] = []
_entity = entity_maker(_declared.append)


@_entity(title="name")
class User(Record):
    name: str = field.text()
    manager: OptRef[Any] = field.ref("user", many="reports")
    team: OptRef[Any] = field.ref("team", many="users")


@_entity(title="name")
class Team(Record):
    name: str = field.text()
    lead: OptRef[Any] = field.ref("user", many="led")
    members: Refs[Any] = field.refs("user")


@_entity(title="name", unique=[("name", "rank")])
class Item(OwnedRecord):
    name: str = field.text(indexed=True)
    code: str | None = field.text(unique=True)
    parent: OptRef[Any] = field.ref("item", many="children")
    notes: str | None = field.long_text()
    rank: int | None = field.integer()
    weight: Decimal | None = field.decimal()
    is_new: bool | None = field.boolean()
    made_on: date | None = field.date(indexed=True)
    seen_at: datetime | None = field.datetime()
    size: str | None = field.choice(["S", "M", "L"])
    colours: tuple[str, ...] = field.multi_choice(["red", "green", "blue"])
    price: Money | None = field.money()
    cost: Money | None = field.money(places=6)
    about: OptRef[Any] = field.any_ref()
    number: str | None = field.autonumber("ITM-{year}-{seq:03}")
    tags: tuple[str, ...] = field.tags()


CUSTOM: dict[str, Any] = {
    "region": field.choice(["华东", "华北"]),
    "score": field.integer(indexed=True),
    "ratio": field.decimal(),
    "is_vip": field.boolean(),
    "since": field.date(),
    "last_at": field.datetime(),
    "budget": field.money(),
    "agent": field.ref("user"),
    "marks": field.tags(),
    "friends": field.refs("user"),
    **{name: field.text() for name in HOSTILE},
}


def custom_field(name: str, declared: Any, **facts: Any) -> Field:
    """Return *declared* as a custom field called *name*, which nobody judges."""
    return attrs.evolve(declared, name=name, owner="custom", place=Place.DOCUMENT, **facts)


def make_schema(custom: dict[str, Any] | None = None, *, parked: Iterable[Any] = ()) -> Schema:
    """Return the shop's schema, with *custom* fields of `Item` or those of `CUSTOM`."""
    schema = assemble([OwnerDeclarations("core", True, "1", tuple(_declared))], parked)
    fields = [custom_field(name, declared) for name, declared in (CUSTOM if custom is None else custom).items()]
    return schema.with_custom_fields({"item": fields}, 1)


R = TypeVar("R", bound=Record)


def stamped(*records: R) -> list[R]:
    """Return *records* with the common fields that the door fills in."""
    for record in records:
        record.version, record.created_at, record.updated_at = 1, NOW, NOW
    return list(records)


def full_item(**values: Any) -> Item:
    """Return an item with a value in every field that needs no other record."""
    given: dict[str, Any] = {
        "name": "青岛海晨",
        "code": "85123A",
        "notes": "line\none",
        "rank": -(2**63),
        "weight": Decimal("0.000125"),
        "is_new": False,
        "made_on": date(1, 1, 2),
        "seen_at": datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        "size": "M",
        "colours": ("red", "blue"),
        "price": Money("12.5", "USD"),
        "cost": Money("0.000001", "JPY"),
        "number": "ITM-2026-001",
        "tags": ("a", "大"),
        "custom": {
            "region": "华东",
            "score": 2**63 - 1,
            "ratio": Decimal("1.25"),
            "is_vip": False,
            "since": date(2026, 3, 1),
            "last_at": NOW,
            "budget": Money("-3", "CNY"),
            "marks": ("x", 'y"'),
            **{name: f"value of {name}" for name in HOSTILE},
        },
    }
    (item,) = stamped(Item(**given | values))
    return item


def plain(record: Any) -> dict[str, Any]:
    """Return everything that *record* holds, references as ids, for comparison."""
    values = {name: getattr(record, name) for name in record.__declared_fields__}
    values |= {f"custom.{name}": value for name, value in record.custom.items()}
    return {name: getattr(value, "id", value) for name, value in values.items()}


__all__ = [
    "CUSTOM",
    "HOSTILE",
    "NOW",
    "Item",
    "Team",
    "User",
    "custom_field",
    "full_item",
    "make_schema",
    "plain",
    "stamped",
]
