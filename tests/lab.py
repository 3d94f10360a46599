"""A laboratory for tests of the door: a plugin with fields of every kind, parts, references back and forth, and rules.

The nouns are small and mean nothing; each has what one rule of the door needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from pycrm import Account, Principal, User
from pycrm.plugin import (
    ChangeSet,
    Extension,
    Lifecycle,
    Money,
    Move,
    OptRef,
    OwnedRecord,
    Plugin,
    Problem,
    Record,
    Ref,
    Refs,
    State,
    Workspace,
    field,
)

MEI = Principal("mei", roles={"administrator"})
BOB = Principal("bob", roles={"administrator"})
GUEST = Principal("guest", roles={"visitor"})

SAMPLE = Lifecycle(
    State("asked"),
    State("sent"),
    State("approved", final=True),
    State("rejected", final=True),
    Move("send", "asked", "sent", needs="size"),
    Move("approve", "sent", "approved"),
    Move("reject", "sent", "rejected", needs="notes"),
)

lab = Plugin("lab", version="1.0")


@lab.entity(title="name", unique=[("box", "position")])
class Sample(OwnedRecord):
    """A field of every kind, and one of each common option."""

    name: str = field.text(indexed=True, searchable=True)
    code: str | None = field.text(unique=True)
    notes: str | None = field.long_text()
    count: int | None = field.integer()
    weight: Decimal | None = field.decimal()
    is_new: bool | None = field.boolean()
    made_on: date | None = field.date(indexed=True)
    seen_at: datetime | None = field.datetime()
    size: str | None = field.choice(["S", "M", "L"])
    colours: tuple[str, ...] = field.multi_choice(["red", "green", "blue"])
    price: Money | None = field.money()
    cost: Money | None = field.money(places=6)
    account: OptRef[Account] = field.ref(Account, many="samples")
    origin: OptRef[Sample] = field.ref("lab.sample", many="copies")
    watchers: Refs[User] = field.refs(User)
    about: OptRef[Any] = field.any_ref()
    number: str = field.autonumber("SMP-{year}-{seq:04}", unique=True)
    tags: tuple[str, ...] = field.tags()
    status: str = field.status(SAMPLE)
    grade: str = field.choice(["A", "B"], default="B")
    received_at: datetime | None = field.datetime(default=lambda: datetime(2026, 3, 1, tzinfo=UTC))
    seal: str | None = field.text(read_only=True)
    box: str | None = field.text()
    position: int | None = field.integer()


@lab.entity(title="name")
class Portion(Record):
    """A part of a sample; a portion may have portions of its own."""

    name: str = field.text()
    sample: Ref[Sample] = field.ref(Sample, many="portions", part_of=True)


@lab.entity(title="name")
class Label(Record):
    """Another part of a sample."""

    name: str = field.text()
    sample: Ref[Sample] = field.ref(Sample, many="labels", part_of=True)


@lab.entity(title="name")
class Reading(Record):
    """Refers to a part without being one, which keeps the part from going."""

    name: str = field.text()
    portion: Ref[Portion] = field.ref(Portion, many="readings")
    label: OptRef[Label] = field.ref(Label, many="readings")


@lab.extend(Account)
class LabTerms(Extension):
    """A field of every kind that can be somebody else's."""

    text: str | None = field.text(indexed=True)
    long_text: str | None = field.long_text()
    integer: int | None = field.integer()
    decimal: Decimal | None = field.decimal()
    boolean: bool | None = field.boolean()
    date: date | None = field.date()
    datetime: datetime | None = field.datetime()
    choice: str | None = field.choice(["S", "M", "L"])
    multi_choice: tuple[str, ...] = field.multi_choice(["red", "green", "blue"])
    money: Money | None = field.money()
    unit_price: Money | None = field.money(places=6)
    ref: OptRef[User] = field.ref(User)
    refs: Refs[User] = field.refs(User)
    any_ref: OptRef[Any] = field.any_ref()
    tags: tuple[str, ...] = field.tags()


@lab.check(Sample, changed="size count")
def fits(ws: Workspace, changes: ChangeSet[Sample]) -> Iterator[Problem]:
    """A small sample counts ten at most: a rule over two fields, so that each may be changed by somebody else."""
    for sample in changes:
        if sample.size == "S" and (sample.count or 0) > 10:
            yield Problem(
                "sample.too_many", sample, "count", message="is more than a small sample holds; take a larger"
            )


@lab.action(Sample)
def double(ws: Workspace, sample: Sample, *, times: int = 2) -> int:
    """Multiply the count."""
    ws.update(sample, count=(sample.count or 0) * times)
    return sample.count or 0


def values_of_every_kind(one: Any, other: Any) -> dict[str, tuple[Any, Any]]:
    """Return, per kind, two values as `plain` shows them; *one* and *other* are ids of users."""
    return {
        "text": ("青岛 'a' \"b\"", "x"),
        "long_text": ("line\none\n" * 50, "y"),
        "integer": (-(2**63), 7),
        "decimal": (Decimal("0.000125"), Decimal(-3)),
        "boolean": (False, True),
        "date": (date(1, 1, 2), date(9999, 12, 31)),
        "datetime": (datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)),
        "choice": ("M", "L"),
        "multi_choice": (("red", "blue"), ("green",)),
        "money": (Money("12.5", "USD"), Money(-3, "JPY")),
        "unit_price": (Money("0.000001", "CNY"), Money("2.5", "EUR")),
        "ref": (one, other),
        "refs": ((other, one), (one,)),
        "any_ref": (one, other),
        "tags": (("a", "大"), ("b",)),
    }


DECLARED: dict[str, Any] = {
    "text": field.text(),
    "long_text": field.long_text(),
    "integer": field.integer(),
    "decimal": field.decimal(),
    "boolean": field.boolean(),
    "date": field.date(),
    "datetime": field.datetime(),
    "choice": field.choice(["S", "M", "L"]),
    "multi_choice": field.multi_choice(["red", "green", "blue"]),
    "money": field.money(),
    "unit_price": field.money(places=6),
    "ref": field.ref("user"),
    "refs": field.refs("user"),
    "any_ref": field.any_ref(),
    "tags": field.tags(),
}
"""A custom field of each kind, by the names of `values_of_every_kind`."""


def plain(value: Any) -> Any:
    """Return *value* with references as ids, for comparison."""
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    return getattr(value, "id", value)


def sample(**values: Any) -> Sample:
    """Return a sample that lacks nothing."""
    return Sample(**{"name": "sample", **values})
