"""`QuoteLine`: one line of a quote. The rules that it shares with the lines of orders are in `lines`."""

from __future__ import annotations

from decimal import Decimal

from pycrm.builtin.products import Product
from pycrm.builtin.sales.plugin import plugin
from pycrm.builtin.sales.quote import Quote
from pycrm.plugin import Money, OptRef, Record, Ref, field


@plugin.entity(
    title="description",
    list="position product description qty uom unit_price discount_ratio tax_ratio total",
    unique=[("quote", "position")],
)
class QuoteLine(Record):
    """One line of a quote. Quantities may be negative and prices zero; without a price there is no total.

    A line without a position comes after the last one of its quote. A new line of a product without a price takes
    that of the quote's price book.
    """

    quote: Ref[Quote] = field.ref(Quote, many="lines", part_of=True, rights_from=True)
    position: int = field.integer()
    product: OptRef[Product] = field.ref(Product, many="quote_lines")
    description: str | None = field.text(max_length=1000)
    qty: Decimal = field.decimal(default=Decimal(1))
    uom: str | None = field.text()
    unit_price: Money | None = field.money(places=6)
    discount_ratio: Decimal = field.ratio(default=Decimal(0))
    tax_ratio: Decimal = field.ratio(default=Decimal(0))
    total: Money | None = field.money(read_only=True)
