"""Units of our own on PostgreSQL: isolation, conflicts, and the settings of a host's engine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from pycrm.errors import ConflictError, MissingExtraError, StorageError
from pycrm.storage import Unit, open_engine
from pycrm.testing.postgres import running_server

if TYPE_CHECKING:
    from .conftest import World

    MakeWorld = Callable[[str | Engine], World]

ISOLATION = "SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')"


@pytest.fixture
def url(open_url: Callable[[str], str]) -> str:
    """The URL of an empty PostgreSQL database."""
    return open_url("postgresql")


def isolation(unit: Unit) -> tuple[str, ...]:
    """Return isolation level and read-only mode inside *unit*, which is ended."""
    with unit:
        return unit.rows(ISOLATION)[0]


def test_units_say_what_they_need(make_world: MakeWorld, url: str) -> None:
    """Units read committed rows; an invariant one is serialisable, a reading one read-only."""
    database = make_world(url).database

    assert isolation(database.writing_unit()) == ("read committed", "off")
    assert isolation(database.writing_unit(invariant=True)) == ("serializable", "off")
    assert isolation(database.reading_unit()) == ("read committed", "on")


@pytest.mark.parametrize("level", ["AUTOCOMMIT", "REPEATABLE READ"])
def test_host_settings_are_put_back(
    make_world: MakeWorld, host_engine: Callable[..., Engine], url: str, level: str
) -> None:
    """A host's engine may have any isolation level; units have theirs, and the connection gets its own back."""
    engine = host_engine(url, isolation_level=level, pool_size=1)
    world = make_world(engine)

    with pytest.raises(KeyError), world.database.writing_unit() as unit:
        world.add(unit, 2)
        raise KeyError

    assert isolation(world.database.reading_unit()) == ("read committed", "on")
    assert world.items() == []
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver.autocommit is (level == "AUTOCOMMIT")  # type: ignore[union-attr]
        assert driver.read_only is None  # type: ignore[union-attr]
        assert level in {"AUTOCOMMIT", connection.get_isolation_level()}


def test_instants_come_in_utc(make_world: MakeWorld, url: str) -> None:
    """The session's time zone is UTC, whatever the server's."""
    with make_world(url).database.reading_unit() as unit:
        assert unit.rows("SHOW TIME ZONE") == [("UTC",)]


def test_write_skew_is_a_conflict(make_world: MakeWorld, url: str) -> None:
    """Of two invariant units that each read what the other writes, one must be run again."""
    world = make_world(url)

    with pytest.raises(ConflictError) as conflict:  # noqa: SIM117
        with world.database.writing_unit(invariant=True) as one, world.database.writing_unit(invariant=True) as two:
            for number, unit in ((2, one), (3, two)):
                unit.rows("SELECT count(*) FROM item")
                world.add(unit, number)

    assert conflict.value.retryable
    assert len(world.items()) == 1


def test_lock_timeout_is_a_conflict(make_world: MakeWorld, url: str) -> None:
    """A row that is locked too long is a retryable conflict."""
    database = make_world(url).database

    with database.writing_unit() as unit:
        unit.execute("UPDATE item SET n = 5")
        with pytest.raises(ConflictError) as conflict, database.writing_unit() as other:
            other.rows("SELECT set_config('lock_timeout', '20ms', true)")
            other.execute("UPDATE item SET n = 6")

    assert conflict.value.retryable


def test_earlier_reads_may_be_outdated(make_world: MakeWorld, url: str) -> None:
    """Read committed holds nothing that was read; serialisable does."""
    database = make_world(url).database

    for invariant in (False, True):
        with database.writing_unit(invariant=invariant) as unit:
            unit.rows("SELECT n FROM item")
            unit.begin_writing()

            assert unit.snapshot_moved is not invariant


def test_lost_connection_is_told(make_world: MakeWorld, url: str) -> None:
    """A connection that breaks is an error of storage, and the next unit gets a new one."""
    world = make_world(url)

    with pytest.raises(StorageError, match=r"shutting down|lost"), world.database.writing_unit() as unit:
        world.add(unit, 2)
        unit.rows("SELECT pg_terminate_backend(pg_backend_pid())")

    assert world.items() == []


@pytest.mark.parametrize("change", [{"port": 1, "query": {}, "host": "localhost"}, {"database": "nowhere"}])
def test_unreachable_database_is_told(url: str, change: dict[str, Any]) -> None:
    """A server or database that is not there is told as such."""
    database = open_engine(make_url(url).set(**change).render_as_string(hide_password=False))

    with pytest.raises(StorageError, match="cannot be reached"), database.reading_unit() as unit:
        unit.rows("SELECT 1")
    database.close()


def test_exhausted_pool_is_told(make_world: MakeWorld, host_engine: Callable[..., Engine], url: str) -> None:
    """A unit that gets no connection out of the host's pool says why."""
    world = make_world(host_engine(url, pool_size=1, max_overflow=0, pool_timeout=0.05))

    with (
        world.database.reading_unit() as unit,
        pytest.raises(StorageError, match="pool"),
        world.database.reading_unit() as other,
    ):
        unit.rows("SELECT 1")
        other.rows("SELECT 1")


def test_missing_psycopg_names_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without psycopg the error says what to install."""
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(MissingExtraError, match=r"pycrm\[postgresql\]"):
        open_engine("postgresql://localhost/crm")


@pytest.mark.slow
def test_throw_away_server_is_gone(postgres_url: str, make_world: MakeWorld) -> None:
    """A server of its own keeps what commits to disk, and is gone after its block."""
    with running_server() as server:
        world = make_world(server)
        with world.database.reading_unit() as unit:
            assert unit.rows("SHOW fsync") == [("on",)]
        world.database.close()

    with pytest.raises(StorageError), world.database.reading_unit() as unit:
        unit.rows("SELECT 1")


def test_swallowed_error_cannot_pass_for_a_commit(make_world: MakeWorld, url: str) -> None:
    """PostgreSQL answers the COMMIT of a failed transaction with a silent ROLLBACK; the unit tells."""
    world = make_world(url)

    with pytest.raises(StorageError, match="failed before"), world.database.writing_unit() as unit:
        world.add(unit, 2)
        with pytest.raises(DBAPIError):
            unit.connection.exec_driver_sql("SELECT 1 / 0")

    assert world.items() == []


def test_ended_connection_is_replaced(make_world: MakeWorld, url: str) -> None:
    """A unit that finds its pooled connection ended, by a restarted server for one, begins on a new one."""
    database = make_world(url).database
    with database.reading_unit() as unit:
        ((ended,),) = unit.rows("SELECT pg_backend_pid()")
    with psycopg.connect(url) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (ended,))

    with database.reading_unit() as unit:
        ((now,),) = unit.rows("SELECT pg_backend_pid()")

    assert now != ended


@pytest.mark.parametrize(("count", "kept"), [(3, 1), (200, 0)])
def test_long_lists_are_planned_each_time(make_world: MakeWorld, url: str, count: int, kept: int) -> None:
    """A short statement is prepared; one over many values would keep a plan from when its table was small."""
    question = "SELECT value FROM unnest(%(values)s::int[]) AS value"
    known = "SELECT count(*) FROM pg_prepared_statements WHERE position('unnest' IN statement) > 0"

    with make_world(url).database.reading_unit() as unit:
        for _ in range(10):
            assert unit.rows(question, {"values": list(range(count))}) == [(value,) for value in range(count)]
        assert unit.rows(known) == [(kept,)]
