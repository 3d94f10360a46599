"""`PriceBook` and its entries: what products cost, in one currency, for some time, by quantity."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from pycrm.builtin.batches import read_by, sums_by
from pycrm.builtin.products.plugin import plugin
from pycrm.builtin.products.product import Product
from pycrm.plugin import ChangeSet, Money, Monies, Problem, Record, Ref, Workspace, field


@plugin.entity(title="name", list="name currency valid_from_on valid_until_on")
class PriceBook(Record):
    """Prices in one currency. Both of its days count; without one it is open to that side."""

    name: str = field.text(indexed=True, searchable=True)
    currency: str = field.currency()
    valid_from_on: date | None = field.date(indexed=True)
    valid_until_on: date | None = field.date()


@plugin.entity(
    list="price_book product min_qty unit_price",
    unique=[("price_book", "product", "min_qty")],
    plural="price_book_entries",
)
class PriceBookEntry(Record):
    """The price of one product from one quantity on. Several entries of a product make its tiers."""

    price_book: Ref[PriceBook] = field.ref(PriceBook, many="entries", part_of=True, rights_from=True)
    product: Ref[Product] = field.ref(Product, many="prices", on_delete="cascade")
    min_qty: Decimal = field.decimal(default=Decimal(0))
    unit_price: Money = field.money(places=6)


@plugin.check(PriceBook, changed="valid_from_on valid_until_on")
def ends_after_start(ws: Workspace, changes: ChangeSet[PriceBook]) -> Iterator[Problem]:
    """A price book ends no sooner than it begins."""
    for book in changes:
        if book.valid_from_on and book.valid_until_on and book.valid_until_on < book.valid_from_on:
            yield Problem(
                "price_book.ends_before_start",
                book,
                "valid_until_on",
                message="lies before {start}, the first day; change one of the two",
                value=book.valid_until_on,
                start=book.valid_from_on,
            )


@plugin.check(PriceBook, changed="currency")
def unpriced_book(ws: Workspace, changes: ChangeSet[PriceBook]) -> Iterator[Problem]:
    """A price book's currency stays as it is while entries have prices in it."""
    if changes.kind != "update":
        return
    priced = sums_by(ws, PriceBookEntry, "unit_price", "price_book", [book.id for book in changes])
    for book in changes:
        if others := sorted(priced.get(book.id, Monies()).keys() - {book.currency}):
            yield Problem(
                "price_book.currency_in_use",
                book,
                "currency",
                message="cannot become {currency} while entries of {book} have prices in {others}; make another book",
                currency=book.currency,
                book=book.name,
                others=", ".join(others),
            )


@plugin.check(PriceBookEntry, changed="price_book unit_price")
def one_currency(ws: Workspace, changes: ChangeSet[PriceBookEntry]) -> Iterator[Problem]:
    """All entries of a price book are in its currency."""
    if changes.kind == "delete":
        return
    # Read here, not taken from the entries: the caller's copy of the book may differ from what is stored.
    books = {book.id: book for book in read_by(ws, PriceBook, "id", {entry.price_book.id for entry in changes})}
    for entry in changes:
        book = books.get(entry.price_book.id)
        if book is not None and entry.unit_price.currency != book.currency:
            yield Problem(
                "price_book_entry.other_currency",
                entry,
                "unit_price",
                message="is in {currency}, but the prices of {book} are in {book_currency}; convert it first",
                value=entry.unit_price,
                currency=entry.unit_price.currency,
                book=book.name,
                book_currency=book.currency,
            )
