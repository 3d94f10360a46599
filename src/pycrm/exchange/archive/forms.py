"""Values as an archive has them: as JSON says them, the same whichever database they come from or go to."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from json.encoder import encode_basestring
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Column, Integer, Table, Text

from pycrm.errors import ConfigurationError
from pycrm.fields.kind import PartType
from pycrm.schema.document import instant_text, json_text
from pycrm.storage.codecs import CODECS
from pycrm.storage.dialect import SQLITE, Dialect
from pycrm.storage.types import Day, Document, Id, Instant, Json
from pycrm.values.ids import id_from_bytes

__all__ = ["columns_of", "driver_form", "text_form"]

_TYPES: tuple[tuple[type[Any], PartType], ...] = (
    (Id, PartType.ID),
    (Instant, PartType.INSTANT),
    (Day, PartType.DATE),
    (Document, PartType.JSON),
    (Json, PartType.JSON),
    (Boolean, PartType.BOOLEAN),
    (Integer, PartType.INTEGER),
    (Text, PartType.TEXT),
)


def columns_of(table: Table) -> tuple[tuple[str, PartType], ...]:
    """Return name and sort of each column of *table*."""
    return tuple((column.name, _part_type(table, column)) for column in table.columns)


def _part_type(table: Table, column: Column[Any]) -> PartType:
    for base, part_type in _TYPES:
        if isinstance(column.type, base):
            return part_type
    raise ConfigurationError(f"{table.name}.{column.name} is {column.type!r}, which archives have no form for")


def text_form(part_type: PartType, dialect: Dialect) -> Callable[[Any], str]:
    """Return the function from a driver's value, which is there, to JSON."""
    if part_type is PartType.JSON:
        return str  # read as text, which it is on both
    if part_type in (PartType.TEXT, PartType.INTEGER):
        return encode_basestring if part_type is PartType.TEXT else str
    if part_type is PartType.BOOLEAN:
        return lambda value: "true" if value else "false"
    if part_type is PartType.ID:
        return _id_of_bytes if dialect is SQLITE else _quoted
    if dialect is SQLITE:
        return _quoted
    return _quoted_instant if part_type is PartType.INSTANT else _quoted


def driver_form(part_type: PartType, dialect: Dialect) -> Callable[[Any], Any]:
    """Return the function from what JSON said, which is there, to what the driver takes in bulk.

    It raises `ValueError` or `TypeError` for what is no such value.
    """
    encode = CODECS[dialect.name].encode(part_type)
    if part_type is PartType.JSON:
        return json_text if dialect is SQLITE else _binary_json
    if part_type is PartType.ID:
        return (lambda value: UUID(value).bytes) if dialect is SQLITE else UUID
    if part_type is PartType.INSTANT:
        return (lambda value: instant_text(_instant(value))) if dialect is SQLITE else _instant
    if part_type is PartType.DATE:
        return (lambda value: date.fromisoformat(value).isoformat()) if dialect is SQLITE else date.fromisoformat
    return _checked(part_type, encode)


def _checked(part_type: PartType, encode: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    wanted = {PartType.TEXT: str, PartType.INTEGER: int, PartType.BOOLEAN: bool}[part_type]

    def take(value: Any) -> Any:
        if type(value) is not wanted:
            raise TypeError(f"{value!r} is no {wanted.__name__}")
        return value if encode is None else encode(value)

    return take


def _quoted(value: Any) -> str:
    return f'"{value}"'


def _id_of_bytes(value: bytes) -> str:
    return f'"{id_from_bytes(value)}"'


def _quoted_instant(value: datetime) -> str:
    return f'"{instant_text(value)}"'


def _instant(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(value)
    return moment


def _binary_json(value: Any) -> bytes:
    return b"\x01" + json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
