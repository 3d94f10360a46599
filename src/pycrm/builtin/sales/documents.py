"""What quotes and orders have in common: lines, one currency, and a total that is that of the lines.

The rules of the lines themselves are in `lines`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias
from uuid import UUID

import attrs

from pycrm.builtin.batches import read_by, sums_by
from pycrm.builtin.products import PriceBook
from pycrm.builtin.sales.plugin import plugin
from pycrm.builtin.sales.quote import Quote
from pycrm.builtin.sales.quote_line import QuoteLine
from pycrm.builtin.sales.sales_order import SalesOrder
from pycrm.builtin.sales.sales_order_line import SalesOrderLine
from pycrm.plugin import ChangeSet, Money, Monies, Problem, Workspace

__all__ = ["SORTS", "Document", "Line", "Sort", "is_missing"]

Document: TypeAlias = Quote | SalesOrder
Line: TypeAlias = QuoteLine | SalesOrderLine


@attrs.frozen
class Sort:
    """One sort of document with lines.

    Attributes:
        document: The class of the documents.
        line: The class of their lines.
        reference: The field of a line that leads to its document.
    """

    document: type[Document]
    line: type[Line]
    reference: str

    def parent(self, line: Line) -> UUID:
        """Return the id of the document that *line* is part of."""
        parent: UUID = getattr(line, self.reference).id
        return parent

    def documents(self, ws: Workspace, ids: Iterable[UUID]) -> dict[UUID, Document]:
        """Return the documents with *ids* by id, as they are stored."""
        return {document.id: document for document in read_by(ws, self.document, "id", ids)}

    def sums(self, ws: Workspace, field: str, documents: Iterable[UUID]) -> dict[UUID, Monies]:
        """Return the sums of the money *field* over the lines of each of *documents* that has any."""
        return sums_by(ws, self.line, field, self.reference, documents)


QUOTES = Sort(Quote, QuoteLine, "quote")
ORDERS = Sort(SalesOrder, SalesOrderLine, "order")

SORTS = {"quote": QUOTES, "quote_line": QUOTES, "sales_order": ORDERS, "sales_order_line": ORDERS}
"""By the name of the entity that a change set is of."""


def is_missing(value: object) -> bool:
    """Whether a field has no value: before the derive hooks are through, that may be so of a required one, too."""
    return value is None


@plugin.derive(Quote, changed="currency")
@plugin.derive(SalesOrder, changed="currency")
def start_total(ws: Workspace, changes: ChangeSet[Document]) -> None:
    """Start the total at zero of the document's currency; lines add to it as they are written."""
    for document in changes:
        if not is_missing(document.currency):
            changes.set(document, total=Money(0, document.currency))


@plugin.check(Quote, changed="currency")
@plugin.check(SalesOrder, changed="currency")
def unpriced_document(ws: Workspace, changes: ChangeSet[Document]) -> Iterator[Problem]:
    """A document's currency stays as it is while lines have prices in it."""
    if changes.kind != "update":
        return
    priced = SORTS[changes.entity].sums(ws, "unit_price", [document.id for document in changes])
    for document in changes:
        if others := sorted(priced.get(document.id, Monies()).keys() - {document.currency}):
            yield Problem(
                "quote.currency_in_use" if isinstance(document, Quote) else "sales_order.currency_in_use",
                document,
                "currency",
                message="cannot become {currency} while lines of {document} have prices in {others}; "
                "take them out first",
                currency=document.currency,
                document=document.number,
                others=", ".join(others),
            )


@plugin.check(Quote, changed="currency price_book")
@plugin.check(SalesOrder, changed="currency price_book")
def price_book_in_currency(ws: Workspace, changes: ChangeSet[Document]) -> Iterator[Problem]:
    """The prices of a document's price book are in its currency."""
    with_book: list[tuple[Any, UUID]] = [(each, each.price_book.id) for each in changes if each.price_book is not None]
    books = {book.id: book for book in read_by(ws, PriceBook, "id", (book for _, book in with_book))}
    for document, book_id in with_book:
        book = books.get(book_id)
        if book is not None and book.currency != document.currency:
            yield Problem(
                "quote.other_price_book" if isinstance(document, Quote) else "sales_order.other_price_book",
                document,
                "price_book",
                message="has prices in {book_currency}, not in {currency}; take another price book",
                value=book.name,
                book_currency=book.currency,
                currency=document.currency,
            )
