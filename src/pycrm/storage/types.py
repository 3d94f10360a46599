"""The column types of our tables, usable by a host that maps the tables itself: they take and give Python values.

Our own statements never run these conversions; they hand driver values over (see `pycrm.storage.codecs`). What the
types decide for them is the DDL and, on PostgreSQL, the cast of a parameter.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import TIMESTAMP, BigInteger, Boolean, Date, Dialect, Integer, LargeBinary, Text
from sqlalchemy import UUID as PostgresUuid
from sqlalchemy.types import TypeDecorator, TypeEngine

from pycrm.fields.kind import PartType
from pycrm.storage.codecs import CODECS, json_text

__all__ = ["BIGINT", "COUNTER", "PART_TYPES", "TEXT", "Day", "Document", "Id", "Instant", "Json"]

TEXT: TypeEngine[str] = Text().with_variant(Text(collation="C"), "postgresql")
"""Text compared by code point on both databases."""

BIGINT: TypeEngine[int] = BigInteger()

COUNTER: TypeEngine[int] = BigInteger().with_variant(Integer(), "sqlite")
"""The key of an append-only table: SQLite counts by itself only in a column declared INTEGER."""


class _Part(TypeDecorator[Any]):
    """One part type: PostgreSQL's own type there, what the SQLite codec writes elsewhere.

    Of SQLAlchemy's types for PostgreSQL only those are named that need not load its dialect.
    """

    part_type: ClassVar[PartType]
    postgresql: ClassVar[TypeEngine[Any]]

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type that the columns of this database have."""
        return dialect.type_descriptor(self.postgresql if dialect.name == "postgresql" else self.impl_instance)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Return the driver's form of *value*."""
        return value if dialect.name == "postgresql" else CODECS["sqlite"].encode_value(self.part_type, value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Return the Python value of what the driver gave."""
        decode = CODECS[dialect.name].decode(self.part_type)
        return value if decode is None or value is None else decode(value)


class Id(_Part):
    """A `UUID`: uuid on PostgreSQL, 16 bytes on SQLite."""

    cache_ok = True  # SQLAlchemy asks each class itself
    impl = LargeBinary(16)
    part_type = PartType.ID
    postgresql = PostgresUuid(as_uuid=True)

    @property
    def python_type(self) -> type[UUID]:
        """UUID."""
        return UUID


class Instant(_Part):
    """An aware `datetime`, UTC: timestamptz on PostgreSQL, fixed-width text on SQLite."""

    cache_ok = True
    impl = Text()
    part_type = PartType.INSTANT
    postgresql = TIMESTAMP(timezone=True)

    @property
    def python_type(self) -> type[datetime]:
        """An aware datetime."""
        return datetime


class Day(_Part):
    """A `date`. SQLAlchemy's own is declared DATE on SQLite, whose affinity is numeric."""

    cache_ok = True
    impl = Text()
    part_type = PartType.DATE
    postgresql = Date()

    @property
    def python_type(self) -> type[date]:
        """A calendar date."""
        return date


class _Json(_Part):
    """JSON: jsonb on PostgreSQL, compact text on SQLite."""

    impl = Text()
    part_type = PartType.JSON

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return jsonb, which only PostgreSQL's dialect knows, or text."""
        if dialect.name == "postgresql":
            types: Any = dialect
            return dialect.type_descriptor(types.ischema_names["jsonb"]())
        return dialect.type_descriptor(self.impl_instance)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Return text for SQLite; PostgreSQL's own type serialises."""
        return value if value is None or dialect.name == "postgresql" else json_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Return the value that the text says."""
        return json.loads(value) if isinstance(value, str) else value


class Json(_Json):
    """Whatever JSON holds: a list of texts such as tags, or the value of a structured kind."""

    cache_ok = True

    @property
    def python_type(self) -> type[object]:
        """Whatever JSON holds."""
        return object


class Document(_Json):
    """The custom and extension fields of one record, or other JSON data."""

    cache_ok = True

    @property
    def python_type(self) -> type[dict[str, Any]]:
        """A mapping."""
        return dict


PART_TYPES: Mapping[PartType, Callable[[], TypeEngine[Any]]] = {
    PartType.TEXT: lambda: TEXT,
    PartType.INTEGER: lambda: BIGINT,
    PartType.BOOLEAN: Boolean,
    PartType.DATE: Day,
    PartType.INSTANT: Instant,
    PartType.ID: Id,
    PartType.JSON: Json,
}
"""What makes the column type of a part."""
