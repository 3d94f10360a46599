"""What listeners are told after a commit, and what the outbox holds in the same transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest
from sqlalchemy import create_engine
from tests.conftest import DATABASES

from pycrm import CRM, ConfigurationError, Principal, Product, Task, Workspace
from pycrm.plugin import (
    ChangeSet,
    Plugin,
    RecordsCreated,
    RecordsDeleted,
    RecordsMoved,
    RecordsRestored,
    RecordsUpdated,
)

MEI = Principal("mei", roles={"administrator"})
FACTS = (RecordsCreated, RecordsUpdated, RecordsDeleted, RecordsRestored, RecordsMoved)


@attrs.frozen
class SampleSent:
    """A fact of a plugin's own."""

    entity: str
    courier: str


plugin = Plugin("trade")


@plugin.after_write(Task, move="complete")
def describe(ws: Workspace, changes: ChangeSet[Task]) -> None:
    """Write products as an effect of tasks, and tell a fact."""
    ws.create_many([Product(code=f"{task.subject}-{task.id}", name="effect") for task in changes])
    ws.announce(SampleSent("product", "SF"))


@attrs.frozen
class World:
    """A CRM, and what its listeners were told since the test began: a list of facts per call."""

    crm: CRM
    url: str
    told: list[Sequence[Any]]

    def events(self) -> list[list[tuple[str, str, int]]]:
        """Return per call of a listener its facts: type, entity and number of records."""
        return [
            [(type(fact).__name__, fact.entity, len(getattr(fact, "ids", ()))) for fact in facts] for facts in self.told
        ]


@pytest.fixture(scope="module", params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[CRM, str]]:
    """A CRM that the tests of this module share, with its URL."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('signals') / 'crm.db'}"
        yield from _opened(url)
    else:
        request.getfixturevalue("postgres_url")
        from pycrm.testing import postgres

        with postgres.fresh_database() as url:
            yield from _opened(url.replace("postgresql://", "postgresql+psycopg://"))


def _opened(url: str) -> Iterator[tuple[CRM, str]]:
    crm = CRM(url, plugins=[plugin])
    crm.migrate()
    yield crm, url
    crm.close()


@pytest.fixture
def world(place: tuple[CRM, str]) -> Iterator[World]:
    """The shared CRM, with listeners of this test's own."""
    crm, url = place
    with crm.acting_as(MEI) as ws:  # the actor's own row is not what the tests are about
        ws.delete(ws.create(Task(subject="warm up")))
    world = World(crm, url, [])
    disconnect = [crm.on(fact, world.told.append) for fact in (*FACTS, SampleSent)]
    yield world
    for each in disconnect:
        each()


