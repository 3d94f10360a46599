"""`SalesOrder`: what a customer ordered. Its lines, and how its total follows them, are in `sales_order_line`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pycrm.builtin.parties import Account
from pycrm.builtin.sales.plugin import plugin
from pycrm.plugin import (
    ChangeSet,
    Lifecycle,
    Money,
    MoneyError,
    Move,
    OptRef,
    OwnedRecord,
    Problem,
    State,
    Workspace,
    field,
)

SALES_ORDER = Lifecycle(
    State("draft"),
    State("confirmed"),
    State("in_production"),
    State("partly_shipped"),
    State("shipped"),
    State("completed", final=True),
    State("cancelled", final=True),
    Move("confirm", "draft", "confirmed", needs="account"),
    Move("start_production", "confirmed", "in_production"),
    Move("ship_partly", "confirmed in_production", "partly_shipped"),
    Move("ship", "confirmed in_production partly_shipped", "shipped"),
    Move("complete", "shipped", "completed"),
    Move("cancel", "draft confirmed in_production partly_shipped", "cancelled"),
)


@plugin.entity(title="number", list="number account status ordered_at total")
class SalesOrder(OwnedRecord):
    """What a customer ordered. Its account is required on confirming, its currency from the start."""

    number: str = field.autonumber("SO-{year}-{seq:05}", unique=True, searchable=True)
    account: OptRef[Account] = field.ref(Account, many="orders")
    country: str | None = field.text(indexed=True)
    status: str = field.status(SALES_ORDER)
    ordered_at: datetime | None = field.datetime(indexed=True)
    currency: str = field.text(max_length=3)
    total: Money | None = field.money(read_only=True)


@plugin.derive(SalesOrder, changed="currency")
def start_total(ws: Workspace, changes: ChangeSet[SalesOrder]) -> None:
    """Start the total at zero of the order's currency; lines add to it as they are written."""
    for order in changes:
        if is_currency(order.currency):
            changes.set(order, total=Money(0, order.currency))


@plugin.check(SalesOrder, changed="currency")
def known_currency(ws: Workspace, changes: ChangeSet[SalesOrder]) -> Iterator[Problem]:
    """The currency is one of ISO 4217."""
    for order in changes:
        if not is_currency(order.currency):
            yield Problem(
                "sales_order.unknown_currency",
                order,
                "currency",
                message="is no currency of ISO 4217; write its code in capitals, as in USD",
                value=order.currency,
            )


def is_currency(code: str) -> bool:
    """Whether *code* can be the currency of money."""
    try:
        Money(0, code)
    except MoneyError:
        return False
    return True


@plugin.check(SalesOrder, changed="account")
def kept_account(ws: Workspace, changes: ChangeSet[SalesOrder]) -> Iterator[Problem]:
    """An order that was confirmed keeps an account."""
    for order in changes:
        if changes.kind == "update" and order.account is None and order.status not in ("draft", "cancelled"):
            yield Problem(
                "sales_order.account_missing",
                order,
                "account",
                message="cannot be taken from order {order}, which is {status}; give another one",
                order=order.number,
                status=order.status,
            )
