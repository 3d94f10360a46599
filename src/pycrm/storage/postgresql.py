"""PostgreSQL: how our own units begin and end, and how a connection is set up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def driver_of(connection: Connection) -> Any:
    """Return the driver's connection behind *connection*, one of psycopg."""
    return connection.connection.driver_connection


def set_up(driver: Any) -> None:
    """Set up one new connection of an engine of our own: instants come back in UTC."""
    with driver.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
    driver.commit()


class PostgresqlTransaction:
    """The transaction of a unit of our own.

    READ COMMITTED, whatever the engine's default: each write is guarded by the version of its record. Isolation and
    read-only mode are attributes of the driver's connection, which it sends along with its BEGIN; the first is put
    back by SQLAlchemy, the second here, since SQLAlchemy does not put back that it was left to the server.

    Args:
        engine: Where the connection comes from.
        reading: Refuse writes in the database too.
        invariant: SERIALIZABLE, so that a unit whose reads have become outdated cannot commit.
    """

    joined = False
    session: Session | None = None

    def __init__(self, engine: Engine, *, reading: bool, invariant: bool) -> None:
        self._engine = engine
        self._reading = reading
        self._invariant = invariant
        self._connection: Connection | None = None
        self._read_only_before: bool | None = None

    def start(self, *, writing: bool) -> Connection:
        self._connection = connection = self._engine.connect()
        driver = driver_of(connection)
        if driver.pgconn.transaction_status:
            # A host whose 'commit' listener raised has put it back into the pool like this.
            driver.rollback()
        if self._reading:
            self._read_only_before, driver.read_only = driver.read_only, True
        return connection.execution_options(isolation_level="SERIALIZABLE" if self._invariant else "READ COMMITTED")

    def begin_writing(self) -> bool:
        return not self._invariant

    def holds_savepoints(self, *, writing: bool) -> bool:
        return True

    def check(self) -> None:
        """Nobody else can end this transaction."""

    def commit(self) -> None:
        if self._connection is not None:
            self._connection.commit()

    def rollback(self) -> None:
        if self._connection is not None:
            self._connection.rollback()

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            if self._reading and not connection.invalidated:
                driver_of(connection).read_only = self._read_only_before
        finally:
            connection.close()
