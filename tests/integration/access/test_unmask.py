"""The true value of a masked field: for whom a role lets see it, and never without a trace."""

from __future__ import annotations

import pytest
from tests.integration.access.company import BOSS, LIN, MEI
from tests.integration.access.test_audit import account_of, trail

from pycrm import (
    CRM,
    Account,
    ConfigurationError,
    Money,
    NotAllowedError,
    NotFoundError,
    Principal,
    UnitError,
    UnknownNameError,
)

KEEPER = Principal("mei", roles={"seller", "keeper"})


@pytest.fixture
def crm(crm: CRM) -> CRM:
    """The company's CRM, with a role that may unmask the accounts of one's own."""
    fields = {"tax_number": "masked", "annual_revenue": "none"}
    with crm.acting_as(BOSS) as ws:
        ws.define_role(
            "keeper", {"rights": {"account": {"unmask": "own", "fields": fields, "masks": {"tax_number": "last4"}}}}
        )
    return crm


def test_value(crm: CRM) -> None:
    """It is the stored value, and the entry says who saw which field of which record, and why."""
    with crm.acting_as(KEEPER) as ws:
        account = ws.find(Account, name="mei 1")
        assert account is not None
        value = ws.unmask(account, "tax_number", reason="tax return")

    assert (value, account.tax_number) == ("9131000mei1234", "**********1234")
    (entry,) = trail(crm)
    assert (entry.kind, entry.actor, entry.record_id) == ("unmasked", "mei", account.id)
    assert (entry.action, entry.fields, entry.reason) == ("unmask", ("tax_number",), "tax return")


def test_rolled_back(crm: CRM) -> None:
    """Who has seen it has seen it, also where the unit goes back."""
    with pytest.raises(ZeroDivisionError), crm.acting_as(KEEPER) as ws:
        ws.unmask(account_of(crm, "mei 1"), "tax_number", reason="tax return")
        raise ZeroDivisionError

    assert [(entry.kind, entry.facts) for entry in trail(crm)] == [("unmasked", {"rolled_back": True})]


def test_refused(crm: CRM) -> None:
    """Without the right, or beyond its reach, there is nothing to see but an entry with the reason."""
    with crm.acting_as(KEEPER) as ws:
        with pytest.raises(NotAllowedError, match="may not unmask"):
            ws.unmask(ws.find(Account, name="bo 1"), "tax_number", reason="curious")  # type: ignore[arg-type]
        with pytest.raises(NotFoundError):
            ws.unmask(account_of(crm, "kai 1"), "tax_number", reason="curious")
    with crm.acting_as(MEI) as ws, pytest.raises(NotAllowedError, match="may not unmask tax_number"):
        ws.unmask(account_of(crm, "mei 1"), "tax_number", reason="curious")

    assert [(entry.kind, entry.action, entry.reason) for entry in trail(crm)] == [
        ("denied", "unmask", None),
        ("denied", "read", None),
        ("denied", "unmask", "curious"),
    ]


def test_hidden(crm: CRM) -> None:
    """A hidden field is as unknown as one that never was."""
    with crm.acting_as(KEEPER) as ws:
        for name in ("annual_revenue", "zzzzz"):
            with pytest.raises(UnknownNameError, match=name):
                ws.unmask(account_of(crm, "mei 1"), name, reason="curious")

    assert trail(crm) == []


def test_not_masked(crm: CRM) -> None:
    """What one may read anyway is read, and leaves no trace."""
    for who in (LIN, BOSS):
        with crm.acting_as(who) as ws:
            account = account_of(crm, "mei 1")
            assert ws.unmask(account, "tax_number", reason="tax return") == "9131000mei1234"
            assert ws.unmask(account, "annual_revenue", reason="tax return") == Money(1_000_000, "CNY")

    assert trail(crm) == []


def test_reason(crm: CRM) -> None:
    """No reason, no value."""
    with crm.acting_as(KEEPER) as ws, pytest.raises(ConfigurationError, match="say in 1 to"):
        ws.unmask(account_of(crm, "mei 1"), "tax_number", reason="")


def test_failed_unit(crm: CRM) -> None:
    """In a unit that can write no more nothing is shown."""
    with pytest.raises(UnitError), crm.acting_as(KEEPER) as ws:
        ws._ctx.unit.fail(RuntimeError("broken"))
        ws.unmask(account_of(crm, "mei 1"), "tax_number", reason="tax return")
