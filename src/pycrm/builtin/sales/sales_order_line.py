"""`SalesOrderLine`, and how the totals of lines and orders are kept.

A line's total is quantity × unit price × (1 − discount) × (1 + tax), rounded half to even once, to the minor unit of
its currency, which is the order's. The order's total is the sum of its lines' totals.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from uuid import UUID

from pycrm.builtin.products import Product
from pycrm.builtin.sales.plugin import plugin
from pycrm.builtin.sales.sales_order import SalesOrder
from pycrm.plugin import ChangeSet, ConflictError, F, Money, Monies, OptRef, Problem, Record, Ref, Workspace, field


@plugin.entity(
    title="description",
    list="position product description qty uom unit_price discount_ratio tax_ratio total",
    unique=[("order", "position")],
)
class SalesOrderLine(Record):
    """One line of an order. Quantities may be negative and prices zero; without a price there is no total.

    A line without a position comes after the last one of its order.
    """

    order: Ref[SalesOrder] = field.ref(SalesOrder, many="lines", part_of=True, rights_from=True)
    position: int = field.integer()
    product: OptRef[Product] = field.ref(Product, many="order_lines")
    description: str | None = field.text(max_length=1000)
    qty: Decimal = field.decimal(default=Decimal(1))
    uom: str | None = field.text()
    unit_price: Money | None = field.money(places=6)
    discount_ratio: Decimal = field.decimal(default=Decimal(0))
    tax_ratio: Decimal = field.decimal(default=Decimal(0))
    total: Money | None = field.money(read_only=True)
    delivered_qty: Decimal = field.decimal(default=Decimal(0))


def line_total(unit_price: Money, qty: Decimal, discount_ratio: Decimal, tax_ratio: Decimal) -> Money:
    """Return a line's total in the currency of *unit_price*: exact in between, rounded once at the end."""
    gross = unit_price * qty
    net = gross - gross * discount_ratio
    return (net + net * tax_ratio).rounded()


@plugin.derive(SalesOrderLine, changed="qty unit_price discount_ratio tax_ratio")
def keep_line_total(ws: Workspace, changes: ChangeSet[SalesOrderLine]) -> None:
    """Derive the total of each line."""
    for line in changes:
        factors = (line.qty, line.discount_ratio, line.tax_ratio)
        if line.unit_price is None or any(map(is_missing, factors)):
            changes.set(line, total=None)
        else:
            changes.set(line, total=line_total(line.unit_price, *factors))


@plugin.derive(SalesOrderLine)
def number_lines(ws: Workspace, changes: ChangeSet[SalesOrderLine]) -> None:
    """Give new lines without a position the next ones of their order, in the order of the batch."""
    placed = [line for line in changes if not is_missing(line.order)]
    new = [line for line in placed if is_missing(line.position)]
    if changes.kind != "create" or not new:
        return
    numbered = [line for line in placed if not is_missing(line.position)]
    for portion in portions({line.order.id for line in new}):
        numbered.extend(ws.iterate(SalesOrderLine, where=F.order.in_(portion)))
    last: dict[UUID, int] = defaultdict(int)
    for line in numbered:
        last[line.order.id] = max(last[line.order.id], line.position)
    for line in new:
        last[line.order.id] += 1
        changes.set(line, position=last[line.order.id])


def is_missing(value: object) -> bool:
    """Whether a field has no value: before the derive hooks are through, that may be so of a required one, too."""
    return value is None


@plugin.check(SalesOrderLine, changed="unit_price order")
def one_currency(ws: Workspace, changes: ChangeSet[SalesOrderLine]) -> Iterator[Problem]:
    """All lines of an order are in its currency."""
    if changes.kind == "delete":
        return
    # Read here, not taken from the lines: the caller's copy of the order may differ from what is stored.
    orders = {order.id: order for order in orders_of(ws, {line.order.id for line in changes})}
    for line in changes:
        order = orders.get(line.order.id)
        if order is not None and line.unit_price is not None and line.unit_price.currency != order.currency:
            yield Problem(
                "sales_order_line.other_currency",
                line,
                "unit_price",
                message="of line {line} is in {currency}, but order {order} is in {order_currency}; convert it first",
                value=line.unit_price,
                line=line.position,
                currency=line.unit_price.currency,
                order=order.number,
                order_currency=order.currency,
            )


@plugin.after_write(SalesOrderLine, changed="total order", as_plugin=True)
def keep_order_totals(ws: Workspace, changes: ChangeSet[SalesOrderLine]) -> None:
    """Keep the totals of all orders that the batch touches: those its lines came to, and those they left."""
    ids = {line.order.id for line in changes}
    if changes.kind == "update":
        ids.update(changes.before(line, "order") for line in changes)
    orders = list(orders_of(ws, ids))
    # Locked before the sums are taken: of two units that write lines of one order, the second then sees the first's.
    ws.lock(orders)
    sums = sums_by_order(ws, "total", ids)
    for order in orders:
        amounts = sums.get(order.id, Monies())
        if amounts.keys() - {order.currency}:
            raise ConflictError(f"order {order.number} became one in {order.currency} while lines were written to it")
        order.total = amounts.get(order.currency, Money(0, order.currency))
    ws.update_many(orders)


def orders_of(ws: Workspace, ids: Iterable[UUID]) -> Iterator[SalesOrder]:
    """Yield the orders with *ids* that are not in the bin."""
    for portion in portions(ids):
        yield from ws.iterate(SalesOrder, where=F.id.in_(portion))


def sums_by_order(ws: Workspace, field: str, orders: Iterable[UUID]) -> dict[UUID, Monies]:
    """Return the sums of the money *field* over the lines of each of *orders* that has any."""
    sums: dict[UUID, Monies] = {}
    measure = f"sum({field})"
    for portion in portions(orders):
        rows = ws.aggregate(SalesOrderLine, measures=[measure], group_by="order", where=F.order.in_(portion))
        sums.update((row["order"].id, row[measure]) for row in rows)
    return sums


def portions(ids: Iterable[UUID], size: int = 500) -> Iterator[list[UUID]]:
    """Yield *ids* in order, so many at a time that one filter can list them."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


@plugin.check(SalesOrder, changed="currency")
def unpriced_order(ws: Workspace, changes: ChangeSet[SalesOrder]) -> Iterator[Problem]:
    """An order's currency stays as it is while lines have prices in it."""
    if changes.kind != "update":
        return
    priced = sums_by_order(ws, "unit_price", [order.id for order in changes])
    for order in changes:
        if others := sorted(priced.get(order.id, Monies()).keys() - {order.currency}):
            yield Problem(
                "sales_order.currency_in_use",
                order,
                "currency",
                message="cannot become {currency} while lines of order {order} have prices in {others}; "
                "take them out first",
                currency=order.currency,
                order=order.number,
                others=", ".join(others),
            )
