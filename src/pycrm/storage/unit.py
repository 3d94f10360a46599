"""A unit of work: one transaction on one connection, with what must go back together when it fails.

A `Unit` knows states, savepoints, queued facts and callbacks. How its transaction is begun and ended is a
`Transaction`'s matter: one of our own (`sqlite`, `postgresql`) or a place inside a host's (`host`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import attrs
from sqlalchemy import Connection

from pycrm.errors import PycrmError, UnitEndedError, UnitError, UnitFailedError
from pycrm.storage.beside import Beside
from pycrm.storage.dialect import Dialect
from pycrm.storage.errors import translate
from pycrm.storage.ports import Announcements, Outcome, Transaction
from pycrm.storage.statements import Parameters, Statements
from pycrm.storage.walls.authorizer import Sight
from pycrm.storage.walls.judging import Judging
from pycrm.storage.walls.tripwire import THE_DOORS


@attrs.define(eq=False)
class _Savepoint:
    """An open savepoint: its name, whether the database knows it yet, and how long each queue was at its start."""

    name: str
    facts: int
    on_rollback: int
    on_commit: int
    is_set: bool = False


class Unit:
    """One unit of work. Use it as a context manager: it commits at the end, or rolls back on an exception.

    The transaction starts at the first statement. After a database error, or `fail`, the unit is *failed*: every
    further call raises `UnitFailedError`, and it rolls back even if the error was swallowed. A unit belongs to one
    thread at a time.

    SQL is driver SQL in the parameter style of `dialect`: named markers with a mapping, positional ones with a tuple.

    Attributes:
        unit_id: Names this unit in the outbox.
        dialect: The database that the SQL is for.
        is_reading: Whether it may only read.
        is_writing: Whether writing has begun.
        is_shared: Whether code of others runs in it too, so that what is done on `connection` is not taken for ours.
        is_joined: Whether it lives inside a host's transaction.
        snapshot_moved: Whether what was read before writing began may be outdated: somebody else wrote in between,
            or (PostgreSQL at READ COMMITTED) that cannot be excluded.
        statement_count: How many statements were run, a call for many rows counted once.
    """

    def __init__(
        self,
        unit_id: UUID,
        transaction: Transaction,
        dialect: Dialect,
        *,
        is_reading: bool,
        announcements: Announcements | None = None,
        on_close: Callable[[], None] | None = None,
        beside: Beside | None = None,
        judging: Judging | None = None,
    ) -> None:
        self.unit_id = unit_id
        self.dialect = dialect
        self.is_reading = is_reading
        self.is_joined = transaction.joined
        self._beside = None if transaction.joined else beside
        self.is_writing = False
        self.is_shared = False
        self.snapshot_moved = False
        self.statement_count = 0
        self._transaction = transaction
        self._announcements = announcements
        self._on_close = on_close
        self._judging = judging
        self._sight: Sight | None = None
        self._guard = _Guard(self)
        self._connection: Connection | None = None
        self._statements: Statements | None = None
        self._first_error: BaseException | None = None
        self._ended = False
        self._committed = False
        self._closed = False
        self._savepoints: list[_Savepoint] = []
        self._facts: list[Any] = []
        self._rollback_callbacks: list[Callable[[], None]] = []
        self._commit_callbacks: list[Callable[[], None]] = []

    # Statements

    def rows(self, sql: str, params: Parameters = ()) -> list[tuple[Any, ...]]:
        """Return every row of a query as the driver's own tuples."""
        with self._guard:
            return self._ready().fetch(sql, params)

    def execute(self, sql: str, params: Parameters = ()) -> int:
        """Run a writing statement and return how many rows it changed."""
        self.begin_writing()
        with self._guard:
            return self._ready().count(sql, params)

    def returning(self, sql: str, params: Parameters = ()) -> list[tuple[Any, ...]]:
        """Run a writing statement and return the rows of its RETURNING clause."""
        self.begin_writing()
        return self.rows(sql, params)

    def returning_beside(self, sql: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
        """Return the rows of a writing statement that neither waits for other units nor goes back with this one.

        So on PostgreSQL in a unit of our own; elsewhere it is like any other statement of the unit.
        """
        if self._beside is None:
            return self.returning(sql, params)
        self.begin_writing()
        with self._guard:
            return self._beside.returning(sql, params)

    def execute_many(self, sql: str, rows: Iterable[Parameters]) -> int:
        """Run one writing statement for each of *rows* and return how many rows changed altogether."""
        self.begin_writing()
        many: Sequence[Any] = rows if isinstance(rows, list) else list(rows)
        if not many:
            return 0
        with self._guard:
            return self._ready().count_many(sql, many)

    def begin_writing(self) -> None:
        """Make the unit ready to write; the door calls it before its first write. Repeating it does nothing.

        On SQLite what was read so far is let go and the write lock taken; `snapshot_moved` says whether somebody
        else wrote in between. Savepoints that are open stay open.

        Raises:
            UnitError: It is a reading unit.
            ConflictError: Another connection holds the write lock too long.
        """
        self.check_usable()
        if self.is_writing:
            return
        if self.is_reading:
            raise UnitError("this unit only reads; open one with `crm.acting_as` to write")
        with self._guard:
            if self._connection is None:
                self._start(writing=True)
            else:
                self._transaction.check()
                self.snapshot_moved = self._transaction.begin_writing()
            self.is_writing = True
            self._set_savepoints()

    @property
    def connection(self) -> Connection:
        """The SQLAlchemy connection inside this unit's transaction; creating tables needs it, nothing else should."""
        with self._guard:
            self._ready()
        assert self._connection is not None
        if not (self.is_shared or self.is_joined):
            self._connection.execution_options(**THE_DOORS)
        return self._connection

    @property
    def is_judged(self) -> bool:
        """Whether the database judges SQL of others on this connection by what `show` says."""
        return self._judging is not None

    def show(self, sight: Sight | None) -> None:
        """Show of our tables no more than *sight* to SQL of others on this connection, where the database can do that.

        That is SQLite, and a host's connection only if he wants it.
        """
        self._sight = sight
        if self._connection is not None:
            self._judge(self._connection)

    # Failure

    def fail(self, error: BaseException) -> None:
        """Mark the unit, or the innermost open savepoint, as failed by *error*; only the first error counts."""
        if self._first_error is None:
            self._first_error = error

    def check_usable(self) -> None:
        """Raise `UnitEndedError` or `UnitFailedError` unless the unit takes further calls."""
        if self._ended:
            raise UnitEndedError("this unit has ended; open a new one with `crm.acting_as`")
        if self._first_error is not None:
            raise _failed(self._first_error, "this unit takes no further calls and will be rolled back")

    # Savepoints

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Limit the damage of a failure to the block: rows, queued facts and callbacks go back to its start.

        An exception leaves the block as it came, with the unit usable again. A block that swallowed the error which
        failed the unit is rolled back all the same.

        Raises:
            UnitFailedError: The block swallowed an error; `first` is that error.
        """
        self.check_usable()
        savepoint = self._open_savepoint()
        try:
            yield
        except BaseException as error:
            self._undo_savepoint(savepoint, error)
            raise
        if self._first_error is not None:
            first = self._first_error
            self._undo_savepoint(savepoint, first)
            raise _failed(first, "the savepoint was rolled back")
        self._release_savepoint(savepoint)

    # Facts and callbacks

    def announce(self, fact: Any) -> None:
        """Queue *fact* for delivery after commit; a rollback, of a savepoint too, drops what was queued since."""
        self.check_usable()
        self._facts.append(fact)

    @property
    def facts(self) -> tuple[Any, ...]:
        """What is queued, in order."""
        return tuple(self._facts)

    def on_rollback(self, callback: Callable[[], None]) -> None:
        """Call *callback* if the unit, or a savepoint open now, rolls back: newest first. Dropped on commit."""
        self._rollback_callbacks.append(callback)

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Call *callback* right after the unit committed, oldest first; a rollback drops it.

        Inside a host's transaction it is called when the facts are told, and never if the unit wrote no outbox row.
        """
        self._commit_callbacks.append(callback)

    def mark(self) -> tuple[int, int, int]:
        """Return how long each queue is by now, for `forget_since`."""
        return len(self._facts), len(self._rollback_callbacks), len(self._commit_callbacks)

    def forget_since(self, mark: tuple[int, int, int]) -> None:
        """Let go of the facts and callbacks queued since *mark*, outside savepoints.

        For a unit that is bound to roll back, and whose records nobody looks at again: what it holds stays small.
        """
        facts, on_rollback, on_commit = mark
        del self._facts[facts:]
        del self._rollback_callbacks[on_rollback:]
        del self._commit_callbacks[on_commit:]

    # End

    @property
    def is_committed(self) -> bool:
        """Whether it has ended and kept what it wrote, as far as that is its own to decide."""
        return self._committed

    def commit(self) -> None:
        """End the unit and keep what it wrote; a failed unit is rolled back instead.

        Raises:
            UnitFailedError: An earlier error failed the unit.
            ConflictError: The database refused to commit because of other units; nothing was kept.
        """
        if self._ended:
            self.check_usable()
        if self._first_error is not None:
            first = self._first_error
            self.rollback()
            raise _failed(first, "nothing of this unit was kept")
        try:
            with self._guard:
                if self._connection is not None:
                    self._transaction.check()
                    self._transaction.commit()
        except BaseException:
            self._roll_back_quietly()
            raise
        self._ended = self._committed = True
        self._rollback_callbacks.clear()
        if not self.is_joined:
            for callback in self._commit_callbacks:
                callback()
        elif self._connection is not None and self._announcements is not None:
            outcome = Outcome(self.unit_id, self._facts, self._commit_callbacks)
            if outcome.facts or outcome.callbacks:
                self._announcements.hold(self._connection, outcome, self._transaction.session)

    def rollback(self) -> None:
        """End the unit and undo what it wrote, with its facts and records. Repeating it does nothing."""
        if self._ended:
            return
        self._ended = True
        try:
            if self._connection is not None:
                self._transaction.rollback()
        except Exception as error:
            raise translate(error) from error
        finally:
            self._facts.clear()
            self._commit_callbacks.clear()
            self._undo_callbacks(0)

    def close(self) -> None:
        """Roll back if the unit is still open, let go of the connection, then deliver the facts if it committed.

        They are delivered last, so that a listener may open a unit of its own even where only one is allowed.
        """
        if self._closed:
            return
        self._closed = True
        try:
            self.rollback()
        finally:
            try:
                if self._statements is not None:
                    self._statements.close()
                if self._judging is not None:
                    self._judging.end()
                self._transaction.close()
            finally:
                if self._on_close is not None:
                    self._on_close()
        if self._committed and not self.is_joined and self._facts and self._announcements is not None:
            facts, self._facts = self._facts, []  # they name thousands of records, and the unit is in a cycle
            self._announcements.deliver(facts)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.commit()
            else:
                self._roll_back_quietly()
        finally:
            self.close()

    # Inner workings

    def _ready(self) -> Statements:
        self.statement_count += 1
        if self._ended or self._first_error is not None:
            self.check_usable()
        if self._statements is None:
            return self._start(writing=False)
        self._transaction.check()
        return self._statements

    def _start(self, *, writing: bool) -> Statements:
        self._connection = self._transaction.start(writing=writing)
        self._statements = Statements(self._connection)
        self._judge(self._connection)
        return self._statements

    def _judge(self, connection: Connection) -> None:
        if self._judging is not None:
            self._judging.begin(connection, self._sight)
            if self._statements is not None:
                self._statements.close()  # the door's cursor on a connection that is judged is another one

    def _open_savepoint(self) -> _Savepoint:
        # Named by depth: few distinct texts keep the drivers' statement caches warm, and an inner savepoint of the
        # same name (a unit inside another one's transaction) hides the outer one only while it is open.
        name = f"pycrm_{len(self._savepoints) + 1}"
        savepoint = _Savepoint(name, len(self._facts), len(self._rollback_callbacks), len(self._commit_callbacks))
        self._savepoints.append(savepoint)
        if self._transaction.holds_savepoints(writing=self.is_writing):
            with self._guard:
                self._ready()
                self._set_savepoints()
        return savepoint

    def _set_savepoints(self) -> None:
        for savepoint in self._savepoints:
            if not savepoint.is_set:
                self._control(f"SAVEPOINT {savepoint.name}")
                savepoint.is_set = True

    def _release_savepoint(self, savepoint: _Savepoint) -> None:
        self.check_usable()
        self._savepoints.remove(savepoint)
        if savepoint.is_set:
            with self._guard:
                self._control(f"RELEASE SAVEPOINT {savepoint.name}")

    def _undo_savepoint(self, savepoint: _Savepoint, error: BaseException) -> None:
        """Take everything back to the start of *savepoint*; if the database cannot, the unit stays failed."""
        if self._ended:
            return
        del self._savepoints[self._savepoints.index(savepoint) :]
        del self._facts[savepoint.facts :]
        del self._commit_callbacks[savepoint.on_commit :]
        self._undo_callbacks(savepoint.on_rollback)
        self._first_error = None
        if savepoint.is_set:
            try:
                with self._guard:
                    self._control(f"ROLLBACK TO SAVEPOINT {savepoint.name}")
                    self._control(f"RELEASE SAVEPOINT {savepoint.name}")
            except PycrmError:
                # The whole transaction is gone (full disk, lost connection): what counts is the error before this.
                self._first_error = error

    def _undo_callbacks(self, start: int) -> None:
        callbacks = self._rollback_callbacks[start:]
        del self._rollback_callbacks[start:]
        for callback in reversed(callbacks):
            callback()

    def _roll_back_quietly(self) -> None:
        """Roll back while an exception is on its way out, which an error of the rollback must not replace."""
        with suppress(PycrmError):
            self.rollback()

    def _control(self, sql: str) -> None:
        assert self._connection is not None
        self._connection.exec_driver_sql(sql, execution_options=THE_DOORS)


@attrs.frozen(eq=False)
class _Guard:
    """Whatever is raised in its block fails the unit, and leaves as ours if the database is the cause.

    A `UnitError` comes before any SQL and leaves the unit as it was.
    """

    unit: Unit

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, UnitError):
            return
        ours = translate(error) if isinstance(error, Exception) else error
        self.unit.fail(ours)
        if ours is not error:
            raise ours from error


def _failed(first: BaseException, consequence: str) -> UnitFailedError:
    failure = UnitFailedError(
        f"an earlier error failed this unit, {consequence}; first cause: {type(first).__name__}: {first}", first=first
    )
    failure.__cause__ = first
    return failure
