"""Announcing facts of units inside a host's transaction, once they are committed and only then.

No event of SQLAlchemy means "committed": the engine's ``commit`` comes before COMMIT, and the Session's
``after_commit`` comes when a savepoint is released, too. So an event only asks the question, and the answer is
whether the unit's outbox rows are visible from another connection.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import ConnectionPoolEntry, ManagesConnection, Pool, StaticPool

from pycrm.storage.ports import Outcome
from pycrm.storage.sqlite import is_in_memory

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

logger = logging.getLogger("pycrm.storage")


class Announcer:
    """Delivers facts at once, or holds them per connection until the host's transaction has ended well.

    Held facts live in the ``info`` of the driver's connection and vanish with it. The question is asked at the root
    Session's ``after_commit``, at the connection's next begin, at its return to the pool, and by `announce`. Facts
    are delivered once; those whose rows are not there when the transaction has ended are dropped. What a host
    commits behind SQLAlchemy's back stays held until the next such moment.

    Args:
        is_visible: Says whether the outbox has rows of this unit, asked through a connection of its own.
        deliver: Tells the listeners; it must not raise.
    """

    def __init__(self, is_visible: Callable[[Connection, UUID], bool], deliver: Callable[[list[Any]], None]) -> None:
        self._is_visible = is_visible
        self._deliver = deliver
        self._key = object()
        self._sessions: weakref.WeakKeyDictionary[Session, Connection] = weakref.WeakKeyDictionary()
        # Listeners on a host's objects must not keep this CRM alive.
        self._listeners = {
            "after_commit": _weakly(self._session_committed),
            "begin": _weakly(self._connection_begins),
            "checkin": _weakly(self._connection_returns),
        }
        self._targets: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()

    def deliver(self, facts: list[Any]) -> None:
        """Tell listeners *facts* of a unit of our own, which has committed."""
        self._deliver(facts)

    def hold(self, connection: Connection, outcome: Outcome, session: Session | None) -> None:
        """Keep the *outcome* of a unit that ended well inside the host's transaction on *connection*."""
        connection.info.setdefault(self._key, []).append((outcome, connection.engine))
        if session is not None:
            self._sessions[session] = connection
            self._listen(session, "after_commit")
        # Once per engine, on the first unit that joins it: the pool's event knows no single connection, and a
        # listener on a connection would run after the engine's own, that is after a host's listener has sent BEGIN.
        self._listen(connection.engine, "begin", insert=True)
        self._listen(connection.engine.pool, "checkin")

    def announce(self, connection: Connection) -> None:
        """Deliver what is held for *connection* and committed by now, also behind SQLAlchemy's back."""
        self._settle(connection.connection, has_ended=not connection.in_transaction())

    def close(self) -> None:
        """Take every listener away again; what is still held is left to the outbox."""
        for target, name in list(self._targets.items()):
            event.remove(target, name, self._listeners[name])
        self._targets.clear()

    def _listen(self, target: Any, name: str, *, insert: bool = False) -> None:
        if target not in self._targets:
            event.listen(target, name, self._listeners[name], insert=insert)
            self._targets[target] = name

    def _session_committed(self, session: Session) -> None:
        connection = self._sessions.get(session)
        # A released savepoint, or a commit inside an outer transaction, has ended nothing.
        if connection is not None and not connection.closed and not connection.in_transaction():
            self._settle(connection.connection, has_ended=True)

    def _connection_begins(self, connection: Connection) -> None:
        self._settle(connection.connection, has_ended=True)

    def _connection_returns(self, driver: Any, entry: ConnectionPoolEntry) -> None:
        if driver is None or self._key not in entry.info:  # a broken connection comes back as None
            return
        try:
            # When a commit failed and the host then only closes, SQLAlchemy returns the connection with the
            # transaction still open (2.0 and 2.1), and the pool's next user would commit our rows.
            driver.rollback()
        except Exception:
            logger.exception("a connection could not be rolled back on its return to the pool")
        else:
            self._settle(entry, has_ended=True)

    def _settle(self, place: ManagesConnection, *, has_ended: bool) -> None:
        """Deliver what is visible, drop what is not and never will be, keep the rest."""
        held: list[tuple[Outcome, Engine]] = place.info.pop(self._key, [])
        if not held:
            return
        try:
            with _asking(held[0][1], place.driver_connection) as connection:
                visible = [self._is_visible(connection, outcome.unit_id) for outcome, _ in held]
        except _NotYetError:
            visible, has_ended = [False] * len(held), False
        except Exception:
            # The host's commit has succeeded and must not fail for our question; it is asked again later.
            logger.exception("whether a host's transaction was committed could not be asked")
            visible, has_ended = [False] * len(held), False
        if not has_ended:
            waiting = [item for item, is_there in zip(held, visible, strict=True) if not is_there]
            place.info.setdefault(self._key, []).extend(waiting)
        for (outcome, _), is_there in zip(held, visible, strict=True):
            if is_there:
                for callback in outcome.callbacks:
                    callback()
                if outcome.facts:
                    self._deliver(outcome.facts)


class _NotYetError(Exception):
    """The only connection of an in-memory database is inside a transaction and cannot say what is committed."""


@contextmanager
def _asking(engine: Engine, driver: Any) -> Iterator[Connection]:
    """Give a second connection to the database of *engine*.

    Not out of its pool: a thread that holds one connection and waits for another one can wait for ever when all do.
    And not kept, since a host that disposed its engine expects nothing to be open. An in-memory database has no second
    connection; its only one, *driver*, can answer as soon as no transaction is open on it.
    """
    if engine.dialect.name == "sqlite" and is_in_memory(engine.url):
        if driver.in_transaction:
            raise _NotYetError
        # Checked out past the host's pool, which would count it as the return of the host's own.
        pool: Pool = StaticPool(lambda: driver, reset_on_return=None, dialect=engine.dialect)
        with Engine(pool, engine.dialect, engine.url).connect() as connection:
            yield connection
        return
    pool = engine.pool.recreate()
    try:
        with Engine(pool, engine.dialect, engine.url).connect() as connection:
            yield connection
    finally:
        pool.dispose()


def _weakly(method: Callable[..., None]) -> Callable[..., None]:
    reference = weakref.WeakMethod(method)

    def listener(*args: Any) -> None:
        if (alive := reference()) is not None:
            alive(*args)

    return listener
