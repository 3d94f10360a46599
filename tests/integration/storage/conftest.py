"""Databases of either sort with two small tables: ``item``, and ``outbox`` with one row per announcing unit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url

from pycrm.storage import SQLITE, Announcer, Database, Unit, open_engine
from pycrm.testing.postgres import fresh_database

TABLES = (
    "CREATE TABLE item (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, code TEXT UNIQUE,"
    " parent INTEGER REFERENCES item DEFERRABLE)",
    "CREATE TABLE outbox (unit TEXT NOT NULL)",
    "INSERT INTO item (id, n) VALUES (1, 0)",
)

NO_TABLES = ("DROP TABLE IF EXISTS item", "DROP TABLE IF EXISTS outbox")


class World:
    """What the tests ask of a database, whichever it is."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.told: list[Any] = []
        self.announcer = Announcer(self._is_visible, self.told.extend)

    def add(self, unit: Unit, item: int, *, parent: int | None = None) -> None:
        """Write one item, with its outbox row and its fact."""
        mark = self.database.dialect.positional
        unit.execute(f"INSERT INTO item (id, n, parent) VALUES ({mark}, 0, {mark})", (item, parent))
        unit.execute(f"INSERT INTO outbox VALUES ({mark})", (str(unit.unit_id),))
        unit.announce(item)

    @property
    def defer(self) -> str:
        """The statement that has references checked at the commit of its transaction."""
        return "PRAGMA defer_foreign_keys = ON" if self.database.dialect is SQLITE else "SET CONSTRAINTS ALL DEFERRED"

    def items(self) -> list[int]:
        """Return the committed items beside the first one."""
        with self.database.reading_unit() as unit:
            return [row[0] for row in unit.rows("SELECT id FROM item WHERE id > 1 ORDER BY id")]

    def joined(self, **where: Any) -> Unit:
        """Return a unit inside a host's transaction."""
        return self.database.joined_unit(**where, announcements=self.announcer)

    def _is_visible(self, connection: Connection, unit_id: UUID) -> bool:
        mark = self.database.dialect.positional
        return (
            connection.exec_driver_sql(f"SELECT 1 FROM outbox WHERE unit = {mark}", (str(unit_id),)).first() is not None
        )


@pytest.fixture(scope="session")
def one_postgresql(postgres_url: str) -> Iterator[str]:
    """The one PostgreSQL database of these tests; a new one for each would take longer than they do."""
    with fresh_database(postgres_url) as url:
        yield url


@pytest.fixture
def open_url(new_database: Callable[[str], str], request: pytest.FixtureRequest) -> Callable[[str], str]:
    """A function that returns the URL of a database of the named engine, in which `make_world` makes its tables."""

    def make(kind: str) -> str:
        if kind == "sqlite":
            return new_database(kind)
        url: str = request.getfixturevalue("one_postgresql")
        return url

    return make


@pytest.fixture
def make_world() -> Iterator[Callable[[str | Engine], World]]:
    """A function that opens an empty database and makes the tables."""
    worlds: list[World] = []

    def make(source: str | Engine) -> World:
        world = World(open_engine(source))
        worlds.append(world)
        world.database.prepare()
        with world.database.writing_unit() as unit:
            for statement in (*NO_TABLES, *TABLES):
                unit.execute(statement)
        return world

    yield make
    for world in worlds:
        world.announcer.close()
        world.database.close()


@pytest.fixture
def host_engine() -> Iterator[Callable[..., Engine]]:
    """A function that makes a host's engine for a URL; on SQLite with foreign keys on."""
    engines: list[Engine] = []

    def make(url: str, *, foreign_keys: bool = True, **options: Any) -> Engine:
        parsed = make_url(url)
        if parsed.get_backend_name() == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        engine = create_engine(parsed, **options)
        engines.append(engine)
        if foreign_keys and engine.dialect.name == "sqlite":
            event.listen(engine, "connect", lambda driver, _: driver.execute("PRAGMA foreign_keys = ON"))
        return engine

    yield make
    for engine in engines:
        engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_url(request: pytest.FixtureRequest, open_url: Callable[[str], str]) -> str:
    """The URL of a database; the test runs once per engine."""
    return open_url(request.param)


@pytest.fixture
def world(make_world: Callable[[str], World], any_url: str) -> World:
    """A database opened by its URL, once per engine."""
    return make_world(any_url)
