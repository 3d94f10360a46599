"""PostgreSQL: how our own units begin and end, and how a connection is set up.

Control statements (BEGIN, COMMIT, ROLLBACK) go straight to the driver's protocol layer, which takes a tenth of the time
of a cursor. They set isolation and read-only mode too, so that nothing of the connection need be put back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from pycrm.storage.statements import as_sqlalchemy_error

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

    READ COMMITTED, whatever the engine's default: each write is guarded by the version of its record.

    Args:
        engine: Where the connection comes from.
        reading: Refuse writes in the database too.
        invariant: SERIALIZABLE, so that a unit whose reads have become outdated cannot commit.
    """

    joined = False
    session: Session | None = None

    def __init__(self, engine: Engine, *, reading: bool, invariant: bool) -> None:
        self._engine = engine
        self._begin = f"BEGIN ISOLATION LEVEL {'SERIALIZABLE' if invariant else 'READ COMMITTED'}"
        if reading:
            self._begin += " READ ONLY"
        self._invariant = invariant
        self._connection: Connection | None = None

    def start(self, *, writing: bool) -> Connection:
        try:
            return self._open()
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            # The server has ended a connection that lay in the pool, by a restart for one; nothing is lost yet.
            self.close()
            return self._open()

    def _open(self) -> Connection:
        self._connection = connection = self._engine.connect()
        if driver_of(connection).pgconn.transaction_status:
            # A host whose 'commit' listener raised has put it back into the pool like this.
            self._control("ROLLBACK")
        self._control(self._begin)
        return connection

    def begin_writing(self) -> bool:
        return not self._invariant

    def holds_savepoints(self, *, writing: bool) -> bool:
        return True

    def check(self) -> None:
        """Nobody else can end this transaction."""

    def commit(self) -> None:
        self._control("COMMIT")

    def rollback(self) -> None:
        if self._connection is not None and not self._connection.invalidated:
            self._control("ROLLBACK")

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _control(self, sql: str) -> None:
        connection = self._connection
        assert connection is not None
        driver: Any = driver_of(connection)
        module: Any = connection.dialect.loaded_dbapi
        try:
            result = driver.pgconn.exec_(sql.encode())
            if result.status != module.pq.ExecStatus.COMMAND_OK:
                raise module.errors.error_from_result(result, encoding=driver.info.encoding)
            if sql == "COMMIT" and result.command_status != b"COMMIT":
                raise module.errors.InFailedSqlTransaction("COMMIT of a failed transaction rolled it back")
        except module.Error as error:
            raise as_sqlalchemy_error(connection, sql, error) from error
