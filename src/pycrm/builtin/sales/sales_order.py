"""`SalesOrder`: what a customer ordered. Its lines are in `sales_order_line`, its total follows them in `lines`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pycrm.builtin.parties import Account
from pycrm.builtin.products import PriceBook
from pycrm.builtin.sales.contract import Contract
from pycrm.builtin.sales.plugin import plugin
from pycrm.builtin.sales.quote import Quote
from pycrm.plugin import (
    ChangeSet,
    Lifecycle,
    Money,
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
    """What a customer ordered. Its account is required on confirming, its currency from the start.

    Attributes:
        quote: The accepted quote that it was made of.
        contract: The contract that it is placed under.
        price_book: Where new lines of products take their prices from.
    """

    number: str = field.autonumber("SO-{year}-{seq:05}", unique=True, searchable=True)
    account: OptRef[Account] = field.ref(Account, many="orders")
    country: str | None = field.country(indexed=True)
    quote: OptRef[Quote] = field.ref(Quote, many="orders")
    contract: OptRef[Contract] = field.ref(Contract, many="orders")
    status: str = field.status(SALES_ORDER)
    ordered_at: datetime | None = field.datetime(indexed=True)
    currency: str = field.currency()
    price_book: OptRef[PriceBook] = field.ref(PriceBook, many="orders")
    total: Money | None = field.money(read_only=True)


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
