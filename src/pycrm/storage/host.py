"""A unit inside a host's transaction: it neither commits nor closes, and its rows go when the host rolls back.

Each joined unit lives in a savepoint of its own, so that a failed one takes exactly its own rows back and the host
may still commit what it did itself.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import NestedTransaction, RootTransaction
from sqlalchemy.exc import UnboundExecutionError

from pycrm.errors import UnitError
from pycrm.storage import postgresql
from pycrm.storage.dialect import SQLITE, Dialect
from pycrm.storage.sqlite import driver_of, give_functions, is_driver_beginning
from pycrm.storage.walls.cursors import control
from pycrm.storage.walls.tripwire import THE_DOORS

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_SAVEPOINT = "pycrm_unit"
_SAFE_SAVEPOINTS = "pycrm.safe_savepoints"
_OPEN_UNITS = "pycrm.open_units"

_AUTOCOMMIT = (
    "this connection is in AUTOCOMMIT: each statement would be kept although the host rolls back; join a connection "
    "without `isolation_level='AUTOCOMMIT'`, or leave out `connection=` and `session=`"
)
_ASYNCHRONOUS = (
    "this is of an asynchronous engine, and a unit runs synchronously; join a Session or Connection of a plain engine "
    "from a thread, or give a unit of its own to `await crm.run_async(principal, work)`"
)
_FOREIGN_KEYS_OFF = (
    "foreign keys are off on this SQLite connection, and cannot be switched on inside a transaction; have the engine "
    "run `PRAGMA foreign_keys = ON` in a 'connect' listener"
)
_HOST_ENDED = (
    "the host's transaction or savepoint that this unit began in is not the innermost one any more; end the unit's "
    "block before commit, rollback or a savepoint of the host (`ws.savepoint()` makes one inside the unit)"
)
_INNER_OPEN = "another unit is open inside this one on the same connection; end it first"
_SAVEPOINT_IS_TRANSACTION = (
    "pysqlite sends no BEGIN before SAVEPOINT, so that releasing the savepoint which this connection is in may commit "
    "for good; join before the savepoint begins, or open the CRM with the host's engine before its first savepoint"
)


class JoinedTransaction:
    """The place of one unit inside the transaction of a host's Connection or Session."""

    joined = True

    def __init__(
        self,
        dialect: Dialect,
        engine: Engine,
        *,
        connection: Connection | None,
        session: Session | None,
        reading: bool,
    ) -> None:
        self._dialect = dialect
        self._engine = engine
        self._given = connection
        self.session = session
        self._reading = reading
        self._connection: Connection | None = None
        self._root: RootTransaction | None = None
        self._nested: NestedTransaction | None = None
        self._has_savepoint = False
        self._open_units: list[Any] = []

    def start(self, *, writing: bool) -> Connection:
        connection = self._find_connection()
        if connection.dialect.is_async:
            raise UnitError(_ASYNCHRONOUS)
        if connection.dialect.name != self._dialect.name:
            raise UnitError(
                f"this CRM lives in {self._dialect.name}, the given connection in {connection.dialect.name}"
            )
        if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
            raise UnitError(_AUTOCOMMIT)
        if self._dialect is SQLITE:
            self._join_sqlite(connection)
        elif postgresql.driver_of(connection).autocommit:
            raise UnitError(_AUTOCOMMIT)
        # A reader on SQLite needs no savepoint, which would open a transaction where the host has none.
        if not (self._reading and self._dialect is SQLITE):
            connection.exec_driver_sql(f"SAVEPOINT {_SAVEPOINT}", execution_options=THE_DOORS)
            self._has_savepoint = True
        self._connection = connection
        self._root, self._nested = connection.get_transaction(), connection.get_nested_transaction()
        self._open_units = connection.info.setdefault(_OPEN_UNITS, [])
        self._open_units.append(self)
        return connection

    def begin_writing(self) -> bool:
        # The host's isolation is unknown on PostgreSQL; a SQLite transaction cannot write after its reads moved.
        return self._dialect is not SQLITE

    def holds_savepoints(self, *, writing: bool) -> bool:
        return not (self._reading and self._dialect is SQLITE)

    def check(self) -> None:
        connection = self._connection
        if connection is None:
            return
        if not self._is_in_place(connection):
            raise UnitError(_HOST_ENDED)
        if self._open_units[-1] is not self:
            raise UnitError(_INNER_OPEN)

    def commit(self) -> None:
        if self._connection is not None and self._has_savepoint:
            self._connection.exec_driver_sql(f"RELEASE SAVEPOINT {_SAVEPOINT}", execution_options=THE_DOORS)
            self._has_savepoint = False

    def rollback(self) -> None:
        # Where the host has ended its transaction, the savepoint went with it.
        connection = self._connection
        if connection is not None and self._has_savepoint and self._is_in_place(connection):
            connection.exec_driver_sql(f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}", execution_options=THE_DOORS)
            connection.exec_driver_sql(f"RELEASE SAVEPOINT {_SAVEPOINT}", execution_options=THE_DOORS)
        self._has_savepoint = False

    def close(self) -> None:
        if self._connection is not None:
            self._connection = None
            self._open_units.remove(self)

    def _find_connection(self) -> Connection:
        if hasattr(self._given or self.session, "run_sync"):  # an AsyncConnection or AsyncSession
            raise UnitError(_ASYNCHRONOUS)
        if self._given is not None:
            return self._given
        assert self.session is not None
        try:
            bind = self.session.get_bind()
        except UnboundExecutionError:  # a session with one bind per mapped class
            bind = self._engine
        return self.session.connection(bind_arguments={"bind": bind})

    def _is_in_place(self, connection: Connection) -> bool:
        return (
            not connection.closed
            and connection.get_transaction() is self._root
            and connection.get_nested_transaction() is self._nested
        )

    def _join_sqlite(self, connection: Connection) -> None:
        """Make sure that a transaction is open, which the host ends. Only the driver knows whether one is."""
        # The first statement also lets SQLAlchemy begin, and with it a host's listener that sends BEGIN.
        foreign_keys = connection.exec_driver_sql("PRAGMA foreign_keys").scalar()
        driver = driver_of(connection)
        if _commits_by_itself(driver):
            raise UnitError(_AUTOCOMMIT)
        if not foreign_keys:
            raise UnitError(_FOREIGN_KEYS_OFF)
        give_functions(connection)
        if self._reading:
            return
        if not driver.in_transaction:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        elif connection.in_nested_transaction() and not _has_safe_savepoints(connection, driver):
            raise UnitError(_SAVEPOINT_IS_TRANSACTION)


