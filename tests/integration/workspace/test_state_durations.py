"""How long a record was in each state is kept for every lifecycle."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.integration.workspace.conftest import Open
from tests.lab import BOB, GUEST, MEI, Portion, Sample, sample

from pycrm import CRM, Account, ConfigurationError, NotAllowedError, NotFoundError, Task, Workspace
from pycrm.plugin import Lifecycle, Move, Plugin, Record, State, field
from pycrm.testing import FixedClock

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def clock() -> FixedClock:
    """The clock of the CRM, which the tests advance."""
    return FixedClock(START)


@pytest.fixture
def crm(crm_url: str, open_crm: Open, clock: FixedClock) -> CRM:
    """The laboratory's CRM on each database, at a time of the test's choice."""
    return open_crm(crm_url, clock=clock)


def test_states_last(ws: Workspace, clock: FixedClock) -> None:
    """Each state lasts from the move into it to the move out of it, the present one until now."""
    made = ws.create(sample(size="M"))
    clock.advance(DAY)
    ws.move(made, "send")
    clock.advance(3 * HOUR)
    ws.update(made, count=5)
    clock.advance(HOUR)
    ws.update(made, status="approved", notes="good")
    clock.advance(2 * DAY)

    assert ws.state_durations(made) == {"asked": DAY, "sent": 4 * HOUR, "approved": 2 * DAY}
    assert list(ws.state_durations(made)) == ["asked", "sent", "approved"]


def test_state_that_came_back(ws: Workspace, clock: FixedClock) -> None:
    """A state that a record comes back to lasts as long as all its times together."""
    task = ws.create(Task(subject="call"))
    for move in ("complete", "reopen", "complete"):
        clock.advance(HOUR)
        ws.move(task, move)
    clock.advance(DAY)

    assert ws.state_durations(task) == {"open": 2 * HOUR, "done": HOUR + DAY}


def test_creation_in_later_state(ws: Workspace, clock: FixedClock) -> None:
    """A record that is created in a later state was in no earlier one."""
    made = ws.create(sample(status="sent"))
    clock.advance(HOUR)

    assert ws.state_durations(made) == {"sent": HOUR}
    ws.move(made, "approve")
    assert ws.state_durations(made) == {"sent": HOUR, "approved": timedelta()}


def test_bin_stops_the_clock(ws: Workspace, clock: FixedClock) -> None:
    """Time in the bin is no time in a state, however often, and whether it is still there or not."""
    made = ws.create(sample(size="M"))
    for _ in range(2):
        clock.advance(HOUR)
        ws.delete(made)
        clock.advance(DAY)
        assert ws.get_binned(Sample, made.id) is not None
        ws.restore(made)
    clock.advance(HOUR)
    ws.move(made, "send")
    clock.advance(2 * HOUR)
    ws.delete(made)
    clock.advance(DAY)

    assert ws.state_durations(made) == {"asked": 3 * HOUR, "sent": 2 * HOUR}


def test_batches_and_others_count(crm: CRM, clock: FixedClock) -> None:
    """Moves of batches, of other users and of units long ended count, whatever the record in hand still shows."""
    with crm.acting_as(MEI) as ws:
        made = ws.create_many([sample(size="M") for _ in range(3)]).created
    clock.advance(HOUR)
    with crm.acting_as(BOB) as ws:
        theirs = list(ws.list(Sample))
        for each in theirs:
            each.status = "sent"
        ws.update_many(theirs)
    clock.advance(DAY)

    with crm.reading_as(MEI) as reader:
        assert [reader.state_durations(each) for each in made] == [{"asked": HOUR, "sent": DAY}] * 3
    assert {each.status for each in made} == {"asked"}


def test_unsaved_state_does_not_count(ws: Workspace, clock: FixedClock) -> None:
    """What counts is what is stored."""
    made = ws.create(sample(size="M"))
    clock.advance(HOUR)
    made.status = "sent"

    assert ws.state_durations(made) == {"asked": HOUR}


def test_rolled_back_move_never_was(ws: Workspace, clock: FixedClock) -> None:
    """A move that goes back with its savepoint leaves no trace."""
    made = ws.create(sample(size="M"))
    clock.advance(HOUR)
    with pytest.raises(ZeroDivisionError), ws.savepoint():
        ws.move(made, "send")
        raise ZeroDivisionError

    assert ws.state_durations(made) == {"asked": HOUR}


def test_clock_that_runs_back(ws: Workspace, clock: FixedClock) -> None:
    """No state lasts less than nothing, though the clocks of two machines differ."""
    made = ws.create(sample(size="M"))
    clock.advance(-HOUR)
    ws.move(made, "send")

    assert ws.state_durations(made) == {"asked": timedelta(), "sent": timedelta()}


def test_purged_record_lasts_no_more(ws: Workspace) -> None:
    """A record that is gone for good has no states."""
    made = ws.create(sample())
    ws.delete(made)
    ws.purge(made)

    with pytest.raises(NotFoundError):
        ws.state_durations(made)


def test_rights_are_asked(crm: CRM) -> None:
    """Who may not read a record does not learn how long it lasts."""
    with crm.acting_as(MEI) as ws:
        made = ws.create(sample())

    with crm.reading_as(GUEST) as reader, pytest.raises(NotAllowedError):
        reader.state_durations(made)


def test_every_lifecycle_lasts(ws: Workspace, clock: FixedClock) -> None:
    """Built-in entities have durations as a plugin's have; one without a lifecycle has none."""
    account = ws.create(Account(name="Elbe"))
    clock.advance(HOUR)
    assert ws.state_durations(account, "status") == {"active": HOUR}

    whole = ws.create(sample())
    with pytest.raises(ConfigurationError, match=r"lab\.portion has no lifecycle"):
        ws.state_durations(ws.create(Portion(name="P", sample=whole)))


twins = Plugin("twins", version="1.0")
LAMP = Lifecycle(State("off"), State("on"), Move("light", "off", "on"))


@twins.entity(title="name")
class Lamps(Record):
    """Has two lifecycles."""

    name: str = field.text()
    left: str = field.status(LAMP)
    right: str = field.status(Lifecycle(State("dark"), State("bright"), Move("brighten", "dark", "bright")))


def test_two_lifecycles(database_url: str, open_crm: Open, clock: FixedClock) -> None:
    """Of several lifecycles one is named; each has its own durations."""
    crm = open_crm(database_url, [twins], clock=clock)
    crm.migrate()

    with crm.acting_as(MEI) as ws:
        lamps = ws.create(Lamps(name="L"))
        clock.advance(HOUR)
        ws.move(lamps, "light")
        clock.advance(HOUR)
        assert ws.state_durations(lamps, "left") == {"off": HOUR, "on": HOUR}
        assert ws.state_durations(lamps, "right") == {"dark": 2 * HOUR}
        for wrong in (None, "middle"):
            with pytest.raises(ConfigurationError, match="has the lifecycles left, right"):
                ws.state_durations(lamps, wrong)
