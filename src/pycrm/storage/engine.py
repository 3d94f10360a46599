"""Opening a CRM's database: the engine, ours or the host's, and the units of work on it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool, StaticPool

from pycrm.errors import ConfigurationError, MissingExtraError, UnitError
from pycrm.storage import postgresql, sqlite
from pycrm.storage.beside import Beside
from pycrm.storage.dialect import DIALECTS, POSTGRESQL, SQLITE, Dialect
from pycrm.storage.host import JoinedTransaction, begin_before_savepoints
from pycrm.storage.ports import Announcements, Transaction
from pycrm.storage.unit import Unit
from pycrm.storage.upgrade.unguarded import RebuildingTransaction
from pycrm.storage.walls.judging import Judging
from pycrm.storage.walls.tripwire import Tripwire
from pycrm.storage.walls.watched_sqlite import WatchedConnection
from pycrm.values.ids import new_id

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_ONE_UNIT = (
    "an in-memory database allows one unit at a time and another one is open; end it first, or use a database file "
    "(`CRM('sqlite:///shop.db')`) for concurrent, nested or async work"
)
SHORT_PATIENCE_MS = 250
_DRIVERS = {"sqlite": "pysqlite", "postgresql": "psycopg"}


@attrs.frozen(eq=False)
class Database:
    """An opened database. Make it with `open_engine`.

    Attributes:
        engine: SQLAlchemy's engine.
        dialect: Which of the two databases it is.
        owned: Whether the engine was made here; a host's own is never closed and keeps its settings.
        in_memory: Whether it lives in one connection, which allows one unit at a time.
        tripwire: Refuses what others run on our tables; None on a host's engine that is not to be watched.
    """

    engine: Engine
    dialect: Dialect
    owned: bool
    in_memory: bool
    tripwire: Tripwire | None
    _reading_engine: Engine = attrs.field(repr=False)
    _beside: Beside | None = attrs.field(init=False, repr=False)
    _only_unit: threading.Lock = attrs.field(factory=threading.Lock, init=False, repr=False)

    @_beside.default
    def _make_beside(self) -> Beside | None:
        # On SQLite a unit that writes keeps all others from writing, whatever connection they have.
        return Beside(self.engine, self.tripwire) if self.dialect is POSTGRESQL else None

    def reading_unit(self, *, whole: bool = False) -> Unit:
        """Return a unit of our own that may only read, in one snapshot on SQLite.

        Args:
            whole: In one snapshot on PostgreSQL, too.
        Raises:
            UnitError: The database is in memory and another unit is open.
        """
        # On SQLite an invariant unit would keep others from writing.
        invariant = whole and self.dialect is POSTGRESQL
        return self._unit(self._own(reading=True, invariant=invariant), is_reading=True)

    def writing_unit(
        self, *, invariant: bool = False, announcements: Announcements | None = None, alone: bool = False
    ) -> Unit:
        """Return a unit of our own that may write.

        Args:
            invariant: Its correctness depends on rows that it only reads: nobody may change them meanwhile.
            announcements: Gets the facts when the unit has committed.
            alone: Nothing of it happens beside its transaction, whose tables nobody else can see yet.
        Raises:
            UnitError: The database is in memory and another unit is open.
        """
        transaction = self._own(reading=False, invariant=invariant)
        return self._unit(transaction, is_reading=False, announcements=announcements, alone=alone)

    def short_unit(self) -> Unit:
        """Return a writing unit of our own that gives up where others hold SQLite's write lock for more than a moment.

        Raises:
            UnitError: The database is in memory and another unit is open.
        """
        return self._unit(self._own(reading=False, invariant=False, patience_ms=SHORT_PATIENCE_MS), is_reading=False)

    def migrating_unit(self, *, rebuilding: bool = False, announcements: Announcements | None = None) -> Unit:
        """Return a writing unit for changes of tables.

        Args:
            rebuilding: Tables of SQLite are made anew in it, during which foreign keys are not looked at.
            announcements: Gets the facts when the unit has committed.
        Raises:
            UnitError: The database is in memory and another unit is open.
        """
        if not rebuilding or self.dialect is not SQLITE:
            return self.writing_unit(announcements=announcements, alone=True)
        transaction = RebuildingTransaction(self.engine, reading=False, invariant=False, owned=self.owned)
        return self._unit(transaction, is_reading=False, announcements=announcements)

    def joined_unit(
        self,
        *,
        connection: Connection | None = None,
        session: Session | None = None,
        reading: bool = False,
        announcements: Announcements | None = None,
    ) -> Unit:
        """Return a unit inside the transaction of a host's *connection* or *session*, which the host ends.

        Raises:
            UnitError: Not exactly one of the two, or the database is in memory and another unit is open.
        """
        if (connection is None) == (session is None):
            raise UnitError("give either `connection=` or `session=` to join a transaction, not both")
        transaction = JoinedTransaction(
            self.dialect, self.engine, connection=connection, session=session, reading=reading
        )
        return self._unit(transaction, is_reading=reading, announcements=announcements)

    def prepare(self) -> None:
        """Give a SQLite file of our own its lasting settings; called when the database is created or migrated."""
        if self.owned and self.dialect is SQLITE:
            with self.engine.connect() as connection:
                sqlite.prepare(connection)

    def close(self) -> None:
        """Close the pool of an engine of our own; a host closes its own."""
        if self._beside is not None:
            self._beside.close()
        if self.owned:
            self._reading_engine.dispose()
            self.engine.dispose()
        elif self.tripwire is not None:
            self.tripwire.leave(self.engine)

    def _own(self, *, reading: bool, invariant: bool, patience_ms: int | None = None) -> Transaction:
        if self.dialect is SQLITE:
            engine = self._reading_engine if reading else self.engine
            return sqlite.SqliteTransaction(
                engine, reading=reading, invariant=invariant, owned=self.owned, patience_ms=patience_ms
            )
        return postgresql.PostgresqlTransaction(self.engine, reading=reading, invariant=invariant)

    def _judging(self, transaction: Transaction) -> Judging | None:
        """Return who sets SQLite's judge over the unit: none on a connection of a host who has not asked for walls."""
        if self.tripwire is None or self.dialect is not SQLITE or (transaction.joined and self.owned):
            return None
        return Judging(self.tripwire)

    def _unit(
        self,
        transaction: Transaction,
        *,
        is_reading: bool,
        announcements: Announcements | None = None,
        alone: bool = False,
    ) -> Unit:
        on_close: Callable[[], None] | None = None
        if self.in_memory:
            if not self._only_unit.acquire(blocking=False):
                raise UnitError(_ONE_UNIT)
            on_close = self._only_unit.release
        return Unit(
            new_id(),
            transaction,
            self.dialect,
            is_reading=is_reading,
            announcements=announcements,
            on_close=on_close,
            beside=None if alone else self._beside,
            judging=self._judging(transaction),
        )


