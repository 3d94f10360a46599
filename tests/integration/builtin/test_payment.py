from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest

from pycrm import (
    CRM,
    Account,
    ConflictError,
    Contract,
    F,
    Money,
    PaymentPlan,
    PaymentReceipt,
    Principal,
    SalesOrder,
    ValidationError,
    Workspace,
    field,
)

DAY = date(2026, 3, 2)


def usd(amount: str) -> Money:
    return Money(amount, "USD")


def make_plan(ws: Workspace, amount: str = "1000", **values: Any) -> PaymentPlan:
    order = ws.create(SalesOrder(currency="USD"))
    return ws.create(PaymentPlan(order=order, amount=usd(amount), **values))


def payer(ws: Workspace) -> Account:
    return ws.find(Account, name="Nordwind") or ws.create(Account(name="Nordwind"))


def receipt(ws: Workspace, plan: PaymentPlan | None, amount: str, **values: Any) -> PaymentReceipt:
    """Return a receipt that is not yet written."""
    return PaymentReceipt(plan=plan, account=payer(ws), received_on=DAY, amount=usd(amount), **values)


def state_of(ws: Workspace, plan: PaymentPlan) -> tuple[Money | None, Money | None]:
    """Return what is stored as received and as outstanding."""
    read = ws.get(PaymentPlan, plan.id)
    return read.received, read.outstanding


def problems_of(error: ValidationError) -> list[tuple[str, str | None]]:
    return [(problem.code, problem.field) for problem in error.problems]


def test_new_plan_is_outstanding(ws: Workspace) -> None:
    """Nothing is received of a new plan; another amount is outstanding then."""
    plan = make_plan(ws, due_on=DAY, event="deposit")

    assert state_of(ws, plan) == (usd("0"), usd("1000"))
    ws.update(plan, amount=usd("800"))
    assert state_of(ws, plan) == (usd("0"), usd("800"))


def test_plan_follows_receipts(ws: Workspace) -> None:
    """What is written, changed, deleted and restored among the receipts shows at the plan at once."""
    plan = make_plan(ws)
    first, second = ws.create_many([receipt(ws, plan, "300"), receipt(ws, plan, "200.50", method="cheque")]).created

    assert state_of(ws, plan) == (usd("500.50"), usd("499.50"))
    ws.update(first, amount=usd("299.50"))
    assert state_of(ws, plan) == (usd("500"), usd("500"))
    ws.delete(second)
    assert state_of(ws, plan) == (usd("299.50"), usd("700.50"))
    ws.restore(second)
    assert state_of(ws, plan) == (usd("500"), usd("500"))
    ws.purge(first)
    assert state_of(ws, plan) == (usd("200.50"), usd("799.50"))


def test_moved_receipt_changes_both(ws: Workspace) -> None:
    """A receipt that was booked to the wrong plan leaves the one and counts for the other."""
    wrong, right = make_plan(ws), make_plan(ws)
    paid = ws.create(receipt(ws, wrong, "300"))

    ws.update(paid, plan=right)
    assert (state_of(ws, wrong)[0], state_of(ws, right)[0]) == (usd("0"), usd("300"))
    ws.update(paid, plan=None)
    assert state_of(ws, right) == (usd("0"), usd("1000"))


def test_upserted_receipts_count(ws: Workspace) -> None:
    """Receipts of an import, the second run of it included, count once."""
    ws.define_field(PaymentReceipt, "bank_id", field.text(), unique=True)
    plan = make_plan(ws)

    for _ in range(2):
        ws.upsert_many(PaymentReceipt, [receipt(ws, plan, "5", custom={"bank_id": "b1"})], by=["custom.bank_id"])
    assert state_of(ws, plan) == (usd("5"), usd("995"))


def test_overpayment_is_reported(ws: Workspace) -> None:
    """More than is outstanding is refused; the rest is a receipt of no plan."""
    plan = make_plan(ws)
    ws.create(receipt(ws, plan, "900"))

    with pytest.raises(ValidationError) as caught:
        ws.create(receipt(ws, plan, "100.01"))
    (problem,) = caught.value.problems
    assert (problem.code, problem.facts["outstanding"]) == ("payment_receipt.overpaid", usd("100"))
    ws.create_many([receipt(ws, plan, "100"), receipt(ws, None, "0.01")])
    assert state_of(ws, plan) == (usd("1000"), usd("0"))


def test_first_ones_of_batch_fit(ws: Workspace) -> None:
    """Of receipts that are too much together, those fit that come first."""
    plan = make_plan(ws)

    result = ws.create_many([receipt(ws, plan, amount) for amount in ("600", "500", "400")], on_problem="refuse")
    assert [refused.position for refused in result.refused] == [1]
    assert state_of(ws, plan) == (usd("1000"), usd("0"))


@pytest.mark.parametrize("change", ["update", "restore", "move"])
def test_overpayment_on_every_path(ws: Workspace, change: str) -> None:
    """A receipt that grows, comes back from the bin or comes from another plan may be too much, too."""
    plan = make_plan(ws)
    other = ws.create(receipt(ws, make_plan(ws) if change == "move" else plan, "400"))
    if change == "restore":
        ws.delete(other)
    ws.create(receipt(ws, plan, "600" if change == "update" else "601"))

    with pytest.raises(ValidationError) as caught:
        if change == "update":
            ws.update(other, amount=usd("400.01"))
        elif change == "move":
            ws.update(other, plan=plan)
        else:
            ws.restore(other)
    assert problems_of(caught.value) == [("payment_receipt.overpaid", "amount")]


