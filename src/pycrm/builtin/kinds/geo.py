"""Places on the earth, stored as two scaled integers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import attrs

from pycrm.builtin.kinds.plugin import plugin
from pycrm.plugin import EQUALITY, GeoPoint, Kind, Part, PartType, Problem

__all__ = ["GeoPointKind"]


@plugin.field_kind
@attrs.frozen
class GeoPointKind(Kind):
    """A point of WGS 84 by latitude and longitude in degrees, rounded to 7 digits after the point."""

    name: ClassVar[str] = "geo_point"
    python_type: ClassVar[type] = GeoPoint
    parts: ClassVar[tuple[Part, ...]] = (Part(PartType.INTEGER), Part(PartType.INTEGER, "_lon"))
    operators: ClassVar[frozenset[str]] = EQUALITY
    sortable: ClassVar[bool] = False
    source_names: ClassVar[Mapping[str, Any]] = MappingProxyType({"geo_point_make": GeoPoint._make})

    def parse(self, value: Any) -> GeoPoint:
        match value:
            case GeoPoint():
                return value
            case {"latitude": latitude, "longitude": longitude, **others} if not others:
                pass
            case {"type": "Point", "coordinates": [longitude, latitude], **others} if not others:
                pass  # GeoJSON, RFC 7946, has them the other way round
            case [latitude, longitude]:
                pass
            case str() if value.count(",") == 1:
                latitude, longitude = value.split(",")
            case _:
                raise self._invalid(value)
        try:
            return GeoPoint(latitude, longitude)
        except (TypeError, ValueError) as error:
            raise self._invalid(value) from error

    @staticmethod
    def _invalid(value: Any) -> Problem:
        return Problem(
            "geo_point.invalid",
            message="is no point on the earth; write latitude, then longitude in degrees, as in '36.0671, 120.3826'",
            value=value,
        )

    def dump(self, value: GeoPoint) -> dict[str, float]:
        """Return numbers: ten digits pass through a float unharmed."""
        return {"latitude": float(value.latitude), "longitude": float(value.longitude)}

    def to_parts(self, value: GeoPoint) -> tuple[int, int]:
        return value.scaled

    def from_parts(self, *parts: Any) -> GeoPoint:
        return GeoPoint._make(*parts)

    def json_schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {
                "latitude": {"type": "number", "minimum": -90, "maximum": 90},
                "longitude": {"type": "number", "minimum": -180, "maximum": 180},
            },
            "required": ["latitude", "longitude"],
            "additionalProperties": False,
        }

    def load_source(self, *parts: str) -> str:
        return f"geo_point_make({', '.join(parts)})"

    def dump_source(self, value: str) -> tuple[str, ...]:
        return f"int(scaleb({value}.latitude, 7))", f"int(scaleb({value}.longitude, 7))"
