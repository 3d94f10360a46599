"""How parts travel to and from each database driver, as functions and as source text for generated code.

=========  ==========================================  =======================
part       SQLite                                      PostgreSQL (psycopg)
=========  ==========================================  =======================
TEXT       text                                        text
INTEGER    integer                                     bigint
BOOLEAN    0 or 1                                      boolean
DATE       ``2026-03-01``                              date
INSTANT    ``2026-03-01T08:30:00.000000Z``             timestamptz
ID         16 bytes                                    uuid
JSON       compact JSON text                           jsonb, written and read as text
=========  ==========================================  =======================

All forms of one database compare and sort as their values do. Inside a document both databases use the JSON form of
`pycrm.schema.document`. None is never given to a codec: an absent part is NULL, or an absent key.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import partial
from types import MappingProxyType
from typing import Any
from uuid import UUID

import attrs

from pycrm.fields.kind import PartType
from pycrm.schema.document import decode_part, encode_part, instant_text, json_text
from pycrm.values.ids import id_from_bytes

__all__ = ["CODECS", "CODEC_NAMES", "Codec", "document_decode", "document_encode", "json_text"]

_DOCUMENT_FORMS = frozenset({PartType.DATE, PartType.INSTANT, PartType.ID, PartType.JSON})


def utc_instant(value: datetime) -> datetime:
    """Return *value* in UTC; psycopg answers in the time zone of the session."""
    return value if value.tzinfo is UTC else value.astimezone(UTC)


def binary_json(value: Any) -> bytes:
    """Return *value* as PostgreSQL's binary jsonb: one version byte, then the text."""
    return b"\x01" + json_text(value).encode()


CODEC_NAMES: Mapping[str, Any] = MappingProxyType(
    {
        "binary_json": binary_json,
        "date_from": date.fromisoformat,
        "id_from_bytes": id_from_bytes,
        "instant_from": datetime.fromisoformat,
        "instant_text": instant_text,
        "json_from": json.loads,
        "json_text": json_text,
        "utc_instant": utc_instant,
    }
)
"""The names that `Codec.encode_source`, `Codec.decode_source` and `Codec.copy_source` use."""


@attrs.frozen
class Codec:
    """The forms of one driver. A part type that a mapping lacks travels as it is.

    Attributes:
        dialect_name: ``"sqlite"`` or ``"postgresql"``.
    """

    dialect_name: str
    _encode: Mapping[PartType, Callable[[Any], Any]]
    _decode: Mapping[PartType, Callable[[Any], Any]]
    _encode_source: Mapping[PartType, str]
    _decode_source: Mapping[PartType, str]

    def encode(self, part_type: PartType) -> Callable[[Any], Any] | None:
        """Return the function from part to driver value, or None where they are the same."""
        return self._encode.get(part_type)

    def decode(self, part_type: PartType) -> Callable[[Any], Any] | None:
        """Return the function from driver value to part, or None where they are the same."""
        return self._decode.get(part_type)

    def encode_value(self, part_type: PartType, value: Any) -> Any:
        """Return the driver value of one part; None stays None."""
        encode = self._encode.get(part_type)
        return value if encode is None or value is None else encode(value)

    def encode_source(self, part_type: PartType, var: str) -> str:
        """Return an expression over `CODEC_NAMES` for the driver value of the variable *var*."""
        return self._encode_source.get(part_type, "{}").format(var)

    def decode_source(self, part_type: PartType, var: str) -> str:
        """Return an expression over `CODEC_NAMES` for the part that the driver value *var* is."""
        return self._decode_source.get(part_type, "{}").format(var)

    def copy_source(self, part_type: PartType, var: str) -> str:
        """Return an expression for *var* as binary COPY takes it, where only JSON differs from `encode_source`."""
        return f"binary_json({var})" if part_type is PartType.JSON else self.encode_source(part_type, var)


def _id_bytes(value: UUID) -> bytes:
    return value.int.to_bytes(16, "big")


CODECS: Mapping[str, Codec] = MappingProxyType(
    {
        "sqlite": Codec(
            dialect_name="sqlite",
            encode={
                PartType.ID: _id_bytes,
                PartType.INSTANT: instant_text,
                PartType.DATE: date.isoformat,
                PartType.BOOLEAN: int,
                PartType.JSON: json_text,
            },
            decode={
                PartType.ID: id_from_bytes,
                PartType.INSTANT: datetime.fromisoformat,
                PartType.DATE: date.fromisoformat,
                PartType.BOOLEAN: bool,
                PartType.JSON: json.loads,
            },
            # `UUID.bytes` is a property written in Python; the expression skips its call.
            encode_source={
                PartType.ID: '{}.int.to_bytes(16, "big")',
                PartType.INSTANT: "instant_text({})",
                PartType.DATE: "{}.isoformat()",
                PartType.JSON: "json_text({})",
            },
            decode_source={
                PartType.ID: "id_from_bytes({})",
                PartType.INSTANT: "instant_from({})",
                PartType.DATE: "date_from({})",
                PartType.BOOLEAN: "({} != 0)",
                PartType.JSON: "json_from({})",
            },
        ),
        "postgresql": Codec(
            dialect_name="postgresql",
            encode={PartType.JSON: json_text},
            decode={PartType.INSTANT: utc_instant, PartType.JSON: json.loads},
            encode_source={PartType.JSON: "json_text({})"},
            decode_source={PartType.INSTANT: "utc_instant({})", PartType.JSON: "json_from({})"},
        ),
    }
)
"""By dialect name."""


def document_encode(part_type: PartType) -> Callable[[Any], Any] | None:
    """Return the function from part to its form inside a document, or None where they are the same."""
    return partial(encode_part, part_type) if part_type in _DOCUMENT_FORMS else None


def document_decode(part_type: PartType) -> Callable[[Any], Any] | None:
    """Return the function from the form inside a document to the part, or None where they are the same."""
    return partial(decode_part, part_type) if part_type in _DOCUMENT_FORMS else None
