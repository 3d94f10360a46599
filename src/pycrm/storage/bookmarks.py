"""Which records somebody saw last, and which are his favourites: one row per user, kind and record.

They are no business data: nobody asks who put them there, so they have no versions and no change rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

import attrs
from sqlalchemy import bindparam, delete, select

from pycrm.fields.kind import PartType
from pycrm.storage.codecs import CODECS
from pycrm.storage.dialect import Dialect
from pycrm.storage.per_tables import per_tables
from pycrm.storage.tables import Tables
from pycrm.storage.types import TEXT, Id
from pycrm.storage.unit import Unit
from pycrm.storage.value_lists import ValueList, driver_sql

__all__ = ["BookmarkKind", "forget_records", "put_bookmark", "read_bookmarks", "remove_bookmark", "trim_bookmarks"]

BookmarkKind: TypeAlias = Literal["visit", "favourite"]


def put_bookmark(
    unit: Unit, tables: Tables, actor: str, kind: BookmarkKind, entity: str, record_id: UUID, at: datetime
) -> None:
    """Note a record as the newest of *actor*'s bookmarks of *kind*; one that is noted already moves up."""
    codec = CODECS[unit.dialect.name]
    unit.execute(
        _statements(tables, unit.dialect).put,
        {
            "_actor": actor,
            "_kind": kind,
            "_entity": entity,
            "_id": codec.encode_value(PartType.ID, record_id),
            "_at": codec.encode_value(PartType.INSTANT, at),
        },
    )


def trim_bookmarks(unit: Unit, tables: Tables, actor: str, kind: BookmarkKind, keep: int) -> None:
    """Remove all but the newest *keep* of *actor*'s bookmarks of *kind*."""
    unit.execute(_statements(tables, unit.dialect).trim, {"_actor": actor, "_kind": kind, "_keep": keep})


def remove_bookmark(unit: Unit, tables: Tables, actor: str, kind: BookmarkKind, record_id: UUID) -> None:
    """Remove one bookmark; nothing happens where there is none."""
    id = CODECS[unit.dialect.name].encode_value(PartType.ID, record_id)
    unit.execute(_statements(tables, unit.dialect).remove, {"_actor": actor, "_kind": kind, "_id": id})


def read_bookmarks(unit: Unit, tables: Tables, actor: str, kind: BookmarkKind) -> list[tuple[str, UUID]]:
    """Return entity and record of *actor*'s bookmarks of *kind*, the newest first."""
    decode = CODECS[unit.dialect.name].decode(PartType.ID)
    rows = unit.rows(_statements(tables, unit.dialect).read, {"_actor": actor, "_kind": kind})
    return [(entity, id if decode is None else decode(id)) for entity, id in rows]


def forget_records(unit: Unit, tables: Tables, ids: Sequence[UUID]) -> None:
    """Remove everybody's bookmarks of records that are to be purged."""
    for sql, params in _statements(tables, unit.dialect).forget.portions(ids):
        unit.execute(sql, params)


@attrs.frozen
class _Statements:
    """The compiled statements on one table of bookmarks."""

    put: str
    trim: str
    remove: str
    read: str
    forget: ValueList


@per_tables
def _statements(tables: Tables, dialect: Dialect) -> _Statements:
    table = tables.bookmark
    mine = (table.c.actor == bindparam("_actor", type_=TEXT)) & (table.c.kind == bindparam("_kind", type_=TEXT))
    newest_first = (table.c.at.desc(), table.c.record_id.desc())
    name = dialect.sa.identifier_preparer.format_table(table)
    whose = f"actor = {dialect.named('_actor')} AND kind = {dialect.named('_kind')}"
    columns = {"actor": "_actor", "kind": "_kind", "record_id": "_id", "entity": "_entity", "at": "_at"}
    return _Statements(
        put=f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({', '.join(map(dialect.named, columns.values()))}) "
        "ON CONFLICT (actor, kind, record_id) DO UPDATE SET at = excluded.at",
        # By hand: for SQLite SQLAlchemy adds an OFFSET with a parameter of its own.
        trim=f"DELETE FROM {name} WHERE {whose} AND record_id NOT IN (SELECT record_id FROM {name} WHERE {whose} "
        f"ORDER BY at DESC, record_id DESC LIMIT {dialect.named('_keep')})",
        remove=driver_sql(delete(table).where(mine, table.c.record_id == bindparam("_id", type_=Id())), dialect),
        read=driver_sql(select(table.c.entity, table.c.record_id).where(mine).order_by(*newest_first), dialect),
        forget=ValueList(dialect, table.c.record_id, delete(table).where),
    )
