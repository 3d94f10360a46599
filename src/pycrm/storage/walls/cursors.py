"""The cursors of the door itself, which nobody looks at."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from sqlalchemy import Connection

from pycrm.storage.walls.authorizer import AUTHORIZER, Authorizer, PassingCursor
from pycrm.storage.walls.watched_sqlite import WatchedConnection

__all__ = ["control", "door_cursor", "passing"]


def door_cursor(connection: Connection) -> Any:
    """Return a cursor on *connection* for what comes from the door."""
    proxied = connection.connection
    driver: Any = proxied.driver_connection
    authorizer: Authorizer | None = connection.info.get(AUTHORIZER)
    if authorizer is not None:
        cursor = PassingCursor(driver)
        cursor.authorizer = authorizer
        return cursor
    if isinstance(driver, WatchedConnection):
        return sqlite3.Cursor(driver)
    if getattr(getattr(driver, "cursor_factory", None), "tripwire", None) is not None:
        import psycopg

        return psycopg.Cursor(driver)
    return proxied.cursor()


def passing(connection: Connection) -> AbstractContextManager[None]:
    """Let pass what is done on *connection* in the block: it comes from the door."""
    authorizer: Authorizer | None = connection.info.get(AUTHORIZER)
    return nullcontext() if authorizer is None else authorizer.passing()


def control(driver: sqlite3.Connection, sql: str) -> sqlite3.Cursor:
    """Run *sql*, which begins, ends or sets something, on *driver*."""
    return sqlite3.Cursor(driver).execute(sql)
