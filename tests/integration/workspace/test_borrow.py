"""The door on a connection of a host without SQLAlchemy: its owner alone ends transactions, and signals wait."""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row, tuple_row
from sqlalchemy.engine import make_url
from tests.lab import MEI, Sample, sample

from pycrm import CRM
from pycrm.errors import StorageError, UnitError
from pycrm.signals import RecordsCreated


def connect(url: str, **options: Any) -> Any:
    """Return a connection of the driver itself, as a host without SQLAlchemy opens it."""
    if url.startswith("sqlite"):
        driver = sqlite3.connect(make_url(url).database or "", **options)
        driver.execute("PRAGMA foreign_keys = ON")
        return driver
    return psycopg.connect(url.replace("+psycopg", ""), **options)


@pytest.fixture
def driver(crm_url: str) -> Iterator[Any]:
    """A host's connection, inside a transaction in which it has written a row of its own."""
    driver = connect(crm_url)
    driver.execute("CREATE TABLE cart (name TEXT)")
    driver.commit()
    driver.execute("INSERT INTO cart VALUES ('of the host')")
    yield driver
    driver.rollback()
    driver.execute("DROP TABLE cart")
    driver.commit()
    driver.close()


@pytest.fixture
def told(crm: CRM) -> list[Any]:
    """What listeners were told."""
    told: list[Any] = []
    crm.on(RecordsCreated, told.extend)
    return told


def counts(crm: CRM, driver: Any) -> tuple[int, int]:
    """Return how many samples are committed, and how many rows of the host its own connection sees."""
    with crm.reading_as(MEI) as reader:
        return reader.count(Sample), driver.execute("SELECT count(*) FROM cart").fetchone()[0]


def test_commit_keeps_both(crm: CRM, driver: Any, told: list[Any]) -> None:
    """The owner's commit keeps its rows and ours; listeners hear of it when the borrowed connection is closed."""
    borrowed = crm.borrow(driver)
    with crm.acting_as(MEI, connection=borrowed) as ws:
        made = ws.create(sample())
    driver.commit()
    assert told == []
    borrowed.close()

    assert counts(crm, driver) == (1, 1)
    assert [fact.ids for fact in told] == [(made.id,)]


def test_rollback_takes_both(crm: CRM, driver: Any, told: list[Any]) -> None:
    """The owner's rollback takes its rows and ours, and nobody is told."""
    borrowed = crm.borrow(driver)
    with crm.acting_as(MEI, connection=borrowed) as ws:
        ws.create(sample())
    driver.rollback()
    borrowed.close()

    assert counts(crm, driver) == (0, 0)
    assert told == []


def test_failed_unit_takes_its_own(crm: CRM, driver: Any) -> None:
    """A unit that fails takes back its own rows only, and the owner may commit."""
    borrowed = crm.borrow(driver)
    with crm.acting_as(MEI, connection=borrowed) as ws:
        ws.create(sample())
    with pytest.raises(ZeroDivisionError), crm.acting_as(MEI, connection=borrowed) as ws:
        ws.create(sample())
        raise ZeroDivisionError
    driver.commit()
    borrowed.close()

    assert counts(crm, driver) == (1, 1)


@pytest.mark.parametrize("end", ["close", "forget", "roll back"])
def test_letting_go_ends_nothing(crm: CRM, driver: Any, told: list[Any], end: str) -> None:
    """Whatever SQLAlchemy does when it lets go of a connection, its owner's transaction goes on, and nobody is told."""
    borrowed = crm.borrow(driver)
    with crm.acting_as(MEI, connection=borrowed) as ws:
        ws.create(sample())
    if end == "close":
        borrowed.close()
    elif end == "roll back":
        borrowed.rollback()
    del borrowed
    gc.collect()

    assert (counts(crm, driver), told) == ((0, 1), [])
    driver.commit()
    assert counts(crm, driver) == (1, 1)


def test_announced_on_request(crm: CRM, driver: Any, told: list[Any]) -> None:
    """`crm.announce` tells what is committed on a borrowed connection that stays open, once."""
    borrowed = crm.borrow(driver)
    with crm.acting_as(MEI, connection=borrowed) as ws:
        ws.create(sample())
    crm.announce(borrowed)
    assert told == []
    driver.commit()
    crm.announce(borrowed)
    borrowed.close()

    assert len(told) == 1


def test_batch_and_read(crm: CRM, driver: Any) -> None:
    """Batches and reads work on a connection whose owner wants its rows in another form."""
    driver.row_factory = sqlite3.Row if isinstance(driver, sqlite3.Connection) else dict_row
    borrowed = crm.borrow(driver)
    with crm.acting_as(MEI, connection=borrowed) as ws:
        made = ws.create_many([sample(count=number) for number in range(50)]).created
        ws.update(made[0], count=7)
        with crm.reading_as(MEI, connection=borrowed) as reader:
            assert reader.count(Sample) == 50
        assert ws.get(Sample, made[0].id).count == 7
    driver.row_factory = None if isinstance(driver, sqlite3.Connection) else tuple_row
    driver.commit()
    borrowed.close()

    assert counts(crm, driver)[0] == 50


def test_savepoint_around_the_first_statement(crm: CRM, driver: Any) -> None:
    """A savepoint of the owner that ends inside the unit takes the unit's own with it, and the error says so."""
    borrowed = crm.borrow(driver)
    refused = pytest.raises(StorageError, match=r"savepoint.*`ws\.savepoint\(\)`")
    with refused, crm.acting_as(MEI, connection=borrowed) as ws:
        driver.execute("SAVEPOINT of_the_host")
        ws.create(sample())
        driver.execute("RELEASE SAVEPOINT of_the_host")
    driver.rollback()
    borrowed.close()

    assert counts(crm, driver) == (0, 0)


def test_autocommit_is_refused(crm: CRM, crm_url: str) -> None:
    """A connection on which each statement is kept at once cannot be joined."""
    is_sqlite = crm_url.startswith("sqlite")
    driver = connect(crm_url, **({"isolation_level": None} if is_sqlite else {"autocommit": True}))
    borrowed = crm.borrow(driver)

    with pytest.raises(UnitError, match="AUTOCOMMIT"), crm.acting_as(MEI, connection=borrowed) as ws:
        ws.create(sample())
    borrowed.close()
    driver.close()


@pytest.mark.parametrize("driver", [None, object(), "shop.db"])
def test_other_drivers_are_refused(crm: CRM, driver: object) -> None:
    """What is no connection of the CRM's driver is refused, with the name of the one that would do."""
    with pytest.raises(UnitError, match=r"(sqlite3|psycopg)\.Connection and cannot borrow"):
        crm.borrow(driver)
