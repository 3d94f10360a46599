"""What somebody may write: a record must be within reach before and after."""

from __future__ import annotations

import pytest
from tests.integration.access.company import BOSS, KAI, LIN, MEI

from pycrm import (
    CRM,
    Account,
    AccountContact,
    Contact,
    NotAllowedError,
    NotFoundError,
    Opportunity,
    Principal,
    Team,
    User,
    ValidationError,
)
from pycrm.entities import Cover, RoleAssignment, Share


def account_of(crm: CRM, name: str) -> Account:
    """Return an account as the administrator reads it."""
    with crm.reading_as(BOSS) as reader:
        found = reader.find(Account, name=name)
    assert found is not None
    return found


class TestUpdate:
    def test_before(self, crm: CRM) -> None:
        """What may be read and no more is refused; what may not even be read is as not there."""
        with crm.acting_as(MEI) as ws:
            with pytest.raises(NotAllowedError, match="may not write account"):
                ws.update(ws.find(Account, name="bo 1"), industry="x")  # type: ignore[type-var]
            with pytest.raises(NotFoundError):
                ws.update(account_of(crm, "kai 1"), industry="x")

        assert account_of(crm, "bo 1").industry == account_of(crm, "kai 1").industry == "textiles"

    def test_after(self, crm: CRM) -> None:
        """A change that would put a record out of one's own reach is refused, and the unit with it."""
        bo = account_of(crm, "bo 1").owner
        with pytest.raises(NotAllowedError, match="not within reach"), crm.acting_as(MEI) as ws:
            ws.update(ws.find(Account, name="mei 1"), owner=bo)  # type: ignore[type-var]

        assert account_of(crm, "mei 1").owner != bo

    def test_within_reach(self, crm: CRM) -> None:
        """A leader hands a record from one of his people to another."""
        bo = account_of(crm, "bo 1").owner
        with crm.acting_as(LIN) as ws:
            ws.update(ws.find(Account, name="mei 1"), owner=bo)  # type: ignore[type-var]

        assert account_of(crm, "mei 1").owner == bo

    def test_batch(self, crm: CRM) -> None:
        """A batch writes what is in reach and tells what is not."""
        with crm.acting_as(MEI) as ws:
            accounts = list(ws.list(Account, order_by="name"))
            for account in accounts:
                account.industry = "shipping"
            result = ws.update_many(accounts, on_problem="refuse")

            assert [each.name for each in result.updated] == ["mei 1", "mei 2"]
            assert [each.position for each in result.refused] == [0, 1]

    def test_where(self, crm: CRM) -> None:
        """A bulk update takes the records that its filter finds among those read, and refuses what is not written."""
        with crm.acting_as(LIN) as ws:
            assert len(ws.update_where(Account, "industry = 'textiles'", {"industry": "cloth"}).records) == 2
        with crm.acting_as(MEI) as ws, pytest.raises((NotAllowedError, ValidationError)):
            ws.update_where(Account, "industry = 'cloth'", {"industry": "linen"})

        assert [account_of(crm, name).industry for name in ("bo 1", "mei 1", "kai 1")] == ["cloth", "cloth", "textiles"]

    def test_unread(self, crm: CRM) -> None:
        """Who deletes his own and reads none is told of others' as of records that are not there."""
        with crm.acting_as(BOSS) as ws:
            ws.define_role("shredder", {"rights": {"account": {"delete": "own"}}})
            ws.create(Account(name="bo 3", owner=ws.find(User, key="bo")))
        with crm.acting_as(Principal("bo", roles={"shredder"})) as ws:
            with pytest.raises(NotFoundError):
                ws.delete(account_of(crm, "mei 1"))
            ws.delete(account_of(crm, "bo 3"))

        with crm.reading_as(BOSS) as reader:
            assert [reader.count(Account, where=f"name = '{name}'") for name in ("mei 1", "bo 3")] == [1, 0]

    def test_shared(self, crm: CRM) -> None:
        """A record shared for reading is read, one shared for writing is written."""
        with crm.acting_as(BOSS) as ws:
            kai, mei = (ws.find(User, key=key) for key in ("kai", "mei"))
            ws.create(Share(record=ws.find(Account, name="mei 1"), grantee=kai, level="read"))
            ws.create(Share(record=ws.find(Account, name="mei 2"), grantee=kai, level="write"))
        with crm.acting_as(KAI) as ws:
            ws.update(ws.find(Account, name="mei 2"), industry="shared")  # type: ignore[type-var]
            with pytest.raises(NotAllowedError):
                ws.update(ws.find(Account, name="mei 1"), industry="shared")  # type: ignore[type-var]

        assert [account_of(crm, name).industry for name in ("mei 1", "mei 2")] == ["textiles", "shared"]
        assert mei is not None


