from __future__ import annotations

import re

import pytest

from pycrm import Account, Money, MoveNotAllowedError, ValidationError, Workspace


def test_number_is_given(ws: Workspace) -> None:
    """An account without a number gets the next one; the first free numbers follow each other."""
    first, second = (ws.create(Account(name=name)) for name in ("青岛海晨贸易有限公司", "Nordwind GmbH"))

    assert re.fullmatch(r"ACC-\d{6}", first.number)
    assert int(second.number[4:]) == int(first.number[4:]) + 1


def test_own_number_is_kept(ws: Workspace) -> None:
    """A number that the caller gives stays, and is taken from then on."""
    ws.create(Account(name="Nordwind GmbH", number="17850"))

    with pytest.raises(ValidationError) as caught:
        ws.create(Account(name="Südwind GmbH", number="17850"))
    assert [(problem.code, problem.field) for problem in caught.value.problems] == [("field.not_unique", "number")]


def test_defaults_of_account(ws: Workspace) -> None:
    """An account is an active company unless it is said otherwise."""
    account = ws.get(Account, ws.create(Account(name="Nordwind GmbH")).id)

    assert (account.kind, account.status, account.roles, account.tags) == ("company", "active", (), ())


def test_fields_come_back(ws: Workspace) -> None:
    """What was written is read."""
    account = ws.create(
        Account(
            name="李雷",
            kind="person",
            roles=("supplier", "customer"),
            level="A",
            gender="male",
            source="exhibition",
            employee_count=12,
            annual_revenue=Money("1250000.00", "CNY"),
        )
    )

    read = ws.get(Account, account.id)
    assert (read.kind, read.level, read.gender, read.source) == ("person", "A", "male", "exhibition")
    assert read.roles == ("customer", "supplier")
    assert (read.employee_count, read.annual_revenue) == (12, Money("1250000.00", "CNY"))


def test_subsidiaries_of_account(ws: Workspace) -> None:
    """A parent leads to its subsidiaries."""
    parent = ws.create(Account(name="Nordwind Holding"))
    ws.create_many([Account(name=f"Nordwind {place}", parent=parent) for place in ("Oslo", "Bergen")])

    read = ws.get(Account, parent.id, include="subsidiaries")
    assert sorted(each.name for each in read.related("subsidiaries")) == ["Nordwind Bergen", "Nordwind Oslo"]


def test_moves_of_account(ws: Workspace) -> None:
    """An account sleeps, is blocked and comes back; what is blocked cannot fall asleep."""
    account = ws.create(Account(name="Nordwind GmbH"))

    ws.move(account, "deactivate")
    ws.move(account, "block")
    with pytest.raises(MoveNotAllowedError):
        ws.move(account, "deactivate")
    ws.move(account, "reactivate")
    assert account.status == "active"
