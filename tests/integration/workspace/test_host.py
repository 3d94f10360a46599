"""The door inside a host's transaction: the host alone decides whether our rows stay, and signals follow it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from tests.lab import MEI, Sample, lab, sample

from pycrm import CRM, Account, ValidationError, field
from pycrm.errors import UnitError, UnitFailedError
from pycrm.signals import RecordsCreated

from .conftest import Open

Transaction = tuple[dict[str, Any], Callable[[], None], Callable[[], None]]
Enter = Callable[[Engine], Any]


@contextmanager
def session(engine: Engine) -> Iterator[Transaction]:
    """A Session, as a FastAPI dependency hands it to a request."""
    with Session(engine) as session:
        yield {"session": session}, session.commit, session.rollback


@contextmanager
def connection(engine: Engine) -> Iterator[Transaction]:
    """A plain Connection; on SQLite in the driver's legacy mode, which sends no BEGIN of its own."""
    with engine.connect() as connection:
        yield {"connection": connection}, connection.commit, connection.rollback


both = pytest.mark.parametrize("enter", [session, connection])


@pytest.fixture
def told() -> list[Any]:
    """What listeners were told."""
    return []


@pytest.fixture
def hosted(host_engine: Engine, open_crm: Open, told: list[Any]) -> CRM:
    """A CRM on the host's engine, with a listener."""
    crm = open_crm(host_engine)
    crm.on(RecordsCreated, told.extend)
    return crm


def count(crm: CRM) -> int:
    """Return how many samples a unit of our own sees."""
    with crm.reading_as(MEI) as reader:
        return reader.count(Sample)


@both
class TestHost:
    def test_commit(self, hosted: CRM, host_engine: Engine, told: list[Any], enter: Enter) -> None:
        """The host's commit keeps our rows; listeners hear of them then, and not at the end of our block."""
        with enter(host_engine) as (where, commit, _):
            with hosted.acting_as(MEI, **where) as ws:
                made = ws.create(sample())
            assert told == []
            commit()

        assert count(hosted) == 1
        assert [fact.ids for fact in told] == [(made.id,)]

    def test_rollback(self, hosted: CRM, host_engine: Engine, told: list[Any], enter: Enter) -> None:
        """The host's rollback takes our rows and our signals with it."""
        with enter(host_engine) as (where, _, rollback):
            with hosted.acting_as(MEI, **where) as ws:
                ws.create(sample())
            rollback()

        assert (count(hosted), told) == (0, [])

    def test_left_open(self, hosted: CRM, host_engine: Engine, told: list[Any], enter: Enter) -> None:
        """A host that ends without commit has rolled back."""
        with enter(host_engine) as (where, *_), hosted.acting_as(MEI, **where) as ws:
            ws.create(sample())

        assert (count(hosted), told) == (0, [])

    def test_rollback_then_commit(self, hosted: CRM, host_engine: Engine, told: list[Any], enter: Enter) -> None:
        """What was rolled back is not told when the next transaction of the same host commits."""
        with enter(host_engine) as (where, commit, rollback):
            with hosted.acting_as(MEI, **where) as ws:
                ws.create(sample())
            rollback()
            with hosted.acting_as(MEI, **where) as ws:
                kept = ws.create(sample())
            commit()

        assert [fact.ids for fact in told] == [(kept.id,)]

    def test_several_units(self, hosted: CRM, host_engine: Engine, told: list[Any], enter: Enter) -> None:
        """Several units of one transaction see each other's rows, and are told in order."""
        with enter(host_engine) as (where, commit, _):
            with hosted.acting_as(MEI, **where) as ws:
                first = ws.create(sample())
            with hosted.acting_as(MEI, **where) as ws:
                assert ws.get(Sample, first.id).version == 1
                second = ws.create(sample())
            with hosted.reading_as(MEI, **where) as reader:
                assert reader.count(Sample) == 2
            commit()

        assert [fact.ids for fact in told] == [(first.id,), (second.id,)]

    def test_failed_unit(self, hosted: CRM, host_engine: Engine, told: list[Any], enter: Enter) -> None:
        """A unit that fails takes back its own rows only, and the host may still commit."""
        with enter(host_engine) as (where, commit, _):
            with hosted.acting_as(MEI, **where) as ws:
                kept = ws.create(sample())
            with pytest.raises(ZeroDivisionError), hosted.acting_as(MEI, **where) as ws:
                ws.create(sample())
                raise ZeroDivisionError
            with pytest.raises(UnitFailedError), hosted.acting_as(MEI, **where) as ws:
                ws.create(sample())
                ws._ctx.unit.fail(ZeroDivisionError())
            commit()

        assert count(hosted) == 1
        assert [fact.ids for fact in told] == [(kept.id,)]

    def test_problems(self, hosted: CRM, host_engine: Engine, enter: Enter) -> None:
        """Problems of a record touch neither the unit nor the host."""
        with enter(host_engine) as (where, commit, _):
            with hosted.acting_as(MEI, **where) as ws:
                with pytest.raises(ValidationError):
                    ws.create(sample(count="x"))
                ws.create(sample())
            commit()

        assert count(hosted) == 1

    def test_record_after_rollback(self, hosted: CRM, host_engine: Engine, enter: Enter) -> None:
        """A record whose block ended well and whose host rolled back is read again: it is not there."""
        with enter(host_engine) as (where, _, rollback):
            with hosted.acting_as(MEI, **where) as ws:
                made = ws.create(sample())
            rollback()
            with hosted.reading_as(MEI, **where) as reader:
                assert reader.find(Sample, id=made.id) is None

    def test_custom_field_rolled_back(self, hosted: CRM, host_engine: Engine, enter: Enter) -> None:
        """A custom field that the host rolled back is forgotten by this process at its next unit."""
        with enter(host_engine) as (where, _, rollback):
            with hosted.acting_as(MEI, **where) as ws:
                ws.define_field(Account, "region", field.text(indexed=True))
                ws.create(Account(name="x", custom={"region": "east"}))
            rollback()

        with hosted.acting_as(MEI) as ws, pytest.raises(ValidationError, match=r"field\.unknown"):
            ws.create(Account(name="x", custom={"region": "east"}))
        with hosted.acting_as(MEI) as ws:
            ws.define_field(Account, "region", field.integer())
            assert ws.create(Account(name="x", custom={"region": 5})).custom.region == 5

    def test_user_rolled_back(self, hosted: CRM, host_engine: Engine, enter: Enter) -> None:
        """The row of a new user goes with the host's rollback, and is made again by the user's next unit."""
        with enter(host_engine) as (where, _, rollback):
            with hosted.acting_as(MEI, **where) as ws:
                ws.create(sample())
            rollback()
        with hosted.acting_as(MEI) as ws:
            made = ws.create(sample())

        with hosted.reading_as(MEI) as reader:
            read = reader.get(Sample, made.id, include="owner")
            assert read.owner is not None
            assert read.owner.record.key == "mei"