class TestCreate:
    def test_own(self, crm: CRM) -> None:
        """Who may create what is his own creates nothing for others."""
        with crm.acting_as(MEI) as ws:
            ws.create(Account(name="mine"))
        with pytest.raises(NotAllowedError, match="may not create account"), crm.acting_as(MEI) as ws:
            ws.create(Account(name="yours", owner=account_of(crm, "bo 1").owner))

        with crm.reading_as(BOSS) as reader:
            assert reader.count(Account, where="name IN ('mine', 'yours')") == 1

    def test_reference(self, crm: CRM) -> None:
        """A reference leads to what may be read; anything else is as not there."""
        with crm.acting_as(MEI) as ws:
            ws.create(Opportunity(name="deal", account=ws.find(Account, name="bo 1")))
            with pytest.raises(ValidationError, match="leads to no account"):
                ws.create(Opportunity(name="deal", account=account_of(crm, "kai 1")))

    def test_part(self, crm: CRM) -> None:
        """A part is made by whoever writes the whole."""
        with crm.acting_as(BOSS) as ws:
            contact = ws.find(Contact, name="contact of mei 1")
            for account in ("mei 1", "bo 1"):
                for part in ws.list(AccountContact, where="account.name = :name", values={"name": account}):
                    ws.delete(part)
        with crm.acting_as(MEI) as ws:
            ws.create(AccountContact(account=ws.find(Account, name="mei 1"), contact=contact))
        with pytest.raises(NotAllowedError), crm.acting_as(MEI) as ws:
            ws.create(AccountContact(account=ws.find(Account, name="bo 1"), contact=contact))


class TestDelete:
    def test_delete(self, crm: CRM) -> None:
        """What one may not delete stays."""
        with crm.acting_as(MEI) as ws:
            with pytest.raises(NotAllowedError, match="may not delete"):
                ws.delete(ws.find(Account, name="bo 1"))  # type: ignore[arg-type]
            with pytest.raises(NotFoundError):
                ws.delete(account_of(crm, "kai 1"))

        with crm.reading_as(BOSS) as reader:
            assert reader.count(Account) == 6

    def test_bin(self, crm: CRM) -> None:
        """The bin shows what was within reach."""
        with crm.acting_as(BOSS) as ws:
            for name in ("kai 1", "mei 1"):
                for deal in ws.list(Opportunity, where="account.name = :name", values={"name": name}):
                    ws.delete(deal)
                ws.delete(ws.find(Account, name=name))  # type: ignore[arg-type]
            gone = [each.id for each in (account_of(crm, "kai 2"),)]
        with crm.acting_as(MEI) as ws:
            assert ws.get_binned(Account, gone[0]) is None

    def test_lock(self, crm: CRM) -> None:
        """Only what may be written is locked, and locking shows nothing that is hidden."""
        with crm.acting_as(MEI) as ws:
            mine = ws.find(Account, name="mei 1")
            assert mine is not None
            ws.lock([mine])
            assert mine.annual_revenue is None
            with pytest.raises(NotAllowedError):
                ws.lock([ws.find(Account, name="bo 1")])  # type: ignore[list-item]


class TestUndo:
    def test_own_call(self, crm: CRM) -> None:
        """Who changed records in bulk takes that back himself; to others the call is unknown."""
        with crm.acting_as(MEI) as ws:
            handle = ws.update_where(Account, "name STARTS WITH 'mei'", {"industry": "shipping"}).handle
        assert handle is not None
        with crm.acting_as(LIN) as ws, pytest.raises(NotFoundError):
            ws.undo(handle)
        with crm.acting_as(MEI) as ws:
            assert len(ws.undo(handle).records) == 2

        assert account_of(crm, "mei 1").industry == "textiles"


class TestPromotion:
    @pytest.mark.parametrize("step", ["team", "members", "manager", "assignment", "cover", "role"])
    def test_what_gives_rights(self, crm: CRM, step: str) -> None:
        """Whatever a role says, nobody but an administrator writes what rights are worked out of."""
        everything = dict.fromkeys(("read", "create", "write", "delete"), "all")
        with crm.acting_as(BOSS) as ws:
            names = ("team", "user", "role", "role_assignment", "cover")
            ws.define_role("seller", {"rights": dict.fromkeys(names, everything)})
        with crm.acting_as(KAI) as ws:
            team, kai, mei = ws.find(Team, name="east"), ws.find(User, key="kai"), ws.find(User, key="mei")
            assert team is not None
            assert kai is not None
            assert mei is not None
            today = ws.now().date()
            with pytest.raises(NotAllowedError):
                {
                    "team": lambda: ws.create(Team(name="mine", members=[kai])),
                    "members": lambda: ws.update(team, members=[kai]),
                    "manager": lambda: ws.update(mei, manager=kai),
                    "assignment": lambda: ws.create(RoleAssignment(user=kai, role="lead")),
                    "cover": lambda: ws.create(Cover(user=mei, substitute=kai, starts_on=today, ends_on=today)),
                    "role": lambda: ws.define_role("seller", {"rights": {"account": everything}}),
                }[step]()
