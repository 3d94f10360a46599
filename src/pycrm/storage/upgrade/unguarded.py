"""The one transaction in which SQLite does not look at foreign keys: while a table is made anew."""

from __future__ import annotations

import sqlite3

from pycrm.storage.sqlite import SqliteTransaction
from pycrm.storage.walls.cursors import control

__all__ = ["RebuildingTransaction"]


class RebuildingTransaction(SqliteTransaction):
    """A writing transaction with foreign keys switched off, which SQLite allows only before it begins.

    Dropping the old table would otherwise count as deleting its rows. Whoever rebuilds checks the keys at the end.
    """

    def _set_pragmas(self, driver: sqlite3.Connection) -> None:
        super()._set_pragmas(driver)
        found = int(control(driver, "PRAGMA foreign_keys").fetchone()[0])
        self._put_back.setdefault("foreign_keys", found)
        control(driver, "PRAGMA foreign_keys = 0")
