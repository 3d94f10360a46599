"""Handing over what somebody owns: by the ordinary way of an update, told per entity, and taken back by handles."""

from __future__ import annotations

import pytest
from tests.integration.access.company import BOSS, KAI, LIN, MEI, known

from pycrm import (
    CRM,
    Account,
    ConfigurationError,
    Contact,
    F,
    HandOver,
    NotAllowedError,
    NotFoundError,
    Opportunity,
    Principal,
    QueryError,
    Task,
    Team,
    User,
    Workspace,
)
from pycrm.plugin import Record


def owned(crm: CRM, key: str) -> dict[str, int]:
    """Return what a user owns, as the administrator counts."""
    with crm.reading_as(BOSS) as reader:
        return dict(reader.owned_by(key))


def counts(done: HandOver) -> dict[tuple[str, str], int]:
    """Return how many records were written, by entity and field."""
    return {(each.entity, each.field): each.count for each in done.moved}


class TestAll:
    def test_everything(self, crm: CRM) -> None:
        """All that somebody owns goes over, and his open tasks stay open with somebody else to do them."""
        with crm.acting_as(BOSS) as ws:
            mei = known(ws, User, key="mei")
            ws.create(Task(subject="call", owner=mei, assignee=mei))
            ws.create(Task(subject="called", status="done", owner=mei, assignee=mei))
            ws.update(mei, is_active=False)
            before = ws.owned_by("mei")
            done = ws.hand_over("mei", "bo", reason="has left")
            open_task, done_task = (known(ws, Task, subject=subject) for subject in ("call", "called"))

        assert before == {"account": 2, "contact": 2, "opportunity": 2, "task": 2}
        assert counts(done) == {
            ("account", "owner"): 2,
            ("contact", "owner"): 2,
            ("opportunity", "owner"): 2,
            ("task", "owner"): 2,
            ("task", "assignee"): 1,
        }
        assert done.left == {} == owned(crm, "mei")
        assert open_task.status == "open"
        assert open_task.assignee != done_task.assignee

    def test_undo(self, crm: CRM) -> None:
        """Each entity is taken back by its handle."""
        with crm.acting_as(BOSS) as ws:
            done = ws.hand_over("mei", "bo", reason="leave")
            for each in done.moved:
                assert each.handle is not None
                ws.undo(each.handle)

        assert owned(crm, "mei") == {"account": 2, "contact": 2, "opportunity": 2}

    def test_preview(self, crm: CRM) -> None:
        """A preview tells the same and changes nothing."""
        with crm.acting_as(BOSS) as ws:
            shown = ws.hand_over("mei", "bo", reason="leave", preview=True)
            done = ws.hand_over("mei", "bo", reason="leave")

        assert counts(shown) == counts(done)
        assert {each.handle for each in shown.moved} == {None}
        assert shown.left == {"account": 2, "contact": 2, "opportunity": 2}

    def test_repeat(self, crm: CRM) -> None:
        """Done again, there is nothing left to do."""
        with crm.acting_as(BOSS) as ws:
            ws.hand_over("mei", "bo", reason="leave")
            again = ws.hand_over("mei", "bo", reason="leave")

        assert again.moved == ()

    def test_trail(self, crm: CRM) -> None:
        """Who handed over what, and why, is in the audit trail with the unit, and only with it."""
        with crm.acting_as(BOSS) as ws:
            ws.hand_over("mei", "bo", entities=[Account], reason="parental leave")
        with pytest.raises(_Undone), crm.acting_as(BOSS) as ws:
            ws.hand_over("kai", "bo", reason="by mistake")
            raise _Undone
        with crm.reading_as(BOSS) as reader:
            (entry,) = reader.audit(kind="handed_over")

        assert (entry.entity, entry.reason, entry.actor) == ("account", "parental leave", "boss")
        assert entry.facts == {"from": "mei", "to": "bo", "count": 2}


