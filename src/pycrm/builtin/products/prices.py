"""Which price of the price books counts: for a product, a quantity, a day and a currency."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from pycrm.builtin.batches import portions
from pycrm.builtin.products.plugin import plugin
from pycrm.builtin.products.price_book import PriceBook, PriceBookEntry
from pycrm.builtin.products.product import Product
from pycrm.plugin import F, Workspace

__all__ = ["entries_of", "find_price", "is_valid", "tier_of"]


def is_valid(book: PriceBook, on: date) -> bool:
    """Whether the prices of *book* count on the day *on*."""
    begun = book.valid_from_on is None or book.valid_from_on <= on
    return begun and (book.valid_until_on is None or on <= book.valid_until_on)


def tier_of(entries: Iterable[PriceBookEntry], qty: Decimal) -> PriceBookEntry | None:
    """Return the entry that counts for *qty*: the one with the largest least quantity that *qty* reaches.

    Args:
        entries: Of one product in one book, in any order.
        qty: A negative one, of goods that come back, is priced like the same quantity sold.
    """
    size = qty.copy_abs()
    return max((entry for entry in entries if entry.min_qty <= size), key=lambda entry: entry.min_qty, default=None)


def entries_of(
    ws: Workspace, books: Collection[UUID], products: Collection[UUID]
) -> Mapping[tuple[UUID, UUID], Sequence[PriceBookEntry]]:
    """Return the entries of *products* in *books*, by ids of book and product."""
    found: dict[tuple[UUID, UUID], list[PriceBookEntry]] = defaultdict(list)
    for some_books in portions(books):
        for some_products in portions(products):
            where = F.price_book.in_(some_books) & F.product.in_(some_products)
            for entry in ws.iterate(PriceBookEntry, where=where):
                found[entry.price_book.id, entry.product.id].append(entry)
    return found


@plugin.action(Product, permission="read")
def find_price(
    ws: Workspace, product: Product, *, currency: str, qty: Decimal | int = 1, on: date | None = None
) -> PriceBookEntry | None:
    """Return the entry that says what *product* costs, with its price book loaded, or None where none does.

    Of several books that have a price, the one counts whose validity began last; of those that began together, or
    have no beginning, the one made last.

    Args:
        ws: The door.
        product: A stored product.
        currency: The code of the currency to sell in; nothing is converted.
        qty: How much is sold.
        on: The day of the sale; today, in UTC, where left out.
    """
    day = on or ws.now().date()
    by_book: dict[UUID, list[PriceBookEntry]] = defaultdict(list)
    where = (F.product == product) & (F.price_book.currency == currency)
    for entry in ws.iterate(PriceBookEntry, where=where, include="price_book"):
        by_book[entry.price_book.id].append(entry)
    tiers = [tier_of(entries, Decimal(qty)) for entries in by_book.values()]
    valid = [tier for tier in tiers if tier is not None and is_valid(tier.price_book.record, day)]
    return max(valid, key=_began, default=None)


def _began(entry: PriceBookEntry) -> tuple[date, UUID]:
    book = entry.price_book.record
    return book.valid_from_on or date.min, book.id
