"""Roles as data: what is kept, what is refused, and how it changes the roles of the code."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.integration.workspace.conftest import Open
from tests.lab import MEI

from pycrm import (
    CRM,
    Account,
    ConfigurationError,
    Cover,
    NotAllowedError,
    NotFoundError,
    Principal,
    Ref,
    Role,
    RoleAssignment,
    Share,
    Team,
    User,
    ValidationError,
    Workspace,
    field,
)
from pycrm.policies.grants import field_right
from pycrm.policies.roles import role_data
from pycrm.workspace.roles import known_roles, stored_roles

CLERK = {"label": {"zh": "文员"}, "rights": {"account": {"read": "team", "fields": {"custom.margin": "read"}}}}


def codes(error: ValidationError) -> list[tuple[str, str | None]]:
    return [(problem.code, problem.field) for problem in error.problems]


def test_role_is_kept_as_data(ws: Workspace) -> None:
    """A role comes back as it was defined; defined again, it takes the place of the first."""
    ws.define_field(Account, "margin", field.decimal())
    first = ws.define_role("clerk", CLERK, description="keeps files")
    second = ws.define_role("clerk", {**CLERK, "parent": "sales_manager"})

    assert (first.id, second.description) == (second.id, "keeps files")
    stored = stored_roles(ws._ctx)["clerk"]
    assert role_data(stored) == {**CLERK, "parent": "sales_manager"}
    assert stored.owner == "stored"


def test_role_that_is_not_active_does_not_count(ws: Workspace) -> None:
    """Neither one that was put into the bin; a role of a plugin is then as declared."""
    declared = known_roles(ws._ctx)["salesperson"]
    role = ws.define_role("salesperson", {"rights": {"account": {"read": "all"}, "task": {}}})
    changed = known_roles(ws._ctx)["salesperson"]
    ws.update(role, is_active=False)
    idle = known_roles(ws._ctx)["salesperson"]
    again = ws.define_role("salesperson", {"rights": {"account": {"read": "none"}}})
    closed = known_roles(ws._ctx)["salesperson"]
    ws.delete(again)

    assert changed.grants["account"].actions == {"read": ("all",)}
    assert changed.grants["contact"] == declared.grants["contact"]
    assert not changed.grants["task"].allows
    assert closed.grants["account"].actions == {"read": ("none",)}
    assert idle == declared == known_roles(ws._ctx)["salesperson"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"rights": {"acount": {}}}, "role.unknown_entity"),
        ({"rights": {"account": {"reed": "all"}}}, "role.unknown_action"),
        ({"rights": {"account": {"fields": {"custom.nowhere": "read"}}}}, "role.unknown_field"),
        ({"rights": {"account": {"read": {"where": "custom.nowhere = 1"}}}}, "role.unreadable_rule"),
        ({"rights": {"account": {"read": "al"}}}, "role.unknown_scope"),
        ({"parent": "nobody"}, "role.unknown_parent"),
        ({"parent": "salesperson"}, "role.parent_below"),
        ({"rigths": {}}, "role.unknown_key"),
    ],
)
def test_role_is_judged_when_it_is_written(ws: Workspace, data: Any, expected: str) -> None:
    """What a role names must be there, custom fields too; what is wrong is told of its rights."""
    with pytest.raises(ValidationError) as refused:
        ws.define_role("sales_manager", data)

    assert codes(refused.value) == [(expected, "rights")]


def test_rows_are_judged_on_every_path(ws: Workspace) -> None:
    """A row that is written without `define_role` is judged alike."""
    role = ws.create(Role(name="clerk"))
    with pytest.raises(ValidationError) as no_json:
        ws.update(role, rights="{")
    with pytest.raises(ValidationError) as too_much:
        ws.create(Role(name="administrator", rights='{"rights": {"account": {"read": "all"}}}'))

    assert codes(no_json.value) == [("role.no_json", "rights")]
    assert codes(too_much.value) == [("role.may_do_all", "rights")]


def test_what_cannot_be_read_any_more_gives_nothing(ws: Workspace) -> None:
    """What a role denies is not lost with what a release no longer reads: nothing is made of it."""
    ws.define_role("clerk", CLERK | {"rights": {"account": {"read": "all"}}})
    table = ws._ctx.tools.tables.table("role").name
    ws._ctx.unit.execute(f"UPDATE {table} SET rights = '{{\"rights\": 1}}'")

    with pytest.raises(ConfigurationError, match="role 'clerk' cannot work"):
        stored_roles(ws._ctx)


def test_custom_field_may_be_open(crm: CRM, crm_url: str, open_crm: Open) -> None:
    """Who reads a record reads a custom field that is open, in every process; others wait for a role."""
    with crm.acting_as(MEI) as ws:
        ws.define_field(Account, "region", field.text(), open=True)
        ws.define_field(Account, "margin", field.decimal())
        account = known_roles(ws._ctx)["salesperson"].grants["account"]
    with open_crm(crm_url).reading_as(MEI) as reader:
        reader.list(Account, limit=1)
        fields = reader._ctx.tools.schema.entity(Account).fields
        rights = {name: field_right(account, fields[f"custom.{name}"], True) for name in ("region", "margin")}

    assert rights == {"region": "write", "margin": "none"}


def test_assignments_and_covers_have_an_order(ws: Workspace) -> None:
    """Nothing ends before it begins, and nobody stands in for himself."""
    mei, bob = ws.create_many([User(key="mei2", name="Mei"), User(key="bob", name="Bob")]).created
    now = datetime(2026, 3, 2, tzinfo=UTC)
    ws.create(RoleAssignment(role="clerk", user=mei, starts_at=now, ends_at=now + timedelta(days=1)))
    ws.create(Cover(user=mei, substitute=bob, starts_on=date(2026, 3, 2), ends_on=date(2026, 3, 2)))

    with pytest.raises(ValidationError) as at_once:
        ws.create(RoleAssignment(role="clerk", user=mei, starts_at=now, ends_at=now))
    with pytest.raises(ValidationError) as backwards:
        ws.create(Cover(user=mei, substitute=mei, starts_on=date(2026, 3, 2), ends_on=date(2026, 3, 1)))

    assert codes(at_once.value) == [("role_assignment.ends_first", "ends_at")]
    assert codes(backwards.value) == [("cover.ends_first", "ends_on"), ("cover.by_oneself", "substitute")]


def test_share_goes_with_its_record(ws: Workspace) -> None:
    """A share is a part of what is shared and of whom it is for: it goes with either, and keeps neither back."""
    bob = ws.create(User(key="bob", name="Bob"))
    accounts = [ws.create(Account(name=name)) for name in ("Elbe", "Oder")]
    shares = [ws.create(Share(record=account, grantee=bob, level="write")) for account in accounts]

    ws.delete(accounts[0])
    ws.purge(accounts[0])
    ws.delete(bob)

    assert ws.get_binned(Share, shares[0].id) is None
    assert ws.get_binned(Share, shares[1].id) is not None


def test_nobody_shares_more_than_he_may(crm: CRM) -> None:
    """Sharing takes the right to share the record, and for writing the right to write it."""
    with crm.acting_as(MEI) as ws:
        bob, eve = ws.create_many([User(key="bob", name="Bob"), User(key="eve", name="Eve")]).created
        ws.create(Team(name="East", members=[bob, eve]))
        ws.define_role("lender", {"rights": {"account": {"share": "all"}}})
        own, teams = (ws.create(Account(name=who.name, owner=who)) for who in (bob, eve))
        others = ws.create(Account(name="Mei"))
    seller, lender = Principal("bob", roles={"salesperson"}), Principal("bob", roles={"salesperson", "lender"})

    with crm.acting_as(seller) as ws:
        shared = ws.create(Share(record=Ref(own.id, "account"), grantee=Ref(eve.id, "user"), level="write"))
    with crm.acting_as(seller) as ws, pytest.raises(NotAllowedError, match="share"):
        ws.create(Share(record=Ref(teams.id, "account"), grantee=Ref(bob.id, "user"), level="write"))
    with crm.acting_as(seller) as ws, pytest.raises((NotFoundError, ValidationError)):
        ws.create(Share(record=Ref(others.id, "account"), grantee=Ref(bob.id, "user")))
    with crm.acting_as(seller) as ws, pytest.raises((NotFoundError, ValidationError)):
        moved = ws.get(Share, shared.id)
        moved.record = Ref(others.id, "account")
        ws.update(moved)
    with crm.acting_as(lender) as ws, pytest.raises(NotAllowedError, match="write"):
        ws.create(Share(record=Ref(teams.id, "account"), grantee=Ref(bob.id, "user"), level="write"))
    with crm.acting_as(lender) as ws:
        ws.create(Share(record=Ref(teams.id, "account"), grantee=Ref(bob.id, "user")))
