"""The small change row: who changed what of which record when. Merges, conflicts, history and audit read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import attrs
from sqlalchemy import Select, Table, Text, bindparam, cast, select

from pycrm.fields.kind import PartType
from pycrm.storage.bulk import BulkInsert
from pycrm.storage.codecs import CODECS, Codec, binary_json, json_text
from pycrm.storage.dialect import Dialect
from pycrm.storage.per_tables import per_tables
from pycrm.storage.tables import Tables
from pycrm.storage.types import BIGINT, Id
from pycrm.storage.unit import Unit
from pycrm.storage.value_lists import ValueList, driver_sql

__all__ = ["ChangeRow", "read_batch", "read_changes", "read_changes_of", "read_newest_changes", "write_changes"]

MOST_NUMBER = 2**63 - 1

_COLUMNS = {
    "entity": PartType.TEXT,
    "record_id": PartType.ID,
    "version": PartType.INTEGER,
    "kind": PartType.TEXT,
    "changed": PartType.JSON,
    "old": PartType.JSON,
    "facts": PartType.JSON,
    "actor": PartType.TEXT,
    "plugin": PartType.TEXT,
    "at": PartType.INSTANT,
    "batch": PartType.ID,
}


@attrs.define  # not frozen: one is made per written record, and a frozen one takes three times as long
class ChangeRow:
    """One change of one record.

    Attributes:
        entity: The entity's name.
        record_id: The record.
        version: The version that the change made.
        kind: ``"create"``, ``"update"``, ``"delete"``, ``"restore"`` or ``"purge"``.
        actor: Key of the user who made it.
        at: When.
        batch: The call that made it; shared by all records of one batch.
        changed: Paths of the changed fields.
        old: Path to the value before, dumped by its kind; without those that were empty.
        plugin: The plugin whose hook made it, if one did.
        facts: What else is worth knowing, as ``{"move": "confirm"}``.
    """

    entity: str
    record_id: UUID
    version: int
    kind: str
    actor: str
    at: datetime
    batch: UUID
    changed: tuple[str, ...] = ()
    old: Mapping[str, Any] = attrs.field(factory=dict)
    plugin: str | None = None
    facts: Mapping[str, Any] = attrs.field(factory=dict)


def write_changes(unit: Unit, tables: Tables, rows: Sequence[ChangeRow]) -> None:
    """Append *rows*."""
    bulk, codec = _bulk(tables, unit.dialect), CODECS[unit.dialect.name]
    if bulk.copies(len(rows)):
        bulk.copy(unit, [_encoded(rows, codec, binary_json)])
    else:
        bulk.write(unit, _encoded(rows, codec, json_text))


def read_changes(
    unit: Unit, tables: Tables, entity: str, record_id: UUID, *, since_version: int = 0
) -> list[ChangeRow]:
    """Return the changes of one record that made a version greater than *since_version*, oldest first."""
    codec = CODECS[unit.dialect.name]
    params = {"_id": codec.encode_value(PartType.ID, record_id), "_since": since_version, "_entity": entity}
    return _decoded(unit.rows(_read_sql(tables, unit.dialect), params), codec)


def read_newest_changes(
    unit: Unit, tables: Tables, entity: str, record_id: UUID, *, before: int | None, limit: int
) -> list[tuple[int, ChangeRow]]:
    """Return the newest changes of one record, the newest first, each with the number that orders it.

    Args:
        unit: Who reads.
        tables: Where from.
        entity: The entity's name.
        record_id: The record.
        before: Only those with smaller numbers.
        limit: At most so many.
    """
    codec = CODECS[unit.dialect.name]
    params = {
        "_id": codec.encode_value(PartType.ID, record_id),
        "_entity": entity,
        "_before": MOST_NUMBER if before is None else before,
        "_limit": limit,
    }
    rows = unit.rows(_read_newest_sql(tables, unit.dialect), params)
    return list(zip((int(row[-1]) for row in rows), _decoded([row[:-1] for row in rows], codec), strict=True))


def read_batch(unit: Unit, tables: Tables, batch: UUID, *, after: int, last: int) -> list[ChangeRow]:
    """Return the changes of one *batch*, oldest first.

    Args:
        unit: Who reads.
        tables: Where from.
        batch: Which.
        after: Its rows have greater numbers.
        last: None of them has a greater number.
    """
    codec = CODECS[unit.dialect.name]
    params = {"_batch": codec.encode_value(PartType.ID, batch), "_after": after, "_last": last}
    return _decoded(unit.rows(_read_batch_sql(tables, unit.dialect), params), codec)


def read_changes_of(unit: Unit, tables: Tables, entity: str, record_ids: Sequence[UUID]) -> list[ChangeRow]:
    """Return all changes of several records of one entity, those of each oldest first."""
    codec = CODECS[unit.dialect.name]
    return [
        change
        for sql, params in _read_many(tables, unit.dialect).portions(record_ids)
        for change in _decoded(unit.rows(sql, {**params, "_entity": entity}), codec)
    ]


@per_tables
def _bulk(tables: Tables, dialect: Dialect) -> BulkInsert:
    return BulkInsert(dialect, tables.change, list(_COLUMNS.items()))


@per_tables
def _read_sql(tables: Tables, dialect: Dialect) -> str:
    change = tables.change
    statement = (
        _select(change, dialect)
        .where(change.c.record_id == bindparam("_id", type_=Id()))
        .where(change.c.version > bindparam("_since", type_=BIGINT))
        .where(change.c.entity == bindparam("_entity", type_=change.c.entity.type))
        .order_by(change.c.version, change.c.n)
    )
    return driver_sql(statement, dialect)


@per_tables
def _read_newest_sql(tables: Tables, dialect: Dialect) -> str:
    change = tables.change
    statement = (
        _select(change, dialect)
        .add_columns(change.c.n)
        .where(change.c.record_id == bindparam("_id", type_=Id()))
        .where(change.c.entity == bindparam("_entity", type_=change.c.entity.type))
        .where(change.c.n < bindparam("_before", type_=BIGINT))
        .order_by(change.c.version.desc(), change.c.n.desc())
    )
    # By hand: for SQLite SQLAlchemy adds an OFFSET with a parameter of its own.
    return f"{driver_sql(statement, dialect)} LIMIT {dialect.named('_limit')}"


@per_tables
def _read_batch_sql(tables: Tables, dialect: Dialect) -> str:
    change = tables.change
    statement = (
        _select(change, dialect)
        .where(change.c.n > bindparam("_after", type_=BIGINT))
        .where(change.c.n <= bindparam("_last", type_=BIGINT))
        .where(change.c.batch == bindparam("_batch", type_=Id()))
        .order_by(change.c.n)
    )
    return driver_sql(statement, dialect)


@per_tables
def _read_many(tables: Tables, dialect: Dialect) -> ValueList:
    change = tables.change
    statement = (
        _select(change, dialect)
        .where(change.c.entity == bindparam("_entity", type_=change.c.entity.type))
        .order_by(change.c.version, change.c.n)
    )
    return ValueList(dialect, change.c.record_id, statement.where)


def _select(change: Table, dialect: Dialect) -> Select[Any]:
    return select(
        *(
            # psycopg would parse what `_decoded` parses.
            cast(change.c[name], Text())
            if part_type is PartType.JSON and dialect.name == "postgresql"
            else change.c[name]
            for name, part_type in _COLUMNS.items()
        )
    )


def _encoded(rows: Sequence[ChangeRow], codec: Codec, as_json: Callable[[Any], Any]) -> list[tuple[Any, ...]]:
    """Return *rows* as tuples; what all rows of a batch share is encoded once."""
    encode_id = codec.encode(PartType.ID)
    shared: dict[int, Any] = {}
    paths = {changed: as_json(changed) for changed in {row.changed for row in rows} if changed}
    for row in rows:
        if id(row.at) not in shared:
            shared[id(row.at)] = codec.encode_value(PartType.INSTANT, row.at)
        if id(row.batch) not in shared:
            shared[id(row.batch)] = codec.encode_value(PartType.ID, row.batch)
    return [
        (
            row.entity,
            row.record_id if encode_id is None else encode_id(row.record_id),
            row.version,
            row.kind,
            paths.get(row.changed),
            as_json(row.old) if row.old else None,
            as_json(row.facts) if row.facts else None,
            row.actor,
            row.plugin,
            shared[id(row.at)],
            shared[id(row.batch)],
        )
        for row in rows
    ]


def _decoded(rows: Sequence[tuple[Any, ...]], codec: Codec) -> list[ChangeRow]:
    """Return the change rows of *rows*; what many of them share is decoded once."""
    as_id, as_instant, as_json = (
        codec.decode(part_type) or _as_it_is for part_type in (PartType.ID, PartType.INSTANT, PartType.JSON)
    )
    instants = {value: as_instant(value) for value in {row[9] for row in rows}}
    batches = {value: as_id(value) for value in {row[10] for row in rows}}
    return [
        ChangeRow(
            entity,
            as_id(record_id),
            version,
            kind,
            actor,
            instants[at],
            batches[batch],
            tuple(as_json(changed) or ()) if changed else (),
            (as_json(old) or {}) if old else {},
            plugin,
            (as_json(facts) or {}) if facts else {},
        )
        for entity, record_id, version, kind, changed, old, facts, actor, plugin, at, batch in rows
    ]


def _as_it_is(value: Any) -> Any:
    return value
