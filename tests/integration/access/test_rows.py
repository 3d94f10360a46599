"""Which records somebody reads, through every door that answers with records, numbers or errors."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.integration.access.company import BO, BOSS, EYE, KAI, LIN, MEI, NOBODY

from pycrm import (
    CRM,
    Account,
    AccountContact,
    Attachment,
    Contact,
    ContactPoint,
    F,
    NotAllowedError,
    NotFoundError,
    Opportunity,
    Principal,
    Team,
    User,
)
from pycrm.entities import Cover, Role, RoleAssignment, Share
from pycrm.workspace import search


def names(crm: CRM, who: Principal, **options: object) -> list[str]:
    """Return the names of the accounts that *who* lists."""
    with crm.reading_as(who) as reader:
        return [each.name for each in reader.list(Account, order_by="name", **options)]  # type: ignore[arg-type]


class TestScopes:
    @pytest.mark.parametrize(
        ("who", "expected"),
        [
            (BOSS, ["bo 1", "bo 2", "kai 1", "kai 2", "mei 1", "mei 2"]),
            (MEI, ["bo 1", "bo 2", "mei 1", "mei 2"]),
            (LIN, ["bo 1", "bo 2", "mei 1", "mei 2"]),
            (KAI, ["kai 1", "kai 2"]),
            (EYE, ["bo 1", "kai 1", "mei 1"]),
        ],
        ids=lambda value: getattr(value, "user", ""),
    )
    def test_list(self, crm: CRM, who: Principal, expected: list[str]) -> None:
        """A list holds what the scope or the rule of one's roles reaches."""
        assert names(crm, who) == expected

    def test_no_role(self, crm: CRM) -> None:
        """Who has no role that reads an entity reads none of it, whatever is in it."""
        with crm.reading_as(NOBODY) as reader, pytest.raises(NotAllowedError, match=r"'nobody'.*may not read account"):
            reader.list(Account)

    def test_own(self, crm: CRM) -> None:
        """``own`` reaches what one owns, and no more."""
        with crm.reading_as(MEI) as reader:
            assert [each.name for each in reader.list(Opportunity, order_by="name")] == [
                "deal of mei 1",
                "deal of mei 2",
            ]

    def test_part(self, crm: CRM) -> None:
        """A part that takes its rights from another record is read with that."""
        with crm.reading_as(KAI) as reader:
            found = reader.list(AccountContact, include="account")

            assert {each.account.record.name for each in found} == {"kai 1", "kai 2"}

    def test_part_of_several(self, crm: CRM) -> None:
        """A part of records of several entities is read with the one that it belongs to, and so is a file."""
        with crm.acting_as(BOSS) as ws:
            for entity, name in ((Account, "mei 1"), (Account, "kai 1"), (Contact, "contact of kai 1")):
                about = ws.find(entity, name=name)
                assert about is not None
                ws.create(ContactPoint(of=about, kind="email", value=f"{name.replace(' ', '.')}@example.com"))
                ws.attach(about, f"{name}.txt", b"terms")
        with crm.reading_as(MEI) as reader:
            assert [each.value for each in reader.list(ContactPoint)] == ["mei.1@example.com"]
            assert [each.name for each in reader.list(Attachment)] == ["mei 1.txt"]
            assert reader.count(Account, where="ANY(contact_points)") == 1
        with crm.reading_as(KAI) as reader:
            assert reader.count(ContactPoint) == 2


