"""SQLite's connections of our own engines: whoever takes a cursor of one is asked what for."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from pycrm.storage.walls.tripwire import Tripwire, side_door

__all__ = ["WatchedConnection", "WatchedCursor"]


class WatchedConnection(sqlite3.Connection):
    """A connection whose cursors look at each statement before it runs.

    Attributes:
        tripwire: What they ask; nothing is asked before there is one.
    """

    tripwire: Tripwire | None = None

    def cursor(self, factory: Any = None) -> Any:
        """Return a cursor that asks; one of a *factory* of the caller's would not."""
        return WatchedCursor(self)

    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        """Run one statement on a cursor of its own."""
        return self.cursor().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> Any:
        """Run one statement for each of *parameters* on a cursor of its own."""
        return self.cursor().executemany(sql, parameters)

    def executescript(self, sql_script: str, /) -> Any:
        """Run statements on a cursor of its own."""
        return self.cursor().executescript(sql_script)

    def blobopen(self, table: str, *args: Any, **kwargs: Any) -> Any:
        """Open a value for reading by parts, unless it is one of ours."""
        if self.tripwire is not None and self.tripwire.is_ours(table):
            raise side_door(table)
        return super().blobopen(table, *args, **kwargs)

    def backup(self, *_args: Any, **_kwargs: Any) -> None:
        """Refuse to copy the whole file; whoever keeps copies opens it himself."""
        raise side_door("every table")

    def serialize(self, **_kwargs: Any) -> bytes:
        """Refuse to hand out the whole file."""
        raise side_door("every table")


class WatchedCursor(sqlite3.Cursor):
    """A cursor that looks at what it runs.

    Attributes:
        is_doors: What it runs comes from the door.
    """

    is_doors = False

    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        """Run one statement."""
        self._look(sql)
        return super().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> Any:
        """Run one statement for each of *parameters*."""
        self._look(sql)
        return super().executemany(sql, parameters)

    def executescript(self, sql_script: str, /) -> Any:
        """Run statements."""
        self._look(sql_script)
        return super().executescript(sql_script)

    def _look(self, sql: str) -> None:
        connection: Any = self.connection
        if not self.is_doors and connection.tripwire is not None:
            connection.tripwire.look(sql)
