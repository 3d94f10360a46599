"""What a visit does: its lifecycle, checking in, and what its account knows of it, on every path of a write."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from pycrm import CRM, Account, Contact, F, MoveNotAllowedError, NotAllowedError, Principal, ValidationError, Workspace
from pycrm_visits import LastVisit, Visit, check_in

FIRST = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
SECOND = datetime(2026, 2, 6, 23, 59, tzinfo=UTC)
MEI = Principal("mei", roles={"administrator"})
THIRD = datetime(2026, 2, 20, 0, 0, tzinfo=UTC)


def done(account: Account, actual_at: datetime | None = FIRST, **values: Any) -> Visit:
    """Return a visit of the past, as an import of history brings it."""
    given = {"purpose": "follow_up", "status": "done", "outcome": "fine"} | values
    return Visit(account=account, actual_at=actual_at, **given)


def last_visit(ws: Workspace, account: Account) -> date | None:
    """Return what the database knows of the account's last visit."""
    return ws.get(Account, account.id)[LastVisit].last_visit_on


class TestLifecycle:
    def test_new_visit_is_planned(self, ws: Workspace, account: Account) -> None:
        """A visit begins as a plan, and a plan is no visit yet."""
        visit = ws.create(Visit(account=account, purpose="introduction", planned_at=FIRST))

        assert visit.status == "planned"
        assert [move.name for move in ws.moves(visit)] == ["complete", "cancel"]
        assert last_visit(ws, account) is None

    def test_whole_visit(self, ws: Workspace, account: Account, clock: Any) -> None:
        """Planned, checked in to, done: the account knows the day."""
        liu = ws.create(Contact(name="刘洋"))
        visit = ws.create(Visit(account=account, purpose="introduction", planned_at=FIRST, contacts=[liu]))
        ws.run(check_in(visit, place="青岛"))
        ws.move(visit, "complete", outcome="wants samples", next_step="send three colours")

        stored = ws.get(Visit, visit.id)
        assert (stored.status, stored.place, stored.actual_at) == ("done", "青岛", clock.now)
        assert [contact.id for contact in stored.contacts] == [liu.id]
        assert last_visit(ws, account) == clock.now.date()

    @pytest.mark.parametrize(
        ("given", "lacks"), [({"actual_at": FIRST}, ["outcome"]), ({"outcome": "fine"}, ["actual_at"])]
    )
    def test_done_needs_time_and_outcome(
        self, ws: Workspace, account: Account, given: dict[str, Any], lacks: list[str]
    ) -> None:
        """Without a time or an outcome nothing was done."""
        visit = ws.create(Visit(account=account, purpose="introduction"))
        with pytest.raises(ValidationError) as caught:
            ws.move(visit, "complete", **given)

        assert [problem.field for problem in caught.value.problems] == lacks

    def test_cancelled_visit_counts_nothing(self, ws: Workspace, account: Account) -> None:
        """Who was on the way has not been there."""
        visit = ws.create(Visit(account=account, purpose="introduction", actual_at=FIRST))
        ws.move(visit, "cancel")

        assert last_visit(ws, account) is None

    def test_done_stays_done(self, ws: Workspace, account: Account) -> None:
        """A visit that took place cannot be called off."""
        visit = ws.create(done(account))
        with pytest.raises(MoveNotAllowedError):
            ws.move(visit, "cancel")


class TestCheckIn:
    def test_sets_time_and_keeps_place(self, ws: Workspace, account: Account, clock: Any) -> None:
        """Checking in takes the time from the CRM's clock, and the planned place unless told another."""
        visit = ws.create(Visit(account=account, purpose="service", place="工厂"))
        ws.run(check_in(visit))

        stored = ws.get(Visit, visit.id)
        assert (stored.actual_at, stored.place, stored.status) == (clock.now, "工厂", "planned")

    def test_refused_after_the_visit(self, ws: Workspace, account: Account) -> None:
        """The time of a visit that is done is not overwritten by mistake."""
        visit = ws.create(done(account))
        with pytest.raises(MoveNotAllowedError, match="is done; check_in takes one that is planned"):
            ws.run(check_in(visit))

        assert ws.get(Visit, visit.id).actual_at == FIRST


