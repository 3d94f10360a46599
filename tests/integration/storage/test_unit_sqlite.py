"""Units of our own on SQLite: snapshots, the write lock, settings, and the one unit of an in-memory database."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.pool import StaticPool

from pycrm.errors import ConfigurationError, ConflictError, StorageError, UnitError
from pycrm.storage import ForeignKeyViolation, open_engine

if TYPE_CHECKING:
    from .conftest import World

    MakeWorld = Callable[[str | Engine], World]

BUMP = "UPDATE item SET n = n + 1 WHERE id = 1"


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The URL of a database file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'crm.db'}"


def pragma(engine: Engine, name: str) -> Any:
    """Return a setting of the connection that the pool hands out next."""
    with engine.connect() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def test_reader_keeps_its_snapshot(make_world: MakeWorld, url: str) -> None:
    """What a unit has read stays the same while others write."""
    database = make_world(url).database

    with database.reading_unit() as reader:
        before = reader.rows("SELECT n FROM item")
        with database.writing_unit() as writer:
            writer.execute(BUMP)
        after = reader.rows("SELECT n FROM item")

    assert before == after == [(0,)]


@pytest.mark.parametrize("somebody_writes", [False, True])
def test_first_write_ends_snapshot(make_world: MakeWorld, url: str, somebody_writes: bool) -> None:
    """At its first write a unit sees the present, and knows whether somebody wrote since it read."""
    database = make_world(url).database

    with database.writing_unit() as unit:
        unit.rows("SELECT n FROM item")
        if somebody_writes:
            with database.writing_unit() as other:
                other.execute(BUMP)
        unit.begin_writing()
        moved = unit.snapshot_moved
        unit.execute(BUMP)
        found = unit.rows("SELECT n FROM item")

    assert moved is somebody_writes
    assert found == [(1 + somebody_writes,)]


def test_writing_first_reads_no_snapshot(make_world: MakeWorld, url: str) -> None:
    """A unit that writes first has nothing that could have moved."""
    with make_world(url).database.writing_unit() as unit:
        unit.begin_writing()
        unit.begin_writing()

        assert (unit.is_writing, unit.snapshot_moved) == (True, False)


def test_concurrent_increments_are_kept(make_world: MakeWorld, url: str) -> None:
    """Four threads that read, think and write under the write lock lose nothing."""
    database = make_world(url).database

    def work(_number: int) -> None:
        for _ in range(25):
            with database.writing_unit(invariant=True) as unit:
                [(n,)] = unit.rows("SELECT n FROM item WHERE id = 1")
                unit.execute("UPDATE item SET n = ? WHERE id = 1", (n + 1,))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    with database.reading_unit() as unit:
        assert unit.rows("SELECT n FROM item WHERE id = 1") == [(100,)]


def test_invariant_unit_locks_at_first_read(make_world: MakeWorld, url: str) -> None:
    """Nobody writes between the reads and the writes of an invariant unit; waiting ends in a retryable conflict."""
    database = make_world(f"{url}?busy_timeout=20").database

    with database.writing_unit(invariant=True) as unit:
        unit.rows("SELECT n FROM item")
        with pytest.raises(ConflictError, match="busy timeout") as conflict, database.writing_unit() as other:
            other.begin_writing()
        unit.begin_writing()

    assert conflict.value.retryable
    assert not unit.snapshot_moved


def test_conflict_leaves_others_alone(make_world: MakeWorld, url: str) -> None:
    """The unit that had to give up does not disturb the one that holds the lock."""
    world = make_world(f"{url}?busy_timeout=20")

    with world.database.writing_unit() as unit:
        world.add(unit, 2)
        with pytest.raises(ConflictError), world.database.writing_unit() as other:
            other.rows("SELECT n FROM item")
            other.execute(BUMP)

    assert world.items() == [2]


def test_own_connections_are_set_up(make_world: MakeWorld, url: str) -> None:
    """A file of our own is crash-safe, checks foreign keys and waits for locks."""
    engine = make_world(url).database.engine

    assert pragma(engine, "journal_mode") == "wal"
    assert pragma(engine, "synchronous") == 2
    assert pragma(engine, "foreign_keys") == 1
    assert pragma(engine, "busy_timeout") == 30_000


def test_url_overrides_settings(make_world: MakeWorld, url: str) -> None:
    """Synchronous mode and busy timeout can be set in the URL."""
    engine = make_world(f"{url}?synchronous=normal&busy_timeout=5").database.engine

    assert (pragma(engine, "synchronous"), pragma(engine, "busy_timeout")) == (1, 5)


@pytest.mark.parametrize("query", ["synchronous=SOMETIMES", "busy_timeout=soon"])
def test_impossible_setting_is_refused(url: str, query: str) -> None:
    """A setting that SQLite does not know is refused by name."""
    with pytest.raises(ConfigurationError, match=query.partition("=")[0]):
        open_engine(f"{url}?{query}")


def test_query_only_is_put_back(make_world: MakeWorld, url: str) -> None:
    """The connection of a reading unit goes back to the pool ready to write, after an error too."""
    world = make_world(url)

    with pytest.raises(StorageError), world.database.reading_unit() as unit:
        assert unit.rows("PRAGMA query_only") == [(1,)]
        unit.rows("SELECT broken")

    assert pragma(world.database.engine, "query_only") == 0


@pytest.mark.parametrize("isolation_level", ["", "IMMEDIATE", None])
def test_host_settings_are_put_back(
    make_world: MakeWorld, host_engine: Callable[..., Engine], url: str, isolation_level: str | None
) -> None:
    """A host's connection gets foreign keys and patience for the length of a unit, whatever its driver's mode."""
    engine = host_engine(
        url, foreign_keys=False, connect_args={"timeout": 0.25, "isolation_level": isolation_level}, pool_size=1
    )
    world = make_world(engine)

    with world.database.writing_unit() as unit:
        inside = [unit.rows(f"PRAGMA {name}")[0][0] for name in ("foreign_keys", "busy_timeout")]
        world.add(unit, 2)
    with pytest.raises(ForeignKeyViolation), world.database.writing_unit() as unit:
        world.add(unit, 3, parent=77)

    assert inside == [1, 30_000]
    assert world.items() == [2]
    assert (pragma(engine, "foreign_keys"), pragma(engine, "busy_timeout")) == (0, 250)
    assert pragma(engine, "query_only") == 0
    with engine.connect() as connection:
        assert connection.connection.driver_connection.isolation_level == isolation_level  # type: ignore[union-attr]


def test_host_listener_may_send_begin(make_world: MakeWorld, host_engine: Callable[..., Engine], url: str) -> None:
    """Units of our own work on an engine whose listeners begin every transaction."""
    engine = host_engine(url, connect_args={"isolation_level": None})
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    world = make_world(engine)

    with world.database.writing_unit() as unit:
        unit.rows("SELECT n FROM item")
        world.add(unit, 2)

    assert world.items() == [2]


def test_in_memory_refuses_second_unit(make_world: MakeWorld) -> None:
    """An in-memory database takes one unit at a time, also from another thread, and says what to do instead."""
    world = make_world("sqlite://")
    refused: list[Exception] = []

    def try_unit() -> None:
        try:
            world.database.reading_unit()
        except UnitError as error:
            refused.append(error)

    with world.database.writing_unit() as unit:
        world.add(unit, 2)
        try_unit()
        thread = threading.Thread(target=try_unit)
        thread.start()
        thread.join()

    assert ["database file" in str(error) for error in refused] == [True, True]
    assert world.items() == [2]


def test_listener_may_open_unit_in_memory(make_world: MakeWorld) -> None:
    """When facts are told the unit is over, so that a listener may open the next one."""
    world = make_world("sqlite://")
    seen: list[int] = []
    world.announcer._deliver = lambda facts: seen.extend(world.items())

    with world.database.writing_unit(announcements=world.announcer) as unit:
        world.add(unit, 2)

    assert seen == [2]


def test_in_memory_spares_hosts_transaction(make_world: MakeWorld, host_engine: Callable[..., Engine]) -> None:
    """A unit of our own does not enter, or end, what a host has open on the only connection."""
    engine = host_engine("sqlite://", poolclass=StaticPool)
    world = make_world(engine)

    with engine.connect() as connection:
        connection.exec_driver_sql("INSERT INTO item (id, n) VALUES (2, 0)")
        with pytest.raises(UnitError, match="connection="):
            world.items()
        connection.commit()

    assert world.items() == [2]


def test_full_disk_is_named(make_world: MakeWorld, url: str) -> None:
    """A full disk is told as such, fails the unit beyond its savepoint, and leaves the data as it was."""
    world = make_world(url)

    with pytest.raises(StorageError, match="disk is full"), world.database.writing_unit() as unit:
        unit.rows("PRAGMA max_page_count = 6")
        with unit.savepoint():
            unit.execute("INSERT INTO item (id, n, code) VALUES (2, 0, ?)", ("x" * 100_000,))

    with world.database.writing_unit() as unit:
        unit.rows("PRAGMA max_page_count = 1000000")
        world.add(unit, 3)
    assert world.items() == [3]


@pytest.mark.parametrize(("name", "cause"), [("notes.txt", "not a SQLite database"), ("no/crm.db", "folder")])
def test_unusable_file_is_named(tmp_path: Path, name: str, cause: str) -> None:
    """A file of another sort, or in a folder that does not exist, is told as such."""
    (tmp_path / "notes.txt").write_text("no database" * 100)
    database = open_engine(tmp_path / name)

    with pytest.raises(StorageError, match=cause), database.reading_unit() as unit:
        unit.rows("SELECT 1 FROM sqlite_master")
    database.close()


def test_unstorable_value_fails_unit(make_world: MakeWorld, url: str) -> None:
    """A value that the driver cannot take is an error of storage, without the value in its text."""
    world = make_world(url)

    with pytest.raises(StorageError, match="OverflowError"), world.database.writing_unit() as unit:
        unit.execute("UPDATE item SET n = ?", (2**70,))


def test_path_opens_file(tmp_path: Path) -> None:
    """A path, as an object or as plain text, names a file."""
    for name in (tmp_path / "a.db", str(tmp_path / "b.db")):
        database = open_engine(name)
        with database.writing_unit() as unit:
            unit.execute("CREATE TABLE t (id INTEGER)")
        database.close()

        with closing(sqlite3.connect(name)) as driver:
            assert driver.execute("SELECT name FROM sqlite_master").fetchone() == ("t",)


@pytest.mark.parametrize("url", ["mysql://localhost/crm", "postgresql+psycopg2://localhost/crm", "://"])
def test_other_databases_are_refused(url: str) -> None:
    """Other databases and drivers are refused with what is supported."""
    with pytest.raises(ConfigurationError, match=r"PostgreSQL|psycopg|postgresql"):
        open_engine(url)
