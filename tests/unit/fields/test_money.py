"""Money fields."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Any

import pytest

from pycrm.errors import ConfigurationError, Problem
from pycrm.fields.money import MoneyKind
from pycrm.values.money import Money


def problem(kind: MoneyKind, value: Any) -> Problem:
    with pytest.raises(Problem) as caught:
        kind.parse(value)
    return caught.value


@pytest.mark.parametrize(
    "value",
    [
        Money("12.5", "USD"),
        "USD 12.50",
        " USD  12.5 ",
        {"amount": "12.50", "currency": "USD"},
        {"amount": Decimal("12.5"), "currency": "USD"},
    ],
)
def test_money_is_taken_in_three_forms(value: Any) -> None:
    """Money comes as a value, as text, or as amount and currency."""
    assert MoneyKind().parse(value) == Money("12.5", "USD")


@pytest.mark.parametrize("value", ["12.5", Decimal("12.5"), "USD 12.5"])
def test_bare_number_of_a_currency(value: Any) -> None:
    """A bare number is taken where the field says its currency."""
    assert MoneyKind(currency="USD").parse(value) == Money("12.5", "USD")
    assert MoneyKind(currency="USD").parse("EUR 12.5") == Money("12.5", "EUR")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("12.5", "money.no_currency"),
        (12, "money.no_currency"),
        ("12.5 USD", "money.unknown_currency"),
        ("usd 12.5", "money.unknown_currency"),
        ({"amount": "1", "currency": "DEM"}, "money.unknown_currency"),
        ("USD twelve", "money.invalid"),
        ("USD NaN", "money.invalid"),
        ({"amount": 12.5, "currency": "USD"}, "money.invalid"),
        ({"amount": "12.5"}, "money.invalid"),
        ({"amount": "1", "currency": "USD", "rate": "2"}, "money.invalid"),
        ("", "money.invalid"),
        ("a b c", "money.invalid"),
        (True, "money.invalid"),
        (None, "money.invalid"),
        ("USD 1e15", "money.too_large"),
        ("USD 1e40", "money.too_large"),
        ("USD 1.234", "money.too_precise"),
        ("USD 0.00001", "money.too_precise"),
        ("JPY 1.5", "money.too_precise"),
        ("KWD 1.2345", "money.too_precise"),
    ],
)
def test_bad_money_is_refused(value: Any, code: str) -> None:
    """What is no money of the currency's own precision is refused."""
    assert problem(MoneyKind(), value).code == code


def test_floats_are_refused() -> None:
    """A float is no amount, with a currency neither."""
    assert problem(MoneyKind(currency="USD"), 12.5).message.endswith("never as a float")


def test_refusals_name_the_cure() -> None:
    """The message says how many digits there are and what to call."""
    assert "the 2 decimal digits that USD has here; use .rounded(2)" in problem(MoneyKind(), "USD 1.234").message
    assert "did you mean 'USD'" in problem(MoneyKind(), "usd 1").message
    assert "the 4 decimal digits" in problem(MoneyKind(places=4), "JPY 1.23456").message


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (MoneyKind(), "JPY 150"),
        (MoneyKind(), "USD 12.50"),
        (MoneyKind(), "KWD 1.250"),
        (MoneyKind(), "CLF 1.2345"),
        (MoneyKind(), "XAU 1.2345"),
        (MoneyKind(), "XAU 2"),
        (MoneyKind(places=6), "USD 2.00"),
        (MoneyKind(places=6), "USD 2.123456"),
        (MoneyKind(places=6), "JPY 0.5"),
        (MoneyKind(places=0), "USD 2"),
    ],
)
def test_loaded_money_has_usual_digits(kind: MoneyKind, text: str) -> None:
    """Loaded money has its currency's minor digits, and more only where it needs them; in few-digit contexts too."""
    with localcontext(prec=2):
        loaded = kind.from_parts(*kind.to_parts(kind.parse(text)))

    assert str(loaded) == text
    assert kind.dump(loaded) == {"amount": text[4:], "currency": text[:3]}


def test_stored_amount_is_scaled() -> None:
    """The stored amount is an integer: times 10 ** 4, or ten to the power of the places."""
    assert MoneyKind().to_parts(Money("12.5", "USD")) == (125_000, "USD")
    assert MoneyKind(places=6).to_parts(Money("12.5", "USD")) == (12_500_000, "USD")


def test_sums_beyond_64_bits_load() -> None:
    """A sum of many amounts may be larger than one amount can be."""
    assert MoneyKind().from_parts(10**24, "USD") == Money(10**20, "USD")


def test_bad_options_are_refused() -> None:
    """Impossible places and unknown currencies are refused when the field is declared."""
    with pytest.raises(ConfigurationError, match="places=-1"):
        MoneyKind(places=-1)
    with pytest.raises(ConfigurationError, match="currency='DEM' is no active currency"):
        MoneyKind(currency="DEM")