class TestLastVisit:
    def test_latest_day_wins(self, ws: Workspace, account: Account) -> None:
        """The last visit is the latest one, in whatever order they are written; its day is that of UTC."""
        ws.create_many([done(account, SECOND), done(account, FIRST)])
        assert last_visit(ws, account) == SECOND.date()

        ws.create(done(account, FIRST))
        assert last_visit(ws, account) == SECOND.date()

    def test_follows_update(self, ws: Workspace, account: Account) -> None:
        """A corrected time corrects the day."""
        visit = ws.create(done(account, SECOND))
        ws.update(visit, actual_at=FIRST)

        assert last_visit(ws, account) == FIRST.date()

    def test_follows_other_account(self, ws: Workspace, account: Account) -> None:
        """A visit noted at the wrong account leaves it."""
        other = ws.create(Account(name="Nordhafen Handels GmbH"))
        ws.create(done(account, FIRST))
        visit = ws.create(done(account, SECOND))
        ws.update(visit, account=other)

        assert (last_visit(ws, account), last_visit(ws, other)) == (FIRST.date(), SECOND.date())

    def test_follows_delete_and_restore(self, ws: Workspace, account: Account) -> None:
        """A visit in the bin did not take place; out of it, it did."""
        ws.create(done(account, FIRST))
        visit = ws.create(done(account, SECOND))
        ws.delete(visit)
        assert last_visit(ws, account) == FIRST.date()

        ws.restore(visit)
        assert last_visit(ws, account) == SECOND.date()

    def test_follows_purge(self, ws: Workspace, account: Account) -> None:
        """After the only visit is gone for good there is none."""
        visit = ws.create(done(account))
        ws.purge(visit)

        assert last_visit(ws, account) is None

    def test_follows_every_batch(self, ws: Workspace) -> None:
        """Creating, updating, moving and deleting many keep every account."""
        accounts = ws.create_many([Account(name=f"account {number}") for number in range(3)]).created
        planned = [Visit(account=account, purpose="service", actual_at=FIRST) for account in accounts for _ in range(2)]
        visits = ws.create_many(planned).created
        for visit in visits:
            visit.status, visit.outcome = "done", "fine"
        ws.update_many(visits)
        assert [last_visit(ws, account) for account in accounts] == [FIRST.date()] * 3

        for visit in visits[::2]:
            visit.actual_at = THIRD
        ws.update_many(visits)
        assert [last_visit(ws, account) for account in accounts] == [THIRD.date()] * 3

        ws.delete_many(visits[::2])
        assert [last_visit(ws, account) for account in accounts] == [FIRST.date()] * 3

    def test_more_accounts_than_one_filter_lists(self, ws: Workspace) -> None:
        """A batch over many accounts is worked through in portions."""
        accounts = ws.create_many([Account(name=f"one of many {number}") for number in range(1100)]).created
        ws.create_many([done(account, SECOND) for account in accounts])

        known = list(ws.iterate(Account, where=F["visits.last_visit_on"] == SECOND.date()))
        assert sum(account.name.startswith("one of many") for account in known) == 1100

    def test_leaves_untouched_accounts_alone(self, ws: Workspace, account: Account) -> None:
        """A visit that changes nothing of the last day writes no account."""
        ws.create(done(account, SECOND))
        version = ws.get(Account, account.id).version
        visit = ws.create(done(account, FIRST))
        ws.update(visit, next_step="call")

        assert ws.get(Account, account.id).version == version

    def test_is_read_only(self, ws: Workspace, account: Account) -> None:
        """Only the plugin writes the field."""
        with pytest.raises(ValidationError) as caught:
            ws.update(account, **{"visits.last_visit_on": FIRST.date()})

        assert [problem.code for problem in caught.value.problems] == ["field.read_only"]

    def test_rollback_takes_it_back(self, ws: Workspace, account: Account) -> None:
        """What a savepoint undoes was no visit."""
        with pytest.raises(RuntimeError), ws.savepoint():
            ws.create(done(account))
            raise RuntimeError

        assert last_visit(ws, account) is None


def test_nothing_but_its_own_field(crm: CRM) -> None:
    """The plugin's own right ends at its own field."""
    with crm.acting_as(MEI) as ws:
        account = ws.create(Account(name="Nordhafen Handels GmbH"))

    with crm.acting_as(Principal.plugin("visits")) as ws, pytest.raises(NotAllowedError, match="plugin:visits"):
        ws.update(ws.get(Account, account.id), name="mine")


def test_several_at_once(crm: CRM) -> None:
    """Of field sales who finish at the same moment nobody's visit is overlooked."""
    with crm.acting_as(MEI) as ws:
        account = ws.create(Account(name="Nordhafen Handels GmbH"))
        visits = ws.create_many([done(account, FIRST + timedelta(days=day)) for day in range(8)]).created

    def delete(visit: Visit) -> None:
        crm.run(MEI, lambda ws: ws.delete(ws.get(Visit, visit.id)), invariant=False, attempts=20)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(delete, visits[1:]))
    with crm.acting_as(MEI) as ws:
        assert last_visit(ws, account) == FIRST.date()


def test_found_from_account(ws: Workspace, account: Account) -> None:
    """An account leads to its visits, and a visit's filter to its account."""
    visit = ws.create(done(account))

    assert [each.id for each in ws.get(Account, account.id, include="visits.visits").related("visits.visits")] == [
        visit.id
    ]
    assert ws.count(Visit, where=(F.id == visit.id) & (F["account.visits.last_visit_on"] == FIRST.date())) == 1
