"""PostgreSQL's connections of our own engines: whoever takes a cursor of one is asked what for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import psycopg
from psycopg import sql

from pycrm.storage.walls.tripwire import Tripwire

__all__ = ["WatchedCursor", "watch"]


class _Watched:
    """What the cursors of a client and of the server have in common.

    Attributes:
        tripwire: What they ask.
        is_doors: What it runs comes from the door.
    """

    tripwire: Tripwire
    is_doors = False
    connection: Any

    def _look(self, query: Any) -> None:
        if self.is_doors:
            return
        if isinstance(query, sql.Composable):
            query = query.as_string(self.connection)
        self.tripwire.look(query.decode() if isinstance(query, bytes) else query)


class WatchedCursor(_Watched, psycopg.Cursor[Any]):
    """A cursor that looks at what it runs."""

    def execute(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        """Run one statement."""
        self._look(query)
        return super().execute(query, *args, **kwargs)

    def executemany(self, query: Any, *args: Any, **kwargs: Any) -> None:
        """Run one statement for each set of parameters."""
        self._look(query)
        super().executemany(query, *args, **kwargs)

    def stream(self, query: Any, *args: Any, **kwargs: Any) -> Iterator[Any]:
        """Run one statement and read its rows as they come."""
        self._look(query)
        return super().stream(query, *args, **kwargs)

    def copy(self, statement: Any, *args: Any, **kwargs: Any) -> Any:
        """Run COPY."""
        self._look(statement)
        return super().copy(statement, *args, **kwargs)


class _WatchedServerCursor(_Watched, psycopg.ServerCursor[Any]):
    """A cursor of the server that looks at what it runs."""

    def execute(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        """Declare it for one statement."""
        self._look(query)
        return super().execute(query, *args, **kwargs)

    def executemany(self, query: Any, params_seq: Iterable[Any], *, returning: bool = True) -> None:
        """Refuse, as psycopg does."""
        super().executemany(query, params_seq, returning=returning)


def watch(driver: psycopg.Connection[Any], tripwire: Tripwire) -> None:
    """Have the cursors that others take of *driver* ask *tripwire*."""
    driver.cursor_factory = type("WatchedCursor", (WatchedCursor,), {"tripwire": tripwire})
    driver.server_cursor_factory = type("WatchedServerCursor", (_WatchedServerCursor,), {"tripwire": tripwire})