def begin_before_savepoints(engine: Engine) -> None:
    """Have SQLAlchemy's savepoints on *engine* lie inside a transaction, as they do on other databases.

    pysqlite in its default mode sends BEGIN before the first change only. A SAVEPOINT before that opens the
    transaction itself, and releasing it commits: a host's later rollback would keep our rows. Nothing that is asked
    when a unit joins can tell such a transaction from a proper one, hence a listener on the engine.
    """
    if not event.contains(engine, "savepoint", _begin_before_savepoint):
        event.listen(engine, "savepoint", _begin_before_savepoint)


def _begin_before_savepoint(connection: Connection, _name: str) -> None:
    driver = driver_of(connection)
    if driver.in_transaction:
        connection.info.setdefault(_SAFE_SAVEPOINTS, True)
    elif _commits_by_itself(driver):
        connection.info[_SAFE_SAVEPOINTS] = False
    else:
        control(driver, "BEGIN")
        connection.info[_SAFE_SAVEPOINTS] = True


def _has_safe_savepoints(connection: Connection, driver: sqlite3.Connection) -> bool:
    """Say whether an open savepoint lies inside a transaction that began with BEGIN.

    An engine without our listener is trusted if it took the driver's beginning into its own hands.
    """
    trusted = driver.isolation_level is None or is_driver_beginning(driver)
    return bool(connection.info.get(_SAFE_SAVEPOINTS, trusted))


def _commits_by_itself(driver: sqlite3.Connection) -> bool:
    """Say whether the driver would keep each statement at once, in a transaction that nobody else has begun."""
    if getattr(driver, "autocommit", None) is True:
        return True
    return driver.isolation_level is None and not driver.in_transaction and not is_driver_beginning(driver)
