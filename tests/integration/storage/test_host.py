"""Units inside a host's transaction: Session, Connection, and each way in which pysqlite may begin transactions."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from pycrm.errors import StorageError, UnitError, UnitFailedError
from pycrm.storage import UniqueViolation, open_engine

if TYPE_CHECKING:
    from .conftest import World

    Host = Connection | Session
    Enter = Callable[[Engine], Any]

HOST_ROW = "INSERT INTO item (id, n) VALUES (100, 0)"


@contextmanager
def in_connection(engine: Engine) -> Iterator[tuple[Connection, dict[str, Any]]]:
    """A host with a plain Connection."""
    with engine.connect() as connection:
        yield connection, {"connection": connection}


@contextmanager
def in_session(engine: Engine) -> Iterator[tuple[Session, dict[str, Any]]]:
    """A host with a Session, as a FastAPI dependency gives it."""
    with Session(engine) as session:
        yield session, {"session": session}


@contextmanager
def in_session_of_connection(engine: Engine) -> Iterator[tuple[Session, dict[str, Any]]]:
    """A host with a Session on a Connection."""
    with engine.connect() as connection, Session(connection) as session:
        yield session, {"session": session}


HOSTS = [in_connection, in_session, in_session_of_connection]
SQLITE_MODES: dict[str, dict[str, Any]] = {
    "legacy": {},
    "immediate": {"isolation_level": "IMMEDIATE"},
    "listener": {"isolation_level": None},
    "mode-off": {"autocommit": False},
}
NEEDS_AUTOCOMMIT_MODE = pytest.mark.skipif(
    sys.version_info < (3, 12), reason="sqlite3's attribute `autocommit` came with Python 3.12"
)


def run(host: Host, sql: str) -> None:
    """Run *sql* as the host does, past pycrm."""
    connection = host if isinstance(host, Connection) else host.connection()
    connection.exec_driver_sql(sql)


@pytest.fixture(
    params=[
        "postgresql",
        "memory",
        "legacy",
        "immediate",
        "listener",
        pytest.param("mode-off", marks=NEEDS_AUTOCOMMIT_MODE),
    ]
)
def engine(
    request: pytest.FixtureRequest, open_url: Callable[[str], str], host_engine: Callable[..., Engine]
) -> Engine:
    """A host's engine, once per way of beginning transactions."""
    mode = request.param
    if mode == "postgresql":
        return host_engine(open_url("postgresql"))
    if mode == "memory":
        return host_engine("sqlite://", poolclass=StaticPool)
    engine = host_engine(open_url("sqlite"), connect_args=SQLITE_MODES[mode])
    if mode == "listener":
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    if mode == "mode-off":
        # A transaction is always open, and foreign keys are switched outside of one.
        event.listen(engine, "connect", switch_foreign_keys_on)
    return engine


def switch_foreign_keys_on(driver: Any, _record: object) -> None:
    driver.autocommit = True
    driver.execute("PRAGMA foreign_keys = ON")
    driver.autocommit = False


@pytest.fixture
def world(make_world: Callable[[Engine], World], engine: Engine) -> World:
    """The CRM's side of the host's database."""
    return make_world(engine)


@pytest.mark.parametrize("enter", HOSTS)
def test_host_commit_keeps_rows(world: World, engine: Engine, enter: Enter) -> None:
    """Rows are kept, and facts told, when the host commits; the unit does neither."""
    with enter(engine) as (host, where):
        with world.joined(**where) as unit:
            unit.rows("SELECT n FROM item")
            world.add(unit, 2)
        told_before = list(world.told)
        host.commit()

    assert (told_before, world.told, world.items()) == ([], [2], [2])


@pytest.mark.parametrize("enter", HOSTS)
@pytest.mark.parametrize("host_writes_first", [False, True])
def test_host_rollback_takes_rows(world: World, engine: Engine, enter: Enter, host_writes_first: bool) -> None:
    """The host's rollback undoes what its units wrote, with its own rows, and no fact survives it."""
    with enter(engine) as (host, where):
        if host_writes_first:
            run(host, HOST_ROW)
        for item in (2, 3):
            with world.joined(**where) as unit:
                world.add(unit, item)
        host.rollback()

    assert (world.items(), world.told) == ([], [])


@pytest.mark.parametrize("enter", HOSTS)
def test_closing_without_commit_takes_rows(world: World, engine: Engine, enter: Enter) -> None:
    """A host that forgets to commit keeps nothing."""
    with enter(engine) as (_, where), world.joined(**where) as unit:
        world.add(unit, 2)

    assert (world.items(), world.told) == ([], [])


