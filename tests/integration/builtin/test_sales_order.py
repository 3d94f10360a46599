from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from pycrm import (
    CRM,
    Account,
    F,
    Money,
    MoveNotAllowedError,
    Principal,
    Product,
    SalesOrder,
    SalesOrderLine,
    ValidationError,
    Workspace,
)


def usd(amount: str) -> Money:
    return Money(amount, "USD")


def make_order(ws: Workspace, *prices: str, **values: Any) -> SalesOrder:
    """Create an order in US dollars with a line of one piece at each of *prices*."""
    order = ws.create(SalesOrder(currency="USD", **values))
    ws.create_many([SalesOrderLine(order=order, unit_price=usd(price)) for price in prices])
    return order


def total_of(ws: Workspace, order: SalesOrder) -> Money | None:
    return ws.get(SalesOrder, order.id).total


def lines_of(ws: Workspace, order: SalesOrder) -> list[SalesOrderLine]:
    return list(ws.list(SalesOrderLine, where=F.order == order.id, order_by="position"))


def problems_of(error: ValidationError) -> list[tuple[str, str | None]]:
    return [(problem.code, problem.field) for problem in error.problems]


def test_empty_order_totals_zero(ws: Workspace) -> None:
    """An order without lines has a total of nothing in its currency, and a number of its year."""
    order = ws.create(SalesOrder(currency="JPY"))

    assert str(total_of(ws, order)) == "JPY 0"
    assert order.number.startswith(f"SO-{ws.now().year}-")


def test_line_total_is_kept(ws: Workspace) -> None:
    """Quantity, price, discount and tax make the total; a change of one of them makes it anew."""
    order = ws.create(SalesOrder(currency="USD"))
    line = ws.create(
        SalesOrderLine(
            order=order,
            qty=Decimal(1000),
            unit_price=usd("1.234567"),
            discount_ratio=Decimal("0.1"),
            tax_ratio=Decimal("0.13"),
        )
    )

    assert (line.total, total_of(ws, order)) == (usd("1255.55"), usd("1255.55"))
    ws.update(line, qty=Decimal(-2), discount_ratio=Decimal(0), tax_ratio=Decimal(0))
    assert (line.total, total_of(ws, order)) == (usd("-2.47"), usd("-2.47"))


def test_lines_add_up(ws: Workspace) -> None:
    """The order's total is the sum of the rounded lines."""
    order = make_order(ws, "0.005", "0.015", "10")

    assert [line.total for line in lines_of(ws, order)] == [usd("0.00"), usd("0.02"), usd("10.00")]
    assert total_of(ws, order) == usd("10.02")


def test_line_without_price_has_no_total(ws: Workspace) -> None:
    """A remark on the order counts nothing; a price makes it count, and taking it away undoes that."""
    order = make_order(ws, "5")
    line = ws.create(SalesOrderLine(order=order, description="packed in pairs"))

    assert (line.total, total_of(ws, order)) == (None, usd("5.00"))
    ws.update(line, unit_price=usd("2"))
    assert total_of(ws, order) == usd("7.00")
    ws.update(line, unit_price=None)
    assert (line.total, total_of(ws, order)) == (None, usd("5.00"))


def test_deleted_lines_leave_total(ws: Workspace) -> None:
    """Lines in the bin do not count; restored ones do again."""
    order = make_order(ws, "1", "2", "4")
    lines = lines_of(ws, order)

    ws.delete_many(lines[1:])
    assert total_of(ws, order) == usd("1.00")
    ws.delete(lines[0])
    assert total_of(ws, order) == usd("0.00")
    ws.restore(lines[2])
    assert total_of(ws, order) == usd("4.00")


def test_moved_line_changes_both(ws: Workspace) -> None:
    """A line that goes to another order leaves the one total and enters the other."""
    old, new = make_order(ws, "1", "2"), make_order(ws, "10")

    ws.update(lines_of(ws, old)[1], order=new)
    assert (total_of(ws, old), total_of(ws, new)) == (usd("1.00"), usd("12.00"))


