"""SQLite's own judge of what a statement touches: which of our columns somebody's unit shows to SQL of others.

SQLite asks it while it prepares a statement, and never again for one that is prepared. Hence two rules. What the door
runs has a text that nobody else writes, so that it is never found among prepared statements by another's. And once
something of another's was let through, the judge is set anew before a unit of somebody else begins, which has SQLite
prepare everything again.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import attrs

__all__ = ["AUTHORIZER", "NOTHING", "Authorizer", "PassingCursor", "Sight", "marked"]

AUTHORIZER = "pycrm.authorizer"
"""Under this key a connection's `info` has its `Authorizer`."""

_WRITES = {
    sqlite3.SQLITE_INSERT: 0,
    sqlite3.SQLITE_UPDATE: 0,
    sqlite3.SQLITE_DELETE: 0,
    sqlite3.SQLITE_DROP_TABLE: 0,
    sqlite3.SQLITE_DROP_VTABLE: 0,
    sqlite3.SQLITE_ALTER_TABLE: 1,
    sqlite3.SQLITE_CREATE_TRIGGER: 1,
    sqlite3.SQLITE_CREATE_TEMP_TRIGGER: 1,
    sqlite3.SQLITE_DROP_TRIGGER: 1,
    sqlite3.SQLITE_CREATE_INDEX: 1,
    sqlite3.SQLITE_DROP_INDEX: 1,
}
"""What changes a table, with the place of its name."""

# Samples of values, and the pages of the file.
_TELLTALE = frozenset({"sqlite_stat3", "sqlite_stat4", "sqlite_dbpage"})
_MARK = f"\n--{secrets.token_hex(16)}"
_marked: dict[str, str] = {}
MOST_MARKED = 2_000


@attrs.frozen(eq=False)
class Sight:
    """What a unit shows of our tables to SQL that does not come from the door; all else is denied.

    Attributes:
        shown: Table to the names of its columns; compared by identity, so make one for all who see the same.
    """

    shown: Mapping[str, frozenset[str]]

    def shows(self, table: str, column: str) -> bool:
        """Return whether *column* may be read; without a name, whether rows may be counted."""
        columns = self.shown.get(table)
        return columns is not None and (not column or column in columns)


NOTHING = Sight({})


class Authorizer:
    """Judges what others prepare on one connection.

    Args:
        driver: The connection.
        is_ours: Says of a table's name whether it is ours.
    """

    def __init__(self, driver: sqlite3.Connection, is_ours: Callable[[str], bool]) -> None:
        self.is_doors = False
        self.sight: Sight | None = None
        self._driver = driver
        self._is_ours = is_ours
        self._has_let_through = False
        driver.set_authorizer(self)

    def begin(self, sight: Sight | None) -> None:
        """Judge by *sight* from here on; where it is None, nothing is denied."""
        if sight is self.sight:
            return
        self.sight = sight
        if self._has_let_through:
            self._has_let_through = False
            self._driver.set_authorizer(self)

    def leave(self) -> None:
        """Judge no longer."""
        self._driver.set_authorizer(None)

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Let pass what is prepared in the block: it comes from the door."""
        before, self.is_doors = self.is_doors, True
        try:
            yield
        finally:
            self.is_doors = before

    def __call__(
        self, action: int, first: str | None, second: str | None, _database: str | None, _inside: str | None
    ) -> int:
        """Return SQLite's word for yes or no."""
        if self.is_doors:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_READ:
            table = str(first).lower()
            matters = table in _TELLTALE or self._is_ours(table)
            is_shown = self.sight is None or self.sight.shows(table, str(second or "").lower())
        elif action in _WRITES:
            matters = self._is_ours(str((first, second)[_WRITES[action]]))
            is_shown = self.sight is None
        else:
            return sqlite3.SQLITE_OK
        if matters and not is_shown:
            return sqlite3.SQLITE_DENY
        self._has_let_through |= matters
        return sqlite3.SQLITE_OK


class PassingCursor(sqlite3.Cursor):
    """A cursor of the door on a connection that is judged.

    Attributes:
        authorizer: Who judges it.
    """

    authorizer: Authorizer

    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        """Run one statement."""
        authorizer = self.authorizer
        authorizer.is_doors = True
        try:
            return super().execute(marked(sql), parameters)
        finally:
            authorizer.is_doors = False

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> Any:
        """Run one statement for each of *parameters*."""
        with self.authorizer.passing():
            return super().executemany(marked(sql), parameters)

    def fetchall(self) -> list[Any]:
        """Return the rows; full-text search prepares what it needs while they are fetched."""
        authorizer = self.authorizer
        authorizer.is_doors = True
        try:
            return super().fetchall()
        finally:
            authorizer.is_doors = False


def marked(sql: str) -> str:
    """Return *sql* as nobody else writes it."""
    text = _marked.get(sql)
    if text is None:
        if len(_marked) >= MOST_MARKED:
            _marked.clear()
        text = _marked[sql] = sql + _MARK
    return text
