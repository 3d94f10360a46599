"""What the lines of quotes and of orders have in common: prices, totals, positions and one currency.

A line's total is quantity × unit price × (1 − discount) × (1 + tax), rounded half to even once, to the minor unit of
its currency, which is that of its document. The document's total is the sum of its lines' totals.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from pycrm.builtin.batches import read_by
from pycrm.builtin.products import PriceBook, entries_of, is_valid, tier_of
from pycrm.builtin.sales.documents import SORTS, Document, Line, is_missing
from pycrm.builtin.sales.plugin import plugin
from pycrm.builtin.sales.quote_line import QuoteLine
from pycrm.builtin.sales.sales_order import SalesOrder
from pycrm.builtin.sales.sales_order_line import SalesOrderLine
from pycrm.plugin import ChangeSet, ConflictError, Money, Monies, Problem, Workspace

__all__ = ["line_total"]

FACTORS = "qty unit_price discount_ratio tax_ratio"


def line_total(unit_price: Money, qty: Decimal, discount_ratio: Decimal, tax_ratio: Decimal) -> Money:
    """Return a line's total in the currency of *unit_price*: exact in between, rounded once at the end."""
    gross = unit_price * qty
    net = gross - gross * discount_ratio
    return (net + net * tax_ratio).rounded()


@plugin.derive(QuoteLine, as_plugin=True)
@plugin.derive(SalesOrderLine, as_plugin=True)
def price_lines(ws: Workspace, changes: ChangeSet[Line]) -> None:
    """Give new lines of a product without a price that of their document's price book, if it is valid on the day."""
    if changes.kind != "create":
        return
    sort = SORTS[changes.entity]
    unpriced = [
        (line, line.product.id)
        for line in changes
        if line.product is not None and line.unit_price is None and not is_missing(getattr(line, sort.reference))
    ]
    if not unpriced:
        return
    books = _books(ws, sort.documents(ws, (sort.parent(line) for line, _ in unpriced)))
    entries = entries_of(ws, set(books.values()), {product for line, product in unpriced if sort.parent(line) in books})
    for line, product in unpriced:
        book = books.get(sort.parent(line))
        if book is not None and (tier := tier_of(entries.get((book, product), ()), line.qty)):
            changes.set(line, unit_price=tier.unit_price)


def _books(ws: Workspace, documents: Mapping[UUID, Document]) -> dict[UUID, UUID]:
    """Return the id of the price book by that of the document, where it has one that is valid on its day."""
    chosen = {document.id: document.price_book.id for document in documents.values() if document.price_book is not None}
    books = {book.id: book for book in read_by(ws, PriceBook, "id", chosen.values())}
    now = ws.now()
    return {
        document: book
        for document, book in chosen.items()
        if book in books and is_valid(books[book], _day_of(documents[document], now))
    }


def _day_of(document: Document, now: datetime) -> date:
    ordered_at = document.ordered_at if isinstance(document, SalesOrder) else None
    return (ordered_at or now).date()


@plugin.derive(QuoteLine, changed=FACTORS)
@plugin.derive(SalesOrderLine, changed=FACTORS)
def keep_line_total(ws: Workspace, changes: ChangeSet[Line]) -> None:
    """Derive the total of each line."""
    for line in changes:
        factors = (line.qty, line.discount_ratio, line.tax_ratio)
        if line.unit_price is None or any(map(is_missing, factors)):
            changes.set(line, total=None)
        else:
            changes.set(line, total=line_total(line.unit_price, *factors))


@plugin.derive(QuoteLine)
@plugin.derive(SalesOrderLine)
def number_lines(ws: Workspace, changes: ChangeSet[Line]) -> None:
    """Give new lines without a position the next ones of their document, in the order of the batch."""
    sort = SORTS[changes.entity]
    placed = [line for line in changes if not is_missing(getattr(line, sort.reference))]
    new = [line for line in placed if is_missing(line.position)]
    if changes.kind != "create" or not new:
        return
    last: dict[UUID, int] = defaultdict(int)
    stored = read_by(ws, sort.line, sort.reference, (sort.parent(line) for line in new))
    for line in (*placed, *stored):
        if not is_missing(line.position):
            last[sort.parent(line)] = max(last[sort.parent(line)], line.position)
    for line in new:
        last[sort.parent(line)] += 1
        changes.set(line, position=last[sort.parent(line)])


@plugin.check(QuoteLine, changed="unit_price quote")
@plugin.check(SalesOrderLine, changed="unit_price order")
def one_currency(ws: Workspace, changes: ChangeSet[Line]) -> Iterator[Problem]:
    """All lines of a document are in its currency."""
    if changes.kind == "delete":
        return
    sort = SORTS[changes.entity]
    # Read here, not taken from the lines: the caller's copy of the document may differ from what is stored.
    documents = sort.documents(ws, map(sort.parent, changes))
    for line in changes:
        document = documents.get(sort.parent(line))
        if document is not None and line.unit_price is not None and line.unit_price.currency != document.currency:
            yield Problem(
                "quote_line.other_currency" if isinstance(line, QuoteLine) else "sales_order_line.other_currency",
                line,
                "unit_price",
                message="of line {line} is in {currency}, but {document} is in {document_currency}; convert it first",
                value=line.unit_price,
                line=line.position,
                currency=line.unit_price.currency,
                document=document.number,
                document_currency=document.currency,
            )


@plugin.after_write(QuoteLine, changed="total quote", as_plugin=True)
@plugin.after_write(SalesOrderLine, changed="total order", as_plugin=True)
def keep_document_totals(ws: Workspace, changes: ChangeSet[Line]) -> None:
    """Keep the totals of all documents that the batch touches: those its lines came to, and those they left."""
    sort = SORTS[changes.entity]
    ids = set(map(sort.parent, changes))
    if changes.kind == "update":
        ids.update(changes.before(line, sort.reference) for line in changes)
    documents = list(sort.documents(ws, ids).values())
    # Locked before the sums are taken: of two units that write lines of one document, the second sees the first's.
    ws.lock(documents)
    sums = sort.sums(ws, "total", ids)
    for document in documents:
        amounts = sums.get(document.id, Monies())
        if amounts.keys() - {document.currency}:
            raise ConflictError(f"{document.number} became one in {document.currency} while lines were written to it")
        document.total = amounts.get(document.currency, Money(0, document.currency))
    ws.update_many(documents)
