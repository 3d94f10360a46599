"""The matrix of access: every role, entity, action and field in one table."""

from __future__ import annotations

from tests.integration.access.company import BOSS

from pycrm import CRM, AccessRow, Account, field
from pycrm.policies.grants import Rule


def row(crm: CRM, role: str, entity: str) -> AccessRow:
    """Return one row of the matrix."""
    (found,) = crm.access_matrix().of(role=role, entity=entity).rows
    return found


def test_every_role_and_entity(crm: CRM) -> None:
    """There is a row for each role with each entity, the administrator's among them, who may do all."""
    matrix = crm.access_matrix()

    roles = {each.role for each in matrix.rows}
    assert {"administrator", "salesperson", "seller", "lead", "auditor"} <= roles
    assert len(matrix.rows) == len(roles) * len(crm.schema.entities)
    administrator = row(crm, "administrator", "account")
    assert {administrator.text(action) for action in ("read", "write", "unmask")} == {"all"}
    assert (administrator.fields["name"], administrator.fields["created_at"]) == ("write", "read")


def test_reach(crm: CRM) -> None:
    """Scopes stand by their names, rules in brackets, what is denied behind a minus; nothing is empty."""
    with crm.acting_as(BOSS) as ws:
        rights = {"read": ["team", {"where": "industry = 'x'"}], "write": "all", "deny": {"write": "own"}}
        ws.define_role("odd", {"rights": {"account": rights}})
    found = row(crm, "odd", "account")

    assert found.actions["read"] == ("team", Rule("industry = 'x'"))
    assert [found.text(action) for action in ("read", "write", "delete")] == [
        "team + (industry = 'x')",
        "all − own",
        "",
    ]
    assert crm.access_matrix().actions[:4] == ("read", "create", "write", "delete")


def test_parts(crm: CRM) -> None:
    """A part says what it goes with."""
    assert row(crm, "seller", "account_contact").text("write") == "with account"
    assert row(crm, "seller", "attachment").part_of == ("*",)
    assert set(row(crm, "auditor", "contact_point").fields.values()) == {"read"}
    assert set(row(crm, "auditor", "quote_line").fields.values()) == {"none"}


def test_fields(crm: CRM) -> None:
    """Each field has the right that somebody with this one role has, stored roles and custom fields counted."""
    with crm.acting_as(BOSS) as ws:
        ws.define_field(Account, "vip", field.text())
    fields = row(crm, "seller", "account").fields

    wanted = ("name", "annual_revenue", "tax_number", "custom.vip", "version")
    assert [fields[path] for path in wanted] == ["write", "none", "masked", "none", "read"]
    assert row(crm, "auditor", "account").fields["name"] == "read"
    assert row(crm, "auditor", "lead").fields["name"] == "none"
