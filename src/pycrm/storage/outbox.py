"""The outbox: facts written in the transaction that they tell about, one row per batch and entity.

A row that is visible from another connection proves that its unit was committed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import attrs
from sqlalchemy import Connection

from pycrm.fields.kind import PartType
from pycrm.storage.bulk import BulkInsert
from pycrm.storage.codecs import CODECS, json_text
from pycrm.storage.dialect import DIALECTS, Dialect
from pycrm.storage.per_tables import per_tables
from pycrm.storage.tables import Tables
from pycrm.storage.unit import Unit
from pycrm.storage.walls.tripwire import THE_DOORS

__all__ = ["OutboxRow", "is_visible", "write_outbox"]

_COLUMNS = (
    ("unit", PartType.ID),
    ("at", PartType.INSTANT),
    ("event", PartType.TEXT),
    ("entity", PartType.TEXT),
    ("payload", PartType.JSON),
)


@attrs.frozen
class OutboxRow:
    """One fact.

    Attributes:
        unit_id: The unit that wrote it.
        at: When.
        event: The fact's type by name, as ``"RecordsCreated"``.
        entity: The entity that it is about, or an empty text.
        payload: The fact's further attributes; ids are kept as 32 hexadecimal digits.
    """

    unit_id: UUID
    at: datetime
    event: str
    entity: str
    payload: Mapping[str, Any]

    @classmethod
    def of(cls, fact: Any, *, unit_id: UUID, at: datetime) -> OutboxRow:
        """Return the row of *fact*, an attrs object."""
        names = [attribute.name for attribute in attrs.fields(type(fact))]
        payload = {name: _jsonable(getattr(fact, name)) for name in names if name != "entity"}
        return cls(unit_id, at, type(fact).__name__, getattr(fact, "entity", ""), payload)


def write_outbox(unit: Unit, tables: Tables, rows: Sequence[OutboxRow]) -> None:
    """Append *rows*."""
    codec = CODECS[unit.dialect.name]
    encoded = [
        (
            codec.encode_value(PartType.ID, row.unit_id),
            codec.encode_value(PartType.INSTANT, row.at),
            row.event,
            row.entity,
            json_text(row.payload),
        )
        for row in rows
    ]
    _bulk(tables, unit.dialect).write(unit, encoded)


def is_visible(connection: Connection, tables: Tables, unit_id: UUID) -> bool:
    """Return whether *connection*, another than the unit's own, sees rows of the unit."""
    dialect = DIALECTS[connection.dialect.name]
    params = {"_unit": CODECS[dialect.name].encode_value(PartType.ID, unit_id)}
    return connection.exec_driver_sql(_visible_sql(tables, dialect), params, THE_DOORS).first() is not None


@per_tables
def _bulk(tables: Tables, dialect: Dialect) -> BulkInsert:
    return BulkInsert(dialect, tables.outbox, _COLUMNS)


@per_tables
def _visible_sql(tables: Tables, dialect: Dialect) -> str:
    table = dialect.sa.identifier_preparer.format_table(tables.outbox)
    return f"SELECT 1 FROM {table} WHERE unit = {dialect.named('_unit')} LIMIT 1"


def _jsonable(value: Any) -> Any:
    if isinstance(value, UUID):
        return f"{value.int:032x}"  # a batch may have many: a third of the time of str()
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _jsonable(each) for key, each in value.items()}
    if isinstance(value, (frozenset, set)):
        return sorted(map(_jsonable, value))
    if isinstance(value, (tuple, list)):
        return [_jsonable(each) for each in value]
    return value if value is None or isinstance(value, (str, int, float)) else str(value)
