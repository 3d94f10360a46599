from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from pycrm import (
    Account,
    F,
    Money,
    PriceBook,
    PriceBookEntry,
    Product,
    Quote,
    QuoteLine,
    SalesOrder,
    SalesOrderLine,
    ValidationError,
    Workspace,
    find_price,
)


def usd(amount: str) -> Money:
    return Money(amount, "USD")


@pytest.fixture
def motor(ws: Workspace) -> Product:
    return ws.create(Product(code="M-1", name="motor"))


def make_book(
    ws: Workspace, product: Product, *, tiers: dict[int, str], currency: str = "USD", **values: Any
) -> PriceBook:
    """Create a price book with a tier of *product* from each quantity on."""
    book = ws.create(PriceBook(name="list", currency=currency, **values))
    entries = [
        PriceBookEntry(price_book=book, product=product, min_qty=Decimal(qty), unit_price=Money(price, currency))
        for qty, price in tiers.items()
    ]
    ws.create_many(entries)
    return book


def price_of(ws: Workspace, product: Product, **asked: Any) -> str | None:
    entry = ws.run(find_price(product, **({"currency": "USD"} | asked)))
    return str(entry.unit_price) if entry else None


def problems_of(error: ValidationError) -> list[tuple[str, str | None]]:
    return [(problem.code, problem.field) for problem in error.problems]


@pytest.mark.parametrize(
    ("qty", "price"),
    [("1", "USD 10.00"), ("99.999999", "USD 10.00"), ("100", "USD 9.00"), ("5000", "USD 8.1234"), ("-100", "USD 9.00")],
)
def test_tier_counts(ws: Workspace, motor: Product, qty: str, price: str) -> None:
    """The price is that of the largest least quantity that is reached; returned goods are priced like sold ones."""
    make_book(ws, motor, tiers={0: "10", 100: "9", 1000: "8.1234"})

    assert price_of(ws, motor, qty=Decimal(qty)) == price


def test_no_price_below_first_tier(ws: Workspace, motor: Product) -> None:
    """Where the first tier is not reached, or there is no book in the currency, there is no price."""
    make_book(ws, motor, tiers={10: "10"})

    assert price_of(ws, motor, qty=9) is None
    assert price_of(ws, motor, qty=10, currency="EUR") is None
    assert price_of(ws, ws.create(Product(code="M-2", name="other")), qty=10) is None


def test_book_counts_while_valid(ws: Workspace, motor: Product) -> None:
    """Both days of a book count; of several that are valid, the one that began last does."""
    make_book(ws, motor, tiers={0: "10"})
    make_book(ws, motor, tiers={0: "12"}, valid_from_on=date(2026, 3, 1), valid_until_on=date(2026, 3, 31))

    days = [date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 1)]
    assert [price_of(ws, motor, on=day) for day in days] == ["USD 10.00", "USD 12.00", "USD 12.00", "USD 10.00"]
    assert price_of(ws, motor) == "USD 12.00"  # today


def test_newest_book_breaks_tie(ws: Workspace, motor: Product) -> None:
    """Of books that began on one day, the one made last counts."""
    for price in ("10", "11"):
        make_book(ws, motor, tiers={0: price}, valid_from_on=date(2026, 1, 1))

    assert price_of(ws, motor) == "USD 11.00"


def test_price_explains_itself(ws: Workspace, motor: Product) -> None:
    """What is found is the entry, which says of which book and from which quantity on."""
    book = make_book(ws, motor, tiers={0: "10", 100: "9"})

    entry = ws.run(find_price(motor, currency="USD", qty=120))
    assert entry is not None
    assert (entry.price_book.record.id, entry.min_qty) == (book.id, 100)


def test_tiers_are_unique(ws: Workspace, motor: Product) -> None:
    """A product has one price from a quantity on in a book; entries are found by that."""
    book = make_book(ws, motor, tiers={0: "10"})
    again = PriceBookEntry(price_book=book, product=motor, min_qty=Decimal(0), unit_price=usd("11"))

    with pytest.raises(ValidationError) as caught:
        ws.create(PriceBookEntry(price_book=book, product=motor, unit_price=usd("11")))
    assert [code for code, _ in problems_of(caught.value)] == ["field.not_unique"]
    ws.upsert_many(PriceBookEntry, [again], by=["price_book", "product", "min_qty"])
    assert price_of(ws, motor) == "USD 11.00"


def test_book_is_in_one_currency(ws: Workspace, motor: Product) -> None:
    """Entries are in the currency of their book, which stays as long as there are any."""
    book = make_book(ws, motor, tiers={0: "10"})

    with pytest.raises(ValidationError) as caught:
        ws.create(PriceBookEntry(price_book=book, product=motor, min_qty=Decimal(5), unit_price=Money("1", "EUR")))
    assert problems_of(caught.value) == [("price_book_entry.other_currency", "unit_price")]
    with pytest.raises(ValidationError) as caught:
        ws.update(book, currency="EUR")
    assert problems_of(caught.value) == [("price_book.currency_in_use", "currency")]


