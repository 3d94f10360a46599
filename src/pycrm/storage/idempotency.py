"""Idempotency keys: which call of whom was carried out under which key, and what came of it.

The row is written in the transaction of the call. Who brings the same key meanwhile waits at the primary key until
that transaction has ended, and then finds the outcome, or the key free.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import bindparam, select, update

from pycrm.fields.kind import PartType
from pycrm.storage.codecs import CODECS
from pycrm.storage.dialect import Dialect
from pycrm.storage.per_tables import per_tables
from pycrm.storage.tables import Tables
from pycrm.storage.types import TEXT
from pycrm.storage.unit import Unit
from pycrm.storage.value_lists import driver_sql

__all__ = ["UsedKey", "claim_key", "complete_key", "read_key", "remove_keys"]


@attrs.frozen
class UsedKey:
    """A call that was made under a key.

    Attributes:
        call: Which, in words: ``"create account"``.
        digest: Of all that was given to it, 64 hexadecimal digits.
        outcome: What came of it, as JSON; None while it is being carried out, which only its own unit can see.
        at: When it began.
    """

    call: str
    digest: str
    outcome: str | None
    at: datetime


def claim_key(unit: Unit, tables: Tables, actor: str, key: str, call: str, digest: str, at: datetime) -> bool:
    """Note that *actor* makes a call under *key*; wait where another unit is at one.

    Returns:
        False if there was a call under this key: `read_key` tells which.
    Raises:
        ConflictError: The unit's snapshot is older than that call, so that it cannot be read; on PostgreSQL, in a
            unit that is serialisable.
    """
    instant = CODECS[unit.dialect.name].encode_value(PartType.INSTANT, at)
    params = {"_actor": actor, "_key": key, "_call": call, "_digest": digest, "_at": instant}
    return unit.execute(_statements(tables, unit.dialect).claim, params) == 1


def complete_key(unit: Unit, tables: Tables, actor: str, key: str, outcome: str) -> None:
    """Note what came of the call that *actor* makes under *key*."""
    sql = _statements(tables, unit.dialect).complete
    unit.execute(sql, {"_actor": actor, "_key": key, "_outcome": outcome})


def read_key(unit: Unit, tables: Tables, actor: str, key: str) -> UsedKey:
    """Return the call that *actor* made under *key*, which is there."""
    ((call, digest, outcome, at),) = unit.rows(_statements(tables, unit.dialect).read, {"_actor": actor, "_key": key})
    decode = CODECS[unit.dialect.name].decode(PartType.INSTANT)
    return UsedKey(call, digest, outcome, at if decode is None else decode(at))


def remove_keys(unit: Unit, tables: Tables, before: datetime, most: int) -> int:
    """Remove keys of calls that were made *before*, the oldest *most* of them, and return how many these were."""
    instant = CODECS[unit.dialect.name].encode_value(PartType.INSTANT, before)
    return unit.execute(_statements(tables, unit.dialect).remove, {"_before": instant, "_most": most})


@attrs.frozen
class _Statements:
    """The compiled statements on one table of keys."""

    claim: str
    complete: str
    read: str
    remove: str


@per_tables
def _statements(tables: Tables, dialect: Dialect) -> _Statements:
    table = tables.idempotency
    whose: Any = (table.c.actor == bindparam("_actor", type_=TEXT)) & (table.c.key == bindparam("_key", type_=TEXT))
    columns = {"actor": "_actor", "key": "_key", "call": "_call", "digest": "_digest", "at": "_at"}
    name = dialect.sa.identifier_preparer.format_table(table)
    before, most = dialect.named("_before"), dialect.named("_most")
    return _Statements(
        claim=f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({', '.join(map(dialect.named, columns.values()))}) "
        "ON CONFLICT (actor, key) DO NOTHING",
        complete=driver_sql(update(table).where(whose).values(outcome=bindparam("_outcome", type_=TEXT)), dialect),
        read=driver_sql(select(table.c.call, table.c.digest, table.c.outcome, table.c.at).where(whose), dialect),
        # By hand: for SQLite SQLAlchemy adds an OFFSET with a parameter of its own.
        remove=f"DELETE FROM {name} WHERE (actor, key) IN (SELECT actor, key FROM {name} WHERE at < {before} "
        f"ORDER BY at LIMIT {most})",
    )
