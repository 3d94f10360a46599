"""Quantity fields: an amount and its unit of measure, stored as a scaled integer and a code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import attrs

from pycrm.builtin.kinds.plugin import plugin
from pycrm.plugin import (
    ConfigurationError,
    DecimalKind,
    Fit,
    Kind,
    Part,
    PartType,
    Problem,
    Quantities,
    Quantity,
    QuantityError,
    known_units,
    nearest,
    take_text,
)

__all__ = ["QuantityKind"]


def _unit(uom: str | None) -> str | None:
    return None if uom is None else _units((uom,))[0]


def _units(uoms: Iterable[str]) -> tuple[str, ...]:
    try:
        return tuple(dict.fromkeys(Quantity(0, uom).uom for uom in uoms))
    except QuantityError as error:
        raise ConfigurationError(error.message, value=error.value) from error


@plugin.field_kind
@attrs.frozen
class QuantityKind(Kind):
    """An amount of some unit of measure, kept in the unit in which it was given.

    Attributes:
        uom: The unit of a bare number. Without it a bare number is refused.
        places: Digits after the point, 0 to 12. What remains of 18 digits stands before it.
        units: What units are taken. Where it is empty, those that convert into *uom*, or all known ones if there is
            no *uom* either. A unit of one's own is taken only if it is named here.
        taken: The codes of all that.
    """

    name: ClassVar[str] = "quantity"
    python_type: ClassVar[type] = Quantity
    parts: ClassVar[tuple[Part, ...]] = (Part(PartType.INTEGER), Part(PartType.TEXT, "_uom"))
    summable: ClassVar[bool] = True
    unit_part: ClassVar[int | None] = 1
    source_names: ClassVar[Mapping[str, Any]] = MappingProxyType({"quantity_make": Quantity._make})

    uom: str | None = attrs.field(default=None, converter=_unit)
    places: int = 6
    units: tuple[str, ...] = attrs.field(default=(), converter=_units)
    taken: frozenset[str] = attrs.field(init=False, eq=False, repr=False)
    _amount: DecimalKind = attrs.field(init=False, eq=False, repr=False)

    @taken.default
    def _find_taken(self) -> frozenset[str]:
        if self.units:
            return frozenset(self.units)
        known = known_units()
        if self.uom is None:
            return frozenset(known)
        if self.uom not in known:
            raise ConfigurationError(
                f"uom={self.uom!r} is no known unit{nearest(self.uom, known)}; name one of your own among units= too",
                value=self.uom,
            )
        return frozenset(code for code, unit in known.items() if unit.dimension == known[self.uom].dimension)

    @_amount.default
    def _make_amount(self) -> DecimalKind:
        return DecimalKind(self.places)

    def __attrs_post_init__(self) -> None:
        if self.uom is not None and self.uom not in self.taken:
            raise ConfigurationError(f"uom={self.uom!r} is not among units={list(self.units)}", value=self.uom)

    def parse(self, value: Any) -> Quantity:
        quantity = value if type(value) is Quantity else self._read(value)
        if quantity.uom not in self.taken:
            raise Problem(
                "quantity.wrong_uom",
                message="is in {uom}, which is not taken here; give it in one of {units}",
                uom=quantity.uom,
                units=", ".join(sorted(self.taken)),
                value=str(quantity),
            )
        try:
            self._amount.parse(quantity.amount)
        except Problem as problem:
            problem.facts["value"] = str(quantity)
            raise
        return quantity

    def _read(self, value: Any) -> Quantity:
        try:
            match value:
                case {"amount": amount, "uom": str(uom), **others} if not others:
                    return Quantity(self._amount.parse(amount), uom)
                case str() if not value.strip()[-1:].isdecimal() or " " in value.strip():
                    return Quantity.parse(take_text(value))
        except QuantityError as error:
            raise Problem(
                "quantity.invalid",
                message="is no quantity; write amount and unit, as in '12.5 kg'",
                value=value,
            ) from error
        if self.uom is None:
            raise Problem(
                "quantity.no_uom", message="lacks a unit of measure; write it as '12.5 kg' or Quantity(…)", value=value
            )
        return Quantity(self._amount.parse(value), self.uom)

    def dump(self, value: Quantity) -> dict[str, str]:
        return {"amount": self._amount.dump(value.amount), "uom": value.uom}

    def to_parts(self, value: Quantity) -> tuple[int, str]:
        return *self._amount.to_parts(value.amount), value.uom

    def from_parts(self, *parts: Any) -> Quantity:
        return Quantity._make(self._amount.from_parts(parts[0]), parts[1])

    def total(self, sums: Mapping[Any, int]) -> Quantities:
        return Quantities(self.from_parts(amount, uom) for uom, amount in sums.items())

    def fit(self, old: Kind) -> Fit:
        if not isinstance(old, QuantityKind) or old.name != self.name or old.places != self.places:
            return Fit.NONE
        return Fit.ALL if old.taken <= self.taken else Fit.SOME

    def json_schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {
                "amount": {"type": "string", "format": "decimal"},
                "uom": {"type": "string", "enum": sorted(self.taken)},
            },
            "required": ["amount", "uom"],
            "additionalProperties": False,
        }

    def load_source(self, *parts: str) -> str:
        amount, uom = parts
        return f"quantity_make(from_scaled({amount}, {self.places}), {uom})"

    def dump_source(self, value: str) -> tuple[str, ...]:
        return f"int(scaleb({value}.amount, {self.places}))", f"{value}.uom"
