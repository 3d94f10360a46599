"""The search index of a CRM, in the form that its database has."""

from __future__ import annotations

from pycrm.storage.dialect import Dialect
from pycrm.storage.per_tables import per_tables
from pycrm.storage.search_rows import SearchIndex
from pycrm.storage.tables import Tables

__all__ = ["search_index"]


@per_tables
def search_index(tables: Tables, dialect: Dialect) -> SearchIndex:
    """Return the index of the CRM with these *tables*."""
    if dialect.name == "sqlite":
        from pycrm.storage.search_sqlite import SqliteIndex

        return SqliteIndex(tables, dialect)
    from pycrm.storage.search_postgresql import PostgresqlIndex

    return PostgresqlIndex(tables, dialect)
