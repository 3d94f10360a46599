"""Integers, decimals and booleans."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycrm.errors import ConfigurationError, Problem
from pycrm.fields.numbers import LARGEST, SMALLEST, BooleanKind, DecimalKind, IntegerKind, from_scaled


def code(kind: Any, value: Any) -> str:
    with pytest.raises(Problem) as caught:
        kind.parse(value)
    return caught.value.code


@pytest.mark.parametrize(("value", "number"), [(5, 5), (" -42 ", -42), ("+7", 7), (3.0, 3), (Decimal("1E2"), 100)])
def test_integer_takes_whole_numbers(value: Any, number: int) -> None:
    """Whole numbers are taken in any dress."""
    assert IntegerKind().parse(value) == number


@pytest.mark.parametrize(
    "value", [True, "4.0", "4_2", "４２", "", None, 1.5, float("nan"), float("inf"), Decimal("0.5"), Decimal("1E+99")]
)
def test_integer_refuses_others(value: Any) -> None:
    """What is no plain whole number is refused."""
    assert code(IntegerKind(), value) == "integer.invalid"


@pytest.mark.parametrize("value", [LARGEST + 1, SMALLEST - 1, "9223372036854775808", 1e20])
def test_integer_of_64_bits(value: Any) -> None:
    """A whole number beyond 64 bits is refused."""
    assert code(IntegerKind(), value) == "integer.too_large"


@pytest.mark.parametrize(
    ("value", "text"),
    [("0.5", "0.5"), (0.1, "0.1"), (2, "2"), ("1e3", "1000"), (Decimal("1.50"), "1.5"), ("-.25", "-0.25"), ("-0", "0")],
)
def test_decimal_dumps_plainly(value: Any, text: str) -> None:
    """A decimal is dumped without exponent and trailing zeros."""
    assert DecimalKind().dump(DecimalKind().parse(value)) == text


@pytest.mark.parametrize(
    "value", ["", "a", "1,5", "1_000", "NaN", "Infinity", float("inf"), True, None, Decimal("sNaN")]
)
def test_decimal_refuses_others(value: Any) -> None:
    """What is no finite decimal number is refused."""
    assert code(DecimalKind(), value) == "decimal.invalid"


def test_decimal_is_never_rounded() -> None:
    """A number with more places than the field has is refused, not rounded."""
    assert code(DecimalKind(places=2), "0.125") == "decimal.too_precise"
    assert code(DecimalKind(places=2), 0.1 + 0.2) == "decimal.too_precise"
    assert code(DecimalKind(places=2), "1e-900") == "decimal.too_precise"


@pytest.mark.parametrize("value", ["9223372036854.775808", "1e13", "1e999", Decimal("1E+999999")])
def test_large_decimal_is_refused(value: Any) -> None:
    """A number that 64 bits cannot hold is refused at once, however large."""
    assert code(DecimalKind(), value) == "decimal.too_large"
    assert DecimalKind().parse("9223372036854.775807") == Decimal("9223372036854.775807")


def test_zero_of_any_exponent() -> None:
    """Zero is zero, whatever its exponent."""
    assert DecimalKind().parse(Decimal("0E+500")) == DecimalKind().parse(Decimal("0E-500")) == 0


@given(st.integers(SMALLEST, LARGEST), st.integers(0, 12))
def test_scaled_ignores_context(number: int, places: int) -> None:
    """A thread's decimal context of few digits does not touch what is loaded and stored."""
    with localcontext(prec=2):
        loaded = from_scaled(number, places)
        stored = DecimalKind(places).to_parts(DecimalKind(places).parse(loaded))

    assert stored == (number,)
    assert "E+" not in str(loaded)


@pytest.mark.parametrize("places", [-1, 13])
def test_bad_places_are_refused(places: int) -> None:
    """Places are bounded by what 64 bits hold."""
    with pytest.raises(ConfigurationError, match="choose 0 to 12"):
        DecimalKind(places=places)


@pytest.mark.parametrize(
    ("value", "truth"), [(True, True), (0, False), (1, True), ("true", True), (" False ", False), ("1", True)]
)
def test_boolean_words(value: Any, truth: bool) -> None:
    """True and false are known by word and digit."""
    assert BooleanKind().parse(value) is truth


@pytest.mark.parametrize("value", ["", "maybe", 2, None, 1.0, []])
def test_boolean_refuses_others(value: Any) -> None:
    """What is neither is refused."""
    assert code(BooleanKind(), value) == "boolean.invalid"
