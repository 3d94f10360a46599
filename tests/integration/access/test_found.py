"""What the generated proof has found once: each stays closed."""

from __future__ import annotations

import pytest
from tests.integration.access.company import BOSS, KAI, MEI

from pycrm import (
    CRM,
    Account,
    AccountContact,
    Interaction,
    NotAllowedError,
    NotFoundError,
    Principal,
    User,
    ValidationError,
)
from pycrm.entities import RoleAssignment

READER = Principal("kai", roles={"reader"})


def account_of(crm: CRM, name: str) -> Account:
    """Return an account as the administrator reads it."""
    with crm.reading_as(BOSS) as reader:
        found = reader.find(Account, name=name)
    assert found is not None
    return found


def test_hidden_whole(crm: CRM) -> None:
    """A part goes with its whole, also for somebody from whom the reference to that is hidden."""
    with crm.acting_as(BOSS) as ws:
        rights = {"account": {"read": "own", "write": "own"}, "account_contact": {"fields": {"account": "none"}}}
        ws.define_role("reader", {"rights": rights})
        parts = ws.list(AccountContact, where="account.name = 'mei 1'")
    with crm.acting_as(READER) as ws:
        assert len(ws.delete_where(AccountContact, "id IS NOT NULL").records) == 2
        with pytest.raises(NotFoundError):
            ws.delete(parts[0])


def test_hidden_column_beside_links(crm: CRM) -> None:
    """Records with links are listed, whatever else of them is hidden."""
    with crm.acting_as(BOSS) as ws:
        fields = {"subject": "none", "about": "none"}
        ws.define_role("reader", {"rights": {"interaction": {"read": "all", "fields": fields}}})
        mei = ws.find(User, key="mei")
        ws.create(Interaction(kind="call", subject="secret", happened_at=ws.now(), participants=[mei]))
    with crm.reading_as(READER) as reader:
        (found,) = reader.list(Interaction)

        assert (found.subject, len(found.participants)) == (None, 1)


def test_durations(crm: CRM) -> None:
    """How long a record was in its states is told of those that may be read."""
    hidden = account_of(crm, "kai 1")
    with crm.reading_as(MEI) as reader, pytest.raises(NotFoundError):
        reader.state_durations(hidden)


class TestAttachments:
    def test_foreign(self, crm: CRM) -> None:
        """Nobody attaches a file to what he may not write, and what he may not read is as not there."""
        hidden = account_of(crm, "kai 1")
        with crm.acting_as(MEI) as ws, pytest.raises(ValidationError, match="leads to no account"):
            ws.attach(hidden, "a.txt", b"a")
        with pytest.raises(NotAllowedError), crm.acting_as(MEI) as ws:
            ws.attach(ws.find(Account, name="bo 1"), "a.txt", b"a")  # type: ignore[arg-type]

    def test_hidden_digest(self, crm: CRM) -> None:
        """Whoever may not read what a file is kept under does not open it."""
        with crm.acting_as(BOSS) as ws:
            ws.define_role(
                "reader", {"rights": {"account": {"read": "own"}, "attachment": {"fields": {"*": "masked"}}}}
            )
            made = ws.attach(ws.find(Account, name="kai 1"), "a.txt", b"a")  # type: ignore[arg-type]
        with crm.reading_as(READER) as reader, pytest.raises(NotAllowedError, match="digest"):
            reader.open_attachment(made.id)


class TestMoved:
    """Rights that were worked out before count no more, where no statement would tell."""

    def test_given(self, crm: CRM) -> None:
        """A role that was given a moment ago opens what it opens at the first call."""
        seller = Principal("eye")
        with crm.reading_as(seller) as reader, pytest.raises(NotAllowedError):
            reader.list(Account)
        with crm.acting_as(BOSS) as ws:
            ws.create(RoleAssignment(user=ws.find(User, key="eye"), role="auditor"))
        with crm.reading_as(seller) as reader:
            assert len(reader.list(Account)) == 3

    def test_taken(self, crm: CRM) -> None:
        """Whoever might create all creates nothing any more, and is offered no field that was closed meanwhile."""
        with crm.acting_as(BOSS) as ws:
            ws.define_role("reader", {"rights": {"account": {"read": "all", "create": "all"}}})
        with crm.acting_as(READER) as ws:
            ws.create(Account(name="one"))
            assert "industry" in ws.fields(Account)
        with crm.acting_as(BOSS) as ws:
            ws.define_role("reader", {"rights": {"account": {"read": "all", "fields": {"industry": "none"}}}})
        with crm.acting_as(READER) as ws:
            assert "industry" not in ws.fields(Account)
            with pytest.raises(NotAllowedError):
                ws.create(Account(name="two"))

    def test_included(self, crm: CRM) -> None:
        """What is included after a change of rights is what may be read by then."""
        with crm.reading_as(KAI) as reader:
            (account, *_) = reader.list(Account)
            reader.include([account], "parent subsidiaries")

            assert account.related("subsidiaries") == ()