def test_money_is_paid_back(ws: Workspace) -> None:
    """A negative receipt makes room again, and stays while what came after it needs the room."""
    plan = make_plan(ws)
    ws.create(receipt(ws, plan, "1000"))
    back = ws.create(receipt(ws, plan, "-250"))
    ws.create(receipt(ws, plan, "250"))

    assert state_of(ws, plan) == (usd("1000"), usd("0"))
    with pytest.raises(ValidationError) as caught:
        ws.delete(back)
    assert problems_of(caught.value) == [("payment_receipt.overpaid", "amount")]


def test_plan_to_pay_back(ws: Workspace) -> None:
    """A plan of a negative amount is one to pay back, no more than that."""
    plan = make_plan(ws, "-50")
    ws.create(receipt(ws, plan, "-30"))

    assert state_of(ws, plan) == (usd("-30"), usd("-20"))
    with pytest.raises(ValidationError) as caught:
        ws.create(receipt(ws, plan, "-20.01"))
    assert problems_of(caught.value) == [("payment_receipt.overpaid", "amount")]


def test_receipt_is_in_plans_currency(ws: Workspace) -> None:
    """What came in another currency is converted before it is booked to a plan."""
    plan = make_plan(ws)

    with pytest.raises(ValidationError) as caught:
        ws.create(PaymentReceipt(plan=plan, account=payer(ws), received_on=DAY, amount=Money("5", "EUR")))
    assert problems_of(caught.value) == [("payment_receipt.other_currency", "amount")]


@pytest.mark.parametrize("amount", [Money("299.99", "USD"), Money("1000", "EUR")])
def test_plan_covers_its_receipts(ws: Workspace, amount: Money) -> None:
    """A plan is not made smaller than what was received, nor one in another currency."""
    plan = make_plan(ws)
    ws.create(receipt(ws, plan, "300"))

    with pytest.raises(ValidationError) as caught:
        ws.update(ws.get(PaymentPlan, plan.id), amount=amount)
    assert problems_of(caught.value) == [("payment_plan.below_received", "amount")]


def test_unpaid_plan_changes_currency(ws: Workspace) -> None:
    """As long as nothing is received, the currency is free."""
    plan = make_plan(ws)

    ws.update(plan, amount=Money("7000", "CNY"))
    assert state_of(ws, plan) == (Money(0, "CNY"), Money("7000", "CNY"))


def test_plan_is_of_order_or_contract(ws: Workspace) -> None:
    """A plan belongs to an order or to a contract; to neither or to both is refused."""
    order = ws.create(SalesOrder(currency="USD"))
    contract = ws.create(Contract(name="frame", account=payer(ws)))
    ws.create(PaymentPlan(contract=contract, amount=usd("5")))

    both: dict[str, Any] = {"order": order, "contract": contract}
    for values in ({}, both):
        with pytest.raises(ValidationError) as caught:
            ws.create(PaymentPlan(amount=usd("5"), **values))
        assert problems_of(caught.value) == [("payment_plan.order_or_contract", "order")]


def test_kept_amounts_are_read_only(ws: Workspace) -> None:
    """Nobody but the hooks writes what was received and what is outstanding."""
    order = ws.create(SalesOrder(currency="USD"))

    with pytest.raises(ValidationError) as caught:
        ws.create(PaymentPlan(order=order, amount=usd("5"), received=usd("5"), outstanding=usd("0")))
    assert problems_of(caught.value) == [("field.read_only", "received"), ("field.read_only", "outstanding")]


def test_open_plans_are_found(ws: Workspace) -> None:
    """What is still to come is a filter and a sum away."""
    plans = [make_plan(ws, amount) for amount in ("100", "200", "300")]
    ws.create(receipt(ws, plans[1], "200"))

    (row,) = ws.aggregate(PaymentPlan, measures=["count()", "sum(outstanding)"], where=F.outstanding != 0)
    assert (row["count()"], row["sum(outstanding)"].only()) == (2, usd("400"))


def test_paid_order_stays(ws: Workspace) -> None:
    """An order with a plan, and a plan with a receipt, are not deleted."""
    plan = make_plan(ws)
    ws.create(receipt(ws, plan, "5"))

    for record in (plan, ws.get(SalesOrder, plan.order.id)):  # type: ignore[union-attr]
        with pytest.raises(ValidationError) as caught:
            ws.delete(record)
        assert problems_of(caught.value) == [("record.referenced", None)]


def test_concurrent_receipts_stay_within_plan(crm: CRM, mei: Principal) -> None:
    """Of units that book to one plan at once, as many succeed as there is room for."""
    with crm.acting_as(mei) as ws:
        plan, account = make_plan(ws), payer(ws)

    def book(_: int) -> bool:
        def write(ws: Workspace) -> None:
            amount = usd("300")
            ws.create(PaymentReceipt(plan=plan.id, account=account.id, received_on=DAY, amount=amount))

        try:
            crm.run(mei, write, attempts=20)
        except (ConflictError, ValidationError):
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        booked = list(pool.map(book, range(6)))

    assert sum(booked) == 3
    with crm.acting_as(mei) as ws:
        assert state_of(ws, plan) == (usd("900"), usd("100"))


def test_batch_over_many_plans(ws: Workspace) -> None:
    """One batch of receipts of many plans brings each up to date."""
    order = ws.create(SalesOrder(currency="USD"))
    plans = ws.create_many([PaymentPlan(order=order, amount=usd("10")) for _ in range(700)]).created
    ws.create_many([receipt(ws, plan, str(at % 4)) for at, plan in enumerate(plans) for _ in range(2)])

    (row,) = ws.aggregate(PaymentPlan, measures=["sum(received)", "sum(outstanding)"])
    assert (row["sum(received)"].only(), row["sum(outstanding)"].only()) == (usd("2100"), usd("4900"))
