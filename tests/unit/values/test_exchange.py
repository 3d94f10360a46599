from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycrm import ExchangeRates, MissingRateError, Money, MoneyError
from pycrm.values.exchange import Rate

MONDAY, SUNDAY = date(2026, 3, 2), date(2026, 3, 8)
USD = Rate("USD", "CNY", MONDAY, Decimal("7.1025"))
JPY = Rate("JPY", "CNY", MONDAY, Decimal("0.0484"))


def test_rate_of_day_counts_until_next() -> None:
    """A rate counts from its day until there is a newer one."""
    rates = ExchangeRates([USD, Rate("USD", "CNY", SUNDAY, Decimal("7.2"))])

    assert rates.rate("USD", "CNY", MONDAY) == rates.rate("USD", "CNY", date(2026, 3, 7)) == Decimal("7.1025")
    assert rates.rate("USD", "CNY", date(2027, 1, 1)) == Decimal("7.2")


def test_conversion_is_exact() -> None:
    """What is multiplied is not rounded; rounding is the caller's."""
    converted = ExchangeRates([USD]).convert(Money("0.01", "USD"), "CNY", on=SUNDAY)

    assert (converted, converted.rounded()) == (Money("0.071025", "CNY"), Money("0.07", "CNY"))


def test_opposite_direction_divides() -> None:
    """A rate serves in both directions."""
    rates = ExchangeRates([Rate("USD", "CNY", MONDAY, Decimal(8))])

    assert rates.convert(Money("10", "CNY"), "USD", on=MONDAY) == Money("1.25", "USD")


def test_newer_direction_wins() -> None:
    """Of rates in both directions the newer one counts, and on one day the one that was asked for."""
    back = Rate("CNY", "USD", SUNDAY, Decimal("0.125"))
    same_day = Rate("CNY", "USD", MONDAY, Decimal("0.125"))

    assert ExchangeRates([USD, back]).rate("USD", "CNY", SUNDAY) == 8
    assert ExchangeRates([USD, same_day]).rate("USD", "CNY", SUNDAY) == Decimal("7.1025")


def test_base_joins_two_rates() -> None:
    """With a base, two currencies that were quoted against it convert into each other."""
    rates = ExchangeRates([USD, JPY], base="CNY")

    assert rates.convert(Money("484", "USD"), "JPY", on=MONDAY) == Money("71025", "JPY")


def test_same_currency_needs_no_rate() -> None:
    """Money of the currency that is asked for is returned as it is."""
    assert ExchangeRates([]).convert(Money("1.50", "EUR"), "EUR", on=MONDAY) == Money("1.50", "EUR")


@pytest.mark.parametrize(
    ("rates", "base", "on"),
    [([USD, JPY], None, SUNDAY), ([USD], "CNY", SUNDAY), ([USD, JPY], "CNY", date(2026, 3, 1))],
)
def test_missing_rate_is_named(rates: Sequence[Rate], base: str | None, on: date) -> None:
    """Without a rate of the day or an earlier one nothing is guessed, least of all from the future."""
    with pytest.raises(MissingRateError, match=rf"no rate of {on} or before leads from USD to JPY") as caught:
        ExchangeRates(rates, base).convert(Money("1", "USD"), "JPY", on=on)

    assert isinstance(caught.value, (MoneyError, LookupError))
    assert (caught.value.from_currency, caught.value.to_currency, caught.value.on) == ("USD", "JPY", on)


@pytest.mark.parametrize("rate", ["0", "-7.1", "NaN"])
def test_rate_is_more_than_nothing(rate: str) -> None:
    """Money multiplied by such a rate would be none."""
    with pytest.raises(MoneyError, match="the rate of USD on 2026-03-02"):
        ExchangeRates([USD._replace(rate=Decimal(rate))])


@given(
    days=st.lists(st.integers(0, 300), unique=True, max_size=20),
    asked=st.integers(0, 320),
)
def test_rate_is_that_of_brute_force(days: list[int], asked: int) -> None:
    """The rate is that of the last day that is not after the day asked for."""
    first = date(2026, 1, 1).toordinal()
    rates = ExchangeRates(Rate("USD", "CNY", date.fromordinal(first + day), Decimal(day + 1)) for day in days)
    before = [day for day in days if day <= asked]

    if before:
        assert rates.rate("USD", "CNY", date.fromordinal(first + asked)) == max(before) + 1
    else:
        with pytest.raises(MissingRateError):
            rates.rate("USD", "CNY", date.fromordinal(first + asked))


def test_half_a_century_of_real_rates(case: Callable[[str], Path]) -> None:
    """Monthly rates of the Federal Reserve: each month's own rate is found, and cross rates go by way of the dollar."""
    codes = {"China": "CNY", "Japan": "JPY", "Switzerland": "CHF", "Canada": "CAD"}
    with (case("ref-fx") / "monthly.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["Country"] in codes and row["Exchange rate"]]
    quoted = {(codes[row["Country"]], date.fromisoformat(row["Date"])): Decimal(row["Exchange rate"]) for row in rows}
    rates = ExchangeRates((Rate("USD", code, day, rate) for (code, day), rate in quoted.items()), base="USD")

    assert all(rates.rate("USD", code, day.replace(day=28)) == rate for (code, day), rate in quoted.items())
    for (code, day), rate in quoted.items():
        if code == "CNY":
            crossed = rates.rate("CNY", "JPY", day)
            assert abs(crossed * rate - quoted["JPY", day]) < Decimal("1e-25")