def open_engine(database: str | Path | Engine, *, walled: bool = False) -> Database:
    """Open *database*: a path or ``sqlite:///`` URL, a ``postgresql://`` URL, or a host's engine.

    A SQLite URL takes ``?synchronous=NORMAL`` (FULL by default) and ``?busy_timeout=5000`` (milliseconds, 30,000 by
    default). Nothing is connected to yet.

    Args:
        database: Which.
        walled: Watch a host's engine, too; our own always are.
    Raises:
        ConfigurationError: Not a URL, or a database or driver that is not supported.
        MissingExtraError: A PostgreSQL URL without psycopg.
    """
    if isinstance(database, Engine):
        return _host_database(database, walled=walled)
    url = _url(database)
    if url.get_backend_name() == "sqlite":
        return _own_sqlite(url)
    tripwire = Tripwire(POSTGRESQL.name, owned=True)
    engine = _postgresql_engine(url, tripwire)
    return Database(engine, POSTGRESQL, owned=True, in_memory=False, tripwire=tripwire, reading_engine=engine)


def _host_database(engine: Engine, *, walled: bool) -> Database:
    _check_driver(engine.dialect.name, engine.dialect.driver)
    dialect = DIALECTS[engine.dialect.name]
    if dialect is SQLITE:
        begin_before_savepoints(engine)
    in_memory = dialect is SQLITE and sqlite.is_in_memory(engine.url)
    tripwire = Tripwire(dialect.name, owned=False) if walled else None
    if tripwire is not None:
        tripwire.listen(engine)
    return Database(engine, dialect, owned=False, in_memory=in_memory, tripwire=tripwire, reading_engine=engine)