def test_announced_on_request(hosted: CRM, host_engine: Engine, told: list[Any]) -> None:
    """`crm.announce` tells what a host's connection has committed, without waiting for its next use."""
    with host_engine.connect() as connection:
        with hosted.acting_as(MEI, connection=connection) as ws:
            ws.create(sample())
        hosted.announce(connection)
        assert told == []
        connection.commit()
        hosted.announce(connection)

        assert len(told) == 1


def test_released_savepoint(hosted: CRM, host_engine: Engine, told: list[Any]) -> None:
    """The end of a host's savepoint is no commit, though the Session says so."""
    with Session(host_engine) as session:
        with session.begin_nested(), hosted.acting_as(MEI, session=session) as ws:
            ws.create(sample())
        assert told == []
        session.rollback()

    assert (count(hosted), told) == (0, [])


def test_asynchronous_hosts_are_refused(migrated: Callable[..., str], open_crm: Open) -> None:
    """A Session of an asynchronous engine cannot be joined, neither as it is nor from within `run_sync`."""
    pytest.importorskip("greenlet", reason="SQLAlchemy's asyncio side needs greenlet")
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

    url = migrated("postgresql", [lab])
    crm = open_crm(url)

    def count(session: Any) -> int:
        with crm.acting_as(MEI, session=session) as ws:
            return ws.count(Sample)

    async def both() -> None:
        engine = create_async_engine(url)
        async with AsyncSession(engine) as session:
            with pytest.raises(UnitError, match="run_async"):
                count(session)
            with pytest.raises(UnitError, match="run_async"):
                await session.run_sync(count)
        await engine.dispose()

    asyncio.run(both())
