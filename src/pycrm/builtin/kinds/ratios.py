"""Shares and marks: ratios from 0 to 1, and ratings in whole points."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

import attrs

from pycrm.builtin.kinds.plugin import plugin
from pycrm.plugin import ConfigurationError, DecimalKind, Fit, IntegerKind, Kind, Problem

__all__ = ["RatingKind", "RatioKind"]

MOST_POINTS = 100

_percents = DecimalKind(places=12).parse


@plugin.field_kind
@attrs.frozen
class RatioKind(DecimalKind):
    """A share from 0 to 1: a probability, a discount, a tax rate. Its field's name ends in ``_ratio``.

    Attributes:
        places: Digits after the point of the ratio, 0 to 12; a percentage has two fewer.
        percent: Show it as a percentage.
    """

    name: ClassVar[str] = "ratio"
    replaces: ClassVar[frozenset[str]] = frozenset({"decimal"})

    percent: bool = False

    def parse(self, value: Any) -> Decimal:
        ratio = super().parse(_of_percent(value))
        if not 0 <= ratio <= 1:
            raise Problem(
                "ratio.out_of_range",
                message="lies outside 0 to 1; write one eighth as 0.125 or '12.5%'",
                value=value,
            )
        return ratio

    def display(self, value: Decimal) -> str:
        stored = self.from_parts(*self.to_parts(value))
        if not self.percent:
            return f"{stored:f}"
        shown = f"{_shifted(stored, 2):f}"
        return f"{shown.rstrip('0').rstrip('.') if '.' in shown else shown}%"

    def fit(self, old: Kind) -> Fit:
        if not isinstance(old, DecimalKind) or old.name not in {self.name, *self.replaces}:
            return Fit.NONE
        # The places are the scale of what is stored; how it is shown does not matter.
        return Fit.ALL if old.places == self.places else Fit.NONE

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "decimal", "pattern": r"^(0(\.[0-9]+)?|1)$"}


def _of_percent(value: Any) -> Any:
    """Return the ratio that a text such as ``"12.5 %"`` means, and anything else as it is."""
    if isinstance(value, str) and (text := value.strip()).endswith(("%", "％")):
        return _shifted(_percents(text[:-1]), -2)
    return value


def _shifted(number: Decimal, places: int) -> Decimal:
    """Return ``number * 10 ** places``, exact whatever the decimal context of the thread says."""
    sign, digits, exponent = number.as_tuple()
    return Decimal((sign, digits, int(exponent) + places))


@plugin.field_kind
@attrs.frozen
class RatingKind(IntegerKind):
    """A mark in whole points from 1 to *best*, as stars are given.

    Attributes:
        best: The highest mark, 2 to 100.
    """

    name: ClassVar[str] = "rating"

    best: int = 5

    def __attrs_post_init__(self) -> None:
        if not 2 <= self.best <= MOST_POINTS:
            raise ConfigurationError(f"best={self.best} is out of bounds; choose 2 to {MOST_POINTS}", value=self.best)

    def parse(self, value: Any) -> int:
        points = super().parse(value)
        if not 1 <= points <= self.best:
            raise Problem(
                "rating.out_of_range",
                message="is no mark from 1 to {best}; leave the field empty where nothing was judged",
                best=self.best,
                value=value,
            )
        return points

    def fit(self, old: Kind) -> Fit:
        if isinstance(old, RatingKind) and old.name == self.name:
            return Fit.ALL if old.best <= self.best else Fit.SOME
        return Fit.SOME if old.name == "integer" else Fit.NONE

    def json_schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": 1, "maximum": self.best}

    def parse_source(self, value: str) -> str:
        return f"(type({value}) is int and 1 <= {value} <= {self.best})"
