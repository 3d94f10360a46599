"""`GeoPoint`: a place on the earth."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from pycrm.values.frozen import Frozen
from pycrm.values.money import EXACT

__all__ = ["GEO_PLACES", "GeoPoint"]

GEO_PLACES = 7
"""Digits after the point of a degree: 1.1 centimetres, finer than any receiver."""

_QUANTUM = Decimal(1).scaleb(-GEO_PLACES)

_new = object.__new__


class GeoPoint(Frozen):
    """A point of WGS 84, the system of satellite navigation; an immutable value.

    Coordinates of GCJ-02, as Chinese maps give them, lie some hundred metres off: convert them first.

    Args:
        latitude: Degrees north of the equator, -90 to 90, rounded half to even to 7 digits after the point.
        longitude: Degrees east of Greenwich, -180 to 180, rounded likewise.
    Raises:
        ValueError: One of them is no number, or out of bounds.
        TypeError: One of them is nothing that could be a number.
    """

    if TYPE_CHECKING:

        @property
        def latitude(self) -> Decimal: ...
        @property
        def longitude(self) -> Decimal: ...

    else:
        __slots__ = ("latitude", "longitude")

    def __init__(self, latitude: Decimal | float | str, longitude: Decimal | float | str) -> None:
        _set_latitude(self, _degrees(latitude, 90, "latitude"))
        _set_longitude(self, _degrees(longitude, 180, "longitude"))

    @staticmethod
    def _make(latitude: int, longitude: int) -> GeoPoint:
        """Return the point of coordinates in units of the last digit; for loaders."""
        made: GeoPoint = _new(GeoPoint)
        _set_latitude(made, EXACT.scaleb(latitude, -GEO_PLACES))
        _set_longitude(made, EXACT.scaleb(longitude, -GEO_PLACES))
        return made

    @property
    def scaled(self) -> tuple[int, int]:
        """Latitude and longitude in units of the last digit."""
        return int(EXACT.scaleb(self.latitude, GEO_PLACES)), int(EXACT.scaleb(self.longitude, GEO_PLACES))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, GeoPoint):
            return NotImplemented
        return self.latitude == other.latitude and self.longitude == other.longitude

    def __hash__(self) -> int:
        return hash((self.latitude, self.longitude))

    def __str__(self) -> str:
        return f"{_shown(self.latitude)}, {_shown(self.longitude)}"

    def __repr__(self) -> str:
        return f"GeoPoint('{_shown(self.latitude)}', '{_shown(self.longitude)}')"

    def __reduce__(self) -> tuple[Any, ...]:
        return GeoPoint, (self.latitude, self.longitude)


_slots: dict[str, Any] = dict(vars(GeoPoint))
_set_latitude = _slots["latitude"].__set__
_set_longitude = _slots["longitude"].__set__


def _degrees(value: object, limit: int, name: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, Decimal | int | float | str):
        raise TypeError(f"{name} {value!r} is no number of degrees")
    try:
        degrees = Decimal(repr(value) if isinstance(value, float) else value)
    except InvalidOperation:
        raise ValueError(f"{name} {value!r} is no number of degrees") from None
    if not degrees.is_finite() or degrees.copy_abs() > limit:  # abs() would round, and overflow
        raise ValueError(f"{name} {value} lies outside -{limit} to {limit} degrees")
    return EXACT.plus(degrees.quantize(_QUANTUM, context=EXACT))  # without the sign of a negative zero


def _shown(degrees: Decimal) -> str:
    return f"{degrees.normalize(EXACT):f}"
