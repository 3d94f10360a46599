"""Running driver SQL on a connection: straight on the driver's cursor, or through SQLAlchemy where somebody watches.

SQLAlchemy describes every column of every result. For a record of 40 columns that takes three times as long as reading
it, and generated loaders know the columns. Who listens to an engine's statements or has them logged sees all of ours.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from pycrm.storage.walls.cursors import door_cursor, passing
from pycrm.storage.walls.tripwire import THE_DOORS

__all__ = ["Parameters", "Statements", "as_sqlalchemy_error"]

Parameters: TypeAlias = Mapping[str, Any] | tuple[Any, ...]

LONG = 100
"""A statement over so many values is planned for them on PostgreSQL, each time.

A prepared one keeps the plan of its first runs: from when a table was small, to read all of it, whatever it has become.
"""

_log = logging.getLogger("sqlalchemy.engine.Engine")


class Statements:
    """Runs the statements of one unit on *connection*: all on one cursor, which is cheaper than one for each."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._watched = _is_watched(connection)
        dialect: Any = connection.dialect
        self._prepares = dialect.name == "postgresql"
        self._driver_error: type[Exception] = dialect.loaded_dbapi.Error
        self._cursor: Any = None

    def fetch(self, sql: str, params: Parameters) -> list[tuple[Any, ...]]:
        """Return every row as the driver's own tuple."""
        if self._watched:
            with passing(self._connection):
                result = self._connection.exec_driver_sql(sql, params, THE_DOORS)
                rows: list[tuple[Any, ...]] = result.cursor.fetchall()  # type: ignore[assignment]
                result.close()
                return rows
        cursor = self._ready()
        try:
            self._execute(cursor, sql, params)
            found: list[tuple[Any, ...]] = cursor.fetchall()  # SQLite may fail as late as here
        except self._driver_error as error:
            raise as_sqlalchemy_error(self._connection, sql, error) from error
        return found

    def count(self, sql: str, params: Parameters) -> int:
        """Run a statement without result and return how many rows it changed."""
        if self._watched:
            return self._connection.exec_driver_sql(sql, params, THE_DOORS).rowcount
        cursor = self._ready()
        try:
            self._execute(cursor, sql, params)
        except self._driver_error as error:
            raise as_sqlalchemy_error(self._connection, sql, error) from error
        return int(cursor.rowcount)

    def count_many(self, sql: str, rows: Sequence[Any]) -> int:
        """Run a statement for each of *rows* and return how many rows it changed altogether."""
        if len(rows) == 1:  # psycopg would open a pipeline for it
            return self.count(sql, rows[0])
        if self._watched:
            return self._connection.exec_driver_sql(sql, rows, THE_DOORS).rowcount
        cursor = self._ready()
        try:
            cursor.executemany(sql, rows)
        except self._driver_error as error:
            raise as_sqlalchemy_error(self._connection, sql, error) from error
        return int(cursor.rowcount)

    def close(self) -> None:
        """Let go of the cursor."""
        if self._cursor is not None:
            self._cursor.close()
            self._cursor = None

    def _execute(self, cursor: Any, sql: str, params: Parameters) -> None:
        if self._prepares and _is_long(params):
            cursor.execute(sql, params, prepare=False)
        else:
            cursor.execute(sql, params)

    def _ready(self) -> Any:
        if not self._connection.in_transaction():
            self._connection.begin()  # as its own `execute` does, so that it will commit or roll back
        if self._cursor is None:
            self._cursor = door_cursor(self._connection)
        return self._cursor


def _is_long(params: Parameters) -> bool:
    if len(params) >= LONG:
        return True
    values = params if type(params) is tuple else params.values()  # type: ignore[union-attr]
    return list in map(type, values) and any(type(value) is list and len(value) >= LONG for value in values)


def _is_watched(connection: Connection) -> bool:
    engine: Any = connection.engine
    events: Any = connection.dispatch
    return bool(
        events.before_cursor_execute
        or events.after_cursor_execute
        or engine.dialect.dispatch.handle_error
        or engine.echo
        or _log.isEnabledFor(logging.INFO)
    )


def as_sqlalchemy_error(connection: Connection, sql: str, error: Exception) -> BaseException:
    """Return SQLAlchemy's error for one of the driver's, having invalidated a lost *connection*."""
    dialect: Any = connection.dialect
    is_lost = dialect.is_disconnect(error, connection.connection, None)
    if is_lost:
        connection.invalidate(error)
    return DBAPIError.instance(
        sql,
        None,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=is_lost,
        dialect=dialect,
    )
