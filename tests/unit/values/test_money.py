"""Money: exact arithmetic in one currency."""

from __future__ import annotations

import copy
import pickle
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycrm.errors import MoneyError
from pycrm.values.currencies import CURRENCIES, MINOR_UNITS
from pycrm.values.money import Money, Monies

WIDE = Context(prec=120, rounding=ROUND_HALF_EVEN)
amounts = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**18), max_value=10**18, places=6)
monies = st.builds(Money, amounts, st.sampled_from(["USD", "CNY", "JPY"]))


def usd(amount: str | int) -> Money:
    return Money(amount, "USD")


@given(amounts, amounts)
def test_arithmetic_is_decimals(a: Decimal, b: Decimal) -> None:
    """Sums, differences and products are those of exact decimals."""
    x, y = Money(a, "USD"), Money(b, "USD")

    assert (x + y).amount == WIDE.add(a, b)
    assert (x - y).amount == WIDE.subtract(a, b)
    assert (x * b).amount == (b * x).amount == WIDE.multiply(a, b)
    assert (-x).amount == -a
    assert abs(x).amount == abs(a)


@given(amounts, amounts)
def test_order_is_decimals(a: Decimal, b: Decimal) -> None:
    """Money of one currency compares as its amounts do, and with 0."""
    x, y = Money(a, "USD"), Money(b, "USD")

    assert (x == y, x < y, x <= y, x > y, x >= y) == (a == b, a < b, a <= b, a > b, a >= b)
    assert (x == 0, x < 0, x <= 0, x > 0, x >= 0) == (a == 0, a < 0, a <= 0, a > 0, a >= 0)
    assert bool(x) == bool(a)


def test_arithmetic_ignores_context() -> None:
    """A thread's decimal context of few digits does not touch money."""
    with localcontext(prec=3):
        total = usd("1234567.89") + usd("0.01")
        product = usd("1234567.89") * 3
        negative = -usd("1234567.89")

    assert (total, product, negative) == (usd("1234567.90"), usd("3703703.67"), usd("-1234567.89"))


@given(st.lists(monies))
def test_monies_sum_by_currency(given_monies: list[Money]) -> None:
    """A sum over several currencies is the sum of each."""
    total = Monies.of(given_monies)

    assert set(total) == {money.currency for money in given_monies}
    for currency, money in total.items():
        assert money.amount == sum(each.amount for each in given_monies if each.currency == currency)


@given(amounts, st.sampled_from(sorted(MINOR_UNITS)))
def test_rounded_half_even(amount: Decimal, currency: str) -> None:
    """Rounding goes to the currency's minor unit, half to even."""
    rounded = Money(amount, currency).rounded()

    assert rounded.amount == WIDE.quantize(amount, Decimal(1).scaleb(-MINOR_UNITS[currency]))


@pytest.mark.parametrize(
    ("money", "places", "text"),
    [
        (Money("2.345", "USD"), None, "USD 2.34"),
        (Money("2.355", "USD"), None, "USD 2.36"),
        (Money("2.5", "JPY"), None, "JPY 2"),
        (Money("1", "KWD"), None, "KWD 1.000"),
        (Money("1.23456", "USD"), 4, "USD 1.2346"),
        (Money("1.23456", "XAU"), None, "XAU 1.23456"),
    ],
)
def test_rounded_to_text(money: Money, places: int | None, text: str) -> None:
    """A rounded amount shows exactly the digits it was rounded to."""
    assert str(money.rounded(places)) == text


@given(monies)
def test_text_round_trip(money: Money) -> None:
    """`Money.parse` takes back what ``str`` gives, to the digit."""
    again = Money.parse(str(money))

    assert again == money
    assert str(again) == str(money)


@given(monies)
def test_copies_are_equal(money: Money) -> None:
    """Money survives pickling and copying."""
    assert pickle.loads(pickle.dumps(money)) == copy.deepcopy(money) == money


@given(monies, monies)
def test_equal_money_hashes_alike(a: Money, b: Money) -> None:
    """Equal money has one hash, whatever its trailing zeros; zero has that of 0."""
    assert hash(a) == hash(Money(WIDE.scaleb(WIDE.scaleb(a.amount, 3), -3), a.currency))
    assert a != b or hash(a) == hash(b)
    assert hash(Money(0, a.currency)) == hash(0)


def test_amount_is_kept_as_given() -> None:
    """Trailing zeros of an amount stay."""
    assert str(usd("1.50")) == "USD 1.50"
    assert str(Money(Decimal("1E+3"), "USD")) == "USD 1000"
    assert repr(usd("1.50")) == "Money('1.50', 'USD')"


@pytest.mark.parametrize(
    ("amount", "currency", "message"),
    [
        (1.5, "USD", r"1\.5 cannot be an amount of money; write it as text or Decimal, as in Decimal\('1\.5'\)"),
        (True, "USD", "True cannot be"),
        (None, "USD", "None cannot be"),
        ("abc", "USD", "'abc' is no number; write it as '1234.50'"),
        ("NaN", "USD", "finite"),
        (Decimal("-Infinity"), "USD", "finite"),
        ("1E+1000000", "USD", "sensible"),
        ("1E-1000000", "USD", "sensible"),
        ("1", "usd", r"'usd' is no active currency of ISO 4217; write its code in capitals, .* 'USD'"),
        ("1", "DEM", "'DEM' is no active currency"),
        ("1", None, "None is no active currency"),
    ],
)
def test_bad_money_is_refused(amount: Any, currency: Any, message: str) -> None:
    """What is no exact, finite amount of a known currency is refused with the cure."""
    with pytest.raises(MoneyError, match=message):
        Money(amount, currency)


