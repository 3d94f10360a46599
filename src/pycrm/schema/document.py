"""The document: one JSON object per record that holds its custom and extension fields, the same on every database.

One key per part: ``region``, ``trade.incoterm``, ``budget`` and ``budget_currency``. Dates, instants and ids are ISO
text (fixed width, so that text order is time order); absent instead of null.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Protocol
from uuid import UUID

from pycrm.fields.field import Field
from pycrm.fields.kind import PartType

__all__ = [
    "HasDocument",
    "decode_document",
    "decode_part",
    "document_patch",
    "encode_document",
    "encode_part",
    "instant_text",
]


class HasDocument(Protocol):
    """What must be known of an entity to read and write its records' documents."""

    @property
    def name(self) -> str:
        """The entity's name."""

    @property
    def fields(self) -> Mapping[str, Field]:
        """All its fields by path."""

    @property
    def document_fields(self) -> tuple[Field, ...]:
        """Those that are kept in the document."""


def instant_text(value: datetime) -> str:
    """Return ``2026-03-01T08:30:00.000000Z``: UTC, microseconds always written, so that text order is time order."""
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    return value.isoformat("T", "microseconds")[:26] + "Z"


_ENCODE: dict[PartType, Callable[[Any], Any]] = {
    PartType.DATE: date.isoformat,
    PartType.INSTANT: instant_text,
    PartType.ID: str,
    PartType.JSON: list,
}
_DECODE: dict[PartType, Callable[[Any], Any]] = {
    PartType.DATE: date.fromisoformat,
    PartType.INSTANT: datetime.fromisoformat,
    PartType.ID: UUID,
    PartType.JSON: tuple,
}


def encode_part(part_type: PartType, value: Any) -> Any:
    """Return the JSON form of one part; None stays None."""
    encode = _ENCODE.get(part_type)
    return value if encode is None or value is None else encode(value)


def decode_part(part_type: PartType, value: Any) -> Any:
    """Return one part from its JSON form; None stays None."""
    decode = _DECODE.get(part_type)
    return value if decode is None or value is None else decode(value)


def decode_document(entity: HasDocument, raw: str | bytes | Mapping[str, Any] | None) -> dict[str, Any]:
    """Return inside values by field path. Keys of no known field (a parked plugin's) are left out."""
    data = json.loads(raw) if isinstance(raw, (str, bytes)) else raw
    values: dict[str, Any] = {}
    if not data:
        return values
    for field in entity.document_fields:
        first, *others = field.part_names
        if (part := data.get(first)) is not None:
            types = [part_type.type for part_type in field.kind.parts]
            rest = [data.get(name) for name in others]
            values[field.path] = field.kind.from_parts(
                *(decode_part(sort, value) for sort, value in zip(types, [part, *rest], strict=True))
            )
    return values


def document_patch(entity: HasDocument, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what to merge into a stored document for *changes* by path; a key to be removed is None."""
    patch: dict[str, Any] = {}
    for path, value in changes.items():
        field = entity.fields[path]
        if value is None or value == field.kind.empty:
            patch.update(dict.fromkeys(field.part_names))
        else:
            for name, part, stored in zip(field.part_names, field.kind.parts, field.kind.to_parts(value), strict=True):
                patch[name] = encode_part(part.type, stored)
    return patch


def encode_document(entity: HasDocument, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole document for *values* by path, without the absent ones."""
    return {key: value for key, value in document_patch(entity, values).items() if value is not None}
