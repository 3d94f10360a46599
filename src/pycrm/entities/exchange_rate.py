"""Exchange rates, by pair of currencies, day and source."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pycrm.entities.declared import entity
from pycrm.fields import declare as field
from pycrm.schema.record import Record

__all__ = ["ExchangeRate"]


@entity(
    title="quoted_on",
    list="from_currency to_currency quoted_on rate source",
    unique=[("from_currency", "to_currency", "quoted_on", "source")],
)
class ExchangeRate(Record):
    """What one unit of a currency is worth in another, from a day on. `ExchangeRates` converts with it.

    Attributes:
        rate: How many of `to_currency` one `from_currency` is worth: exact, with up to 10 digits after the point.
        source: Who quoted it, as ``ecb`` or ``pboc``; rates of several sources do not get in each other's way.
    """

    from_currency: str = field.text(max_length=3)
    to_currency: str = field.text(max_length=3)
    quoted_on: date = field.date(indexed=True)
    rate: Decimal = field.decimal(places=10)
    source: str = field.text(default="own")
