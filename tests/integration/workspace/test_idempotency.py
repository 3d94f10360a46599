"""Calls under an idempotency key: carried out once, told again as often as they are made."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from sqlalchemy import Engine
from tests.conftest import DATABASES
from tests.integration.workspace.conftest import Open
from tests.lab import BOB, MEI, Portion, Sample, double, lab, sample

from pycrm import (
    CRM,
    Account,
    Attachment,
    ConfigurationError,
    ConflictError,
    F,
    HookFailedError,
    KeyReusedError,
    Lead,
    Money,
    MoveNotAllowedError,
    NotFoundError,
    Opportunity,
    Principal,
    Quantity,
    ValidationError,
    Workspace,
    convert_lead,
)
from pycrm.plugin import ChangeSet, Plugin
from pycrm.signals import RecordsCreated
from reliability.check_idempotency import exactly_once

KEY = "5f1c"
# What differs between the databases is who waits for whom; `exactly_once` makes every sort of call on both.
on_sqlite = pytest.mark.parametrize("crm_url", ["sqlite"], indirect=True)
Call = Callable[[Workspace], Any]


def made(crm: CRM, **values: Any) -> Sample:
    """Return a stored sample."""
    with crm.acting_as(MEI) as ws:
        return ws.create(sample(**values))


def twice(crm: CRM, call: Call) -> tuple[Any, Any]:
    """Return what *call* gives in two units."""
    with crm.acting_as(MEI) as ws:
        first = call(ws)
    with crm.acting_as(MEI) as ws:
        return first, call(ws)


def stored(crm: CRM, record: Sample) -> Sample:
    with crm.reading_as(MEI) as reader:
        return reader.get(Sample, record.id)


class TestCreate:
    def test_repeat(self, crm: CRM) -> None:
        """The second call writes nothing, and the record given to it becomes the one that is stored."""
        with crm.acting_as(MEI) as ws:
            first = ws.create(sample(count=1), idempotency_key=KEY)
        with crm.acting_as(MEI) as ws:
            given = sample(count=1)
            second = ws.create(given, idempotency_key=KEY)
            ws.create(Portion(name="of it", sample=given))

            assert ws.count(Sample) == 1
            assert second is given
            assert (second.id, second.number, second.version) == (first.id, first.number, 1)

    def test_rolled_back(self, crm: CRM) -> None:
        """A key goes with the unit that is rolled back."""
        with pytest.raises(ZeroDivisionError), crm.acting_as(MEI) as ws:
            ws.create(sample(count=1), idempotency_key=KEY)
            raise ZeroDivisionError
        created = ws_create(crm, sample(count=2))

        assert stored(crm, created).count == 2

    def test_refused_call(self, crm: CRM) -> None:
        """A call that raises leaves its key free and the unit usable."""
        with crm.acting_as(MEI) as ws:
            with pytest.raises(ValidationError):
                ws.create(sample(count="many"), idempotency_key=KEY)
            created = ws.create(sample(count=2), idempotency_key=KEY)

        assert stored(crm, created).count == 2

    @pytest.mark.parametrize("engine", DATABASES)
    def test_failed_hook(self, engine: str, migrated: Callable[..., str], open_crm: Open) -> None:
        """So does one whose hook raises after rows were written: they are gone with the key."""
        angry = Plugin("angry")

        @angry.after_write(Account)
        def refuse(ws: Workspace, changes: ChangeSet[Account]) -> None:
            for account in changes:
                if account.name == "bad":
                    raise ZeroDivisionError

        crm = open_crm(migrated(engine, [angry]), plugins=[angry])
        with crm.acting_as(MEI) as ws:
            with pytest.raises(HookFailedError):
                ws.create(Account(name="bad"), idempotency_key=KEY)
            ws.create(Account(name="good"), idempotency_key=KEY)

            assert [account.name for account in ws.list(Account)] == ["good"]

    def test_gone(self, crm: CRM) -> None:
        """Where nothing is left of what a call wrote, its repeat says so, and does not do it again."""
        record = ws_create(crm, sample())
        with crm.acting_as(BOB) as ws:
            ws.purge(ws.get(Sample, record.id))
        with crm.acting_as(MEI) as ws:
            with pytest.raises(NotFoundError, match="was carried out"):
                ws.create(sample(), idempotency_key=KEY)

            assert ws.count(Sample) == 0


def made_with_key(crm: CRM) -> Sample:
    return ws_create(crm, sample())


def ws_create(crm: CRM, record: Sample) -> Sample:
    with crm.acting_as(MEI) as ws:
        return ws.create(record, idempotency_key=KEY)


@on_sqlite
class TestPayload:
    def test_as_it_is_now(self, crm: CRM) -> None:
        """The record comes back with what others have changed since, in the bin too, and can be changed on."""
        first = made_with_key(crm)
        with crm.acting_as(BOB) as ws:
            theirs = ws.update(ws.get(Sample, first.id), count=5)
            ws.delete(theirs)
        with crm.acting_as(MEI) as ws:
            second = ws.create(sample(), idempotency_key=KEY)

            assert (second.count, second.version, second.deleted_at) == (5, 3, theirs.deleted_at)
            ws.restore(second)
            assert ws.update(second, notes="mine").version == 5

    def test_same_unit(self, ws: Workspace) -> None:
        """A repeat within one unit finds the key, too."""
        ids = {ws.create(sample(), idempotency_key=KEY).id for _ in range(3)}

        assert len(ids) == ws.count(Sample) == 1

    def test_same_object(self, crm: CRM) -> None:
        """The very object that was stored may be given once more."""
        record = sample(count=1)
        ids = [ws_create(crm, record).id for _ in range(2)]

        assert ids == [record.id] * 2

    @pytest.mark.parametrize(
        ("values", "other"),
        [({"count": 1}, {"count": 2}), ({"count": 1}, {}), ({}, {"tags": ["a"]}), ({"code": "a"}, {"notes": "a"})],
    )
    def test_other_payload(self, crm: CRM, values: dict[str, Any], other: dict[str, Any]) -> None:
        """Another payload under the same key is refused with key and call, and nothing is written."""
        ws_create(crm, sample(**values))
        with crm.acting_as(MEI) as ws:
            with pytest.raises(KeyReusedError, match=r"'5f1c' of 'create lab\.sample'.*another payload") as error:
                ws.create(sample(**other), idempotency_key=KEY)

            assert (error.value.key, error.value.call, error.value.retryable) == (KEY, "create lab.sample", False)
            assert ws.count(Sample) == 1

    def test_same_meaning(self, crm: CRM) -> None:
        """A value may be written in another way: what it says counts."""
        first = ws_create(crm, sample(price="USD 1", made_on="2026-03-01", weight=2, colours=["red"]))
        second = ws_create(
            crm, sample(price=Money("1.00", "USD"), made_on=date(2026, 3, 1), weight=Decimal("2.0"), colours=("red",))
        )

        assert first.id == second.id

    def test_other_call(self, crm: CRM) -> None:
        """A key stands for one call; another one is refused and told what the key was used for."""
        record = ws_create(crm, sample())
        with crm.acting_as(MEI) as ws, pytest.raises(KeyReusedError, match=r"has used it for 'create lab\.sample'"):
            ws.update(record, count=1, idempotency_key=KEY)

        assert isinstance(KeyReusedError("x"), ConflictError)

    def test_of_each_actor(self, crm: CRM) -> None:
        """Keys of different people have nothing to do with each other."""
        ids = set()
        for who in (MEI, BOB):
            with crm.acting_as(who) as ws:
                ids.add(ws.create(sample(name=who.user), idempotency_key=KEY).id)

        assert len(ids) == 2

    def test_listeners(self, crm: CRM) -> None:
        """Listeners are told once."""
        told: list[Any] = []
        crm.on(RecordsCreated, told.extend)
        twice(crm, lambda ws: ws.create(sample(), idempotency_key=KEY))

        assert len(told) == 1


@on_sqlite
class TestCreateMany:
    def test_repeat(self, crm: CRM) -> None:
        """The records come back in their order; those left out with their problems, at their places."""
        given = [[sample(count=1, code="a"), sample(count="x"), sample(count=3)] for _ in "ab"]
        results = []
        for records in given:
            with crm.acting_as(MEI) as ws:
                results.append(ws.create_many(records, on_problem="refuse", idempotency_key=KEY))
        first, second = results

        assert [record.id for record in first.created] == [record.id for record in second.created]
        assert second.created == (given[1][0], given[1][2])
        assert [(each.position, each.record) for each in second.refused] == [(1, given[1][1])]
        problems = [each.refused[0].problems for each in results]
        assert [str(problem) for problem in problems[0]] == [str(problem) for problem in problems[1]]

    def test_among_each_other(self, crm: CRM) -> None:
        """Records that refer to each other are recognised, although their ids are new each time."""

        def call(ws: Workspace) -> Any:
            first = sample(name="first")
            records = [first, sample(name="second", origin=first)]
            return ws.create_many(records, idempotency_key=KEY).created

        first, second = twice(crm, call)
        assert [record.id for record in first] == [record.id for record in second]
        assert second[1].origin.id == second[0].id

    def test_none(self, ws: Workspace) -> None:
        """A call without records does nothing, and uses no key."""
        assert ws.create_many([], idempotency_key=KEY).created == ()
        assert ws.create(sample(), idempotency_key=KEY).version == 1


@on_sqlite
class TestUpdate:
    def test_repeat(self, crm: CRM) -> None:
        """What others have written since is not overwritten by a repeat."""
        record = made(crm, count=1)

        def call(ws: Workspace) -> Sample:
            return ws.update(ws.get(Sample, record.id), count=2, idempotency_key=KEY)

        with crm.acting_as(MEI) as ws:
            call(ws)
        with crm.acting_as(BOB) as ws:
            ws.update(ws.get(Sample, record.id), count=3)
        with crm.acting_as(MEI) as ws:
            again = call(ws)

        assert (again.count, again.version) == (stored(crm, record).count, 3) == (3, 3)

    @pytest.mark.parametrize("theirs", [None, 7])
    def test_set_before(self, crm: CRM, theirs: int | None) -> None:
        """Values that were set in the record are recognised, also where reading it again gave some of them already."""
        record = made(crm, count=1)

        def call(ws: Workspace) -> Sample:
            mine = ws.get(Sample, record.id)
            mine.count, mine.notes = 2, "mine"
            return ws.update(mine, idempotency_key=KEY)

        with crm.acting_as(MEI) as ws:
            call(ws)
        if theirs:
            with crm.acting_as(BOB) as ws:
                ws.update(ws.get(Sample, record.id), count=theirs)
        with crm.acting_as(MEI) as ws:
            again = call(ws)

        assert (again.count, again.version) == (theirs or 2, 3 if theirs else 2)

    def test_other_payload(self, crm: CRM) -> None:
        """Another value, another field besides, or another record is another payload."""
        record, other = made(crm, count=1), made(crm)
        with crm.acting_as(MEI) as ws:
            ws.update(ws.get(Sample, record.id), count=2, idempotency_key=KEY)
        calls: list[Call] = [
            lambda ws: ws.update(ws.get(Sample, record.id), count=3, idempotency_key=KEY),
            lambda ws: ws.update(ws.get(Sample, record.id), count=2, notes="x", idempotency_key=KEY),
            lambda ws: ws.update(ws.get(Sample, other.id), count=2, idempotency_key=KEY),
            lambda ws: ws.update(ws.get(Sample, record.id), count=2, version=1, idempotency_key=KEY),
        ]
        for call in calls:
            with crm.acting_as(MEI) as ws, pytest.raises(KeyReusedError, match="another payload"):
                call(ws)

        assert (stored(crm, record).version, stored(crm, other).version) == (2, 1)

    def test_other_values_set_before(self, crm: CRM) -> None:
        """So is another value that was set in the record."""
        record = made(crm, count=1)
        for value in (2, 3):
            with crm.acting_as(MEI) as ws:
                mine = ws.get(Sample, record.id)
                mine.count = value
                if value == 2:
                    ws.update(mine, idempotency_key=KEY)
                else:
                    with pytest.raises(KeyReusedError):
                        ws.update(mine, idempotency_key=KEY)

        assert stored(crm, record).count == 2

    def test_many(self, crm: CRM) -> None:
        """Batches of changes are recognised record by record."""
        ids = [made(crm, count=count).id for count in range(3)]

        def call(ws: Workspace) -> Any:
            records = [ws.get(Sample, id) for id in ids]
            for record in records[1:]:
                record.count = 7
            return ws.update_many(records, idempotency_key=KEY)

        first, second = twice(crm, call)
        assert [len(first.updated), len(first.unchanged)] == [len(second.updated), len(second.unchanged)] == [2, 1]
        assert [record.version for record in second.updated] == [2, 2]

    def test_move(self, crm: CRM) -> None:
        """A move is not made again from where the record has come to."""
        record = made(crm)
        first, second = twice(
            crm, lambda ws: ws.move(ws.get(Sample, record.id), "send", size="M", idempotency_key=KEY).version
        )

        assert first == second == 2
        with crm.acting_as(MEI) as ws:
            with pytest.raises(KeyReusedError):
                ws.move(ws.get(Sample, record.id), "approve", idempotency_key=KEY)
            with pytest.raises(MoveNotAllowedError):
                ws.move(ws.get(Sample, record.id), "send", size="M")

    def test_upsert(self, crm: CRM) -> None:
        """A repeat neither creates nor updates; created ones are those given, the others the stored ones."""
        made(crm, code="old", count=1)
        results = []
        for _ in range(2):
            given = [sample(code="new", count=1), sample(code="old", count=2)]
            with crm.acting_as(MEI) as ws:
                results.append(ws.upsert_many(Sample, given, by=["code"], idempotency_key=KEY))
                theirs = ws.list(Sample, where=F.code == "old")[0]
                ws.update(theirs, count=theirs.count + 10)  # type: ignore[operator]
        first, second = results

        assert second.created == (given[0],)
        assert (second.created[0].id, second.updated[0].id) == (first.created[0].id, first.updated[0].id)
        assert second.updated[0].count == 12


@on_sqlite
class TestOthers:
    def test_delete_restore_purge(self, crm: CRM) -> None:
        """Each is done once, whatever has become of the record since."""
        record = made(crm)

        def each(verb: str, key: str) -> int:
            with crm.acting_as(MEI) as ws:
                mine = ws.get_binned(Sample, record.id) or ws.find(Sample, id=record.id) or record
                getattr(ws, verb)(mine, idempotency_key=key)
                return ws.count(Sample)

        assert [each("delete", "d"), each("delete", "d"), each("restore", "r")] == [0, 0, 1]
        assert [each("delete", "d"), each("restore", "r"), each("purge", "p"), each("purge", "p")] == [1, 1, 0, 0]
        assert each("delete", "d") == 0

    def test_delete_many(self, crm: CRM) -> None:
        """The records come back from the bin."""
        ids = [made(crm).id for _ in range(2)]

        def call(ws: Workspace) -> Any:
            records = [ws.get_binned(Sample, id) or ws.get(Sample, id) for id in ids]
            return ws.delete_many(records, idempotency_key=KEY).updated

        first, second = twice(crm, call)
        assert [record.deleted_at for record in first] == [record.deleted_at for record in second]

    def test_where(self, crm: CRM) -> None:
        """What a filter selects by the time of the repeat is left alone; the handle takes the first call back."""
        record = made(crm, count=1)

        def call(ws: Workspace) -> Any:
            return ws.update_where(
                Sample, "count >= :least", {"notes": "seen"}, values={"least": 1}, idempotency_key=KEY
            )

        with crm.acting_as(MEI) as ws:
            first = call(ws)
            later = ws.create(sample(count=2))
        with crm.acting_as(MEI) as ws:
            second = call(ws)

            assert (second.handle, [each.id for each in second.records]) == (first.handle, [record.id])
            assert ws.get(Sample, later.id).notes is None
            assert len(ws.undo(second.handle).records) == 1

    def test_delete_where(self, crm: CRM) -> None:
        """So with deleting; another filter or another value is another payload, and a preview takes no key."""
        made(crm, count=1)
        first, second = twice(crm, lambda ws: ws.delete_where(Sample, F.count >= 1, idempotency_key=KEY))

        assert [each.id for each in first.records] == [each.id for each in second.records]
        with crm.acting_as(MEI) as ws:
            with pytest.raises(KeyReusedError):
                ws.delete_where(Sample, F.count >= 2, idempotency_key=KEY)
            with pytest.raises(ConfigurationError, match="preview"):
                ws.delete_where(Sample, F.count >= 1, preview=True, idempotency_key=KEY)

    def test_attach(self, crm_url: str, open_crm: Open, tmp_path: Path) -> None:
        """The same file is attached once; other bytes are another payload."""
        crm = open_crm(crm_url, files=tmp_path / "files")
        record = made(crm)
        first, second = twice(crm, lambda ws: ws.attach(record, "a.txt", b"one", idempotency_key=KEY).id)

        assert first == second
        with crm.acting_as(MEI) as ws:
            with pytest.raises(KeyReusedError):
                ws.attach(record, "a.txt", b"two", idempotency_key=KEY)
            assert ws.count(Attachment) == 1


@attrs.frozen
class Weighed:
    """What an action of these tests gives."""

    sample: Sample
    others: list[Sample]
    at: datetime


ANSWERS: list[Any] = [
    None,
    True,
    -(2**40),
    1.5,
    "海晨" * 20_000,
    Decimal("1.50"),
    Money("12.50", "CNY"),
    Quantity("3", "kg"),
    date(2026, 3, 1),
    datetime(2026, 3, 1, 8, 30, tzinfo=UTC),
    [1, ("a", None), {"key": [Money(1, "JPY")], "id": 1}],
    {"record": "x", "id": "y"},
]
STRANGE: list[Any] = [object(), {1: 2}, timedelta(1), "x" * 100_001]

scales = Plugin("scales")


@scales.action(Sample)
def weigh(ws: Workspace, sample: Sample, *, others: Any = (), gives: Any = None) -> Any:
    """Count up, and give something."""
    ws.update(sample, count=(sample.count or 0) + 1)
    return gives


@scales.action(Sample)
def weigh_strangely(ws: Workspace, sample: Sample, number: int) -> Any:
    """Count up, and give what cannot be kept."""
    ws.update(sample, count=(sample.count or 0) + 1)
    return STRANGE[number]


@scales.action(Sample)
def weigh_within(ws: Workspace, sample: Sample) -> None:
    """Write under the key that this call has."""
    ws.update(sample, notes="x", idempotency_key=KEY)


@scales.action(Sample)
def weigh_all(ws: Workspace, sample: Sample, others: list[Sample]) -> Weighed | None:
    """Count up, and give a value of a class."""
    ws.update(sample, count=(sample.count or 0) + 1)
    return Weighed(sample, others, datetime(2026, 3, 1, tzinfo=UTC))


class TestRun:
    @pytest.fixture
    def crm(self, migrated: Callable[..., str], open_crm: Open) -> CRM:
        """The laboratory with scales."""
        return open_crm(migrated("sqlite", [lab, scales]), plugins=[lab, scales])

    def test_repeat(self, crm: CRM) -> None:
        """The action runs once, and its answer is given again; the record is as it is now."""
        record = made(crm, count=2)
        seen = []
        for _ in range(2):
            with crm.acting_as(MEI) as ws:
                mine = ws.get(Sample, record.id)
                seen.append((ws.run(double(mine, times=3), idempotency_key=KEY), mine.count))

        assert seen == [(6, 6), (6, 6)]

    def test_arguments(self, crm: CRM) -> None:
        """An argument may be given by place or by name; another one is another payload."""
        record, other = made(crm, count=1), made(crm)
        with crm.acting_as(MEI) as ws:
            ws.run(weigh_all(record, [other]), idempotency_key=KEY)
            ws.run(weigh_all(record, others=[other]), idempotency_key=KEY)
            with pytest.raises(KeyReusedError, match=r"scales:weigh_all lab\.sample"):
                ws.run(weigh_all(record, []), idempotency_key=KEY)
            with pytest.raises(KeyReusedError):
                ws.run(weigh_all(other, [other]), idempotency_key=KEY)

        assert stored(crm, record).count == 2

    def test_answers(self, crm: CRM) -> None:
        """What JSON has no word for comes back as it was."""
        record = made(crm)
        answers = []
        for _ in range(2):
            with crm.acting_as(MEI) as ws:
                mine = ws.get(Sample, record.id)
                answers.append(
                    [ws.run(weigh(mine, gives=gives), idempotency_key=str(n)) for n, gives in enumerate(ANSWERS)]
                )

        assert answers == [ANSWERS, ANSWERS]
        assert [type(each) for each in answers[1]] == [type(each) for each in ANSWERS]

    def test_answer_of_class(self, crm: CRM) -> None:
        """A value of a class that the action's annotation names comes back with records as they are now."""
        record, other = made(crm), made(crm)
        with crm.acting_as(MEI) as ws:
            ws.run(weigh_all(ws.get(Sample, record.id), [other]), idempotency_key=KEY)
        with crm.acting_as(BOB) as ws:
            ws.update(ws.get(Sample, other.id), notes="theirs")
        with crm.acting_as(MEI) as ws:
            mine = ws.get(Sample, record.id)
            again = ws.run(weigh_all(mine, [other]), idempotency_key=KEY)

        assert isinstance(again, Weighed)
        assert again.sample is mine
        assert [each.notes for each in again.others] == ["theirs"]
        assert again.at == datetime(2026, 3, 1, tzinfo=UTC)

    def test_what_cannot_be_kept(self, crm: CRM) -> None:
        """An answer that could not be given again is refused, and what the action did is taken back."""
        record = made(crm, count=1)
        with crm.acting_as(MEI) as ws:
            for number in range(len(STRANGE)):
                with pytest.raises(ConfigurationError, match="call with an idempotency key"):
                    ws.run(weigh_strangely(record, number), idempotency_key=KEY)

        assert stored(crm, record).count == 1

    def test_what_cannot_be_told(self, crm: CRM) -> None:
        """An argument of which nobody can say whether it is the same as another one is refused."""
        record = made(crm, count=1)
        with crm.acting_as(MEI) as ws, pytest.raises(ConfigurationError, match="is taken"):
            ws.run(weigh(record, others=iter(())), idempotency_key=KEY)

        assert stored(crm, record).count == 1

    def test_within_itself(self, crm: CRM) -> None:
        """A call inside another one cannot have the same key."""
        record = made(crm)
        with crm.acting_as(MEI) as ws:
            with pytest.raises(KeyReusedError):
                ws.run(weigh_within(record), idempotency_key=KEY)
            assert ws.get(Sample, record.id).notes is None

    def test_lead(self, crm: CRM) -> None:
        """A lead is converted once, and its repeat names what became of it."""
        with crm.acting_as(MEI) as ws:
            lead = ws.create(Lead(name="Mei", company="海晨"))
        first, second = twice(crm, lambda ws: ws.run(convert_lead(ws.get(Lead, lead.id)), idempotency_key=KEY))

        assert (first.account.id, first.contact.id) == (second.account.id, second.contact.id)
        with crm.reading_as(MEI) as reader:
            assert reader.count(Account) == 1
            assert reader.count(Opportunity) == (0 if first.opportunity is None else 1)


