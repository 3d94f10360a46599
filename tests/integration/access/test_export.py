"""Exports under rights: a right of its own, the records that it reaches, hidden and masked fields, and the trail."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from tests.integration.access.company import BO, BOSS, MEI
from tests.integration.access.test_audit import trail

from pycrm import CRM, Account, Contact, NotAllowedError, Opportunity, Principal, UnknownNameError

TAKER = Principal("mei", roles={"seller", "taker"})


@pytest.fixture
def crm(crm: CRM) -> CRM:
    """The company's CRM, with a role that may export one's own accounts and all opportunities that one reads."""
    fields = {"tax_number": "masked", "annual_revenue": "none"}
    account = {"export": "own", "fields": fields, "masks": {"tax_number": "last4"}}
    with crm.acting_as(BOSS) as ws:
        ws.define_role("taker", {"rights": {"account": account, "opportunity": {"export": "all"}}})
    return crm


def exported(crm: CRM, principal: Principal, entity: Any, **options: Any) -> list[dict[str, str]]:
    """Return the rows of an export."""
    file = io.BytesIO()
    crm.export(principal, entity, file, **{"format": "csv", **options})
    return list(csv.DictReader(io.StringIO(file.getvalue().decode(), newline="")))


def test_right_is_needed(crm: CRM) -> None:
    """To read is not to take away: without the right `export` nothing is written, and the refusal leaves a trace."""
    with pytest.raises(NotAllowedError, match="export"):
        exported(crm, MEI, Account)

    (entry,) = [entry for entry in trail(crm) if entry.kind == "denied"]
    assert (entry.actor, entry.action, entry.entity) == ("mei", "export", "account")


def test_reach(crm: CRM) -> None:
    """Of the records that somebody reads he takes those that the right reaches, and is told how many it does not."""
    with crm.reading_as(TAKER) as ws:
        readable = {account.name for account in ws.iterate(Account)}

    file = io.BytesIO()
    report = crm.export(TAKER, Account, file, format="csv", columns="name", order_by="name")

    assert readable == {"mei 1", "mei 2", "bo 1", "bo 2"}
    assert file.getvalue().decode().split() == ["name", "mei", "1", "mei", "2"]
    assert (report.records, report.left_out) == (2, 2)


def test_fields(crm: CRM) -> None:
    """What is hidden is not there, not even by name; what is masked is masked."""
    first = exported(crm, TAKER, Account, order_by="name")[0]

    assert "annual_revenue" not in first
    assert first["tax_number"] == "**********1234"
    with pytest.raises(UnknownNameError, match="annual_revenue"):
        exported(crm, TAKER, Account, columns="annual_revenue")


def test_masked_over_a_reference(crm: CRM) -> None:
    """A masked field is as masked where a reference leads to it."""
    rows = exported(crm, TAKER, Opportunity, columns="account.tax_number", order_by="name")

    assert rows
    assert all(row["account.tax_number"].startswith("***") for row in rows)


def test_values_of_others(crm: CRM) -> None:
    """Values of a record that a reference leads to are withheld where that record itself may not be exported."""
    with crm.acting_as(BOSS) as ws:
        other = ws.find(Account, name="bo 1")
        mine = [each for each in ws.iterate(Opportunity, include="owner") if each.owner.record.key == "mei"]
        ws.update(mine[0], account=other)

    rows = exported(crm, TAKER, Opportunity, columns="account, account.name", order_by="created_at")

    assert [row["account.name"] for row in rows] == ["", "mei 2"]
    assert all(row["account.number"] for row in rows)  # the reference itself is the opportunity's


def test_who_exports_everything(crm: CRM) -> None:
    """Administrators export all records and fields; the trail tells of them as of anybody."""
    rows = exported(crm, BOSS, Account, order_by="name")

    assert len(rows) == 6
    assert rows[0]["annual_revenue"] == "CNY 1000000.00"
    (entry,) = [entry for entry in trail(crm) if entry.kind == "exported"]
    assert (entry.actor, entry.facts["count"]) == ("boss", 6)


def test_cards(crm: CRM) -> None:
    """Cards take the same right."""
    with pytest.raises(NotAllowedError, match="export"):
        crm.export(BO, Contact, io.BytesIO(), format="vcard4")