def outbox(url: str) -> list[tuple[str, str]]:
    """Return event and entity of every row of the outbox, in order."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1))
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.exec_driver_sql("SELECT event, entity FROM crm_outbox ORDER BY n")]
    engine.dispose()
    return rows  # type: ignore[return-value]


def tasks(count: int) -> list[Task]:
    return [Task(subject=f"call {number}") for number in range(count)]


class TestEvents:
    def test_every_kind(self, world: World) -> None:
        """Each kind of write has its fact, which names entity, records and actor."""
        with world.crm.acting_as(MEI) as ws:
            task = ws.create(Task(subject="call"))
        with world.crm.acting_as(MEI) as ws:
            ws.update(ws.get(Task, task.id), subject="called", priority="high")
        with world.crm.acting_as(MEI) as ws:
            ws.move(ws.get(Task, task.id), "cancel")
        with world.crm.acting_as(MEI) as ws:
            ws.delete(ws.get(Task, task.id))
        with world.crm.acting_as(MEI) as ws:
            ws.restore(ws.get_binned(Task, task.id) or task)
        with world.crm.acting_as(MEI) as ws:
            ws.purge(ws.get(Task, task.id))

        facts = [fact for call in world.told for fact in call]
        assert facts == [
            RecordsCreated("task", (task.id,), "mei"),
            RecordsUpdated("task", (task.id,), "mei", (frozenset({"subject", "priority"}),)),
            RecordsUpdated("task", (task.id,), "mei", (frozenset({"status"}),)),
            RecordsMoved("task", (task.id,), "mei", "cancel"),
            RecordsDeleted("task", (task.id,), "mei"),
            RecordsRestored("task", (task.id,), "mei"),
            RecordsDeleted("task", (task.id,), "mei", purged=True),
        ]

    def test_one_event_per_unit_and_type(self, world: World) -> None:
        """A listener is called once for all that a unit did of one sort, each batch being one fact."""
        with world.crm.acting_as(MEI) as ws:
            ws.create_many(tasks(3))
            ws.create(Task(subject="one more"))
            ws.create(Product(code="P-events", name="heart"))

        created = [("RecordsCreated", "task", 3), ("RecordsCreated", "task", 1), ("RecordsCreated", "product", 1)]
        assert world.events() == [created]

    def test_unchanged_and_refused_records_are_no_news(self, world: World) -> None:
        """A fact names exactly the records that were written; without any there is no fact."""
        with world.crm.acting_as(MEI) as ws:
            task = ws.create(Task(subject="call"))
            ws.update(task, subject="call")
            ws.create_many([Task(subject="good"), Task()], on_problem="refuse")
            ws.create_many([Task()], on_problem="refuse")

        assert world.events() == [[("RecordsCreated", "task", 1), ("RecordsCreated", "task", 1)]]

    def test_cause_before_effect(self, world: World) -> None:
        """What a hook wrote and announced in consequence is told after its cause, in the same unit."""
        with world.crm.acting_as(MEI) as ws:
            done = ws.create_many(tasks(2)).created
        world.told.clear()
        with world.crm.acting_as(MEI) as ws:
            for task in done:
                task.status = "done"
            ws.update_many(done)

        assert world.events() == [
            [("RecordsUpdated", "task", 2)],
            [("RecordsMoved", "task", 2)],
            [("RecordsCreated", "product", 2)],
            [("SampleSent", "product", 0)],
        ]

    def test_announce_needs_attributes(self, world: World) -> None:
        """A fact that cannot be written down is refused at once."""
        with world.crm.acting_as(MEI) as ws, pytest.raises(ConfigurationError, match="attrs class"):
            ws.announce("sent")


class TestMoment:
    def test_never_before_commit(self, world: World) -> None:
        """Inside the unit nothing is told, and a listener finds what it is told of."""
        seen: list[int] = []

        def look(facts: Sequence[RecordsCreated]) -> None:
            with world.crm.reading_as(MEI) as reader:
                seen.extend(reader.get(Task, id).version for fact in facts for id in fact.ids)

        disconnect = world.crm.on(RecordsCreated, look)
        with world.crm.acting_as(MEI) as ws:
            ws.create_many(tasks(2))
            assert (world.told, seen) == ([], [])
        disconnect()

        assert seen == [1, 1]

    def test_never_after_rollback(self, world: World) -> None:
        """A unit that rolls back tells nothing and leaves nothing in the outbox."""
        before = outbox(world.url)
        with pytest.raises(RuntimeError), world.crm.acting_as(MEI) as ws:
            ws.create(Task(subject="lost"))
            ws.announce(SampleSent("task", "SF"))
            raise RuntimeError

        assert (world.told, outbox(world.url)) == ([], before)

    def test_savepoint_takes_its_facts_back(self, world: World) -> None:
        """What a savepoint undid is not told; what was before and after it is."""
        with world.crm.acting_as(MEI) as ws:
            ws.create(Task(subject="kept"))
            with pytest.raises(RuntimeError), ws.savepoint():
                ws.create_many(tasks(5))
                raise RuntimeError
            ws.create_many(tasks(2))

        assert world.events() == [[("RecordsCreated", "task", 1), ("RecordsCreated", "task", 2)]]

    def test_reading_tells_nothing(self, world: World) -> None:
        """Nothing happened, nothing is told."""
        with world.crm.acting_as(MEI) as ws:
            ws.list(Task)

        assert world.told == []


class TestListeners:
    def test_raising_listener_is_logged(self, world: World, caplog: pytest.LogCaptureFixture) -> None:
        """A listener that raises is logged; the data stays and the other listeners hear of it."""

        def explode(facts: Sequence[RecordsCreated]) -> None:
            raise KeyError("whatever")

        disconnect = world.crm.on(RecordsCreated, explode)
        with caplog.at_level(logging.ERROR, "pycrm.signals"), world.crm.acting_as(MEI) as ws:
            task = ws.create(Task(subject="call"))
        disconnect()

        assert "explode" in caplog.text
        assert "RecordsCreated" in caplog.text
        assert len(world.told) == 1
        with world.crm.reading_as(MEI) as reader:
            assert reader.get(Task, task.id).version == 1

    def test_listener_may_write(self, world: World) -> None:
        """A listener opens a unit of its own for what it writes."""

        def follow(facts: Sequence[RecordsCreated]) -> None:
            if facts[0].entity == "product":
                with world.crm.acting_as(MEI) as ws:
                    ws.create(Task(subject="follow up"))

        disconnect = world.crm.on(RecordsCreated, follow)
        with world.crm.acting_as(MEI) as ws:
            ws.create(Product(code="P-follow", name="heart"))
        disconnect()

        assert sorted(entity for call in world.events() for _, entity, _ in call) == ["product", "task"]

    def test_disconnected_hears_nothing(self, world: World) -> None:
        """Whoever disconnects is not told any more."""
        heard: list[Any] = []
        world.crm.on(RecordsCreated, heard.append)()
        with world.crm.acting_as(MEI) as ws:
            ws.create(Task(subject="call"))

        assert (heard, len(world.told)) == ([], 1)

    def test_each_crm_has_its_own(self, world: World, tmp_path: Path) -> None:
        """Listeners of one CRM hear nothing of another."""
        other = CRM(f"sqlite:///{tmp_path / 'other.db'}", plugins=[])
        other.migrate()
        with other.acting_as(MEI) as ws:
            ws.create(Task(subject="call"))
        other.close()

        assert world.told == []


class TestOutbox:
    def test_one_row_per_batch_and_entity(self, world: World) -> None:
        """The rows are there with the commit, one per batch, whatever its size."""
        before = len(outbox(world.url))
        with world.crm.acting_as(MEI) as ws:
            many = ws.create_many(tasks(300)).created
            ws.create(Product(code="P-outbox", name="heart"))
            ws.delete_many(many)
            ws.announce(SampleSent("product", "SF"))
            assert len(outbox(world.url)) == before

        assert outbox(world.url)[before:] == [
            ("RecordsCreated", "task"),
            ("RecordsCreated", "product"),
            ("RecordsDeleted", "task"),
            ("SampleSent", "product"),
        ]

    def test_holds_the_whole_fact(self, world: World, content: Callable[[str], dict[str, list[str]]]) -> None:
        """A row holds what another process needs: the records, what changed, and who did it."""
        with world.crm.acting_as(MEI) as ws:
            task = ws.create(Task(subject="call"))
            ws.update(task, priority="high")

        (row,) = [row for row in content(world.url)["crm_outbox"] if "RecordsUpdated" in row and task.id.hex in row]
        assert "priority" in row
        assert "mei" in row
