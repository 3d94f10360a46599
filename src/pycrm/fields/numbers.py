"""Numbers: integers of 64 bits, exact decimals, booleans.

A decimal is stored as an integer scaled by a power of ten, because that is exact, in order and summable on every
database; ``NUMERIC`` is a float on SQLite.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, ClassVar

import attrs

from pycrm.errors import ConfigurationError, Problem
from pycrm.fields.kind import EQUALITY, Part, PartType
from pycrm.fields.scalar import ScalarKind
from pycrm.values.money import EXACT

SMALLEST, LARGEST = -(2**63), 2**63 - 1
MAX_PLACES = 12

_integer = re.compile(r"[+-]?[0-9]{1,25}").fullmatch
_decimal = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?").fullmatch
_scaleb = EXACT.scaleb


def take_decimal(value: Any) -> Decimal:
    """Return *value* as a finite Decimal; a float as the shortest text that names it.

    Raises:
        Problem: It is no number, or not a finite one.
    """
    if type(value) is Decimal and value.is_finite():
        return value
    if isinstance(value, float):
        value = repr(value)
    if isinstance(value, str):
        value = Decimal(text) if _decimal(text := value.strip()) else value
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise Problem("decimal.invalid", message="is no number; write it as '1234.50' or as a Decimal", value=value)
    exact = Decimal(value)
    if not exact.is_finite():
        raise Problem("decimal.invalid", message="is no finite number; leave the field empty instead", value=value)
    return exact


def to_scaled(exact: Decimal, places: int) -> int | None:
    """Return ``exact`` times ``10 ** places``, or None if that is not whole.

    Raises:
        OverflowError: It does not fit 64 bits.
    """
    if not 0 <= exact.adjusted() + places <= 18:
        # Decided before shifting: an exponent may be so large that its digits would fill the memory.
        if not exact:
            return 0
        if exact.adjusted() + places < 0:
            return None
        raise OverflowError
    shifted = _scaleb(exact, places)
    scaled = int(shifted)
    if scaled != shifted:
        return None
    if not SMALLEST <= scaled <= LARGEST:
        raise OverflowError
    return scaled


def from_scaled(scaled: int, places: int) -> Decimal:
    """Return ``scaled / 10 ** places`` without trailing zeros, never in the form ``1E+2``."""
    whole, rest = divmod(scaled, 10**places)
    return _scaleb(scaled, -places).normalize(EXACT) if rest else Decimal(whole)


@attrs.frozen
class IntegerKind(ScalarKind):
    """A whole number of 64 bits."""

    name: ClassVar[str] = "integer"
    python_type: ClassVar[type] = int
    parts: ClassVar[tuple[Part, ...]] = (Part(PartType.INTEGER),)
    summable: ClassVar[bool] = True

    def parse(self, value: Any) -> int:
        number = self._whole(value)
        if number is None:
            raise Problem("integer.invalid", message="is no whole number; write it as 42", value=value)
        if not SMALLEST <= number <= LARGEST:
            raise Problem(
                "integer.too_large",
                message="lies outside {smallest} to {largest}; keep such a number as text",
                smallest=SMALLEST,
                largest=LARGEST,
                value=value,
            )
        return number

    @staticmethod
    def _whole(value: Any) -> int | None:
        if isinstance(value, bool):
            return None
        if isinstance(value, int):
            return int(value)
        if isinstance(value, str):
            return int(text) if _integer(text := value.strip()) else None
        if isinstance(value, float):
            return int(value) if value.is_integer() else None
        if isinstance(value, Decimal) and value.is_finite() and value.adjusted() < 25:
            return int(value) if value == value.to_integral_value() else None
        return None

    def json_schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": SMALLEST, "maximum": LARGEST}

    def parse_source(self, value: str) -> str:
        return f"(type({value}) is int and {SMALLEST} <= {value} <= {LARGEST})"


@attrs.frozen
class DecimalKind(ScalarKind):
    """An exact decimal number with at most *places* digits after the point, for quantities and ratios.

    Attributes:
        places: Digits after the point, 0 to 12. What remains of 18 digits stands before it.
    """

    name: ClassVar[str] = "decimal"
    python_type: ClassVar[type] = Decimal
    parts: ClassVar[tuple[Part, ...]] = (Part(PartType.INTEGER),)
    summable: ClassVar[bool] = True

    places: int = 6

    def __attrs_post_init__(self) -> None:
        check_places(self.places)

    def parse(self, value: Any) -> Decimal:
        exact = take_decimal(value)
        try:
            scaled = to_scaled(exact, self.places)
        except OverflowError:
            raise Problem(
                "decimal.too_large",
                message="is too large; at most {digits} digits fit before the point",
                digits=18 - self.places,
                value=value,
            ) from None
        if scaled is None:
            raise Problem(
                "decimal.too_precise",
                message="has more than {places} digits after the point; round it first",
                places=self.places,
                value=value,
            )
        return exact

    def dump(self, value: Decimal) -> str:
        """Return it as text, since a JSON number would pass through a float in most programs."""
        text = f"{value:f}" if value else "0"  # there is a Decimal("-0")
        return text.rstrip("0").rstrip(".") if "." in text else text

    def to_parts(self, value: Decimal) -> tuple[int]:
        return (int(_scaleb(value, self.places)),)

    def from_parts(self, *parts: Any) -> Decimal:
        return from_scaled(parts[0], self.places)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "decimal"}

    def load_source(self, *parts: str) -> str:
        return f"from_scaled({parts[0]}, {self.places})"

    def dump_source(self, value: str) -> tuple[str, ...]:
        return (f"int(scaleb({value}, {self.places}))",)


@attrs.frozen
class BooleanKind(ScalarKind):
    """Yes or no."""

    name: ClassVar[str] = "boolean"
    python_type: ClassVar[type] = bool
    parts: ClassVar[tuple[Part, ...]] = (Part(PartType.BOOLEAN),)
    operators: ClassVar[frozenset[str]] = EQUALITY

    _words: ClassVar[dict[str, bool]] = {"true": True, "false": False, "1": True, "0": False}

    def parse(self, value: Any) -> bool:
        if isinstance(value, bool):
            return value
        known = self._words.get(str(value).strip().lower()) if isinstance(value, int | str) else None
        if known is None:
            raise Problem("boolean.invalid", message="is neither true nor false; write one of these", value=value)
        return known

    def json_schema(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def parse_source(self, value: str) -> str:
        return f"(type({value}) is bool)"


def check_places(places: int) -> None:
    """Raise `ConfigurationError` unless *places* is a usable number of decimal places."""
    if not 0 <= places <= MAX_PLACES:
        raise ConfigurationError(f"places={places} is out of bounds; choose 0 to {MAX_PLACES}", value=places)
