"""Migrated databases in no time: each set of plugins is migrated once per engine, and tests get it as it was then.

A SQLite file is copied. PostgreSQL takes long to copy and to drop a database, so the same one is emptied and filled
again, or made anew once a test has left columns there; a test that changes more than that takes `new_database`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from pycrm import CRM
from pycrm.plugin import Plugin
from pycrm.testing.postgres import fresh_database

__all__ = ["Templates"]


class PostgresTemplate:
    """A migrated database that `put_back` brings to what it was right after the migration."""

    def __init__(self, url: str) -> None:
        self.url = url
        with psycopg.connect(url, autocommit=True) as connection:
            self._tables = self._names(connection, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            self._indexes = set(self._indexes_of(connection))
            self._columns = self._columns_of(connection)
            connection.execute("CREATE SCHEMA pristine")
            for table in self._tables:
                statement = sql.SQL("CREATE TABLE pristine.{0} AS TABLE public.{0}")
                connection.execute(statement.format(sql.Identifier(table)))
            # Most tables are empty, before and after a test; one question tells which are not.
            found = sql.SQL(" UNION ALL ").join(
                sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM public.{})").format(
                    sql.Literal(table), sql.Identifier(table)
                )
                for table in self._tables
            )
            self._filled_query = found
            self._filled = self._names(connection, found)

    def put_back(self) -> bool:
        """End whatever is still connected, and restore every row and index; False if a test left other columns."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            if self._columns_of(connection) != self._columns:
                return False
            for index in set(self._indexes_of(connection)) - self._indexes:
                connection.execute(sql.SQL("DROP INDEX public.{}").format(sql.Identifier(index)))
            with connection.transaction():
                # Foreign keys sleep, so that tables may be filled in any order.
                connection.execute("SET LOCAL session_replication_role = replica")
                filled = sorted({*self._filled, *self._names(connection, self._filled_query)})
                connection.execute(self._emptying(filled))
                for table in filled:
                    fill = sql.SQL("INSERT INTO public.{0} OVERRIDING SYSTEM VALUE TABLE pristine.{0}")
                    connection.execute(fill.format(sql.Identifier(table)))
        return True

    @staticmethod
    def _emptying(tables: Sequence[str]) -> sql.Composable:
        """Return the statements that empty *tables*: quick ones, unless there were custom fields.

        Somebody may still see rows that were deleted a moment ago, so a new index gets them too; it would fail over
        the value that a custom field of the same name and another kind had in the test before.
        """
        if "crm_custom_field" in tables:
            names = sql.SQL(", ").join(sql.Identifier("public", table) for table in tables)
            return sql.SQL("TRUNCATE {} CASCADE").format(names)
        deletions = (sql.SQL("DELETE FROM public.{}").format(sql.Identifier(table)) for table in tables)
        return sql.SQL("; ").join(deletions)

    def _indexes_of(self, connection: psycopg.Connection[Any]) -> list[str]:
        return self._names(connection, "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'")

    @staticmethod
    def _columns_of(connection: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
        """Return each table's columns; those of promoted custom fields come with triggers."""
        query = (
            "SELECT attrelid, attname FROM pg_attribute WHERE attrelid IN"
            " (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r')"
            " AND attnum > 0 AND NOT attisdropped ORDER BY attrelid, attnum"
        )
        return connection.execute(query).fetchall()

    @staticmethod
    def _names(connection: psycopg.Connection[Any], query: sql.Composable | sql.LiteralString) -> list[str]:
        return [name for (name,) in connection.execute(query).fetchall()]


class Templates:
    """One migrated database per engine and set of plugins, made on first use."""

    def __init__(self, folder: Path, server: Callable[[], str], stack: ExitStack) -> None:
        self._folder = folder
        self._server = server
        self._stack = stack
        self._files: dict[tuple[str, ...], Path] = {}
        self._databases: dict[tuple[str, ...], PostgresTemplate] = {}

    def sqlite(self, plugins: Sequence[Plugin], copy: Path) -> str:
        """Copy the migrated file of *plugins* to *copy* and return its URL."""
        key = tuple(plugin.name for plugin in plugins)
        if key not in self._files:
            path = self._folder / f"{'-'.join(('crm', *key))}.db"
            _migrate(f"sqlite:///{path}", plugins)
            self._files[key] = path
        shutil.copyfile(self._files[key], copy)
        return f"sqlite:///{copy}"

    def postgresql(self, plugins: Sequence[Plugin]) -> str:
        """Return the URL of the migrated database of *plugins*, put back to its beginning."""
        key = tuple(plugin.name for plugin in plugins)
        if key not in self._databases or not self._databases[key].put_back():
            url = self._stack.enter_context(fresh_database(self._server()))
            _migrate(url, plugins)
            self._databases[key] = PostgresTemplate(url)
        return self._databases[key].url.replace("postgresql://", "postgresql+psycopg://", 1)


def _migrate(url: str, plugins: Sequence[Plugin]) -> None:
    crm = CRM(url, plugins=plugins)
    crm.migrate()
    crm.close()
