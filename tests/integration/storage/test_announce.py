"""Facts of units inside a host's transaction: told once, after the commit, and never without one."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from pycrm.storage import Announcer, open_engine

if TYPE_CHECKING:
    from .conftest import World

    MakeWorld = Callable[[Engine], World]


@pytest.fixture(params=["sqlite", "postgresql", "memory", "memory-per-thread"])
def engine(
    request: pytest.FixtureRequest, open_url: Callable[[str], str], host_engine: Callable[..., Engine]
) -> Engine:
    """A host's engine of each sort."""
    if request.param == "memory":
        return host_engine("sqlite://", poolclass=StaticPool)
    if request.param == "memory-per-thread":
        return host_engine("sqlite://")
    return host_engine(open_url(request.param))


@pytest.fixture
def world(make_world: MakeWorld, engine: Engine) -> World:
    """The CRM's side of the host's database."""
    return make_world(engine)


def test_next_begin_asks(world: World, engine: Engine) -> None:
    """On a plain Connection the next begin tells what was committed before it."""
    with engine.connect() as connection:
        with world.joined(connection=connection) as unit:
            world.add(unit, 2)
        connection.commit()
        told_at_commit = list(world.told)
        connection.exec_driver_sql("SELECT 1")

        assert (told_at_commit, world.told) == ([], [2])


def test_next_begin_drops(world: World, engine: Engine) -> None:
    """What was rolled back is forgotten at the next begin, and not told by a later commit."""
    with engine.connect() as connection:
        with world.joined(connection=connection) as unit:
            world.add(unit, 2)
        connection.rollback()
        with world.joined(connection=connection) as unit:
            world.add(unit, 3)
        connection.commit()

    assert world.told == [3]


def test_return_to_pool_asks(world: World, engine: Engine) -> None:
    """A connection that goes back to the pool tells what it committed."""
    with engine.begin() as connection, world.joined(connection=connection) as unit:
        world.add(unit, 2)

    assert world.told == [2]


def test_session_tells_at_commit(world: World, engine: Engine) -> None:
    """A Session tells at its commit, each time and each fact once."""
    told: list[list[int]] = []

    with Session(engine) as session:
        for item in (2, 3):
            with world.joined(session=session) as unit:
                world.add(unit, item)
            session.commit()
            told.append(list(world.told))

    assert told == [[2], [2, 3]]
    assert world.told == [2, 3]


def test_several_units_are_told_in_order(world: World, engine: Engine) -> None:
    """All units of one transaction are told together, in their order."""
    with Session(engine) as session:
        for item in (4, 2, 3):
            with world.joined(session=session) as unit:
                world.add(unit, item)
        session.commit()

    assert world.told == [4, 2, 3]


@pytest.mark.parametrize("commits", [False, True])
def test_commit_callbacks_wait_for_host(world: World, engine: Engine, commits: bool) -> None:
    """What a unit wants called on its commit is called when the host has committed, before its facts are told."""
    calls: list[object] = []

    with Session(engine) as session:
        with world.joined(session=session) as unit:
            world.add(unit, 2)
            unit.on_commit(lambda: calls.append(list(world.told)))
        before = list(calls)
        if commits:
            session.commit()
        else:
            session.rollback()

    assert (before, calls) == ([], [[]] if commits else [])


def test_announce_asks_at_once(world: World, engine: Engine) -> None:
    """A host may ask by hand: too early says nothing, after the commit tells once."""
    with engine.connect() as connection:
        with world.joined(connection=connection) as unit:
            world.add(unit, 2)
        world.announcer.announce(connection)
        told_early = list(world.told)
        connection.commit()
        world.announcer.announce(connection)
        world.announcer.announce(connection)

        assert (told_early, world.told) == ([], [2])


def test_announce_sees_commit_behind_sqlalchemy(world: World, engine: Engine) -> None:
    """A commit that the host sent to the driver itself is found when asked for by hand."""
    with engine.connect() as connection:
        with world.joined(connection=connection) as unit:
            world.add(unit, 2)
        connection.connection.driver_connection.commit()  # type: ignore[union-attr]
        world.announcer.announce(connection)

        assert world.told == [2]


def test_failing_commit_tells_nothing(world: World, engine: Engine) -> None:
    """A commit that fails announces nothing."""
    with Session(engine) as session:
        with world.joined(session=session) as unit:
            unit.execute(world.defer)
            world.add(unit, 2, parent=77)
        with pytest.raises(IntegrityError):
            session.commit()

    assert (world.items(), world.told) == ([], [])


def test_raising_commit_listener_tells_nothing(world: World, engine: Engine) -> None:
    """A commit that a listener of the host prevents announces nothing, and what is left of it is not ours."""

    def refuse(_connection: object) -> None:
        raise KeyError

    event.listen(engine, "commit", refuse)
    with Session(engine) as session:
        with world.joined(session=session) as unit:
            world.add(unit, 2)
        with pytest.raises(KeyError):
            session.commit()
    event.remove(engine, "commit", refuse)

    assert (world.items(), world.told) == ([], [])


def test_failing_question_spares_host(world: World, engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    """When the question cannot be asked the host's commit stands, and the facts are told at the next chance."""
    ask, world.announcer._is_visible = world.announcer._is_visible, lambda _connection, _unit_id: 1 / 0 > 0
    with engine.connect() as connection:
        with Session(connection) as session:
            with world.joined(session=session) as unit:
                world.add(unit, 2)
            session.commit()
        told_at_commit = list(world.told)
        world.announcer._is_visible = ask
        world.announcer.announce(connection)

    assert (told_at_commit, world.told, world.items()) == ([], [2], [2])
    assert "could not be asked" in caplog.text


def test_small_pool_does_not_wait(make_world: MakeWorld, host_engine: Callable[..., Engine], any_url: str) -> None:
    """The question needs no connection out of a pool that has none left."""
    engine = host_engine(any_url, pool_size=1, max_overflow=0, pool_timeout=0.1)
    world = make_world(engine)

    with Session(engine) as session:
        with world.joined(session=session) as unit:
            world.add(unit, 2)
        session.commit()

    assert world.told == [2]


def test_nothing_stays_open(make_world: MakeWorld, host_engine: Callable[..., Engine], any_url: str) -> None:
    """After the question no connection is left behind that the host does not know."""
    engine = host_engine(any_url)
    world = make_world(engine)
    opened: list[object] = []
    closed: list[object] = []
    event.listen(engine, "connect", lambda driver, _record: opened.append(driver))
    event.listen(engine, "close", lambda driver, _record: closed.append(driver))

    with Session(engine) as session:
        with world.joined(session=session) as unit:
            world.add(unit, 2)
        session.commit()

    assert world.told == [2]
    assert len(opened) == 1
    assert opened == closed


def test_close_takes_listeners_away(world: World, engine: Engine) -> None:
    """A closed announcer leaves no listener on what it listened to."""
    with Session(engine) as session:
        with world.joined(session=session) as unit:
            world.add(unit, 2)
        world.announcer.close()
        session.commit()

    assert world.told == []


def test_listeners_keep_no_crm_alive(host_engine: Callable[..., Engine], world: World, engine: Engine) -> None:
    """A host's engine and Session, which live on, do not hold the CRM that listened to them."""
    session = Session(engine)
    announcer = Announcer(world.announcer._is_visible, world.told.extend)
    with open_engine(engine).joined_unit(session=session, announcements=announcer) as unit:
        world.add(unit, 2)
    reference = weakref.ref(announcer)
    del announcer, unit
    gc.collect()

    session.commit()
    session.close()
    assert reference() is None
    assert world.told == []
