"""Running driver SQL on a connection: straight on the driver's cursor, or through SQLAlchemy where somebody watches.

SQLAlchemy describes every column of every result. For a record of 40 columns that takes three times as long as reading
it, and generated loaders know the columns. Who listens to an engine's statements or has them logged sees all of ours.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

__all__ = ["Parameters", "count_rows", "count_rows_of_many", "fetch_rows"]

T = TypeVar("T")

Parameters: TypeAlias = Mapping[str, Any] | tuple[Any, ...]

_log = logging.getLogger("sqlalchemy.engine.Engine")


def fetch_rows(connection: Connection, sql: str, params: Parameters) -> list[tuple[Any, ...]]:
    """Return every row as the driver's own tuple."""
    if _is_watched(connection):
        result = connection.exec_driver_sql(sql, params)
        rows: list[tuple[Any, ...]] = result.cursor.fetchall()  # type: ignore[assignment]
        result.close()
        return rows

    def work(cursor: Any) -> list[tuple[Any, ...]]:
        cursor.execute(sql, params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found

    return _straight(connection, sql, work)


def count_rows(connection: Connection, sql: str, params: Parameters) -> int:
    """Run a statement without result and return how many rows it changed."""
    if _is_watched(connection):
        return connection.exec_driver_sql(sql, params).rowcount

    def work(cursor: Any) -> int:
        cursor.execute(sql, params)
        return int(cursor.rowcount)

    return _straight(connection, sql, work)


def count_rows_of_many(connection: Connection, sql: str, rows: Sequence[Any]) -> int:
    """Run a statement for each of *rows* and return how many rows it changed altogether."""
    if _is_watched(connection):
        return connection.exec_driver_sql(sql, rows).rowcount

    def work(cursor: Any) -> int:
        cursor.executemany(sql, rows)
        return int(cursor.rowcount)

    return _straight(connection, sql, work)


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


def _straight(connection: Connection, sql: str, work: Callable[[Any], T]) -> T:
    """Return what *work* makes of a new cursor; errors leave as SQLAlchemy's, a lost connection is invalidated."""
    if not connection.in_transaction():
        connection.begin()  # as its own `execute` does, so that it will commit or roll back
    proxied = connection.connection
    cursor = proxied.cursor()
    try:
        return work(cursor)
    except Exception as error:
        dialect: Any = connection.dialect
        if not isinstance(error, dialect.loaded_dbapi.Error):
            raise
        is_lost = dialect.is_disconnect(error, proxied, cursor)
        if is_lost:
            connection.invalidate(error)
        raise DBAPIError.instance(
            sql,
            None,
            error,
            dialect.loaded_dbapi.Error,
            hide_parameters=True,
            connection_invalidated=is_lost,
            dialect=dialect,
        ) from error
    finally:
        cursor.close()
