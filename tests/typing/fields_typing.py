"""How field declarations look to a type checker; checked by mypy strict and pyright, never run."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, assert_type, dataclass_transform
from uuid import UUID

from pycrm.fields import declare as field
from pycrm.values.lifecycle import Lifecycle, Move, State
from pycrm.values.money import Money, Monies
from pycrm.values.refs import OptRef, Ref, Refs


@dataclass_transform(kw_only_default=True, eq_default=False)
class Base:
    """Stands in for the base of `Record`."""


ORDER = Lifecycle(State("draft"), State("done", final=True), Move("finish", "draft", "done", needs="ordered_at"))


class User(Base):
    name: str = field.text()


class SalesOrder(Base):
    number: str = field.autonumber("SO-{year}-{seq:05}", unique=True)
    status: str = field.status(ORDER)
    country: str | None = field.text(max_length=2, label={"zh": "国家"})
    ordered_at: dt.datetime = field.datetime()
    due_on: dt.date | None = field.date(indexed=True)
    total: Money | None = field.money(read_only=True)
    discount_ratio: Decimal = field.decimal(places=4, default=Decimal(0))
    line_count: int = field.integer(default=0)
    is_urgent: bool = field.boolean(default=False)
    incoterm: str | None = field.choice(["FOB", "CIF"])
    channels: tuple[str, ...] = field.multi_choice([field.Option("web", label={"zh": "网站"}), "fair"])
    tags: tuple[str, ...] = field.tags()
    note: str | None = field.long_text()


class Line(Base):
    order: Ref[SalesOrder] = field.ref(SalesOrder, many="lines", part_of=True, on_delete="cascade")
    product: OptRef[User] = field.ref("product")
    watchers: Refs[User] = field.refs("user")
    about: OptRef[Any] = field.any_ref("account", SalesOrder)


def reads(line: Line, order: SalesOrder) -> None:
    assert_type(line.order, Ref[SalesOrder])
    assert_type(line.order.id, UUID)
    assert_type(line.order.record, SalesOrder)
    assert_type(line.order.record.total, Money | None)
    assert_type(line.product, Ref[User] | None)
    assert_type(line.watchers, tuple[Ref[User], ...])
    assert_type([watcher.record.name for watcher in line.watchers], list[str])
    assert_type(order.ordered_at, dt.datetime)
    assert_type(order.discount_ratio, Decimal)
    if line.product is not None:
        assert_type(line.product.record, User)


def makes(order: SalesOrder, user: User, id: UUID) -> None:
    Line(order=order, product=None, watchers=[user, id, "0190163d-8694-739b-aea5-966c26f8ad91"])
    Line(order=id, product=user)
    Line(order=Ref[SalesOrder](id), product=Ref.of(user), about=order)
    Line(order=Line(order=order).order)
    Line(order=user)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Line(order=None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Line(product=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def sets(line: Line, order: SalesOrder, user: User, id: UUID) -> None:
    line.order = order
    line.order = id
    line.order = Ref(id)
    line.product = None
    line.product = user
    line.watchers = (user, id)
    line.order = user  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    line.order = None  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]


def values(price: Money, order: SalesOrder) -> None:
    assert_type(price * 3, Money)
    assert_type(Decimal("0.5") * price, Money)
    assert_type(price / 2, Money)
    assert_type(price / price, Decimal)
    assert_type(price + price, Money)
    assert_type(-price, Money)
    assert_type(sum([price, price], start=Money(0, "USD")), Money)
    assert_type(Monies.of([price])["USD"], Money)
    assert_type(price > 0, bool)
    price.amount = Decimal(1)  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    price * 1.5  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnusedExpression]
