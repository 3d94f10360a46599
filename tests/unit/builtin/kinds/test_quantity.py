"""Quantity fields."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pycrm.builtin.kinds import QuantityKind
from pycrm.errors import ConfigurationError, Problem
from pycrm.fields.kind import Fit
from pycrm.fields.numbers import DecimalKind
from pycrm.values.quantity import Quantities, Quantity

WEIGHT = QuantityKind("kg")


def code(kind: Any, value: Any) -> str:
    with pytest.raises(Problem) as caught:
        kind.parse(value)
    return caught.value.code


@pytest.mark.parametrize(
    ("value", "quantity"),
    [
        ("12.5 kg", Quantity("12.5", "kg")),
        ("3吨", Quantity(3, "t")),
        ("12.5", Quantity("12.5", "kg")),
        (0.5, Quantity("0.5", "kg")),
        ({"amount": "1.50", "uom": "KGM"}, Quantity("1.5", "kg")),
        (Quantity(500, "g"), Quantity(500, "g")),
    ],
)
def test_takes_quantities(value: Any, quantity: Quantity) -> None:
    """A bare number has the field's own unit, and what has a unit keeps it."""
    assert WEIGHT.parse(value) == quantity


@pytest.mark.parametrize(
    ("kind", "value", "problem"),
    [
        (WEIGHT, "3 m", "quantity.wrong_uom"),
        (WEIGHT, "3 barrels", "quantity.wrong_uom"),
        (WEIGHT, "", "quantity.invalid"),
        (WEIGHT, "1 k\ud800g", "text.unstorable"),
        (WEIGHT, {"amount": 1, "uom": "?"}, "quantity.invalid"),
        (WEIGHT, [], "decimal.invalid"),
        (WEIGHT, "1.2345678 kg", "decimal.too_precise"),
        (WEIGHT, Quantity(10**13, "kg"), "decimal.too_large"),
        (QuantityKind(), "5", "quantity.no_uom"),
        (QuantityKind(), "5 reels", "quantity.wrong_uom"),
        (QuantityKind(units=["box", "carton"]), "5 pc", "quantity.wrong_uom"),
    ],
)
def test_refuses_others(kind: QuantityKind, value: Any, problem: str) -> None:
    """A unit that is not taken, a number without one and too fine an amount are refused."""
    assert code(kind, value) == problem


def test_own_units_are_named() -> None:
    """A unit of one's own is taken where the field names it."""
    kind = QuantityKind("reel", units=["reel", "kg"])

    assert kind.parse("3") == Quantity(3, "reel")
    assert kind.taken == {"reel", "kg"}
    with pytest.raises(ConfigurationError, match="one of your own among units="):
        QuantityKind("reel")
    with pytest.raises(ConfigurationError, match="not among units="):
        QuantityKind("kg", units=["reel"])
    with pytest.raises(ConfigurationError, match="no unit of measure"):
        QuantityKind("k g")
    with pytest.raises(ConfigurationError, match="choose 0 to 12"):
        QuantityKind(places=13)


def test_units_are_kept_by_code() -> None:
    """A unit may be declared by any spelling."""
    assert QuantityKind("公斤", units=["吨", "KGM"]) == QuantityKind("kg", units=["t", "kg"])


def test_sums_are_by_unit() -> None:
    """A sum of quantities is one per unit."""
    assert WEIGHT.total({"kg": 1_500_000, "g": 2_000_000}) == Quantities([Quantity("1.5", "kg"), Quantity(2, "g")])


def test_problem_shows_whole_quantity() -> None:
    """A problem of the amount shows the unit too."""
    with pytest.raises(Problem) as caught:
        WEIGHT.parse(Quantity(Decimal("0.00000001"), "kg"))

    assert caught.value.facts["value"] == "0.00000001 kg"


def test_upgrade_may_widen() -> None:
    """In an upgrade more units may be taken; fewer are tried on each value, and another scale never fits."""
    narrow = QuantityKind(units=["kg", "g"])

    assert WEIGHT.fit(narrow) is QuantityKind().fit(WEIGHT) is Fit.ALL
    assert narrow.fit(WEIGHT) is Fit.SOME
    assert WEIGHT.fit(QuantityKind("kg", places=3)) is WEIGHT.fit(DecimalKind()) is Fit.NONE