class TestDoors:
    def test_get(self, crm: CRM) -> None:
        """A record out of reach is as one that is not there: the same error, but for its id."""
        with crm.reading_as(BOSS) as reader:
            hidden = reader.find(Account, name="kai 1")
        assert hidden is not None
        with crm.reading_as(MEI) as reader:
            with pytest.raises(NotFoundError) as forbidden:
                reader.get(Account, hidden.id)
            other = "0197a000-0000-7000-8000-000000000000"
            with pytest.raises(NotFoundError) as absent:
                reader.get(Account, other)

        assert str(forbidden.value).replace(str(hidden.id), other) == str(absent.value)

    def test_numbers(self, crm: CRM) -> None:
        """Counts, sums and groups are of what is in reach."""
        with crm.reading_as(KAI) as reader:
            assert reader.count(Account) == 2
            assert reader.count(Account, cap=1) == 1
            assert reader.count(Account, where="name STARTS WITH 'mei'") == 0
            groups = reader.aggregate(Account, measures=["count()"], group_by="owner.name")

        assert [(group["owner.name"], group["count()"]) for group in groups] == [("Kai", 2)]

    def test_reference(self, crm: CRM) -> None:
        """What lies behind a reference that may not be followed is as missing: in filters, orders and groups."""
        with crm.acting_as(BOSS) as ws:
            kai = ws.find(Account, name="kai 1")
            deal = ws.find(Opportunity, name="deal of mei 1")
            assert deal is not None
            ws.update(deal, account=kai)
        with crm.reading_as(MEI) as reader:
            assert reader.count(Opportunity, where="account.name = 'kai 1'") == 0
            assert reader.count(Opportunity, where="account.name IS NULL") == 1
            ordered = reader.list(Opportunity, order_by="account.name")
            assert [each.name for each in ordered] == ["deal of mei 1", "deal of mei 2"]
            groups = reader.aggregate(Opportunity, measures=["count()"], group_by="account.name")
            assert [group["account.name"] for group in groups] == [None, "mei 2"]
            (first,) = reader.list(Opportunity, where="name = 'deal of mei 1'", include="account")

            assert first.account is not None
            assert not first.account.is_loaded

    def test_to_many(self, crm: CRM) -> None:
        """``ANY``, ``ALL`` and ``NONE`` ask of the related records that are in reach."""
        with crm.reading_as(MEI) as reader:
            assert reader.count(Account, where="ANY(opportunities)") == 2
            assert reader.count(Account, where="NONE(opportunities, name CONTAINS 'bo')") == 4
            account = reader.find(Account, name="bo 1")
            assert account is not None
            reader.include([account], "opportunities")

            assert account.related("opportunities") == ()

    def test_tree(self, crm: CRM) -> None:
        """``UNDER`` passes through no record that is out of reach."""
        with crm.acting_as(BOSS) as ws:
            top, middle, low = (ws.find(Account, name=name) for name in ("mei 1", "kai 1", "mei 2"))
            assert None not in (top, middle, low)
            ws.update(middle, parent=top)
            ws.update(low, parent=middle)
        with crm.reading_as(BOSS) as reader:
            assert reader.count(Account, where=F.id.under(top.id)) == 3
        with crm.reading_as(MEI) as reader:
            assert reader.count(Account, where=F.id.under(top.id)) == 1

    def test_search(self, crm: CRM) -> None:
        """A search finds what is in reach."""
        with crm.reading_as(MEI) as reader:
            assert sorted(hit.record.name for hit in reader.search("bo", entities=[Account])) == ["bo 1", "bo 2"]
            assert len(reader.search("kai", entities=[Account])) == 0

    def test_search_behind_many(self, crm: CRM, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is in reach is found behind any number of records that are not."""
        monkeypatch.setattr(search, "MOST_RANKED", 3)
        with crm.acting_as(BOSS) as ws:
            ws.create_many([Account(name=f"kai {number}", owner=None, industry="x") for number in range(10, 20)])
            ws.create(Share(record=ws.find(Account, name="kai 1"), grantee=ws.find(User, key="mei")))
        with crm.reading_as(MEI) as reader:
            found = reader.search("kai", entities=[Account])
        with crm.reading_as(BOSS) as reader:
            of_all = reader.search("kai", entities=[Account])

        assert ([hit.record.name for hit in found], found.is_capped) == (["kai 1"], False)
        assert (len(of_all), of_all.is_capped) == (3, True)

    def test_pages(self, crm: CRM) -> None:
        """Pages of what is in reach follow each other as others do, and a cursor leads nowhere else."""
        with crm.reading_as(LIN) as reader:
            first = reader.list(Account, order_by="name", limit=3)
            second = reader.list(Account, order_by="name", limit=3, after=first.next_cursor)

        assert [each.name for each in (*first, *second)] == ["bo 1", "bo 2", "mei 1", "mei 2"]
        assert second.next_cursor is None


class TestChanges:
    """What somebody else changes about rights counts at the next statement."""

    def test_team(self, crm: CRM) -> None:
        """Who leaves a team sees no more of it; on PostgreSQL within a unit that runs already."""
        with crm.reading_as(BO) as reader:
            before = reader.count(Account)
            leave_team(crm)
            within = reader.count(Account)
        with crm.reading_as(BO) as reader:
            after = reader.count(Account)

        # What was begun on SQLite goes on seeing what it saw.
        assert (before, within, after) in ((4, 4, 2), (4, 2, 2))

    def test_share(self, crm: CRM) -> None:
        """A shared record is seen as long as the share lasts."""
        with crm.acting_as(BOSS) as ws:
            share = ws.create(Share(record=ws.find(Account, name="kai 1"), grantee=ws.find(User, key="mei")))
        shared = names(crm, MEI, where="name STARTS WITH 'kai'")
        with crm.acting_as(BOSS) as ws:
            ws.delete(ws.get(Share, share.id))

        assert shared == ["kai 1"]
        assert names(crm, MEI, where="name STARTS WITH 'kai'") == []

    def test_ended_share(self, crm: CRM) -> None:
        """A share that has ended opens nothing."""
        with crm.acting_as(BOSS) as ws:
            account, mei = ws.find(Account, name="kai 1"), ws.find(User, key="mei")
            ws.create(Share(record=account, grantee=mei, ends_at=ws.now() - timedelta(seconds=1)))

        assert names(crm, MEI, where="name STARTS WITH 'kai'") == []

    def test_role_for_a_time(self, crm: CRM) -> None:
        """A role that is assigned gives what it says while it lasts, and the others stay."""
        with crm.acting_as(BOSS) as ws:
            ws.create(RoleAssignment(user=ws.find(User, key="kai"), role="auditor"))

        assert names(crm, KAI) == ["bo 1", "kai 1", "kai 2", "mei 1"]

    def test_stored_role(self, crm: CRM) -> None:
        """What administrators say of a role and an entity takes the place of what code says."""
        with crm.acting_as(BOSS) as ws:
            ws.create(Role(name="seller", rights='{"rights": {"account": {"read": "own"}}}'))

        assert names(crm, MEI) == ["mei 1", "mei 2"]

    def test_cover(self, crm: CRM) -> None:
        """Who stands in for somebody reaches what is his, from the first to the last day."""
        with crm.acting_as(BOSS) as ws:
            today = ws.now().date()
            mei, kai = ws.find(User, key="mei"), ws.find(User, key="kai")
            ws.create(Cover(user=mei, substitute=kai, starts_on=today, ends_on=today))
            ws.create(Cover(user=kai, substitute=mei, starts_on=today + timedelta(1), ends_on=today + timedelta(2)))

        assert names(crm, KAI, where="name STARTS WITH 'mei'") == ["mei 1", "mei 2"]
        assert names(crm, MEI, where="name STARTS WITH 'kai'") == []


def leave_team(crm: CRM) -> None:
    """Take Bo out of the team in the east."""
    with crm.acting_as(BOSS) as ws:
        (team,) = ws.list(Team, where="name = 'east'")
        bo = ws.find(User, key="bo")
        assert bo is not None
        ws.update(team, members=[each for each in team.members if each.id != bo.id])