def test_book_ends_after_start(ws: Workspace) -> None:
    """A book's last day is not before its first."""
    with pytest.raises(ValidationError) as caught:
        ws.create(PriceBook(name="x", currency="USD", valid_from_on=date(2026, 3, 2), valid_until_on=date(2026, 3, 1)))

    assert problems_of(caught.value) == [("price_book.ends_before_start", "valid_until_on")]


def test_prices_go_with_product(ws: Workspace, motor: Product) -> None:
    """A product takes its prices into the bin and brings them back."""
    make_book(ws, motor, tiers={0: "10", 5: "9"})

    ws.delete(motor)
    assert ws.count(PriceBookEntry) == 0
    ws.restore(motor)
    assert ws.count(PriceBookEntry) == 2


def test_new_lines_take_prices(ws: Workspace, motor: Product) -> None:
    """Lines of a product without a price take that of the document's price book; a given one is kept."""
    other = ws.create(Product(code="M-2", name="other"))
    book = make_book(ws, motor, tiers={0: "10", 100: "9"})
    quote = ws.create(Quote(account=ws.create(Account(name="x")), currency="USD", price_book=book))
    lines = [
        QuoteLine(quote=quote, product=motor),
        QuoteLine(quote=quote, product=motor, qty=Decimal(100)),
        QuoteLine(quote=quote, product=motor, unit_price=usd("1")),
        QuoteLine(quote=quote, product=other),
        QuoteLine(quote=quote, description="packed in pairs"),
    ]

    ws.create_many(lines)
    assert [line.unit_price for line in lines] == [usd("10"), usd("9"), usd("1"), None, None]
    assert ws.get(Quote, quote.id).total == usd("911.00")


def test_written_lines_keep_prices(ws: Workspace, motor: Product) -> None:
    """A line is priced once: another quantity, or the price taken away, is the caller's own matter."""
    order = ws.create(SalesOrder(currency="USD", price_book=make_book(ws, motor, tiers={0: "10", 100: "9"})))
    line = ws.create(SalesOrderLine(order=order, product=motor))

    ws.update(line, qty=Decimal(200))
    assert line.unit_price == usd("10")
    ws.update(line, unit_price=None)
    assert (line.unit_price, line.total) == (None, None)


@pytest.mark.parametrize(("ordered_at", "price"), [("2026-03-31", usd("10")), ("2026-04-01", None), (None, usd("10"))])
def test_order_is_priced_by_its_day(ws: Workspace, motor: Product, ordered_at: str | None, price: Any) -> None:
    """A book that is not valid on the day of the order, or today where it has none, prices nothing."""
    book = make_book(ws, motor, tiers={0: "10"}, valid_until_on=date(2026, 3, 31))
    at = datetime.fromisoformat(ordered_at).replace(tzinfo=UTC) if ordered_at else None
    order = ws.create(SalesOrder(currency="USD", price_book=book, ordered_at=at))

    assert ws.create(SalesOrderLine(order=order, product=motor)).unit_price == price


def test_document_and_book_agree(ws: Workspace, motor: Product) -> None:
    """A document takes its prices from a book in its own currency."""
    book = make_book(ws, motor, tiers={0: "10"}, currency="EUR")
    account = ws.create(Account(name="x"))

    for document in (
        SalesOrder(currency="USD", price_book=book),
        Quote(account=account, currency="USD", price_book=book),
    ):
        with pytest.raises(ValidationError) as caught:
            ws.create(document)
        entity = "quote" if isinstance(document, Quote) else "sales_order"
        assert problems_of(caught.value) == [(f"{entity}.other_price_book", "price_book")]


def test_many_lines_are_priced_together(ws: Workspace) -> None:
    """A batch over many products, quotes and books gives each line the price of its own book."""
    products = list(ws.create_many([Product(code=f"P{at}", name=f"p{at}") for at in range(40)]).created)
    books = list(ws.create_many([PriceBook(name=f"b{at}", currency="USD") for at in range(3)]).created)
    ws.create_many(
        [
            PriceBookEntry(price_book=book, product=product, unit_price=usd(f"{place}.{at:02}"))
            for place, book in enumerate(books)
            for at, product in enumerate(products)
        ]
    )
    account = ws.create(Account(name="x"))
    quotes = ws.create_many([Quote(account=account, currency="USD", price_book=book) for book in books]).created
    lines = [QuoteLine(quote=quote, product=product) for product in products for quote in quotes]

    ws.create_many(lines)
    assert [line.unit_price for line in lines] == [usd(f"{place}.{at:02}") for at in range(40) for place in range(3)]
    assert ws.count(QuoteLine, where=F.total.is_not_null()) == 120
