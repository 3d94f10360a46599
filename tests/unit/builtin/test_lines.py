from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycrm.builtin.sales.lines import line_total
from pycrm.values import MINOR_UNITS, Money

CURRENCIES = ("USD", "CNY", "EUR", "JPY", "KWD")


def sixths(largest: int) -> st.SearchStrategy[Decimal]:
    """Decimals of up to six places: what quantities, prices and ratios can hold."""
    return st.integers(-largest * 10**6, largest * 10**6).map(lambda scaled: Decimal(scaled).scaleb(-6))


RATIOS = st.integers(0, 10**6).map(lambda scaled: Decimal(scaled).scaleb(-6))


@given(sixths(10**9), sixths(10**9), RATIOS, RATIOS, st.sampled_from(CURRENCIES))
def test_total_is_rounded_once(qty: Decimal, price: Decimal, discount: Decimal, tax: Decimal, currency: str) -> None:
    """A line's total is the exact product, rounded half to even once, whatever the thread's decimal context is."""
    exact = Fraction(qty) * Fraction(price) * (1 - Fraction(discount)) * (1 + Fraction(tax))
    minor = 10 ** (MINOR_UNITS[currency] or 0)

    with localcontext(prec=3, rounding="ROUND_UP"):
        total = line_total(Money(price, currency), qty, discount, tax)

    # round() of a Fraction goes to the even neighbour of a tie.
    assert Fraction(total.amount) == Fraction(round(exact * minor), minor)
    assert total.currency == currency


@given(sixths(10**4), sixths(10**4), RATIOS, RATIOS)
def test_total_equals_decimal_formula(qty: Decimal, price: Decimal, discount: Decimal, tax: Decimal) -> None:
    """The formula, in decimals of a precision that holds every product."""
    with localcontext(prec=100):
        expected = (qty * price * (1 - discount) * (1 + tax)).quantize(Decimal("0.01"), ROUND_HALF_EVEN)

    assert line_total(Money(price, "USD"), qty, discount, tax).amount == expected


@pytest.mark.parametrize(
    ("qty", "price", "discount", "tax", "total"),
    [
        ("3", "2.50", "0", "0", "7.50"),
        ("-6", "1.25", "0", "0", "-7.50"),
        ("12", "0", "0", "0", "0.00"),
        ("1", "0.125", "0", "0", "0.12"),
        ("1", "0.375", "0", "0", "0.38"),
        # Rounding the discounted price first would give 0.09.
        ("1", "0.10", "0.15", "0.13", "0.10"),
        ("1000", "1.234567", "0.1", "0.13", "1255.55"),
    ],
)
def test_total_of_known_lines(qty: str, price: str, discount: str, tax: str, total: str) -> None:
    """Returns, gifts, ties and small prices come out as on paper."""
    amount = line_total(Money(price, "USD"), Decimal(qty), Decimal(discount), Decimal(tax)).amount

    assert str(amount) == total
