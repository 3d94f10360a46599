"""A field's parts to and from the driver, as the field's SQL expression wants and gives them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from pycrm.fields.field import Field, Place
from pycrm.fields.kind import PartType
from pycrm.storage.codecs import CODECS, document_decode, document_encode
from pycrm.storage.dialect import Dialect

__all__ = ["DriverPart", "driver_parts"]


@attrs.frozen
class DriverPart:
    """One part of a field at the driver.

    Attributes:
        type: The sort of scalar.
        encode: From the part to what is compared with the field's SQL.
        decode: From what the field's SQL gives to the part; None stays None.
    """

    type: PartType
    encode: Callable[[Any], Any]
    _decode: Callable[[Any], Any]

    def decode(self, value: Any) -> Any:
        """Return the part that the driver's *value* is; None stays None."""
        return None if value is None else self._decode(value)


def driver_parts(field: Field, dialect: Dialect) -> tuple[DriverPart, ...]:
    """Return how the parts of *field* travel."""
    return tuple(_driver_part(field.place, part.type, dialect) for part in field.kind.parts)


def _driver_part(place: Place, part_type: PartType, dialect: Dialect) -> DriverPart:
    if place is not Place.DOCUMENT:
        codec = CODECS[dialect.name]
        return DriverPart(part_type, codec.encode(part_type) or _same, codec.decode(part_type) or _same)
    # SQL reads true out of a document as 1 on SQLite, so it comes back as a number there.
    decode = bool if part_type is PartType.BOOLEAN else document_decode(part_type) or _same
    return DriverPart(part_type, document_encode(part_type) or _same, decode)


def _same(value: Any) -> Any:
    return value