@pytest.mark.parametrize("text", ["", "USD", "12.50", "USD 1 2", "12.50 USD"])
def test_bad_text_is_refused(text: str) -> None:
    """Text of another form than currency and amount is refused."""
    with pytest.raises(MoneyError):
        Money.parse(text)


@pytest.mark.parametrize("operation", ["__add__", "__sub__", "__lt__", "__le__", "__gt__", "__ge__", "__truediv__"])
def test_currencies_do_not_mix(operation: str) -> None:
    """Money of two currencies neither adds nor compares; the message names both."""
    with pytest.raises(MoneyError, match=r"USD 1 and EUR 2"):
        getattr(usd(1), operation)(Money(2, "EUR"))


def test_other_currency_is_unequal() -> None:
    """Equality across currencies is False and no error, so that a changed currency is a change."""
    assert usd(1) != Money(1, "EUR")
    assert usd(0) != Money(0, "EUR")


@pytest.mark.parametrize("number", [5, 0.5, Decimal(2)])
def test_bare_number_is_refused(number: Any) -> None:
    """A bare number other than 0 neither compares nor adds."""
    with pytest.raises(MoneyError, match="bare number"):
        assert usd(5) == number
    with pytest.raises(MoneyError):
        assert usd(5) < number
    with pytest.raises(MoneyError):
        usd(5) + number
    with pytest.raises(MoneyError):
        number - usd(5)


def test_zero_is_neutral() -> None:
    """The number 0 adds nothing, so that ``sum`` works."""
    assert sum([usd(1), usd(2)]) == usd(3)
    assert usd(1) - 0 == usd(1)
    assert 0 - usd(1) == usd(-1)


def test_other_types_are_unequal() -> None:
    """Money equals nothing but money and 0."""
    assert usd(1) != "USD 1"
    assert usd(1) != None  # noqa: E711
    with pytest.raises(TypeError):
        usd(1) + "USD 1"  # type: ignore[operator]
    with pytest.raises(MoneyError, match="compare with Money, or with 0"):
        assert usd(1) < "USD 1"  # type: ignore[operator]


def test_division() -> None:
    """Money divides by numbers into money and by money into a ratio."""
    assert usd(10) / 4 == usd("2.5")
    assert usd(10) / usd(4) == Decimal("2.5")
    assert (usd(1) / 3).rounded() == usd("0.33")


@pytest.mark.parametrize("divisor", [0, Decimal(0), usd(0)])
def test_division_by_zero(divisor: Any) -> None:
    """Division by zero is an error about money."""
    with pytest.raises(MoneyError, match="by zero"):
        usd(1) / divisor


@pytest.mark.parametrize("factor", [1.5, "2", usd(2)])
def test_bad_factor_is_refused(factor: Any) -> None:
    """Only exact numbers multiply money."""
    with pytest.raises(MoneyError, match="use an int or a Decimal"):
        usd(1) * factor


def test_money_never_changes() -> None:
    """Money is immutable."""
    money = usd(1)

    with pytest.raises(AttributeError, match="Money never changes"):
        money.amount = Decimal(2)  # type: ignore[misc]
    with pytest.raises(AttributeError, match="cannot be deleted"):
        del money.currency  # type: ignore[misc]
    with pytest.raises(AttributeError):
        money.other = 1  # type: ignore[attr-defined]


def test_negative_zero_does_not_arise() -> None:
    """Negating zero gives plain zero."""
    assert str(-usd(0)) == "USD 0"
    assert +usd(1) == usd(1)


def test_only_of_one_currency() -> None:
    """`Monies.only` gives the amount of the single currency."""
    assert Monies.of([usd(1), usd(2)]).only() == usd(3)


@pytest.mark.parametrize(
    ("given_monies", "message"), [([], "empty"), ([usd(1), Money(1, "EUR")], "EUR, USD; pick one by its code")]
)
def test_only_of_none_or_several(given_monies: list[Money], message: str) -> None:
    """`Monies.only` refuses none and several, and says which."""
    with pytest.raises(MoneyError, match=message):
        Monies.of(given_monies).only()


def test_monies_add() -> None:
    """Monies add to money, to each other and to 0."""
    both = Monies.of([usd(1)]) + Money(2, "CNY")

    assert both + both == Monies.of([usd(2), Money(4, "CNY")])
    assert sum([both]) == both
    assert usd(1) + Monies.of([]) == Monies.of([usd(1)])
    assert list(both) == ["CNY", "USD"]
    assert (str(both), str(Monies())) == ("CNY 2, USD 1", "nothing")
    assert (repr(both), hash(both)) == (
        "Monies.of([Money('2', 'CNY'), Money('1', 'USD')])",
        hash(Monies.of([Money(2, "CNY"), usd(1)])),
    )


def test_monies_keys_are_checked() -> None:
    """Money cannot stand under another currency's code."""
    with pytest.raises(MoneyError, match="cannot stand under 'EUR'"):
        Monies({"EUR": usd(1)})
    with pytest.raises(TypeError):
        Monies() + 5


def test_all_currencies_make_money() -> None:
    """Every active currency is taken."""
    assert [Money(1, code).currency for code in CURRENCIES] == list(CURRENCIES)
