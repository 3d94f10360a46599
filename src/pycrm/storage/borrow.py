"""An SQLAlchemy Connection on a driver's connection that belongs to somebody else, as to Django.

SQLAlchemy ends a transaction wherever it lets go of a connection: at `close`, at its return to the pool, when it is
collected as garbage. Here only the owner may do that, so SQLAlchemy gets a stand-in whose commit, rollback and close
do nothing.
"""

from __future__ import annotations

import copy
import sqlite3
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.pool import Pool, StaticPool

from pycrm.errors import UnitError

__all__ = ["borrow"]


def borrow(engine: Engine, driver: Any) -> Connection:
    """Return a Connection that runs its statements on *driver* and leaves transactions and life to its owner.

    Args:
        engine: The CRM's own, which has been connected to before; whether something was committed is asked there.
        driver: An open connection of the same database and the same driver.
    Raises:
        UnitError: A connection of another driver, or none at all.
    """
    dialect: Any = copy.copy(engine.dialect)
    wanted = dialect.loaded_dbapi.Connection
    if not isinstance(driver, wanted):
        raise UnitError(
            f"this CRM uses {wanted.__module__}.{wanted.__name__} and cannot borrow {driver!r}; give the driver's own "
            "connection, which Django keeps in `connection.connection`"
        )
    dialect.get_driver_connection = _owned
    pool = _BorrowedPool(lambda: _StandIn(driver), reset_on_return=None, dialect=dialect)
    pool.own = engine.pool
    return Engine(pool, dialect, engine.url).connect()


class _StandIn:
    """What SQLAlchemy takes for the driver's connection."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def cursor(self) -> Any:
        """Return a cursor that gives plain tuples, whatever kind the owner has chosen for itself."""
        if isinstance(self.driver, sqlite3.Connection):
            return sqlite3.Cursor(self.driver)
        import psycopg
        from psycopg.rows import tuple_row

        return psycopg.Cursor(self.driver, row_factory=tuple_row)

    def commit(self) -> None:
        """Leave the transaction to its owner."""

    def rollback(self) -> None:
        """Leave the transaction to its owner."""

    def close(self) -> None:
        """Leave the connection to its owner."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.driver, name)


class _BorrowedPool(StaticPool):
    """The one borrowed connection; another one to the same database comes out of the CRM's own pool."""

    own: Pool

    def recreate(self) -> Any:
        """Return a pool that connects anew, to ask what is committed."""
        return self.own.recreate()


def _owned(connection: Any) -> Any:
    return connection.driver if isinstance(connection, _StandIn) else connection
