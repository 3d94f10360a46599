"""Calls that wrote all records of a filter: what is noted of each, so that it can be undone later.

The values before stand in the change rows already, so one row says where to find them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import attrs
from sqlalchemy import bindparam, func, select

from pycrm.fields.kind import PartType
from pycrm.storage.bulk import BulkInsert
from pycrm.storage.codecs import CODECS
from pycrm.storage.dialect import Dialect
from pycrm.storage.per_tables import per_tables
from pycrm.storage.tables import Tables
from pycrm.storage.types import Id
from pycrm.storage.unit import Unit
from pycrm.storage.value_lists import driver_sql

__all__ = ["BulkCall", "newest_change", "read_bulk_call", "write_bulk_call"]

_COLUMNS = {
    "id": PartType.ID,
    "entity": PartType.TEXT,
    "kind": PartType.TEXT,
    "actor": PartType.TEXT,
    "at": PartType.INSTANT,
    "after_change": PartType.INTEGER,
    "last_change": PartType.INTEGER,
}


@attrs.frozen
class BulkCall:
    """One such call.

    Attributes:
        id: The handle; the ``batch`` of the call's change rows.
        entity: What was written.
        kind: ``"update"`` or ``"delete"``.
        actor: Key of the user who called.
        at: When.
        after_change: The call's change rows have greater numbers; those of others may lie between.
        last_change: None of them has a greater number than this.
    """

    id: UUID
    entity: str
    kind: str
    actor: str
    at: datetime
    after_change: int
    last_change: int


def newest_change(unit: Unit, tables: Tables) -> int:
    """Return the greatest number of a change row that the unit sees; 0 where there is none."""
    return int(unit.rows(_newest_sql(tables, unit.dialect), {})[0][0] or 0)


def write_bulk_call(unit: Unit, tables: Tables, call: BulkCall) -> None:
    """Note *call*."""
    codec = CODECS[unit.dialect.name]
    row = tuple(codec.encode_value(part_type, getattr(call, name)) for name, part_type in _COLUMNS.items())
    _bulk(tables, unit.dialect).write(unit, [row])


def read_bulk_call(unit: Unit, tables: Tables, id: UUID) -> BulkCall | None:
    """Return the call with this handle, or None."""
    codec = CODECS[unit.dialect.name]
    rows = unit.rows(_read_sql(tables, unit.dialect), {"_id": codec.encode_value(PartType.ID, id)})
    return BulkCall(*_decoded(rows[0], unit.dialect)) if rows else None


def _decoded(row: tuple[Any, ...], dialect: Dialect) -> list[Any]:
    codec = CODECS[dialect.name]
    decoders = [codec.decode(part_type) for part_type in _COLUMNS.values()]
    return [value if decode is None else decode(value) for value, decode in zip(row, decoders, strict=True)]


@per_tables
def _bulk(tables: Tables, dialect: Dialect) -> BulkInsert:
    return BulkInsert(dialect, tables.bulk_call, list(_COLUMNS.items()))


@per_tables
def _newest_sql(tables: Tables, dialect: Dialect) -> str:
    return driver_sql(select(func.max(tables.change.c.n)), dialect)


@per_tables
def _read_sql(tables: Tables, dialect: Dialect) -> str:
    table = tables.bulk_call
    columns = [table.c[name] for name in _COLUMNS]
    return driver_sql(select(*columns).where(table.c.id == bindparam("_id", type_=Id())), dialect)
