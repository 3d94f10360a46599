"""Accounts as somebody reads them who writes SQLAlchemy Core, its ORM or Django by hand, from pycrm's own table.

All take the same columns, and make of a value what Python has for it: a UUID, a date, an aware instant, the content of
JSON. Money stays an integer and a currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import attrs
import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.dialects.postgresql import JSONB

from pycrm import CRM
from pycrm.fields.kind import PartType
from pycrm.storage.tables import build_tables


class _SqliteId(sa.types.TypeDecorator[UUID]):
    impl = sa.LargeBinary
    cache_ok = True

    def process_bind_param(self, value: UUID | None, dialect: Any) -> bytes | None:
        return value.bytes if value else None

    def process_result_value(self, value: bytes | None, dialect: Any) -> UUID | None:
        return UUID(bytes=value) if value else None


class _SqliteInstant(sa.types.TypeDecorator[datetime]):
    impl = sa.Text
    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Any) -> datetime | None:
        return datetime.fromisoformat(value) if value else None


_TYPES: dict[str, dict[PartType, Any]] = {
    "sqlite": {
        PartType.ID: _SqliteId(),
        PartType.INSTANT: _SqliteInstant(),
        PartType.DATE: sa.Date(),
        PartType.JSON: sa.JSON(),
    },
    "postgresql": {
        PartType.ID: sa.Uuid(),
        PartType.INSTANT: sa.DateTime(timezone=True),
        PartType.DATE: sa.Date(),
        PartType.JSON: JSONB(),
    },
}


class PlainEntity:
    """One entity of *crm* without pycrm.

    Attributes:
        table: Its table, in SQLAlchemy's own types.
        record: An attrs class with the columns as attributes, in their order.
        mapped: A class that the ORM fills.
    """

    def __init__(self, crm: CRM, name: str, dialect: str, metadata: sa.MetaData) -> None:
        stored, entity = build_tables(crm.schema).table(name), crm.schema.entity(name)
        types = {
            part_name: part.type
            for field in entity.column_fields
            for part_name, part in zip(field.part_names, field.kind.parts, strict=True)
        } | {"doc": PartType.JSON}
        columns = [
            sa.Column(column.name, _type(types[column.name], dialect), primary_key=column.name == "id")
            for column in stored.columns
        ]
        self.table = sa.Table(stored.name, metadata, *columns)
        self.record = attrs.make_class(f"Plain{name.title()}", [column.name for column in columns], slots=True)
        self.mapped: Any = type(f"Mapped{name.title()}", (), {})
        orm.registry().map_imperatively(self.mapped, self.table)

    def fill(self, rows: Sequence[Any]) -> list[Any]:
        """Return *rows* of all columns as objects."""
        make = self.record
        return [make(*row) for row in rows]


def _type(part: PartType, dialect: str) -> Any:
    return _TYPES[dialect].get(part) or {PartType.INTEGER: sa.BigInteger(), PartType.BOOLEAN: sa.Boolean()}.get(
        part, sa.Text()
    )


_DJANGO = {"sqlite": "django.db.backends.sqlite3", "postgresql": "django.db.backends.postgresql"}


def django_objects(plain: PlainEntity, url: str) -> Any:
    """Return the manager of a Django model of *plain*'s table in the database *url*."""
    import django
    from django.conf import settings
    from django.db import connections, models

    parsed = sa.make_url(url)
    dialect = parsed.get_backend_name()
    place: dict[str, Any] = {"ENGINE": _DJANGO[dialect], "NAME": parsed.database, "CONN_MAX_AGE": None}
    if dialect == "postgresql":
        host = parsed.query.get("host", parsed.host)
        place |= {"USER": parsed.username, "PASSWORD": parsed.password or "", "HOST": host, "PORT": parsed.port or ""}
    if not settings.configured:
        settings.configure(DATABASES={"default": {}}, USE_TZ=True)
        django.setup()
    connections.databases[url] = connections.configure_settings({"default": place})["default"]

    def column(plain_column: sa.Column[Any]) -> Any:
        match plain_column.type:
            case sa.Uuid():
                made: Any = models.UUIDField
            case _SqliteId():
                made = models.BinaryField
            case sa.DateTime() | _SqliteInstant():
                made = models.DateTimeField
            case sa.Date():
                made = models.DateField
            case sa.JSON():
                made = models.JSONField
            case sa.BigInteger():
                made = models.BigIntegerField
            case _:
                made = models.TextField
        return made(null=True, primary_key=plain_column.name == "id", db_column=plain_column.name)

    meta = type("Meta", (), {"managed": False, "db_table": plain.table.name, "app_label": "plain"})
    columns = {column_.name: column(column_) for column_ in plain.table.columns}
    model: Any = type(f"Django{dialect}", (models.Model,), {**columns, "Meta": meta, "__module__": __name__})
    return model.objects.using(url)
