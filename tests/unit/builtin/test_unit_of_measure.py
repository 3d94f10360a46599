from __future__ import annotations

from decimal import Decimal

import pytest

from pycrm import Quantity, QuantityError, UnitOfMeasure, convert_quantity

PALLET = UnitOfMeasure(code="pallet80", name="Pallet of 80", dimension="count", factor=Decimal(80))
TRAY = UnitOfMeasure(code="tray", name="Tray", dimension="count", factor=Decimal(12))
JIN = UnitOfMeasure(code="jin", name="市斤", dimension="mass", factor=Decimal("0.5"))
BUNDLE = UnitOfMeasure(code="bundle", name="Bundle", dimension="wrap", factor=Decimal(6))
WRAP = UnitOfMeasure(code="strip", name="Strip", dimension="wrap", factor=Decimal(2))
LONELY = UnitOfMeasure(code="job", name="Job", factor=Decimal(1))
OWN = [PALLET, TRAY, JIN, BUNDLE, WRAP, LONELY]


@pytest.mark.parametrize(
    ("quantity", "uom", "expected"),
    [
        ("2 pallet80", "pc", "160 pc"),
        ("2 pallet80", "dz", "13.33333333333333333333333333333333 dz"),
        ("120 pc", "pallet80", "1.5 pallet80"),
        ("3 pallet80", "tray", "20 tray"),
        ("3 jin", "kg", "1.5 kg"),
        ("2.5 t", "jin", "5000 jin"),
        ("1 bundle", "strip", "3 strip"),
        ("7 job", "job", "7 job"),
        ("2 kg", "g", "2000 g"),
        ("5 kg", "公斤", "5 kg"),
    ],
)
def test_conversion_by_own_units(quantity: str, uom: str, expected: str) -> None:
    """A firm's own units convert into each other and into those that everybody knows."""
    assert convert_quantity(Quantity.parse(quantity), uom, OWN) == Quantity.parse(expected)


@pytest.mark.parametrize(
    ("quantity", "uom"),
    [("1 pallet80", "kg"), ("1 kg", "pallet80"), ("1 job", "pc"), ("1 bundle", "pc"), ("1 pc", "x")],
)
def test_conversion_between_dimensions(quantity: str, uom: str) -> None:
    """What measures something else does not convert; nor does a unit without a dimension."""
    with pytest.raises(QuantityError, match="cannot convert"):
        convert_quantity(Quantity.parse(quantity), uom, OWN)