def _own_sqlite(url: URL) -> Database:
    settings = sqlite.settings_of(url.query)
    url = url.difference_update_query(["synchronous", "busy_timeout"])
    in_memory = sqlite.is_in_memory(url)
    tripwire = Tripwire(SQLITE.name, owned=True)
    engine = _sqlite_engine(url, settings, tripwire)
    # Switching `query_only` makes SQLite prepare every cached statement of the connection anew, which costs more than
    # a short reading unit. So reading units have connections of their own, where there can be more than one.
    reading_engine = engine if in_memory else _sqlite_engine(url, settings, tripwire, query_only=True)
    return Database(engine, SQLITE, owned=True, in_memory=in_memory, tripwire=tripwire, reading_engine=reading_engine)


def _url(database: str | Path) -> URL:
    """Return the URL of *database* with the driver that we use; text without ``://`` is the path of a file."""
    if isinstance(database, Path) or "://" not in database:
        return URL.create("sqlite+pysqlite", database=str(database))
    try:
        url = make_url(database)
    except (ArgumentError, ValueError) as error:  # the second for a port that is no number
        raise ConfigurationError(
            "the database URL cannot be read; write `sqlite:///shop.db` or `postgresql://user@host/name`"
        ) from error
    backend = "postgresql" if url.get_backend_name() == "postgres" else url.get_backend_name()
    _, _, driver = url.drivername.partition("+")
    _check_driver(backend, driver or _DRIVERS.get(backend, ""))
    return url.set(drivername=f"{backend}+{_DRIVERS[backend]}")


def _check_driver(backend: str, driver: str) -> None:
    if backend not in _DRIVERS:
        raise ConfigurationError(f"{backend} is not supported; use SQLite or PostgreSQL")
    if driver != _DRIVERS[backend]:
        raise ConfigurationError(
            f"{backend} is used through the driver {_DRIVERS[backend]}, not {driver}; make the engine with "
            f"`create_engine('{backend}+{_DRIVERS[backend]}://…')`"
        )


def _sqlite_engine(url: URL, settings: sqlite.Settings, tripwire: Tripwire, *, query_only: bool = False) -> Engine:
    arguments: dict[str, Any] = {"factory": WatchedConnection}
    if sqlite.is_in_memory(url):
        arguments["check_same_thread"] = False
        engine = create_engine(url, poolclass=StaticPool, connect_args=arguments, hide_parameters=True)
    else:
        # Connections to a file are cheap, so threads never wait for one.
        engine = create_engine(
            url, poolclass=QueuePool, pool_size=5, max_overflow=-1, connect_args=arguments, hide_parameters=True
        )

    @event.listens_for(engine, "connect")
    def set_up(driver: Any, _record: object) -> None:
        settings.apply(driver, query_only=query_only)
        driver.tripwire = tripwire

    tripwire.listen(engine)
    begin_before_savepoints(engine)
    return engine


def _postgresql_engine(url: URL, tripwire: Tripwire) -> Engine:
    try:
        engine = create_engine(url, hide_parameters=True)
    except ImportError as error:
        raise MissingExtraError(
            "PostgreSQL needs psycopg; run `pip install 'pycrm[postgresql]'`", extra="postgresql"
        ) from error

    from pycrm.storage.walls.watched_postgresql import watch

    @event.listens_for(engine, "connect")
    def set_up(driver: Any, _record: object) -> None:
        postgresql.set_up(driver)
        watch(driver, tripwire)

    tripwire.listen(engine)
    return engine
