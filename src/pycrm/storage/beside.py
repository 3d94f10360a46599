"""A connection beside those of the units, for what must neither wait for them to end nor go back with them."""

from __future__ import annotations

import threading
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from pycrm.storage.errors import translate
from pycrm.storage.statements import Statements
from pycrm.storage.walls.tripwire import Tripwire

__all__ = ["Beside"]


class Beside:
    """Runs single statements on PostgreSQL, each committed at once, one after the other.

    The connection is of a pool of its own, made like that of *engine*: a unit that holds the last connection of the
    engine's pool would else wait for itself. It is opened on first use, and watched by *tripwire* where there is one.
    """

    def __init__(self, engine: Engine, tripwire: Tripwire | None = None) -> None:
        self._beside = engine
        self._tripwire = tripwire
        self._lock = threading.Lock()
        self._engine: Engine | None = None

    def returning(self, sql: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
        """Return the rows of a writing statement, which is committed. It may be run twice.

        Raises:
            StorageError: The database refused or failed.
        """
        with self._lock:
            try:
                try:
                    return self._run(sql, params)
                except DBAPIError as error:
                    if not error.connection_invalidated:
                        raise
                    # The server has ended a connection that lay idle, by a restart for one.
                    return self._run(sql, params)
            except Exception as error:
                raise translate(error) from error

    def close(self) -> None:
        """Let go of the connection; another statement opens a new one."""
        with self._lock:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose()

    def _run(self, sql: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
        if self._engine is None:
            pool = self._beside.pool.recreate()
            event.listen(pool, "connect", _write_behind)
            self._engine = create_engine(
                self._beside.url, pool=pool, isolation_level="AUTOCOMMIT", hide_parameters=True
            )
            if self._tripwire is not None:
                self._tripwire.listen(self._engine)
        with self._engine.connect() as connection:
            statements = Statements(connection)
            try:
                return statements.fetch(sql, params)
            finally:
                statements.close()


def _write_behind(driver: Any, _record: object) -> None:
    """Let commits not wait for the disk: who relies on one commits later himself, which flushes the log up to there."""
    with driver.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    driver.commit()