def test_deleted_order_takes_lines_along(ws: Workspace) -> None:
    """Lines are part of their order: in the bin with it, back with it, and the total is as before."""
    order = ws.get(SalesOrder, make_order(ws, "1", "2").id)

    ws.delete(order)
    assert ws.count(SalesOrderLine) == 0
    ws.restore(order)
    assert (ws.count(SalesOrderLine), total_of(ws, order)) == (2, usd("3.00"))


def test_batch_over_many_orders(ws: Workspace) -> None:
    """One batch of lines of many orders gives each order its own total."""
    orders = ws.create_many([SalesOrder(currency="USD") for _ in range(30)]).created
    ws.create_many(
        [SalesOrderLine(order=order, unit_price=usd(str(at))) for at, order in enumerate(orders) for _ in range(3)]
    )

    assert [total_of(ws, order) for order in orders] == [usd(str(at * 3)) for at in range(30)]


def test_totals_are_read_only(ws: Workspace) -> None:
    """Nobody but the hooks writes a total."""
    with pytest.raises(ValidationError) as caught:
        ws.create(SalesOrder(currency="USD", total=usd("5")))

    assert problems_of(caught.value) == [("field.read_only", "total")]


def test_lines_are_numbered(ws: Workspace) -> None:
    """A line without a position comes after the last; a given position is kept."""
    order = make_order(ws, "1", "2")
    ws.create_many([SalesOrderLine(order=order, position=7), SalesOrderLine(order=order)])
    other = make_order(ws, "1")

    assert [line.position for line in lines_of(ws, order)] == [1, 2, 7, 8]
    assert [line.position for line in lines_of(ws, other)] == [1]


def test_positions_are_unique(ws: Workspace) -> None:
    """A position is taken once in an order, and free in every other."""
    order, other = make_order(ws, "1"), ws.create(SalesOrder(currency="USD"))
    ws.create(SalesOrderLine(order=other, position=1))

    with pytest.raises(ValidationError) as caught:
        ws.create(SalesOrderLine(order=order, position=1))
    assert [code for code, _ in problems_of(caught.value)] == ["field.not_unique"]


def test_other_currency_is_refused(ws: Workspace) -> None:
    """A line in another currency is refused; the sentence names order, line and both currencies."""
    order = ws.create(SalesOrder(currency="USD", number="SO-1"))

    with pytest.raises(ValidationError) as caught:
        ws.create(SalesOrderLine(order=order, position=3, unit_price=Money("5", "EUR")))
    (problem,) = caught.value.problems
    assert (problem.code, problem.field) == ("sales_order_line.other_currency", "unit_price")
    assert problem.message == "of line 3 is in EUR, but SO-1 is in USD; convert it first"


@pytest.mark.parametrize("code", ["XXQ", "US"])
def test_unknown_currency_is_refused(ws: Workspace, code: str) -> None:
    """An order's currency is a code of ISO 4217."""
    with pytest.raises(ValidationError) as caught:
        ws.create(SalesOrder(currency=code))

    assert problems_of(caught.value) == [("currency.unknown", "currency")]


@pytest.mark.parametrize("field", ["discount_ratio", "tax_ratio"])
def test_ratios_of_lines_are_shares(ws: Workspace, field: str) -> None:
    """Discount and tax lie between nothing and all of it; thirteen per cent may be written so."""
    order = ws.create(SalesOrder(currency="USD"))
    values: dict[str, Any] = {field: "13%"}

    assert getattr(ws.create(SalesOrderLine(order=order, **values)), field) == Decimal("0.13")
    with pytest.raises(ValidationError) as caught:
        ws.create(SalesOrderLine(order=order, **(values | {field: 13})))
    assert problems_of(caught.value) == [("ratio.out_of_range", field)]


