"""`UnitOfMeasure`: units of one's own, beside those that everybody knows, and what they convert into."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from pycrm.builtin.products.plugin import plugin
from pycrm.plugin import ChangeSet, Problem, Quantity, QuantityError, Record, Workspace, field, known_units


@plugin.entity(title="name", list="code name dimension factor is_active", plural="units_of_measure")
class UnitOfMeasure(Record):
    """A unit that a firm counts in, as a pallet of 80 pieces. Kilograms, pieces and such need no record.

    Attributes:
        code: What stands in `Product.uom` and behind an amount: ``pallet80``.
        dimension: What it measures: ``mass``, ``count`` …, or a word of your own. Units of one dimension convert into
            each other; one without a dimension into nothing.
        factor: How many of the dimension's first unit it is: of ``count`` that is the piece, of ``mass`` the kilogram.
    """

    code: str = field.text(max_length=20, unique=True, searchable=True)
    name: str = field.text(searchable=True)
    dimension: str | None = field.text(indexed=True)
    factor: Decimal = field.decimal(places=12, default=Decimal(1))
    is_active: bool = field.boolean(default=True)


@plugin.check(UnitOfMeasure, changed="code factor")
def unit_of_ones_own(ws: Workspace, changes: ChangeSet[UnitOfMeasure]) -> Iterator[Problem]:
    """A unit has a code that may stand behind an amount and is nobody else's, and is more than nothing."""
    for unit in changes:
        known = _meaning(unit.code)
        if known is None:
            yield Problem(
                "unit_of_measure.bad_code",
                unit,
                "code",
                message="is no code of a unit; begin with a letter, and go on with letters, digits or . / - _",
                value=unit.code,
            )
        elif known in known_units():
            yield Problem(
                "unit_of_measure.known",
                unit,
                "code",
                message="means {known} everywhere; that unit needs no record, or choose another code",
                known=known,
                value=unit.code,
            )
        if unit.factor <= 0:
            yield Problem(
                "unit_of_measure.not_positive",
                unit,
                "factor",
                message="is no factor; give how many of the first unit of its dimension it is, which is more than 0",
                value=unit.factor,
            )


def _meaning(code: str) -> str | None:
    """Return what *code* means behind an amount, or None where it means nothing."""
    try:
        return Quantity(0, code).uom
    except QuantityError:
        return None


def convert_quantity(quantity: Quantity, uom: str, units: Iterable[UnitOfMeasure] = ()) -> Quantity:
    """Return *quantity* in another unit of its dimension, by what everybody knows and by *units* of one's own.

    Multiplying is exact; dividing gives 34 digits, half to even.

    Args:
        quantity: In a known unit, or in one of *units*.
        uom: The code of the unit to convert into.
        units: As ``ws.iterate(UnitOfMeasure)`` gives them.
    Raises:
        QuantityError: The two do not convert into each other.
    """
    own = {unit.code: unit for unit in units}
    if (have := own.get(quantity.uom)) is not None:
        quantity = Quantity((quantity * have.factor).amount, _first_unit(have))
    if (want := own.get(uom)) is None:
        return quantity.to(uom)
    return Quantity((quantity.to(_first_unit(want)) / want.factor).amount, uom)


def _first_unit(unit: UnitOfMeasure) -> str:
    """Return the code of the unit that the factor of *unit* counts in; a dimension of one's own has only its name."""
    known = (each.code for each in known_units().values() if each.dimension == unit.dimension)
    return next(known, unit.dimension or unit.code)
