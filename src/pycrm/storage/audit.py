"""Audit rows: what was refused, what somebody was let do or see beyond his rights, and what was taken away.

Changes have rows of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import attrs
from sqlalchemy import Text, bindparam, cast, select

from pycrm.fields.kind import PartType
from pycrm.storage.bulk import BulkInsert
from pycrm.storage.codecs import CODECS, json_text
from pycrm.storage.dialect import Dialect
from pycrm.storage.per_tables import per_tables
from pycrm.storage.tables import Tables
from pycrm.storage.types import Id
from pycrm.storage.unit import Unit
from pycrm.storage.value_lists import driver_sql
from pycrm.values.ids import new_id

__all__ = ["KINDS", "AuditEntry", "place_of_entry", "read_audit", "write_audit"]

KINDS = (
    "denied",
    "elevated",
    "unmasked",
    "handed_over",
    "exported",
    "imported",
    "import_undone",
    "archived",
    "unarchived",
)

_COLUMNS = {
    "kind": PartType.TEXT,
    "actor": PartType.TEXT,
    "at": PartType.INSTANT,
    "origin": PartType.TEXT,
    "plugin": PartType.TEXT,
    "entity": PartType.TEXT,
    "record_id": PartType.ID,
    "action": PartType.TEXT,
    "fields": PartType.JSON,
    "reason": PartType.TEXT,
    "facts": PartType.JSON,
    "id": PartType.ID,
}


@attrs.frozen
class AuditEntry:
    """Something that left a trace without being a change.

    Attributes:
        kind: One of `KINDS`, such as ``"denied"``.
        actor: Key of the user; empty for nobody known.
        at: When.
        origin: The way in that the principal names: ``"web"``.
        plugin: The plugin whose code it was, if it was one's.
        entity: The entity's name, where it was about one.
        record_id: The record, where it was about one.
        action: What was to be done: ``"read"``.
        fields: Paths of the fields that it was about; empty where it was not about single fields.
        reason: Why, in the words of who did it.
        facts: What else is worth knowing, as JSON-able data.
        id: Names the entry.
    """

    kind: str
    actor: str
    at: datetime
    origin: str = ""
    plugin: str | None = None
    entity: str | None = None
    record_id: UUID | None = None
    action: str | None = None
    fields: tuple[str, ...] = ()
    reason: str | None = None
    facts: Mapping[str, Any] = attrs.field(factory=dict)
    id: UUID = attrs.field(factory=new_id)


def write_audit(unit: Unit, tables: Tables, entries: Sequence[AuditEntry]) -> None:
    """Append *entries*."""
    codec = CODECS[unit.dialect.name]
    _bulk(tables, unit.dialect).write(
        unit,
        [
            tuple(
                (json_text(value) if value else None)
                if part_type is PartType.JSON
                else codec.encode_value(part_type, value)
                for part_type, value in ((part_type, getattr(entry, name)) for name, part_type in _COLUMNS.items())
            )
            for entry in entries
        ],
    )


def place_of_entry(unit: Unit, tables: Tables, id: UUID) -> int | None:
    """Return the number of the entry with this *id*, which only orders; None where there is none."""
    params = {"_id": CODECS[unit.dialect.name].encode_value(PartType.ID, id)}
    rows = unit.rows(_place_sql(tables, unit.dialect), params)
    return int(rows[0][0]) if rows else None


def read_audit(
    unit: Unit,
    tables: Tables,
    *,
    equal: Mapping[str, Any],
    entities: Sequence[str] | None = None,
    since: datetime | None = None,
    before: int | None = None,
    limit: int,
) -> list[tuple[int, AuditEntry]]:
    """Return the newest entries that meet all conditions, each with its number.

    Args:
        unit: Who reads.
        tables: Where from.
        equal: Column to value: ``kind``, ``actor``, ``entity`` or ``record_id``.
        entities: Only entries about these.
        since: None that are older.
        before: Only those with smaller numbers.
        limit: At most so many.
    """
    audit, dialect = tables.audit, unit.dialect
    codec = CODECS[dialect.name]
    statement = select(audit.c.n, *_columns(tables, dialect))
    params: dict[str, Any] = {"_limit": limit}
    for name, value in equal.items():
        statement = statement.where(audit.c[name] == bindparam(f"_{name}", type_=audit.c[name].type))
        params[f"_{name}"] = codec.encode_value(_COLUMNS[name], value)
    if entities is not None:
        names = [f"_entity{number}" for number in range(len(entities))]
        statement = statement.where(audit.c.entity.in_([bindparam(name, type_=audit.c.entity.type) for name in names]))
        params |= dict(zip(names, entities, strict=True))
    if since is not None:
        statement = statement.where(audit.c.at >= bindparam("_since", type_=audit.c.at.type))
        params["_since"] = codec.encode_value(PartType.INSTANT, since)
    if before is not None:
        statement = statement.where(audit.c.n < bindparam("_before", type_=audit.c.n.type))
        params["_before"] = before
    # By hand: for SQLite SQLAlchemy adds an OFFSET with a parameter of its own.
    sql = f"{driver_sql(statement.order_by(audit.c.n.desc()), dialect)} LIMIT {dialect.named('_limit')}"
    return [(int(row[0]), _decoded(row[1:], dialect)) for row in unit.rows(sql, params)]


def _columns(tables: Tables, dialect: Dialect) -> list[Any]:
    # psycopg would parse what `_decoded` parses.
    return [
        cast(tables.audit.c[name], Text())
        if part_type is PartType.JSON and dialect.name == "postgresql"
        else tables.audit.c[name]
        for name, part_type in _COLUMNS.items()
    ]


def _decoded(row: tuple[Any, ...], dialect: Dialect) -> AuditEntry:
    codec = CODECS[dialect.name]
    values: dict[str, Any] = {}
    for (name, part_type), value in zip(_COLUMNS.items(), row, strict=True):
        decode = codec.decode(part_type)
        values[name] = value if decode is None or value is None else decode(value)
    return AuditEntry(**values | {"fields": tuple(values["fields"] or ()), "facts": values["facts"] or {}})


@per_tables
def _bulk(tables: Tables, dialect: Dialect) -> BulkInsert:
    return BulkInsert(dialect, tables.audit, list(_COLUMNS.items()))


@per_tables
def _place_sql(tables: Tables, dialect: Dialect) -> str:
    audit = tables.audit
    return driver_sql(select(audit.c.n).where(audit.c.id == bindparam("_id", type_=Id())), dialect)
