"""Quantities: exact arithmetic in one unit, conversion within one dimension."""

from __future__ import annotations

import copy
import pickle
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycrm.errors import QuantityError
from pycrm.values.quantity import Quantities, Quantity
from pycrm.values.units import known_units

WIDE = Context(prec=120, rounding=ROUND_HALF_EVEN)
amounts = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=6)
uoms = st.sampled_from(sorted(known_units()))
quantities = st.builds(Quantity, amounts, st.sampled_from(["kg", "m3", "box"]))


def kg(amount: str | int) -> Quantity:
    return Quantity(amount, "kg")


@given(amounts, amounts)
def test_arithmetic_is_decimals(a: Decimal, b: Decimal) -> None:
    """Sums, differences and products are those of exact decimals."""
    x, y = Quantity(a, "kg"), Quantity(b, "kg")

    assert (x + y).amount == WIDE.add(a, b)
    assert (x - y).amount == WIDE.subtract(a, b)
    assert (x * b).amount == (b * x).amount == WIDE.multiply(a, b)
    assert (-x).amount == -a
    assert abs(x).amount == abs(a)


@given(amounts, amounts)
def test_order_is_decimals(a: Decimal, b: Decimal) -> None:
    """Quantities of one unit compare as their amounts do, and with 0."""
    x, y = Quantity(a, "kg"), Quantity(b, "kg")

    assert (x == y, x < y, x <= y, x > y, x >= y) == (a == b, a < b, a <= b, a > b, a >= b)
    assert (x == 0, x < 0, x <= 0, x > 0, x >= 0) == (a == 0, a < 0, a <= 0, a > 0, a >= 0)
    assert bool(x) == bool(a)


def test_arithmetic_ignores_context() -> None:
    """A thread's decimal context of few digits does not touch quantities."""
    with localcontext(prec=3):
        total = kg("1234567.89") + kg("0.01")
        converted = kg("1234567.89").to("g")

    assert (total, converted) == (kg("1234567.90"), Quantity("1234567890", "g"))


def test_division() -> None:
    """A quantity divided by a number is a quantity, by a quantity a ratio, and by zero an error."""
    assert kg(3) / 2 == kg("1.5")
    assert kg(3) / kg(2) == Decimal("1.5")
    with pytest.raises(QuantityError, match="by zero"):
        kg(1) / 0


@pytest.mark.parametrize(
    ("given", "uom", "converted"),
    [
        ("2.5 t", "kg", "2500 kg"),
        ("1 lb", "kg", "0.45359237 kg"),
        ("1 in", "cm", "2.54 cm"),
        ("1 m3", "l", "1000 l"),
        ("3 dz", "pc", "36 pc"),
        ("36 h", "d", "1.5 d"),
        ("2 a", "mo", "24 mo"),
        ("1 pc", "1", "1 1"),
    ],
)
def test_conversion(given: str, uom: str, converted: str) -> None:
    """Units of one dimension convert by their exact factors."""
    assert str(Quantity.parse(given).to(uom)) == converted


@given(st.data())
def test_conversion_comes_back(data: st.DataObject) -> None:
    """There and back is the same, but for the last of 34 digits."""
    quantity = data.draw(st.builds(Quantity, amounts, uoms))
    dimension = quantity.unit.dimension  # type: ignore[union-attr]
    other = data.draw(st.sampled_from([code for code, unit in known_units().items() if unit.dimension == dimension]))
    back = quantity.to(other).to(quantity.uom)

    assert abs(back - quantity).amount <= abs(quantity.amount) * Decimal("1E-30")


