"""What a database says of its tables, in the same words on both engines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import attrs
from sqlalchemy import Connection

from pycrm.storage.dialect import SQLITE
from pycrm.storage.unit import Unit

__all__ = ["Catalog", "FoundColumn", "FoundIndex", "Key", "read_catalog"]

Key = tuple[str, str, str]
"""A foreign key: table, column, table that it leads to."""

_POSTGRESQL_COLUMNS = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = COALESCE(%(schema)s, current_schema()) AND c.relkind IN ('r', 'p')
        AND a.attnum > 0 AND NOT a.attisdropped
"""
_POSTGRESQL_INDEXES = """
    SELECT i.relname, t.relname, x.indisunique, x.indisvalid
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
        JOIN pg_namespace n ON n.oid = t.relnamespace
    WHERE n.nspname = COALESCE(%(schema)s, current_schema())
        AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.oid AND k.contype IN ('p', 'u'))
"""
_POSTGRESQL_KEYS = """
    SELECT t.relname, a.attname, f.relname
    FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid
        JOIN pg_namespace n ON n.oid = t.relnamespace
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.conkey[1]
    WHERE k.contype = 'f' AND k.convalidated AND n.nspname = COALESCE(%(schema)s, current_schema())
"""


@attrs.frozen
class FoundColumn:
    """A column: its type in the engine's words, lower case, and whether it may be empty."""

    type: str
    nullable: bool


@attrs.frozen
class FoundIndex:
    """An index: its table, whether it is unique, whether it may be used, and on SQLite the statement that made it."""

    table: str
    unique: bool
    valid: bool = True
    sql: str | None = None


@attrs.frozen
class Catalog:
    """Everything that is there, of the one schema.

    Attributes:
        tables: Table to column to what it is.
        indexes: Those that were made as such, by name.
        keys: The foreign keys that hold.
    """

    tables: Mapping[str, Mapping[str, FoundColumn]]
    indexes: Mapping[str, FoundIndex]
    keys: frozenset[Key]


def read_catalog(unit: Unit, db_schema: str | None) -> Catalog:
    """Return what the database of *unit* holds.

    Args:
        unit: Where.
        db_schema: The schema (namespace) that is looked at, on PostgreSQL; the current one where None.
    """
    connection = unit.connection
    return _of_sqlite(connection) if unit.dialect is SQLITE else _of_postgresql(connection, db_schema)


def _of_sqlite(connection: Connection) -> Catalog:
    tables: dict[str, dict[str, FoundColumn]] = {}
    keys: set[Key] = set()
    for (table,) in _rows(connection, "SELECT name FROM sqlite_master WHERE type = 'table'"):
        # The table's name is bound: pragmas can be asked as functions.
        columns = _rows(connection, 'SELECT name, type, "notnull" OR pk FROM pragma_table_info(?)', (table,))
        tables[table] = {name: FoundColumn(kind.lower(), not required) for name, kind, required in columns}
        found = _rows(connection, 'SELECT "from", "table" FROM pragma_foreign_key_list(?)', (table,))
        keys |= {(table, column, target) for column, target in found}
    made = _rows(connection, "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    indexes = {
        name: FoundIndex(table, sql.upper().startswith("CREATE UNIQUE"), sql=" ".join(sql.split()))
        for name, table, sql in made
    }
    return Catalog(tables, indexes, frozenset(keys))


def _of_postgresql(connection: Connection, db_schema: str | None) -> Catalog:
    where = {"schema": db_schema}
    tables: dict[str, dict[str, FoundColumn]] = defaultdict(dict)
    for table, name, kind, required in _rows(connection, _POSTGRESQL_COLUMNS, where):
        tables[table][name] = FoundColumn(kind, not required)
    indexes = {
        name: FoundIndex(table, unique, valid)
        for name, table, unique, valid in _rows(connection, _POSTGRESQL_INDEXES, where)
    }
    keys = frozenset((table, column, target) for table, column, target in _rows(connection, _POSTGRESQL_KEYS, where))
    return Catalog(tables, indexes, keys)


def _rows(
    connection: Connection, sql: str, params: Mapping[str, Any] | tuple[Any, ...] | None = None
) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.exec_driver_sql(sql, params)]
