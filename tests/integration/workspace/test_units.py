"""Units of work: all or nothing, and nothing goes on after a failure."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import Engine, event
from tests.lab import BOB, MEI, Label, Portion, Sample, lab, sample

from pycrm import CRM, Account, F, HookFailedError, User, ValidationError, Workspace, field
from pycrm.errors import UnitEndedError, UnitError, UnitFailedError
from pycrm.plugin import ChangeSet, Plugin
from pycrm.signals import RecordsCreated, RecordsUpdated

DATABASE_ERROR = "a column that the code declares"


class TestEnd:
    def test_commit(self, crm: CRM) -> None:
        """The end of the block keeps everything."""
        with crm.acting_as(MEI) as ws:
            ws.create(sample())

        with crm.reading_as(MEI) as reader:
            assert reader.count(Sample) == 1

    def test_rollback(self, crm: CRM) -> None:
        """An exception undoes everything, and leaves the block as it came."""
        with pytest.raises(ZeroDivisionError), crm.acting_as(MEI) as ws:
            ws.create(sample())
            raise ZeroDivisionError

        with crm.reading_as(MEI) as reader:
            assert reader.count(Sample) == 0

    def test_after_end(self, crm: CRM) -> None:
        """A door whose block has ended is shut."""
        with crm.acting_as(MEI) as ws:
            made = ws.create(sample())

        for call in (lambda: ws.get(Sample, made.id), lambda: ws.create(sample()), lambda: ws.count(Sample)):
            with pytest.raises(UnitEndedError):
                call()

    def test_signals_after_commit(self, crm: CRM) -> None:
        """Listeners hear of a unit after its commit, by which time another unit sees what it wrote."""
        seen: list[tuple[str, int]] = []

        def listen(facts: Any) -> None:
            with crm.reading_as(MEI) as reader:
                seen.extend((type(fact).__name__, reader.count(Sample)) for fact in facts)

        crm.on(RecordsCreated, listen)
        crm.on(RecordsUpdated, listen)
        with crm.acting_as(MEI) as ws:
            ws.update(ws.create(sample()), count=1)
            assert seen == []

        assert seen == [("RecordsCreated", 1), ("RecordsUpdated", 1)]

    def test_no_signal_after_rollback(self, crm: CRM) -> None:
        """What was rolled back is not told."""
        told: list[Any] = []
        crm.on(RecordsCreated, told.extend)
        with pytest.raises(ZeroDivisionError), crm.acting_as(MEI) as ws:
            ws.create(sample())
            raise ZeroDivisionError

        assert told == []


class TestRecordsPutBack:
    def test_created(self, crm: CRM) -> None:
        """A record whose creation was rolled back is as it was given, and can be created again."""
        given = sample(count="7", tags=["b", "a"])
        with pytest.raises(ZeroDivisionError), crm.acting_as(MEI) as ws:
            ws.create(given)
            raise ZeroDivisionError
        assert (given.version, given.number, given.grade, given.created_at) == (None, None, None, None)
        assert (given.count, given.tags) == ("7", ["b", "a"])

        with crm.acting_as(MEI) as ws:
            ws.create(given)
        with crm.reading_as(MEI) as reader:
            read = reader.get(Sample, given.id)
        assert (read.count, read.version, read.number) == (7, 1, given.number)

    def test_updated(self, crm: CRM) -> None:
        """A record whose update was rolled back holds what is stored, custom fields too."""
        with crm.acting_as(MEI) as ws:
            ws.define_field(Sample, "region", field.text())
            made = ws.create(sample(count=1, custom={"region": "east"}))
        with pytest.raises(ZeroDivisionError), crm.acting_as(MEI) as ws:
            ws.update(made, count=2, **{"custom.region": "west"})
            raise ZeroDivisionError
        assert (made.count, made.custom.region, made.version) == (1, "east", 1)

        with crm.acting_as(MEI) as ws:
            assert ws.update(made, count=3).version == 2

    def test_deleted(self, crm: CRM) -> None:
        """So is one whose deletion was."""
        with crm.acting_as(MEI) as ws:
            made = ws.create(sample())
        with pytest.raises(ZeroDivisionError), crm.acting_as(MEI) as ws:
            ws.delete(made)
            raise ZeroDivisionError

        assert (made.deleted_at, made.version) == (None, 1)

    def test_graph(self, crm: CRM) -> None:
        """A graph of records is created in a second unit after the first one failed."""
        made = sample()
        parts = [Portion(name="p", sample=made), Portion(name="q", sample=made)]

        def write(ws: Workspace) -> None:
            ws.create(made)
            ws.create_many(parts)

        with pytest.raises(ZeroDivisionError), crm.acting_as(MEI) as ws:
            write(ws)
            raise ZeroDivisionError
        with crm.acting_as(BOB) as ws:
            write(ws)
            assert ws.count(Portion) == 2


class TestProblems:
    def test_leave_unit_usable(self, crm: CRM) -> None:
        """Problems found before a row is written leave the unit as it was, whatever kind of call finds them."""
        with crm.acting_as(MEI) as ws:
            made = ws.create(sample(code="x"))
            calls = [
                lambda: ws.create(sample(count="x")),
                lambda: ws.create(sample(code="x")),
                lambda: ws.create(Portion(name="p", sample=sample())),
                lambda: ws.update(made, size="XL"),
                lambda: ws.update(made, size="S", count=11),
                lambda: ws.upsert_many(Sample, [sample(code="x", size="XL")], by=["code"]),
            ]
            for call in calls:
                with pytest.raises(ValidationError):
                    call()
            ws.update(made, count=1)

        with crm.reading_as(MEI) as reader:
            assert [(each.code, each.count) for each in reader.list(Sample)] == [("x", 1)]


class TestFailed:
    def test_every_further_call(self, crm: CRM) -> None:
        """After a database error every further call names the first cause, and the end of the block does."""
        with pytest.raises(UnitFailedError, match="nothing of this unit was kept") as ended, crm.acting_as(MEI) as ws:
            made = ws.create(sample())
            with pytest.raises(Exception, match=DATABASE_ERROR):
                ws._ctx.unit.rows("SELECT no_such_column FROM crm_state")
            calls = [
                lambda: ws.create(sample()),
                lambda: ws.update(made, count=1),
                lambda: ws.delete(made),
                lambda: ws.get(Sample, made.id),
                lambda: ws.list(Sample),
                lambda: ws.lock([made]),
                lambda: ws.define_field(Sample, "x", field.text()),
                lambda: ws.announce(made),
            ]
            for call in calls:
                with pytest.raises(UnitFailedError, match=DATABASE_ERROR):
                    call()

        assert re.search(DATABASE_ERROR, str(ended.value.first))
        with crm.reading_as(MEI) as reader:
            assert reader.count(Sample) == 0

    def test_raising_hook(self, migrated: Any, open_crm: Any, crm: CRM) -> None:
        """A raising hook fails the unit, and the records are put back."""
        hostile = Plugin("hostile")

        @hostile.after_write(Account)
        def fail(ws: Workspace, changes: ChangeSet[Account]) -> None:
            raise KeyError("boom")

        other = open_crm(crm._database.engine, [lab, hostile])
        other.migrate()
        account = Account(name="x")
        with pytest.raises(UnitFailedError, match="boom"), other.acting_as(MEI) as ws:
            with pytest.raises(HookFailedError, match="plugin 'hostile': after_write hook hostile:fail on account"):
                ws.create(account)
            with pytest.raises(UnitFailedError, match="boom"):
                ws.count(Account)

        assert (account.version, account.number) == (None, None)
        with crm.reading_as(MEI) as reader:
            assert reader.count(Account) == 0


class TestMemory:
    def test_one_unit_at_a_time(self, open_crm: Any) -> None:
        """An in-memory CRM refuses a second unit and names the cure; when the first has ended, there may be another."""
        crm = open_crm("sqlite://")
        crm.migrate()
        with crm.acting_as(MEI) as ws:
            ws.create(sample())
            with pytest.raises(UnitError, match="use a database file"), crm.acting_as(MEI):
                pass
            with pytest.raises(UnitError, match="use a database file"), crm.reading_as(MEI):
                pass
            ws.create(sample())

        with crm.reading_as(MEI) as reader:
            assert reader.count(Sample) == 2


class TestStatements:
    """Values and names never reach SQL as text."""

    HOSTILE = (
        "'",
        '"',
        "''; DROP TABLE crm_account; --",
        "%s %(x)s :name ? ?1 $1",
        "{0} {x} \\' \\x00",
        "青岛\u3000海晨",
        "😀\U0010ffff",
        "a.b[0].$.c",
        "*/ /* --",
    )

    def life(self, crm: CRM, payload: str) -> None:
        """Lead a record through its life, with *payload* in every text."""
        with crm.acting_as(MEI) as ws:
            user = ws.create(User(key=payload, name=payload))
            texts = {"name": payload, "code": payload, "notes": payload, "tags": [payload]}
            made = ws.create(sample(**texts, watchers=[user], custom={"note": payload}))
            ws.create(Label(name=payload, sample=made))
            ws.update(made, name=f"{payload}x", notes="", **{"custom.note": f"{payload}x"})
            ws.upsert_many(Sample, [sample(name=payload, code=payload, box=payload)], by=["code"])
            assert ws.find(Sample, code=payload, **{"custom.note": f"{payload}x"}) is not None
            ws.list(Sample, where=F.owner.name != payload, order_by="name, custom.note", limit=1)
            ws.aggregate(Sample, measures=["count()"], group_by="custom.note", where=F.name.in_([payload]))
            ws.delete(made)

    def test_independent_of_values(self, host_engine: Engine, open_crm: Any) -> None:
        """The statements of one and the same work are the same, whatever the values are."""
        seen: list[str] = []
        crm = open_crm(host_engine)
        with crm.acting_as(MEI) as ws:
            ws.define_field(Sample, "note", field.text(indexed=True))
        self.life(crm, "warm")
        event.listen(host_engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
        self.life(crm, "plain")
        plain = seen.copy()

        for payload in self.HOSTILE:
            seen.clear()
            self.life(crm, payload)
            assert seen == plain
