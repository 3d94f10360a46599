"""What a database consists of, read from its own catalogue so that two databases can be compared, and every row."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, create_engine, inspect
from sqlalchemy.engine import Inspector
from sqlalchemy.exc import SAWarning

__all__ = ["every_row", "structure"]


def structure(url: str) -> dict[str, Any]:
    """Return the tables at *url* with columns, foreign keys and indexes; in no order, since columns may come later.

    The names of foreign keys are left out on SQLite, where none can be given to one that comes with a new column.
    """
    engine = create_engine(url)
    try:
        with engine.connect() as connection, warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # that it cannot tell of expressions, which are read below
            inspector = inspect(connection)
            indexes = _indexes(connection)
            return {
                name: {
                    "columns": {
                        each["name"]: (str(each["type"]), each["nullable"]) for each in inspector.get_columns(name)
                    },
                    "primary key": inspector.get_pk_constraint(name)["constrained_columns"],
                    "foreign keys": _foreign_keys(inspector, name),
                    "unique": sorted(tuple(each["column_names"]) for each in inspector.get_unique_constraints(name)),
                    "indexes": indexes.get(name, {}),
                }
                for name in inspector.get_table_names()
            }
    finally:
        engine.dispose()


def every_row(url: str) -> dict[str, list[str]]:
    """Return the rows of every table at *url*, each as a text of its columns by name, sorted."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return {
                name: sorted(
                    repr(sorted(row.items()))
                    for row in connection.exec_driver_sql(f'SELECT * FROM "{name}"').mappings()
                )
                for name in inspect(connection).get_table_names()
            }
    finally:
        engine.dispose()


def _foreign_keys(inspector: Inspector, table: str) -> list[Any]:
    keys = inspector.get_foreign_keys(table)
    found = [(each["constrained_columns"], each["referred_table"], each["referred_columns"]) for each in keys]
    if inspector.dialect.name == "sqlite":
        # It keeps the text, of which reflection does not tell whether a key that came with its column can be deferred.
        (text,) = inspector.bind.exec_driver_sql(  # type: ignore[union-attr]
            "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)
        ).one()
        deferrable = text.count("DEFERRABLE INITIALLY IMMEDIATE") == text.count("REFERENCES")
        return [*sorted(found), deferrable]
    return sorted((*key, sorted(each["options"].items()), each["name"]) for key, each in zip(found, keys, strict=True))


def _indexes(connection: Connection) -> Mapping[str, Mapping[str, str]]:
    """Return table to index to the SQL that would make it; expressions included, which reflection does not tell."""
    if connection.dialect.name == "sqlite":
        query = "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    else:
        query = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()"
    found: dict[str, dict[str, str]] = {}
    for table, name, statement in connection.exec_driver_sql(query):
        found.setdefault(table, {})[name] = " ".join(statement.replace("IF NOT EXISTS ", "").split())
    return found
