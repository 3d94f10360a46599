"""SQLite: how our own units begin and end, and how a connection is set up.

Control statements (BEGIN, COMMIT, PRAGMA) go straight to the driver: one microsecond instead of ten, and the Python
driver's own transaction modes stay out of the way because a transaction is always open before any other statement.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs
from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL
from sqlalchemy.pool import StaticPool

from pycrm.errors import ConfigurationError, UnitError
from pycrm.storage.field_sql import add_unhex
from pycrm.storage.functions import add_functions
from pycrm.storage.walls.cursors import control, door_cursor

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

BUSY_TIMEOUT_MS = 30_000
SYNCHRONOUS = {"OFF": 0, "NORMAL": 1, "FULL": 2, "EXTRA": 3}

_FUNCTIONS = "pycrm.functions"
_HAS_UNHEX = (3, 41)
_SHARED = (
    "another transaction is open on the only connection of this in-memory database; join it with `connection=` or "
    "`session=`, or use a database file"
)


def is_in_memory(url: URL) -> bool:
    """Say whether *url* names a database that lives in one connection."""
    return url.database in (None, "", ":memory:") or ":memory:" in url.database or url.query.get("mode") == "memory"


def driver_of(connection: Connection) -> sqlite3.Connection:
    """Return the driver's connection behind *connection*."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def give_functions(connection: Connection) -> None:
    """Give *connection* the functions that our SQL uses and SQLite lacks; once, since each prepares anew."""
    if _FUNCTIONS not in connection.info:
        driver = driver_of(connection)
        if sqlite3.sqlite_version_info < _HAS_UNHEX:
            add_unhex(driver)
        add_functions(driver)
        connection.info[_FUNCTIONS] = True


def is_driver_beginning(driver: sqlite3.Connection) -> bool:
    """Say whether the driver keeps a transaction open at all times (``autocommit=False``, Python 3.12)."""
    return getattr(driver, "autocommit", None) is False


@attrs.frozen
class Settings:
    """How the connections of an engine of our own are set up, once each."""

    synchronous: str = "FULL"
    busy_timeout: int = BUSY_TIMEOUT_MS

    def apply(self, driver: sqlite3.Connection, *, query_only: bool) -> None:
        """Set up one new connection."""
        for pragma, value in {
            "foreign_keys": 1,
            "busy_timeout": self.busy_timeout,
            "synchronous": SYNCHRONOUS[self.synchronous],
            "query_only": int(query_only),
        }.items():
            control(driver, f"PRAGMA {pragma} = {value}")


def prepare(connection: Connection) -> None:
    """Switch the database file to write-ahead logging, for good; readers and the writer then do not block each other.

    Must run outside a transaction, when the database is created or migrated. In memory it does nothing.
    """
    control(driver_of(connection), "PRAGMA journal_mode = WAL").fetchall()


def settings_of(query: Mapping[str, object]) -> Settings:
    """Return the settings that the *query* of a database URL asks for.

    Raises:
        ConfigurationError: One of them has an impossible value.
    """
    synchronous = str(query.get("synchronous", "FULL")).upper()
    if synchronous not in SYNCHRONOUS:
        raise ConfigurationError(
            f"synchronous={synchronous!r} in the database URL; use one of {', '.join(SYNCHRONOUS)}"
        )
    busy_timeout = str(query.get("busy_timeout", BUSY_TIMEOUT_MS))
    if not busy_timeout.isdecimal():
        raise ConfigurationError(f"busy_timeout={busy_timeout!r} in the database URL; use whole milliseconds")
    return Settings(synchronous, int(busy_timeout))


