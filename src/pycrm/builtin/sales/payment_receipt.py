"""`PaymentReceipt`: money that came in, and how plans follow it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from uuid import UUID

from pycrm.builtin.batches import read_by, sums_by
from pycrm.builtin.parties import Account
from pycrm.builtin.sales.payment_plan import PaymentPlan, is_overpaid
from pycrm.builtin.sales.plugin import plugin
from pycrm.plugin import ChangeSet, ConflictError, Money, Monies, OptRef, OwnedRecord, Problem, Ref, Workspace, field

METHODS = (
    "bank_transfer",
    "letter_of_credit",
    "documentary_collection",
    "acceptance_bill",
    "cheque",
    "card",
    "wechat_pay",
    "alipay",
    "cash",
    "other",
)


@plugin.entity(title="reference", list="received_on account amount method reference plan owner")
class PaymentReceipt(OwnedRecord):
    """One payment of an account, for one plan or for none yet. A negative one is money paid back."""

    plan: OptRef[PaymentPlan] = field.ref(PaymentPlan, many="receipts")
    account: Ref[Account] = field.ref(Account, many="payment_receipts")
    received_on: date = field.date(indexed=True)
    amount: Money = field.money()
    method: str | None = field.choice(METHODS)
    reference: str | None = field.text(indexed=True, searchable=True)


@plugin.check(PaymentReceipt, changed="plan amount")
def within_plan(ws: Workspace, changes: ChangeSet[PaymentReceipt]) -> Iterator[Problem]:
    """The receipts of a plan are in its currency, and not more than it asks for."""
    plans = {plan.id: plan for plan in read_by(ws, PaymentPlan, "id", _plan_ids(changes))}
    received = _received_before(ws, changes, plans)
    for receipt in changes:
        plan = plans.get(receipt.plan.id) if receipt.plan is not None else None
        if plan is None:
            continue
        if receipt.amount.currency != plan.amount.currency:
            yield Problem(
                "payment_receipt.other_currency",
                receipt,
                "amount",
                message="is in {currency}, but the plan asks for {asked}; convert it first",
                value=receipt.amount,
                currency=receipt.amount.currency,
                asked=plan.amount,
            )
            continue
        total = received[plan.id] if changes.kind == "delete" else received[plan.id] + receipt.amount
        if is_overpaid(plan.amount, total):
            yield Problem(
                "payment_receipt.overpaid",
                receipt,
                "amount",
                message="would make {total} received of {asked}, and {outstanding} is outstanding; book what is over "
                "as a receipt without plan, or of another one",
                value=receipt.amount,
                total=total,
                asked=plan.amount,
                outstanding=plan.amount - received[plan.id],
            )
        else:
            received[plan.id] = total


def _plan_ids(receipts: ChangeSet[PaymentReceipt]) -> set[UUID]:
    return {receipt.plan.id for receipt in receipts if receipt.plan is not None}


def _received_before(
    ws: Workspace, changes: ChangeSet[PaymentReceipt], plans: Mapping[UUID, PaymentPlan]
) -> dict[UUID, Money]:
    """Return by plan what receipts that are not in *changes* sum up to."""
    here = {receipt.id for receipt in changes}
    received = {plan.id: Money(0, plan.amount.currency) for plan in plans.values()}
    for other in read_by(ws, PaymentReceipt, "plan", plans):
        if other.id not in here and other.plan is not None:
            received[other.plan.id] += other.amount
    return received


@plugin.after_write(PaymentReceipt, changed="plan amount", as_plugin=True)
def keep_received(ws: Workspace, changes: ChangeSet[PaymentReceipt]) -> None:
    """Keep what all plans of the batch have received: those its receipts came to, and those they left."""
    ids = _plan_ids(changes)
    if changes.kind == "update":
        ids.update(plan for receipt in changes if (plan := changes.before(receipt, "plan")) is not None)
    plans = list(read_by(ws, PaymentPlan, "id", ids))
    # Locked before the sums are taken: of two units that write receipts of one plan, the second sees the first's.
    ws.lock(plans)
    sums = sums_by(ws, PaymentReceipt, "amount", "plan", ids)
    for plan in plans:
        if not _fits(plan, amounts := sums.get(plan.id, Monies())):
            raise ConflictError(f"{plan!r} changed, or got another receipt, while this one was judged")
        plan.received = _in_currency(plan, amounts)
    ws.update_many(plans)


def _in_currency(plan: PaymentPlan, amounts: Monies) -> Money:
    return amounts.get(plan.amount.currency, Money(0, plan.amount.currency))


def _fits(plan: PaymentPlan, amounts: Monies) -> bool:
    """Whether receipts of *amounts* are in the currency of *plan* and not more than it asks for."""
    return amounts.keys() <= {plan.amount.currency} and not is_overpaid(plan.amount, _in_currency(plan, amounts))


@plugin.check(PaymentPlan, changed="amount")
def covers_received(ws: Workspace, changes: ChangeSet[PaymentPlan]) -> Iterator[Problem]:
    """A plan asks for no less than it has received, and in the same currency."""
    if changes.kind != "update":
        return
    sums = sums_by(ws, PaymentReceipt, "amount", "plan", [plan.id for plan in changes])
    for plan in changes:
        if not _fits(plan, amounts := sums.get(plan.id, Monies())):
            yield Problem(
                "payment_plan.below_received",
                plan,
                "amount",
                message="is less than what was received, or in another currency: {received}; move receipts first",
                value=plan.amount,
                received=amounts,
            )