class TestKeys:
    @on_sqlite
    def test_bad(self, ws: Workspace) -> None:
        """A key is a short text that can be written down."""
        bad: list[Any] = ["", "x" * 256, 1, "a\0b", "a\nb"]
        for key in bad:
            with pytest.raises(ConfigurationError, match="idempotency_key"):
                ws.create(sample(), idempotency_key=key)

    @on_sqlite
    def test_anonymous(self, crm: CRM) -> None:
        """Who has no name has no keys: somebody else's could be taken for his."""
        with (
            crm.acting_as(Principal("", roles={"administrator"})) as ws,
            pytest.raises(ConfigurationError, match="anonymous"),
        ):
            ws.create(sample(), idempotency_key=KEY)

    def test_expire(self, crm_url: str, open_crm: Open, monkeypatch: pytest.MonkeyPatch) -> None:
        """After a month a key may be forgotten; a call under it is carried out once more then."""
        monkeypatch.setattr("pycrm.app.KEYS_PER_PORTION", 2)
        now = [datetime(2026, 3, 1, tzinfo=UTC)]
        crm = open_crm(crm_url, clock=lambda: now[0])
        with crm.acting_as(MEI) as ws:
            for number in range(5):
                ws.create(sample(), idempotency_key=str(number))
        now[0] += timedelta(days=29)
        with crm.acting_as(MEI) as ws:
            ws.create(sample(), idempotency_key="young")
        early = crm.remove_idempotency_keys()
        now[0] += timedelta(days=2)

        assert (early, crm.remove_idempotency_keys(), crm.remove_idempotency_keys()) == (0, 5, 0)
        with crm.acting_as(MEI) as ws:
            ws.create(sample(), idempotency_key="young")
            ws.create(sample(), idempotency_key="0")
            assert ws.count(Sample) == 7


