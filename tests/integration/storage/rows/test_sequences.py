"""Counters give every number once; those without gaps give again what was rolled back."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import pytest
from sqlalchemy import create_engine

from pycrm.storage import open_engine
from pycrm.storage.sequences import take

both_modes = pytest.mark.parametrize("gap_free", [True, False], ids=["gap_free", "fast"])


@both_modes
def test_numbers_follow(shop: Any, gap_free: bool) -> None:
    """The first number is 1; a batch takes consecutive ones; keys count apart."""
    with shop.unit() as unit:
        taken = [
            take(unit, shop.tables, key, count, gap_free=gap_free)
            for key, count in [("a", 1), ("a", 10), ("a", 1), ("'b'", 5), ("a", 1)]
        ]

    assert taken == [1, 2, 12, 1, 13]


def roll_back(shop: Any, gap_free: bool) -> int:
    """Return the number that is taken after three of a unit that committed and a hundred of one that did not."""
    with shop.unit() as unit:
        take(unit, shop.tables, "a", 3, gap_free=gap_free)
    with contextlib.suppress(KeyError), shop.unit() as unit:
        take(unit, shop.tables, "a", 100, gap_free=gap_free)
        raise KeyError
    with shop.unit() as unit:
        return take(unit, shop.tables, "a", 1, gap_free=gap_free)


def test_rolled_back_number_is_given_again(shop: Any) -> None:
    """Where gaps must not be, committed numbers have none."""
    assert roll_back(shop, gap_free=True) == 4


def test_rolled_back_number_may_be_lost(shop: Any) -> None:
    """Elsewhere PostgreSQL loses the numbers of a unit that rolls back; SQLite has nothing to win by it."""
    assert roll_back(shop, gap_free=False) == (4 if shop.dialect_name == "sqlite" else 104)


@both_modes
@pytest.mark.parametrize("threads", [4])
def test_concurrent_units_never_share_a_number(shop: Any, threads: int, gap_free: bool) -> None:
    """Each of several units gets numbers of its own, whether the others commit or roll back."""
    taken: list[int] = []

    def work() -> None:
        for turn in range(10):
            with contextlib.suppress(KeyError), shop.unit() as unit:
                first = take(unit, shop.tables, "a", 2, gap_free=gap_free)
                if turn % 3 == 0:
                    raise KeyError
                taken.extend((first, first + 1))

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(set(taken)) == len(taken) == 12 * threads
    if gap_free or shop.dialect_name == "sqlite":
        assert sorted(taken) == list(range(1, 12 * threads + 1))


@pytest.mark.parametrize("outcome", ["commits", "rolls back"])
def test_gap_free_units_wait_for_each_other(shop: Any, outcome: str) -> None:
    """A second unit gets its number when the first has ended, and then the next one or the same again."""
    taken: list[int] = []

    def second() -> None:
        with shop.unit() as unit:
            taken.append(take(unit, shop.tables, "a", 1, gap_free=True))

    other = threading.Thread(target=second)
    with contextlib.suppress(KeyError), shop.unit() as unit:
        first = take(unit, shop.tables, "a", 1, gap_free=True)
        other.start()
        other.join(0.2)
        waited = other.is_alive()
        if outcome == "rolls back":
            raise KeyError
    other.join()

    assert waited
    assert taken == [first + 1 if outcome == "commits" else first]


@pytest.mark.parametrize("count", [20])
def test_fast_units_wait_for_nobody(shop: Any, count: int) -> None:
    """On PostgreSQL more units than a pool has connections for may take numbers side by side."""
    if shop.dialect_name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    ready = threading.Barrier(10)
    taken: list[int] = []

    def work() -> None:
        with shop.unit() as unit:
            taken.append(take(unit, shop.tables, "a", 1, gap_free=False))
            ready.wait(30)  # all of them are open and have their number
            taken.append(take(unit, shop.tables, "a", count, gap_free=False))

    workers = [threading.Thread(target=work) for _ in range(10)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(set(taken)) == 20


@both_modes
def test_number_in_hosts_transaction_goes_back_with_it(shop: Any, gap_free: bool) -> None:
    """Inside a host's transaction a number is part of that, whatever the mode."""
    taken = []
    for _ in range(2):
        with shop.database.engine.connect() as connection:
            connection.begin()
            with shop.database.joined_unit(connection=connection) as unit:
                taken.append(take(unit, shop.tables, "a", 1, gap_free=gap_free))
            connection.rollback()

    assert taken == [1, 1]


def test_number_of_unit_alone_goes_back_with_it(shop: Any) -> None:
    """A unit that makes the tables takes its numbers from them."""
    taken = []
    for _ in range(2):
        with contextlib.suppress(KeyError), shop.database.writing_unit(alone=True) as unit:
            taken.append(take(unit, shop.tables, "a", 1, gap_free=False))
            raise KeyError

    assert taken == [1, 1]


def test_lost_connection_is_replaced(shop: Any) -> None:
    """When the server has ended the connection beside the units', a new one is opened."""
    if shop.dialect_name == "sqlite":
        pytest.skip("SQLite has no connection beside the units'")
    with shop.unit() as unit:
        take(unit, shop.tables, "a", 1, gap_free=False)
    with shop.unit() as unit:
        unit.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        again = take(unit, shop.tables, "a", 1, gap_free=False)

    assert again == 2


def test_engine_of_a_host_keeps_its_connections(shop: Any) -> None:
    """With a host's engine of a single connection a unit has a number all the same, and nothing is left open."""
    engine = create_engine(shop.database.engine.url, pool_size=1, max_overflow=0, pool_timeout=1)
    database = open_engine(engine)
    with database.writing_unit() as unit:
        first = take(unit, shop.tables, "a", 1, gap_free=False)
    database.close()
    engine.dispose()

    assert first == 1