@pytest.mark.parametrize("enter", HOSTS)
def test_failed_unit_takes_its_own_rows(world: World, engine: Engine, enter: Enter) -> None:
    """A failed unit is undone whole and alone: the host keeps its rows and other units theirs."""
    with enter(engine) as (host, where):
        with world.joined(**where) as unit:
            world.add(unit, 2)
        run(host, HOST_ROW)
        with pytest.raises(UniqueViolation), world.joined(**where) as unit:
            world.add(unit, 3)
            world.add(unit, 1)
        with pytest.raises(UnitFailedError), world.joined(**where) as unit:
            world.add(unit, 4)
            with pytest.raises(StorageError):
                world.add(unit, 1)
        with world.joined(**where) as unit:
            world.add(unit, 5)
        host.commit()

    assert (world.items(), world.told) == ([2, 5, 100], [2, 5])


@pytest.mark.parametrize("enter", HOSTS)
def test_savepoints_work_inside_host(world: World, engine: Engine, enter: Enter) -> None:
    """A unit's own savepoint is as good inside a host's transaction as outside."""
    with enter(engine) as (host, where):
        with world.joined(**where) as unit:
            with pytest.raises(KeyError), unit.savepoint():
                world.add(unit, 2)
                raise KeyError
            world.add(unit, 3)
        host.commit()

    assert (world.items(), world.told) == ([3], [3])


@pytest.mark.parametrize("enter", HOSTS)
def test_host_savepoint_rolls_back(world: World, engine: Engine, enter: Enter) -> None:
    """Rolling a host's savepoint back takes the rows and facts of its units, and leaves those before it."""
    with enter(engine) as (host, where):
        with world.joined(**where) as unit:
            world.add(unit, 2)
        with pytest.raises(KeyError), host.begin_nested():
            with world.joined(**where) as unit:
                world.add(unit, 3)
            raise KeyError
        host.commit()

    assert (world.items(), world.told) == ([2], [2])


@pytest.mark.parametrize("enter", HOSTS)
@pytest.mark.parametrize("commits", [False, True])
def test_released_savepoint_is_no_commit(world: World, engine: Engine, enter: Enter, commits: bool) -> None:
    """A savepoint of the host that comes first and is released has decided nothing yet."""
    with enter(engine) as (host, where):
        with host.begin_nested(), world.joined(**where) as unit:
            world.add(unit, 2)
        told_before = list(world.told)
        if commits:
            host.commit()
        else:
            host.rollback()

    assert told_before == []
    assert (world.items(), world.told) == (([2], [2]) if commits else ([], []))


def test_session_in_outer_transaction(world: World, engine: Engine) -> None:
    """A Session's commit inside an outer transaction has decided nothing yet."""
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            with world.joined(session=session) as unit:
                world.add(unit, 2)
            session.commit()
        told_before = list(world.told)
        outer.rollback()

    assert (told_before, world.told, world.items()) == ([], [], [])


@pytest.mark.parametrize("enter", HOSTS)
def test_reader_leaves_host_alone(world: World, engine: Engine, enter: Enter) -> None:
    """A joined reader sees the host's rows, writes nothing, and the host goes on."""
    with enter(engine) as (host, where):
        run(host, HOST_ROW)
        with world.database.joined_unit(**where, reading=True) as unit:
            found = unit.rows("SELECT id FROM item WHERE id > 1")
            with pytest.raises(UnitError, match="only reads"):
                unit.execute("DELETE FROM item")
        host.commit()

    assert found == [(100,)]
    assert world.items() == [100]


@pytest.mark.parametrize("enter", HOSTS)
def test_host_must_not_end_inside_unit(world: World, engine: Engine, enter: Enter) -> None:
    """A host that commits inside the unit's block hears so at the next call."""
    with enter(engine) as (host, where):
        with pytest.raises(UnitError, match="before commit"), world.joined(**where) as unit:
            world.add(unit, 2)
            host.commit()
            world.add(unit, 3)
        host.rollback()

    assert world.items() == [2]


def test_units_nest_in_order(world: World, engine: Engine) -> None:
    """Of two units open on one connection only the inner one may work; each takes back its own rows."""
    if world.database.in_memory:
        pytest.skip("an in-memory database allows one unit at a time")
    with engine.connect() as connection:
        with world.joined(connection=connection) as outer:
            world.add(outer, 2)
            with pytest.raises(UnitError, match="another unit"), world.joined(connection=connection) as inner:
                world.add(inner, 3)
                outer.rows("SELECT 1")
            world.add(outer, 4)
        connection.commit()

    assert (world.items(), world.told) == ([2, 4], [2, 4])


