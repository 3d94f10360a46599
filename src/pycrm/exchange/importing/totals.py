"""Control totals: sums of every numeric and money column, kept exactly, as the integers that are stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pycrm.fields.field import Field

__all__ = ["Sums", "added", "is_summed", "shown", "summed"]

Sums = dict[str, int]
"""Unit, such as a currency, to the sum of the first stored part; what has no unit stands under the empty text."""


def is_summed(field: Field) -> bool:
    """Return whether values of *field* are amounts, which a control total is made of."""
    return field.kind.summable


def summed(field: Field, values: Iterable[Any]) -> Sums:
    """Return the sums of *values* of *field*; None does not count."""
    to_parts, unit_part = field.kind.to_parts, field.kind.unit_part
    sums: Sums = {}
    for value in values:
        if value is None:
            continue
        parts = to_parts(value)
        unit = "" if unit_part is None else parts[unit_part] or ""
        sums[unit] = sums.get(unit, 0) + parts[0]
    return sums


def added(first: Mapping[str, int], second: Mapping[str, int], sign: int = 1) -> Sums:
    """Return both sums together, or the difference where *sign* is -1; a unit that comes to nothing stays."""
    return {unit: first.get(unit, 0) + sign * second.get(unit, 0) for unit in {**first, **second}}


def shown(field: Field, sums: Mapping[str, int]) -> str:
    """Return *sums* as people read them: ``"GBP 748957.02"``."""
    unit_part = field.kind.unit_part
    told = []
    for unit, amount in sorted(sums.items()):
        parts: list[Any] = [None] * len(field.kind.parts)
        parts[0] = amount
        if unit_part is not None:
            parts[unit_part] = unit or None
        told.append(str(field.kind.from_parts(*parts)))
    return ", ".join(told) or "0"
