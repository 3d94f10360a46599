"""`PaymentPlan`: an instalment that is due. How it follows what is received is in `payment_receipt`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from pycrm.builtin.sales.contract import Contract
from pycrm.builtin.sales.plugin import plugin
from pycrm.builtin.sales.sales_order import SalesOrder
from pycrm.plugin import ChangeSet, Money, OptRef, OwnedRecord, Problem, Workspace, field

EVENTS = (
    "deposit",
    "before_production",
    "before_shipment",
    "against_documents",
    "after_delivery",
    "after_acceptance",
    "retention",
    "other",
)


@plugin.entity(list="order contract due_on event amount received outstanding owner")
class PaymentPlan(OwnedRecord):
    """One instalment of an order, or of a contract: never of both.

    Attributes:
        event: What it waits for, where that is more than a day.
        received: The sum of its receipts.
        outstanding: What is missing of `amount`; never of the other sign than that.
    """

    order: OptRef[SalesOrder] = field.ref(SalesOrder, many="payment_plans")
    contract: OptRef[Contract] = field.ref(Contract, many="payment_plans")
    due_on: date | None = field.date(indexed=True)
    event: str | None = field.choice(EVENTS)
    amount: Money = field.money()
    received: Money | None = field.money(read_only=True)
    outstanding: Money | None = field.money(read_only=True)


def is_overpaid(amount: Money, received: Money) -> bool:
    """Whether more came than *amount* asks for; of a negative amount, one to pay back, more went."""
    return received > amount if amount >= 0 else received < amount


@plugin.derive(PaymentPlan, changed="amount received")
def keep_outstanding(ws: Workspace, changes: ChangeSet[PaymentPlan]) -> None:
    """Derive what is outstanding; a new plan, or one in another currency, has received nothing yet."""
    for plan in changes:
        amount: Money | None = plan.amount  # may be missing still
        if amount is None:
            continue
        received = plan.received
        if received is None or received.currency != amount.currency:
            received = Money(0, amount.currency)
        changes.set(plan, received=received, outstanding=amount - received)


@plugin.check(PaymentPlan, changed="order contract")
def of_order_or_contract(ws: Workspace, changes: ChangeSet[PaymentPlan]) -> Iterator[Problem]:
    """A plan is of an order or of a contract."""
    for plan in changes:
        if (plan.order is None) == (plan.contract is None):
            yield Problem(
                "payment_plan.order_or_contract",
                plan,
                "order",
                message="or a contract is what a plan is of; give one of the two, and not both",
            )
