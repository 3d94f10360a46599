"""What is kept of a run of an import: its batches, each written in the transaction that applied it, and the rows that
came to nothing, so that they can be given back.

The values before stand in the change rows already; a batch says between which numbers its own lie.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import attrs
from sqlalchemy import Text, bindparam, cast, select, update

from pycrm.fields.kind import PartType
from pycrm.storage.bulk import BulkInsert
from pycrm.storage.codecs import CODECS, json_text
from pycrm.storage.dialect import Dialect
from pycrm.storage.per_tables import per_tables
from pycrm.storage.tables import Tables
from pycrm.storage.types import BIGINT, Id, Instant
from pycrm.storage.unit import Unit
from pycrm.storage.value_lists import driver_sql

__all__ = [
    "ImportBatch",
    "ImportedRow",
    "mark_undone",
    "read_import_batches",
    "read_imported_rows",
    "write_import_batch",
    "write_imported_rows",
]

_PORTION = 1_000

_BATCH = {
    "run": PartType.ID,
    "number": PartType.INTEGER,
    "last_line": PartType.INTEGER,
    "after_change": PartType.INTEGER,
    "last_change": PartType.INTEGER,
    "told": PartType.JSON,
}
_ROW = {
    "run": PartType.ID,
    "line": PartType.INTEGER,
    "outcome": PartType.TEXT,
    "entity": PartType.TEXT,
    "record_id": PartType.ID,
    "cells": PartType.JSON,
    "problems": PartType.JSON,
}


@attrs.frozen
class ImportBatch:
    """One batch of a run that has been applied.

    Attributes:
        run: Id of the `ImportRun`.
        number: From 1.
        last_line: Where its last row begins; the next batch begins behind it.
        after_change: Its change rows have greater numbers; those of others may lie between.
        last_change: None of them has a greater number than this.
        told: Counts, totals and digests, as JSON-able data.
        undone_at: When it was taken back, if it was.
    """

    run: UUID
    number: int
    last_line: int
    after_change: int
    last_change: int
    told: Mapping[str, Any]
    undone_at: datetime | None = None


@attrs.frozen
class ImportedRow:
    """A row that was refused, or that left everything as it was.

    Attributes:
        line: Where it begins in its source.
        outcome: ``"refused"`` or ``"skipped"``.
        entity: Of the record that it hit, if there is one.
        record_id: That record.
        cells: As JSON-able data in the database; of rows that an import hands out, as they were read.
        problems: What was wrong, as `Problem.to_data` tells it.
    """

    line: int
    outcome: str
    entity: str | None
    record_id: UUID | None
    cells: Sequence[Any]
    problems: Sequence[Mapping[str, Any]]


def write_import_batch(unit: Unit, tables: Tables, batch: ImportBatch) -> None:
    """Note a batch.

    Raises:
        UniqueViolation: Somebody else applied the batch of this number.
    """
    values = (getattr(batch, name) for name in _BATCH)
    _batches(tables, unit.dialect).write(unit, [_encoded(_BATCH, values, unit.dialect)])


def read_import_batches(unit: Unit, tables: Tables, run: UUID) -> list[ImportBatch]:
    """Return the batches of *run* in their order."""
    codec = CODECS[unit.dialect.name]
    rows = unit.rows(_read_batches_sql(tables, unit.dialect), {"_run": codec.encode_value(PartType.ID, run)})
    return [ImportBatch(*_decoded({**_BATCH, "undone_at": PartType.INSTANT}, row, unit.dialect)) for row in rows]


def mark_undone(unit: Unit, tables: Tables, batch: ImportBatch, at: datetime, told: Mapping[str, Any]) -> None:
    """Note that *batch* was taken back, and *told* beside what it has told before."""
    codec = CODECS[unit.dialect.name]
    params = {
        "_run": codec.encode_value(PartType.ID, batch.run),
        "_number": batch.number,
        "_at": codec.encode_value(PartType.INSTANT, at),
        "_told": json_text({**batch.told, **told}),
    }
    unit.execute(_mark_sql(tables, unit.dialect), params)


def write_imported_rows(unit: Unit, tables: Tables, run: UUID, rows: Sequence[ImportedRow]) -> None:
    """Keep *rows* of *run*."""
    encoded = [
        _encoded(_ROW, (run, *(getattr(row, name) for name in _ROW if name != "run")), unit.dialect) for row in rows
    ]
    _rows(tables, unit.dialect).write(unit, encoded)


def read_imported_rows(unit: Unit, tables: Tables, run: UUID) -> Iterator[ImportedRow]:
    """Yield the rows kept of *run* in the order of their lines, a portion at a time."""
    codec, line = CODECS[unit.dialect.name], -1
    while True:
        params = {"_run": codec.encode_value(PartType.ID, run), "_line": line, "_limit": _PORTION}
        rows = unit.rows(_read_rows_sql(tables, unit.dialect), params)
        for row in rows:
            yield ImportedRow(*_decoded({name: _ROW[name] for name in _ROW if name != "run"}, row, unit.dialect))
        if len(rows) < _PORTION:
            return
        line = int(rows[-1][0])


def _encoded(columns: Mapping[str, PartType], values: Any, dialect: Dialect) -> tuple[Any, ...]:
    codec = CODECS[dialect.name]
    return tuple(
        json_text(value) if part_type is PartType.JSON else codec.encode_value(part_type, value)
        for part_type, value in zip(columns.values(), values, strict=True)
    )


def _decoded(columns: Mapping[str, PartType], row: Sequence[Any], dialect: Dialect) -> list[Any]:
    codec = CODECS[dialect.name]
    values: list[Any] = []
    for part_type, value in zip(columns.values(), row, strict=True):
        decode = codec.decode(part_type)
        if part_type is PartType.JSON:
            values.append(json.loads(value))
        else:
            values.append(value if decode is None or value is None else decode(value))
    return values


@per_tables
def _batches(tables: Tables, dialect: Dialect) -> BulkInsert:
    return BulkInsert(dialect, tables.import_batch, list(_BATCH.items()))


@per_tables
def _rows(tables: Tables, dialect: Dialect) -> BulkInsert:
    return BulkInsert(dialect, tables.import_row, list(_ROW.items()))


@per_tables
def _read_batches_sql(tables: Tables, dialect: Dialect) -> str:
    table = tables.import_batch
    columns = [cast(table.c[name], Text()) if name == "told" else table.c[name] for name in (*_BATCH, "undone_at")]
    statement = select(*columns).where(table.c.run == bindparam("_run", type_=Id())).order_by(table.c.number)
    return driver_sql(statement, dialect)


@per_tables
def _read_rows_sql(tables: Tables, dialect: Dialect) -> str:
    table = tables.import_row
    columns = [
        cast(table.c[name], Text()) if _ROW[name] is PartType.JSON else table.c[name] for name in _ROW if name != "run"
    ]
    statement = (
        select(*columns)
        .where(table.c.run == bindparam("_run", type_=Id()))
        .where(table.c.line > bindparam("_line", type_=BIGINT))
        .order_by(table.c.line)
    )
    # By hand: for SQLite SQLAlchemy adds an OFFSET with a parameter of its own.
    return f"{driver_sql(statement, dialect)} LIMIT {dialect.named('_limit')}"


@per_tables
def _mark_sql(tables: Tables, dialect: Dialect) -> str:
    table = tables.import_batch
    statement = (
        update(table)
        .where(table.c.run == bindparam("_run", type_=Id()))
        .where(table.c.number == bindparam("_number", type_=BIGINT))
        .values(undone_at=bindparam("_at", type_=Instant()), told=bindparam("_told", type_=table.c.told.type))
    )
    return driver_sql(statement, dialect)
