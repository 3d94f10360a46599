"""A plugin that uses every field kind; mypy reads it, and a test writes its records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar, assert_type

import attrs

from pycrm import Account, Address
from pycrm.plugin import (
    Attachment,
    GeoPoint,
    Json,
    Lifecycle,
    Money,
    Move,
    OptRef,
    OwnedRecord,
    Plugin,
    Quantity,
    Ref,
    Refs,
    State,
    User,
    Workspace,
    field,
)

plugin = Plugin("catalogue")

ENTRY = Lifecycle(State("draft"), State("printed", final=True), Move("print", "draft", "printed"))
GLN = field.Scheme("gln", {"en": "GLN", "zh": "全球位置码"}, "[0-9]{13}", "4012345000009")


@plugin.field_kind
@attrs.frozen
class TradeIdentifierKind(field.IdentifierKind):
    """Identifiers of GS1."""

    name: ClassVar[str] = "catalogue.identifier"
    schemes: ClassVar[Mapping[str, field.Scheme]] = {"gln": GLN}


@plugin.entity(title="number", list="number title price")
class Entry(OwnedRecord):
    """A field of every kind."""

    number: str = field.autonumber("E-{seq}", gap_free=True, unique=True)
    title: str | None = field.text()
    body: str | None = field.long_text()
    page: int | None = field.integer()
    factor: Decimal | None = field.decimal(places=3)
    is_new: bool | None = field.boolean()
    printed_on: dt.date | None = field.date()
    printed_at: dt.datetime | None = field.datetime()
    size: str | None = field.choice(["S", "M"])
    colours: tuple[str, ...] = field.multi_choice(["red", "blue"])
    price: Money | None = field.money()
    account: OptRef[Account] = field.ref(Account, many="entries")
    editors: Refs[User] = field.refs(User)
    about: OptRef[Any] = field.any_ref()
    guests: Refs[Any] = field.any_refs(User, Account)
    photo: OptRef[Attachment] = field.attachment()
    tags: tuple[str, ...] = field.tags()
    status: str = field.status(ENTRY)
    email: str | None = field.email()
    page_url: str | None = field.url()
    phone: str | None = field.phone(region="CN")
    place: Address | None = field.address()
    country: str | None = field.country()
    currency: str | None = field.currency()
    language: str | None = field.language()
    time_zone: str | None = field.time_zone()
    blurb: str | None = field.rich_text()
    margin_ratio: Decimal | None = field.ratio()
    discount_ratio: Decimal | None = field.percent(places=4)
    stars: int | None = field.rating(best=3)
    weight: Quantity | None = field.quantity("kg")
    opens: dt.time | None = field.time()
    lasts: dt.timedelta | None = field.duration()
    extra: Json | None = field.json()
    point: GeoPoint | None = field.geo_point()
    card: str | None = field.identifier("payment_card")
    gln: str | None = field.of_kind(TradeIdentifierKind("gln"))


def reading(ws: Workspace, entry: Entry) -> None:
    """Fields have the types of their values."""
    assert_type(entry.margin_ratio, Decimal | None)
    assert_type(entry.stars, int | None)
    assert_type(entry.weight, Quantity | None)
    assert_type(entry.opens, dt.time | None)
    assert_type(entry.lasts, dt.timedelta | None)
    assert_type(entry.extra, Json | None)
    assert_type(entry.point, GeoPoint | None)
    assert_type(entry.place, Address | None)
    assert_type(entry.photo, Ref[Attachment] | None)
    assert_type(entry.editors, tuple[Ref[User], ...])
    if entry.weight is not None and entry.point is not None:
        assert_type(entry.weight.to("g").amount, Decimal)
        assert_type(entry.weight / 2, Quantity)
        assert_type(entry.point.latitude, Decimal)
    entry.stars = "3"  # type: ignore[assignment]
    entry.lasts = 90  # type: ignore[assignment]
    entry.weight = Decimal(5)  # type: ignore[assignment]
    Entry(wieght=Quantity(5, "kg"))  # type: ignore[call-arg]


def converting(ws: Workspace) -> None:
    """A conversion tells what did not fit."""
    report = ws.convert_field(Account, "region", field.choice(["east"]), dry_run=True)
    assert_type(report.misfit_count, int)
    assert_type([misfit.problem.code for misfit in report.misfits], list[str])