class TestHost:
    def test_host_transaction(self, host_engine: Engine, open_crm: Open) -> None:
        """In a host's transaction the key is kept or goes with what the host does."""
        crm = open_crm(host_engine)

        def create() -> Any:
            with crm.acting_as(MEI, connection=connection) as ws:
                return ws.create(sample(), idempotency_key=KEY).id

        with host_engine.connect() as connection:
            lost = create()
            connection.rollback()
            kept = create()
            connection.commit()
            again = create()
            connection.commit()

        assert lost != kept == again


class TestTogether:
    def test_second_waits(self, crm: CRM) -> None:
        """Of two at once the second waits for the first, and gets its outcome."""
        claimed, ids = threading.Event(), []

        def second() -> None:
            claimed.wait()
            ids.append(crm.run(MEI, lambda ws: ws.create(sample(), idempotency_key=KEY).id))

        thread = threading.Thread(target=second)
        thread.start()
        with crm.acting_as(MEI) as ws:
            ids.append(ws.create(sample(), idempotency_key=KEY).id)
            claimed.set()
            thread.join(0.1)
        thread.join()

        assert len(ids) == 2
        assert ids[0] == ids[1]

    def test_first_fails(self, crm: CRM) -> None:
        """Where the first is rolled back, the second carries the call out."""
        claimed, ids = threading.Event(), []

        def second() -> None:
            claimed.wait()
            ids.append(crm.run(MEI, lambda ws: ws.create(sample(), idempotency_key=KEY).id))

        thread = threading.Thread(target=second)
        thread.start()
        with pytest.raises(ZeroDivisionError), crm.acting_as(MEI) as ws:
            ws.create(sample(), idempotency_key=KEY)
            claimed.set()
            thread.join(0.1)
            raise ZeroDivisionError
        thread.join()

        with crm.reading_as(MEI) as reader:
            assert [record.id for record in reader.list(Sample)] == ids


@pytest.mark.parametrize("engine", DATABASES)
def test_exactly_once(engine: str, new_database: Callable[[str], str]) -> None:
    """Repeated, made by two at once, killed before the reply or repeated by the database: there is one effect."""
    figure = exactly_once(lambda: new_database(engine), 1, calls=7, crashes=1)

    assert figure["passed"], figure