class SqliteTransaction:
    """The transaction of a unit of our own, begun and ended by explicit statements.

    A unit that reads first holds a snapshot. A snapshot is never upgraded in place, since that fails at once when
    somebody else wrote meanwhile, busy timeout or not: it is ended, and a writing transaction begins.

    Args:
        engine: Where the connection comes from.
        reading: Refuse writes in the database too.
        invariant: Take the write lock from the start, so that nothing that is read can change.
        owned: The engine is ours, and its connections are set up. Those of a host are set up per unit and put back.
        patience_ms: How long to wait for the write lock; as the connection does where absent.
    """

    joined = False
    session: Session | None = None

    def __init__(
        self, engine: Engine, *, reading: bool, invariant: bool, owned: bool, patience_ms: int | None = None
    ) -> None:
        self._engine = engine
        self._patience_ms = patience_ms
        self._reading = reading
        self._invariant = invariant
        self._owned = owned
        self._connection: Connection | None = None
        self._put_back: dict[str, int] = {}
        self._is_set = False

    def start(self, *, writing: bool) -> Connection:
        self._check_not_shared()
        self._connection = connection = self._engine.connect()
        driver = driver_of(connection)
        if not self._owned:
            # A host may have its engine send BEGIN whenever SQLAlchemy begins. That has to be over before ours.
            connection.begin()
        self._is_set = True
        if driver.in_transaction:
            control(driver, "ROLLBACK")
        self._set_pragmas(driver)
        give_functions(connection)
        control(driver, "BEGIN IMMEDIATE" if writing or self._invariant else "BEGIN")
        return connection

    def begin_writing(self) -> bool:
        if self._invariant:
            return False
        driver = self._driver
        before = _data_version(driver)
        door_cursor(self._opened).execute("COMMIT")
        control(driver, "BEGIN IMMEDIATE")
        return _data_version(driver) != before

    def holds_savepoints(self, *, writing: bool) -> bool:
        return writing or self._invariant

    def check(self) -> None:
        """Nobody else can end this transaction."""

    def commit(self) -> None:
        # SQLite writes what full-text search has gathered only now, so that it is the door's as all before.
        door_cursor(self._opened).execute("COMMIT")

    def rollback(self) -> None:
        # SQLite ends the transaction by itself after some errors, a full disk for one.
        if self._driver.in_transaction:
            door_cursor(self._opened).execute("ROLLBACK")

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            if self._is_set:
                self._restore(driver_of(connection))
        except BaseException:
            connection.invalidate()  # a connection with foreign settings must not return to the pool
            raise
        finally:
            connection.close()

    @property
    def _opened(self) -> Connection:
        assert self._connection is not None
        return self._connection

    @property
    def _driver(self) -> sqlite3.Connection:
        return driver_of(self._opened)

    def _check_not_shared(self) -> None:
        """Refuse to share the only connection of an in-memory database with a transaction that is open on it.

        Asked without checking it out, since its return to the pool would roll that transaction back.
        """
        if isinstance(self._engine.pool, StaticPool):
            driver = self._engine.pool.connection.driver_connection
            if isinstance(driver, sqlite3.Connection) and driver.in_transaction:
                raise UnitError(_SHARED)

    def _set_pragmas(self, driver: sqlite3.Connection) -> None:
        if self._reading:
            self._set_pragma(driver, "query_only", 1, found=_pragma(driver, "query_only"))
        if not self._owned:
            patience = _pragma(driver, "busy_timeout")
            self._set_pragma(driver, "busy_timeout", max(patience, BUSY_TIMEOUT_MS), found=patience)
            self._set_pragma(driver, "foreign_keys", 1, found=_pragma(driver, "foreign_keys"))
        if self._patience_ms is not None:
            self._set_pragma(driver, "busy_timeout", self._patience_ms, found=_pragma(driver, "busy_timeout"))

    def _set_pragma(self, driver: sqlite3.Connection, pragma: str, value: int, *, found: int) -> None:
        if found != value:
            self._put_back.setdefault(pragma, found)
            control(driver, f"PRAGMA {pragma} = {value}")

    def _restore(self, driver: sqlite3.Connection) -> None:
        for pragma, value in self._put_back.items():
            control(driver, f"PRAGMA {pragma} = {value}")
        if is_driver_beginning(driver):
            control(driver, "BEGIN")


def _pragma(driver: sqlite3.Connection, name: str) -> int:
    return int(control(driver, f"PRAGMA {name}").fetchone()[0])


def _data_version(driver: sqlite3.Connection) -> int:
    """Return a number that moves when another connection commits a change that this one can see."""
    return _pragma(driver, "data_version")
