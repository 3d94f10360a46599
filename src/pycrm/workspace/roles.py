"""Roles as data, defined through the door."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pycrm.entities import Role
from pycrm.policies.role_diff import RoleDifference, role_differences, to_store
from pycrm.policies.roles import STORED, RoleDefinition, merge_stored, parse_role, role_data
from pycrm.query import F
from pycrm.workspace.create import create_many
from pycrm.workspace.role_rows import known_roles, stored_roles
from pycrm.workspace.update import update_many
from pycrm.workspace.view import View

__all__ = ["apply_roles", "define_role", "known_roles", "stored_roles"]


def define_role(ws: View, name: str, data: Mapping[str, Any], description: str | None = None) -> Role:
    """Keep the role *name* as *data* describes it; see `Workspace.define_role`."""
    definition, problems = parse_role(name, data, STORED)
    # What cannot be read is kept as it came, so that the row's own judge tells what is wrong.
    rights = _json(dict(data) if problems else role_data(definition))
    (role,) = _write(ws, {name: rights})
    if description is not None and description != role.description:
        update_many(ws, [role], "raise", values={"description": description})
    return role


def apply_roles(ws: View, wanted: Mapping[str, RoleDefinition]) -> tuple[RoleDifference, ...]:
    """Make the roles as *wanted*, in the parts that it names, and return what changed.

    Kept as data is only what differs from the roles of the code. A row that says nothing any more stays, since records
    may be shared with it.

    Raises:
        ValidationError: With everything that is wrong with the roles.
    """
    ws._ctx.begin_writing()
    code, stored = ws._ctx.services.roles, stored_roles(ws._ctx)
    found = role_differences(merge_stored(code, stored), wanted)
    rows: dict[str, str] = {}
    for name in dict.fromkeys(each.role for each in found):
        rows[name] = _json(role_data(to_store(code.get(name), stored.get(name), wanted[name])))
    _write(ws, rows)
    return found


def _write(ws: View, rights: Mapping[str, str]) -> list[Role]:
    """Write the rows of roles by name, the new ones first, so that others find their parents among them."""
    ctx = ws._ctx
    ctx.begin_writing()
    rows: list[Role] = ctx.matching(ctx.tools.schema.entity(Role), F.name.in_(list(rights)))
    known = {row.name for row in rows}
    new = [Role(name=name, rights=text) for name, text in rights.items() if name not in known]
    create_many(ws, new, "raise")
    for row in rows:
        row.rights, row.is_active = rights[row.name], True
    update_many(ws, rows, "raise")
    return [*new, *rows]


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=str)
