"""The table of units."""

from __future__ import annotations

import pytest

from pycrm.values.units import _rows, find_unit, known_units


def test_spellings_are_unambiguous() -> None:
    """No two units share a spelling, whatever the capitals."""
    seen: dict[str, str] = {}
    for unit, others in _rows():
        for spelling in {unit.code, unit.rec20, unit.label["en"], unit.label["zh"], *others}:
            assert seen.setdefault(spelling.casefold(), unit.code) == unit.code


def test_codes_are_unique() -> None:
    """Each unit has a code and a code of Recommendation 20 of its own, a positive factor, and two names."""
    units = list(known_units().values())

    assert len({unit.code for unit in units}) == len({unit.rec20 for unit in units}) == len(units)
    assert all(unit.factor > 0 and unit.label["en"] and unit.label["zh"] for unit in units)


def test_each_dimension_has_unit_of_factor_one() -> None:
    """Factors are told in a unit of the dimension itself."""
    dimensions = {unit.dimension for unit in known_units().values()}

    assert {unit.dimension for unit in known_units().values() if unit.factor == 1} == dimensions


@pytest.mark.parametrize(("text", "code"), [("KGM", "kg"), ("㎡", "m2"), ("個", None), ("pcs", "pc"), (" 吨 ", "t")])
def test_units_are_found(text: str, code: str | None) -> None:
    """A unit is found by any of its spellings, and nothing else is."""
    found = find_unit(text)

    assert (found and found.code) == code