def test_currency_follows_until_priced(ws: Workspace) -> None:
    """The currency may change while no line has a price in it; the empty total follows."""
    order = ws.create(SalesOrder(currency="USD"))
    ws.create(SalesOrderLine(order=order, description="to be priced"))

    ws.update(order, currency="EUR")
    assert str(total_of(ws, order)) == "EUR 0.00"
    ws.create(SalesOrderLine(order=order, unit_price=Money("5", "EUR")))
    with pytest.raises(ValidationError) as caught:
        ws.update(ws.get(SalesOrder, order.id), currency="USD")
    assert problems_of(caught.value) == [("sales_order.currency_in_use", "currency")]


def test_order_needs_currency(ws: Workspace) -> None:
    """Currency is required from the start, the account is not."""
    with pytest.raises(ValidationError) as caught:
        ws.create(SalesOrder())

    assert problems_of(caught.value) == [("field.required", "currency")]


def test_confirming_needs_account(ws: Workspace) -> None:
    """Confirming asks for the account, which may be given with it; a confirmed order keeps one."""
    account = ws.create(Account(name="Nordwind"))
    order = make_order(ws, "1")

    with pytest.raises(ValidationError) as caught:
        ws.move(ws.get(SalesOrder, order.id), "confirm")
    assert problems_of(caught.value) == [("lifecycle.needs", "account")]
    order = ws.get(SalesOrder, order.id)
    ws.move(order, "confirm", account=account)
    assert order.status == "confirmed"
    with pytest.raises(ValidationError) as caught:
        ws.update(order, account=None)
    assert problems_of(caught.value) == [("sales_order.account_missing", "account")]


def test_order_goes_its_way(ws: Workspace) -> None:
    """From confirmed to completed; once shipped it cannot be cancelled."""
    order = ws.create(SalesOrder(currency="USD", account=ws.create(Account(name="Nordwind"))))

    for move in ("confirm", "start_production", "ship_partly", "ship"):
        ws.move(order, move)
    with pytest.raises(MoveNotAllowedError):
        ws.move(order, "cancel")
    ws.move(order, "complete")
    assert order.status == "completed"


def test_history_begins_in_later_state(ws: Workspace) -> None:
    """Whoever may set states creates orders of the past in theirs, without an account too."""
    order = ws.create(SalesOrder(currency="USD", status="cancelled", number="C536379"))

    assert ws.get(SalesOrder, order.id).status == "cancelled"


def test_lines_lead_to_products(ws: Workspace) -> None:
    """Lines are read with their order and their product, from both sides."""
    product = ws.create(Product(code="85123A", name="WHITE HANGING HEART"))
    order = ws.create(SalesOrder(currency="USD", account=ws.create(Account(name="Nordwind"))))
    ws.create(SalesOrderLine(order=order, product=product, unit_price=usd("2.55"), qty=Decimal(6)))

    (line,) = ws.list(SalesOrderLine, where=F.order.account.name == "Nordwind", include="product")
    assert line.product is not None
    assert line.product.record.code == "85123A"
    (sold,) = ws.get(Product, product.id, include="order_lines").related("order_lines")
    assert sold.total == usd("15.30")


def test_concurrent_lines_all_count(crm: CRM, mei: Principal) -> None:
    """Units that add lines to one order at once wait for each other, and the total is that of all."""
    with crm.acting_as(mei) as ws:
        order = ws.create(SalesOrder(currency="USD"))

    def add(writer: int) -> None:
        for position in range(writer * 10, writer * 10 + 5):
            with crm.acting_as(mei) as ws:
                ws.create(SalesOrderLine(order=order.id, position=position, unit_price=usd("1.10")))

    with ThreadPoolExecutor() as pool:
        list(pool.map(add, range(1, 5)))

    with crm.acting_as(mei) as ws:
        assert (ws.count(SalesOrderLine), total_of(ws, order)) == (20, usd("22.00"))