def test_in_memory_joined_unit_is_the_only_one(
    make_world: Callable[[Engine], World], host_engine: Callable[..., Engine]
) -> None:
    """A joined unit counts, too, where one unit is allowed."""
    engine = host_engine("sqlite://")
    world = make_world(engine)

    with (
        engine.connect() as connection,
        world.joined(connection=connection),
        pytest.raises(UnitError, match="one unit at a time"),
    ):
        world.joined(connection=connection)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("place", ["connection", "engine"])
def test_autocommit_is_refused(
    make_world: Callable[[Engine], World],
    open_url: Callable[[str], str],
    host_engine: Callable[..., Engine],
    kind: str,
    place: str,
) -> None:
    """A connection that keeps each statement at once is refused with the cure, however it came to be one."""
    options = {"isolation_level": "AUTOCOMMIT"} if place == "engine" else {}
    engine = host_engine(open_url(kind), **options)
    world = make_world(engine)

    with engine.connect() as connection:
        if place == "connection":
            connection.execution_options(isolation_level="AUTOCOMMIT")
        with pytest.raises(UnitError, match="AUTOCOMMIT"), world.joined(connection=connection) as unit:
            world.add(unit, 2)

    assert world.items() == []


@pytest.mark.parametrize(
    "options", [{"isolation_level": None}, pytest.param({"autocommit": True}, marks=NEEDS_AUTOCOMMIT_MODE)]
)
def test_driver_in_autocommit_is_refused(
    make_world: Callable[[Engine], World],
    open_url: Callable[[str], str],
    host_engine: Callable[..., Engine],
    options: dict[str, Any],
) -> None:
    """A driver that was put into its autocommit mode is found out, which SQLAlchemy does not know."""
    engine = host_engine(open_url("sqlite"), connect_args=options)
    world = make_world(engine)

    with (
        Session(engine) as session,
        pytest.raises(UnitError, match="AUTOCOMMIT"),
        world.joined(session=session) as unit,
    ):
        world.add(unit, 2)

    assert world.items() == []


def test_foreign_keys_off_is_refused(
    make_world: Callable[[Engine], World], open_url: Callable[[str], str], host_engine: Callable[..., Engine]
) -> None:
    """A joined SQLite connection that does not check references is refused with the cure."""
    engine = host_engine(open_url("sqlite"), foreign_keys=False)
    world = make_world(engine)

    with (
        Session(engine) as session,
        pytest.raises(UnitError, match="PRAGMA foreign_keys = ON"),
        world.joined(session=session) as unit,
    ):
        world.add(unit, 2)

    assert world.items() == []


def test_unguarded_savepoint_is_refused(
    make_world: Callable[[str], World], open_url: Callable[[str], str], host_engine: Callable[..., Engine]
) -> None:
    """On an engine that the CRM does not know, a savepoint that may be the transaction itself is refused."""
    url = open_url("sqlite")
    world = make_world(url)

    with Session(host_engine(url)) as session:
        with (
            pytest.raises(UnitError, match="SAVEPOINT"),
            session.begin_nested(),
            world.joined(session=session) as unit,
        ):
            world.add(unit, 2)
        session.rollback()
        with world.joined(session=session) as unit:
            world.add(unit, 3)
        session.commit()

    assert (world.items(), world.told) == ([3], [3])


def test_other_database_is_refused(
    make_world: Callable[[str], World],
    open_url: Callable[[str], str],
    host_engine: Callable[..., Engine],
    any_url: str,
) -> None:
    """Neither a connection of the other database nor two places at once can be joined."""
    world = make_world(any_url)
    other = open_url("sqlite" if world.database.dialect.name == "postgresql" else "postgresql")

    with pytest.raises(UnitError, match="either"):
        world.joined()
    with (
        host_engine(other).connect() as connection,
        pytest.raises(UnitError, match="lives in"),
        world.joined(connection=connection) as unit,
    ):
        unit.rows("SELECT 1")


def test_session_bound_per_class(
    make_world: Callable[[Engine], World], host_engine: Callable[..., Engine], any_url: str
) -> None:
    """A Session without an engine of its own joins on the CRM's."""
    world = make_world(host_engine(any_url))

    with Session(binds={}) as session:
        with world.joined(session=session) as unit:
            world.add(unit, 2)
        session.commit()

    assert (world.items(), world.told) == ([2], [2])


def test_opened_by_url_and_by_engine(any_url: str) -> None:
    """A CRM owns the engine that it made itself, and only that."""
    database = open_engine(any_url)
    hosted = open_engine(database.engine)

    assert (database.owned, hosted.owned) == (True, False)
    assert hosted.dialect is database.dialect
    database.close()