class TestSome:
    def test_records(self, crm: CRM) -> None:
        """Single records go over, those that are his."""
        with crm.acting_as(BOSS) as ws:
            records: list[Record] = [
                known(ws, Account, name="mei 1"),
                known(ws, Account, name="kai 1"),
                known(ws, Contact, name="contact of mei 2"),
            ]
            done = ws.hand_over("mei", "bo", records=records, reason="asked for it")

        assert counts(done) == {("account", "owner"): 1, ("contact", "owner"): 1}
        assert owned(crm, "kai") == {"account": 2, "contact": 2, "opportunity": 2}

    def test_filter(self, crm: CRM) -> None:
        """Those of one entity that a filter selects go over, and the team with them where one is named."""
        with crm.acting_as(BOSS) as ws:
            south = ws.create(Team(name="south"))
            where = "industry = 'textiles'"
            done = ws.hand_over("mei", "bo", entities=[Account], where=where, team=south, reason="split")
            moved = ws.list(Account, where=F.team == south)

        assert counts(done) == {("account", "owner"): 1}
        assert [each.name for each in moved] == ["mei 1"]

    def test_slips(self, crm: CRM) -> None:
        """What does not go together is told before anything is done."""
        with crm.acting_as(BOSS) as ws:
            account = known(ws, Account, name="mei 1")
            with pytest.raises(ConfigurationError, match="name it"):
                ws.hand_over("mei", "bo", where="name = 'x'", reason="x")
            with pytest.raises(ConfigurationError, match="leave entities= and where= away"):
                ws.hand_over("mei", "bo", entities=[Account], records=[account], reason="x")
            with pytest.raises(ConfigurationError, match="'mei' is who hands over"):
                ws.hand_over("mei", "mei", reason="x")
            with pytest.raises(NotFoundError, match="'gone'"):
                ws.hand_over("gone", "mei", reason="x")
            with pytest.raises(QueryError, match="more than limit=1"):
                ws.hand_over("mei", "bo", reason="x", limit=1)
            with pytest.raises(ConfigurationError, match="say in 1 to"):
                ws.hand_over("mei", "bo", reason="")
            ws.update(known(ws, User, key="bo"), is_active=False)
            with pytest.raises(ConfigurationError, match="'bo' is not active"):
                ws.hand_over("mei", "bo", reason="x")

        assert owned(crm, "mei") == {"account": 2, "contact": 2, "opportunity": 2}


class TestRights:
    def test_bulk(self, crm: CRM) -> None:
        """All records of somebody take the right to change in bulk; single ones that to write, before and after."""
        with crm.acting_as(LIN) as ws:
            account = known(ws, Account, name="mei 1")
            with pytest.raises(NotAllowedError, match="may not bulk account"):
                ws.hand_over("mei", "bo", reason="x")
            done = ws.hand_over("mei", "bo", records=[account], reason="x")

        assert counts(done) == {("account", "owner"): 1}

    def test_reach(self, crm: CRM) -> None:
        """What is not within reach does not go over: not what one may only read, and not to whom one does not reach."""
        with crm.acting_as(MEI) as ws:
            theirs = known(ws, Account, name="bo 1")
            refused = ws.hand_over("bo", "mei", records=[theirs], reason="x").moved[0].refused
        with pytest.raises(NotAllowedError, match="not within reach"), crm.acting_as(LIN) as ws:
            give(ws, "mei 1", "kai")

        assert [each.problems[0].code for each in refused] == ["access.not_allowed"]
        assert owned(crm, "mei")["account"] == owned(crm, "bo")["account"] == 2

    def test_manager(self, crm: CRM) -> None:
        """A sales manager hands over what is his people's, and sees what is left that he does not reach."""
        with crm.acting_as(Principal("lin", roles={"sales_manager"})) as ws:
            done = ws.hand_over("mei", "bo", reason="leave")

        assert counts(done) == {("account", "owner"): 2, ("contact", "owner"): 2, ("opportunity", "owner"): 2}

    def test_counted_within_reach(self, crm: CRM) -> None:
        """What somebody owns is counted as far as one reads it."""
        with crm.reading_as(KAI) as reader:
            assert reader.owned_by("mei") == {}
        with crm.reading_as(MEI) as reader:
            assert reader.owned_by("bo") == {"account": 2}
        assert owned(crm, "bo") == {"account": 2, "contact": 2, "opportunity": 2}
        with crm.reading_as(BOSS) as reader:
            assert reader.count(Opportunity) == 6


def give(ws: Workspace, name: str, to: str) -> None:
    """Hand one of Mei's accounts over."""
    account = known(ws, Account, name=name)
    ws.hand_over("mei", to, records=[account], reason="x")


class _Undone(Exception):
    """Takes a unit back."""
