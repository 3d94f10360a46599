"""The history of a record: what became of which field, for each as far as he may see it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from tests.integration.access.company import BO, BOSS, KAI, LIN, MEI, NOBODY
from tests.integration.access.test_audit import account_of, trail

from pycrm import (
    CRM,
    Account,
    ConfigurationError,
    FieldChange,
    HistoryEntry,
    Money,
    NotAllowedError,
    NotFoundError,
    Opportunity,
    Principal,
    QueryError,
    Ref,
    Task,
)
from pycrm import field as f

NOWHERE = UUID("0197a000-0000-7000-8000-000000000000")


def history(crm: CRM, who: Principal, record: Any, **options: Any) -> list[HistoryEntry]:
    """Return what *who* reads of the history of *record*, the newest first."""
    with crm.reading_as(who) as reader:
        return list(reader.history(record, **options))


def changes(entries: list[HistoryEntry]) -> list[dict[str, tuple[Any, Any]]]:
    """Return of each entry the fields with what they held before and after."""
    return [{each.field: (each.old, each.new) for each in entry.changes} for entry in entries]


@pytest.fixture
def account(crm: CRM) -> Account:
    """An account that changed three times: openly, in what is hidden and masked, and in what is hidden alone."""
    with crm.acting_as(BOSS) as ws:
        account = ws.find(Account, name="mei 1")
        assert account is not None
        ws.update(account, industry="shipping", level="A")
    with crm.acting_as(BOSS) as ws:
        account = ws.get(Account, account.id)
        ws.update(account, tax_number="987654321", annual_revenue=Money(7, "CNY"))
        ws.update(account, annual_revenue=Money(8, "CNY"))
    with crm.acting_as(MEI) as ws:
        account = ws.get(Account, account.id)
        ws.update(account, industry="cloth")
    return account


class TestFields:
    def test_whole(self, crm: CRM, account: Account) -> None:
        """Who sees all reads every change with the values before and after, as Python values, the newest first."""
        entries = history(crm, LIN, account)

        assert [(entry.kind, entry.actor) for entry in entries] == [
            ("update", "mei"),
            ("update", "boss"),
            ("update", "boss"),
            ("update", "boss"),
            ("create", "boss"),
        ]
        assert changes(entries) == [
            {"industry": ("shipping", "cloth")},
            {"annual_revenue": (Money(7, "CNY"), Money(8, "CNY"))},
            {
                "tax_number": ("9131000mei1234", "987654321"),
                "annual_revenue": (Money(1_000_000, "CNY"), Money(7, "CNY")),
            },
            {"industry": ("textiles", "shipping"), "level": (None, "A")},
            {},
        ]

    def test_seen(self, crm: CRM, account: Account) -> None:
        """Hidden fields are absent, masked ones masked, and a change of hidden ones alone is not there."""
        assert changes(history(crm, MEI, account)) == [
            {"industry": ("shipping", "cloth")},
            {"tax_number": ("**********1234", "*****4321")},
            {"industry": ("textiles", "shipping"), "level": (None, "A")},
            {},
        ]

    def test_pages(self, crm: CRM, account: Account) -> None:
        """Page by page it is the same, and a cursor says nothing of what is hidden in between."""
        for who in (LIN, MEI):
            found: list[HistoryEntry] = []
            with crm.reading_as(who) as reader:
                page = reader.history(account, limit=1)
                found += page
                while page.next_cursor is not None:
                    page = reader.history(account, limit=1, after=page.next_cursor)
                    found += page
            assert found == history(crm, who, account)

    def test_limits(self, crm: CRM, account: Account) -> None:
        """A cursor of something else, and a limit that nobody reads, are refused."""
        with pytest.raises(QueryError, match="no cursor"):
            history(crm, LIN, account, after="nonsense")
        with pytest.raises(ConfigurationError, match="limit=0"):
            history(crm, LIN, account, limit=0)

    def test_custom(self, crm: CRM, account: Account) -> None:
        """Custom fields are told by their path; a new one is closed."""
        with crm.acting_as(BOSS) as ws:
            ws.define_field(Account, "margin", f.integer())
            ws.update(ws.get(Account, account.id), custom={"margin": 7})

        assert changes(history(crm, LIN, account, limit=1)) == [{"custom.margin": (None, 7)}]
        assert changes(history(crm, MEI, account, limit=1)) == [{"industry": ("shipping", "cloth")}]


class TestRecords:
    def test_out_of_reach(self, crm: CRM, account: Account) -> None:
        """The history of a record out of reach is that of none, and asking for it is noted."""
        with pytest.raises(NotFoundError) as hidden:
            history(crm, KAI, account)
        other = Ref(NOWHERE, "account")
        with pytest.raises(NotFoundError) as absent:
            history(crm, KAI, other)
        with pytest.raises(NotAllowedError):
            history(crm, NOBODY, account)

        assert str(hidden.value).replace(str(account.id), str(other.id)) == str(absent.value)
        assert [(entry.actor, entry.record_id) for entry in trail(crm)] == [("kai", account.id), ("nobody", None)]

    def test_references(self, crm: CRM) -> None:
        """A reference holds its record where that may be read, else only its id."""
        with crm.acting_as(BOSS) as ws:
            deal = ws.find(Opportunity, name="deal of mei 1")
            assert deal is not None
            ws.update(deal, account=ws.find(Account, name="kai 1"))
            (change,) = ws.history(deal, limit=1)[0].changes
            assert (change.old.record.name, change.new.record.name) == ("mei 1", "kai 1")
        ((change,),) = [entry.changes for entry in history(crm, MEI, deal, limit=1)]

        assert change.old.record.name == "mei 1"
        assert (change.new.is_loaded, change.new.id) == (False, account_of(crm, "kai 1").id)

    def test_bin(self, crm: CRM) -> None:
        """Into the bin, out of it, and away: administrators read that of what is purged, too."""
        with crm.acting_as(BOSS) as ws:
            task = ws.create(Task(subject="call", priority="high"))
            ws.update(task, subject="call again")
            ws.delete(task)
            assert [entry.kind for entry in ws.history(task)] == ["delete", "update", "create"]
            ws.restore(task)
            ws.purge(task)
        entries = history(crm, BOSS, Ref(task.id, "task"))

        assert [entry.kind for entry in entries] == ["purge", "restore", "delete", "update", "create"]
        assert entries[3].changes == (FieldChange("subject", "call", None),)

    def test_moves(self, crm: CRM) -> None:
        """A change of a status says which move it was, to whom sees the status."""
        seller = {"rights": {"task": {"read": "all", "fields": {"status": "none"}}}}
        with crm.acting_as(BOSS) as ws:
            ws.define_role("blind", seller)
            task = ws.create(Task(subject="call"))
            ws.move(task, "complete", subject="called")

        (entry,) = history(crm, BOSS, task, limit=1)
        assert (entry.move, [each.field for each in entry.changes]) == ("complete", ["subject", "status", "done_at"])
        (entry,) = history(crm, Principal("x", roles={"blind"}), task, limit=1)
        assert (entry.move, [each.field for each in entry.changes]) == (None, ["subject", "done_at"])

    def test_reference_without_entity(self, crm: CRM) -> None:
        """An id alone does not say what it is of."""
        with pytest.raises(ConfigurationError, match="does not say of which entity"):
            history(crm, BO, Ref(NOWHERE))
