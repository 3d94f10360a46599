"""The document: one JSON object per record that holds its custom and extension fields, the same on every database.

One key per part: ``region``, ``trade.incoterm``, ``budget`` and ``budget_currency``. Dates, instants and ids are ISO
text (fixed width, so that text order is time order); absent instead of null. JSON that is more than a list of texts is
kept as its text: a database that merges a patch into the document would merge objects inside it too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Protocol, TypeAlias
from uuid import UUID

from pycrm.fields.field import Field
from pycrm.fields.kind import Kind, PartType

__all__ = [
    "HasDocument",
    "decode_document",
    "decode_part",
    "encode_part",
    "instant_text",
    "json_text",
    "make_readers",
]

# `json.dumps` with arguments would build an encoder per call; unescaped, Chinese stays readable and short.
json_text: Callable[[Any], str] = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), check_circular=False
).encode


class HasDocument(Protocol):
    """What must be known of an entity to read and write its records' documents."""

    @property
    def name(self) -> str:
        """The entity's name."""

    @property
    def fields(self) -> Mapping[str, Field]:
        """All its fields by path."""

    @property
    def document_readers(self) -> Mapping[str, tuple[str, ValueReader | None]]:
        """How values are read from the document; see `make_readers`."""


def instant_text(value: datetime) -> str:
    """Return ``2026-03-01T08:30:00.000000Z``: UTC, microseconds always written, so that text order is time order."""
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    return value.isoformat("T", "microseconds")[:26] + "Z"


def _encode_json(value: Any) -> Any:
    """Return a list of texts (tags, choices) as it is, all else as text."""
    if isinstance(value, (list, tuple)) and all(type(each) is str for each in value):
        return list(value)
    return json_text(value)


def _decode_json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


_ENCODE: dict[PartType, Callable[[Any], Any]] = {
    PartType.DATE: date.isoformat,
    PartType.INSTANT: instant_text,
    PartType.ID: str,
    PartType.JSON: _encode_json,
}
_DECODE: dict[PartType, Callable[[Any], Any]] = {
    PartType.DATE: date.fromisoformat,
    PartType.INSTANT: datetime.fromisoformat,
    PartType.ID: UUID,
    PartType.JSON: _decode_json,
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
    if data:
        readers = entity.document_readers
        for key, part in data.items():
            if key in readers and part is not None:
                path, read = readers[key]
                values[path] = part if read is None else read(part, data)
    return values


ValueReader: TypeAlias = Callable[[Any, Mapping[str, Any]], Any]
"""From the first part of a value and the whole document to the inside value."""


def make_readers(fields: Iterable[Field]) -> dict[str, tuple[str, ValueReader | None]]:
    """Return path and reader of each of *fields* by the key of its first part; None where that part is the value."""
    return {field.part_names[0]: (field.path, _reader(field)) for field in fields}


def _reader(field: Field) -> ValueReader | None:
    from_parts = field.kind.from_parts
    first, *others = (
        (name, _DECODE.get(part.type)) for name, part in zip(field.part_names, field.kind.parts, strict=True)
    )
    decode = first[1]
    if not others:
        if field.kind.load_source("part") == "part" or type(field.kind).from_parts is Kind.from_parts:
            return None if decode is None else lambda part, data: decode(part)
        return lambda part, data: from_parts(part if decode is None else decode(part))

    def read(part: Any, data: Mapping[str, Any]) -> Any:
        rest = ((decode, data.get(name)) for name, decode in others)
        return from_parts(
            part if decode is None else decode(part),
            *(value if decode is None or value is None else decode(value) for decode, value in rest),
        )

    return read
