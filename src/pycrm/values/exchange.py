"""Exchange rates by day, and money converted at them: pure, exact, and never at a rate from the future.

Example:
    >>> rates = ExchangeRates([Rate("USD", "CNY", date(2026, 3, 2), Decimal("7.1025"))])
    >>> rates.convert(Money("100", "USD"), "CNY", on=date(2026, 3, 8))
    Money('710.2500', 'CNY')
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Context, Decimal
from typing import NamedTuple, Protocol

from pycrm.errors import MissingRateError, MoneyError
from pycrm.values.money import EXACT, Money

__all__ = ["EXCHANGE_PLACES", "ExchangeRates", "Rate", "RateFacts", "exchanged"]

EXCHANGE_PLACES = 30
# What a filter computes may have more digits than any money that is kept.
_EXACT = Context(prec=10_000)


class RateFacts(Protocol):
    """What `ExchangeRates` reads of a rate, as an `ExchangeRate` has it."""

    @property
    def from_currency(self) -> str:
        """Of which one unit is worth `rate`."""

    @property
    def to_currency(self) -> str:
        """In which `rate` is counted."""

    @property
    def quoted_on(self) -> date:
        """The day from which on it counts."""

    @property
    def rate(self) -> Decimal:
        """How many units of the one the other is worth."""


class Rate(NamedTuple):
    """One unit of *from_currency* is worth *rate* of *to_currency*, from *quoted_on* until the next such rate."""

    from_currency: str
    to_currency: str
    quoted_on: date
    rate: Decimal


class ExchangeRates:
    """Rates of any pairs of currencies and days. An immutable value.

    A pair that was not quoted is converted by the rate of the opposite direction, or else by way of *base*.

    Args:
        rates: `ExchangeRate` records or `Rate` values, in any order. Of two of one pair and day the last one counts.
        base: The currency by way of which others convert, as ``"CNY"``; without it only quoted pairs do.
    """

    __slots__ = ("_base", "_quoted")

    def __init__(self, rates: Iterable[RateFacts], base: str | None = None) -> None:
        by_pair: dict[tuple[str, str], dict[date, Decimal]] = {}
        for each in rates:
            if not (each.rate.is_finite() and each.rate > 0):
                raise MoneyError(
                    f"the rate of {each.from_currency} on {each.quoted_on} is {each.rate}; give one above 0",
                    value=each.rate,
                )
            by_pair.setdefault((each.from_currency, each.to_currency), {})[each.quoted_on] = each.rate
        self._base = base
        self._quoted: Mapping[tuple[str, str], tuple[list[date], list[Decimal]]] = {
            pair: (sorted(days), [days[day] for day in sorted(days)]) for pair, days in by_pair.items()
        }

    def rate(self, from_currency: str, to_currency: str, on: date) -> Decimal:
        """Return what one unit of *from_currency* is worth in *to_currency* by the newest rate that *on* knows.

        Exact where the pair was quoted; else to 30 places, half away from zero.

        Raises:
            MissingRateError: No rate of that day or an earlier one leads from one to the other.
        """
        multiply, divide = self.way(from_currency, to_currency, on)
        return exchanged(Decimal(1), multiply, divide)

    def convert(self, money: Money, currency: str, on: date) -> Money:
        """Return *money* in another currency by the newest rate that *on* knows.

        The amount is not rounded, so that a sum may be; `Money.rounded` gives the currency's minor unit. Only where it
        is divided by a rate, it has 30 places, rounded half away from zero.

        Raises:
            MissingRateError: No rate of that day or an earlier one leads from one to the other.
        """
        multiply, divide = self.way(money.currency, currency, on)
        return Money(exchanged(money.amount, multiply, divide), currency)

    def way(self, from_currency: str, to_currency: str, on: date) -> tuple[Decimal, Decimal]:
        """Return by what to multiply and by what to divide, for `exchanged`.

        Raises:
            MissingRateError: No rate of that day or an earlier one leads from one to the other.
        """
        if from_currency == to_currency:
            return Decimal(1), Decimal(1)
        found = self._quotation(from_currency, to_currency, on)
        if found is None and self._base is not None:
            first = self._quotation(from_currency, self._base, on)
            second = self._quotation(self._base, to_currency, on)
            if first is not None and second is not None:
                found = EXACT.multiply(first[0], second[0]), EXACT.multiply(first[1], second[1])
        if found is None:
            by_way = f" nor by way of {self._base}" if self._base else ""
            raise MissingRateError(
                f"no rate of {on} or before leads from {from_currency} to {to_currency}{by_way}; add one",
                from_currency=from_currency,
                to_currency=to_currency,
                on=on,
            )
        return found

    def _quotation(self, from_currency: str, to_currency: str, on: date) -> tuple[Decimal, Decimal] | None:
        """Return by what to multiply and by what to divide: the newer of both directions; on one day the direct one."""
        there = self._newest((from_currency, to_currency), on)
        back = self._newest((to_currency, from_currency), on)
        if there is not None and (back is None or back[0] <= there[0]):
            return there[1], Decimal(1)
        return None if back is None else (Decimal(1), back[1])

    def _newest(self, pair: tuple[str, str], on: date) -> tuple[date, Decimal] | None:
        days, rates = self._quoted.get(pair, ([], []))
        place = bisect_right(days, on)
        return (days[place - 1], rates[place - 1]) if place else None


def exchanged(amount: Decimal, multiply: Decimal, divide: Decimal) -> Decimal:
    """Return ``amount * multiply / divide``: exact, or with 30 places where it is divided, half away from zero."""
    product = _EXACT.multiply(amount, multiply)
    if divide == 1:
        return product
    (over, under), (times, by) = product.as_integer_ratio(), divide.as_integer_ratio()
    dividend, divisor = over * by * 10**EXCHANGE_PLACES, under * times
    whole, rest = divmod(abs(dividend), divisor)
    digits = whole + (2 * rest >= divisor)
    places = EXCHANGE_PLACES
    while places and digits % 10 == 0:
        digits //= 10
        places -= 1
    return Decimal(-digits if dividend < 0 else digits).scaleb(-places, _EXACT)