@pytest.mark.parametrize(("given", "uom"), [("1 kg", "m"), ("1 d", "mo"), ("1 box", "pc"), ("1 托盘X", "kg")])
def test_other_dimensions_do_not_convert(given: str, uom: str) -> None:
    """What has no fixed factor does not convert, and the message says what would."""
    with pytest.raises(QuantityError, match="cannot convert"):
        Quantity.parse(given).to(uom)


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("12.5 kg", kg("12.5")),
        ("12.5kg", kg("12.5")),
        (" -3  KGM ", kg(-3)),
        ("1e3 公斤", kg(1000)),
        ("3箱", Quantity(3, "carton")),
        ("20 ㎡", Quantity(20, "m2")),
        ("2 m³", Quantity(2, "m3")),
        ("4 reel-A", Quantity(4, "reel-A")),
    ],
)
def test_parse_takes_spellings(text: str, quantity: Quantity) -> None:
    """Codes, codes of Recommendation 20, names and other usual spellings all mean the unit."""
    assert Quantity.parse(text) == quantity


@pytest.mark.parametrize("text", ["", "12", "121", "kg", "1.2.3 kg", "1 _x", "1 a b", "NaN kg", "1 k\0", "1e999 kg"])
def test_parse_refuses_others(text: str) -> None:
    """What is no amount and unit is refused."""
    with pytest.raises(QuantityError):
        Quantity.parse(text)


@given(st.builds(Quantity, amounts, uoms))
def test_text_round_trip(quantity: Quantity) -> None:
    """`str` and `Quantity.parse`, pickling and copying give the quantity back, and its repr can be evaluated."""
    assert Quantity.parse(str(quantity)) == quantity
    assert pickle.loads(pickle.dumps(quantity)) == copy.deepcopy(quantity) == quantity
    assert eval(repr(quantity)) == quantity
    assert hash(copy.copy(quantity)) == hash(quantity)


@pytest.mark.parametrize("amount", [1.5, True, None, "x", Decimal("NaN"), "1e99"])
def test_amount_must_be_exact(amount: Any) -> None:
    """Floats, truth values and monsters are no amounts."""
    with pytest.raises(QuantityError):
        Quantity(amount, "kg")


def test_units_are_not_mixed() -> None:
    """Quantities of different units are unequal, and neither add nor compare until one is converted."""
    assert kg(1) != Quantity(1000, "g")
    assert kg(1).to("g") == Quantity(1000, "g")
    for mixed in (lambda: kg(1) + Quantity(1, "g"), lambda: kg(1) < Quantity(1, "g"), lambda: kg(1) < 5):
        with pytest.raises(QuantityError):
            mixed()


def test_quantity_never_changes() -> None:
    """Setting an attribute is refused."""
    with pytest.raises(AttributeError, match="never changes"):
        kg(1).uom = "g"  # type: ignore[misc]


def test_rounding_is_half_even() -> None:
    """`rounded` rounds half to even."""
    assert [str(kg(amount).rounded(1)) for amount in ("0.25", "0.35")] == ["0.2 kg", "0.4 kg"]


@given(st.lists(quantities))
def test_quantities_sum_by_unit(given_quantities: list[Quantity]) -> None:
    """`Quantities` holds one sum per unit."""
    summed = Quantities(given_quantities)

    for uom in {quantity.uom for quantity in given_quantities}:
        assert summed[uom] == sum(quantity for quantity in given_quantities if quantity.uom == uom)
    assert len(summed) == len({quantity.uom for quantity in given_quantities})
    assert hash(summed) == hash(Quantities(reversed(given_quantities)))


def test_quantities_in_one_unit() -> None:
    """`only` gives the single sum, `to` adds up what converts."""
    mixed = Quantities([kg(1), Quantity(500, "g")])

    assert mixed.to("kg") == kg("1.5")
    assert Quantities([kg(1), kg(2)]).only() == kg(3)
    assert Quantities().to("kg") == 0
    with pytest.raises(QuantityError, match="hold g, kg"):
        mixed.only()
    with pytest.raises(QuantityError, match="empty"):
        Quantities().only()
    assert repr(Quantities([kg(3)])) == "Quantities([Quantity('3', 'kg')])"
