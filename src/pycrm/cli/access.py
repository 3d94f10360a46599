"""``pycrm access matrix``: what every role may do, as a table, as JSON or as CSV."""

from __future__ import annotations

import csv
import io
from typing import Any

import click

from pycrm.cli.command import group
from pycrm.cli.complete import complete_entity, complete_role
from pycrm.cli.context import Settings
from pycrm.cli.output import print_json, print_table, write
from pycrm.errors import UnknownNameError, nearest
from pycrm.policies.grants import Rule
from pycrm.policies.matrix import AccessMatrix, AccessRow

__all__ = ["access"]


@group()
def access() -> None:
    """Review who may do what."""


@access.command()
@click.option("--role", metavar="ROLE", shell_complete=complete_role, help="Only this role.")
@click.option("--entity", metavar="ENTITY", shell_complete=complete_entity, help="Only this entity.")
@click.option("--fields", metavar="ENTITY", shell_complete=complete_entity, help="The rights to the fields of ENTITY.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@click.pass_obj
def matrix(settings: Settings, role: str | None, entity: str | None, fields: str | None, as_csv: bool) -> None:
    """Show what each role may do with each entity: own, team, subordinates, all, or a rule.

    What a role denies stands behind a minus. A part has the rights to what it belongs to.

    \b
    pycrm access matrix --role salesperson
    pycrm access matrix --fields account
    pycrm access matrix --csv > roles.csv
    """  # noqa: D301  click wants the control character
    found = settings.crm().access_matrix()
    known = settings.stored_schema()
    wanted = fields or entity
    name = known.entity(wanted).name if wanted else None
    if role is not None and role not in (roles := dict.fromkeys(row.role for row in found.rows)):
        raise UnknownNameError(f"there is no role {role!r}{nearest(role, roles)}", role=role)
    found = found.of(role=role, entity=name)
    if settings.as_json:
        print_json([_document(row, with_fields=fields is not None) for row in found.rows])
        return
    head, rows = _fields_table(found) if fields else _table(found)
    titles = settings.say.each("Field") if fields else settings.say.each("Role", "Entity")
    if as_csv:
        write(_csv([*titles, *head], rows))
    else:
        print_table([*titles, *head], rows)


def _table(matrix: AccessMatrix) -> tuple[list[str], list[list[str]]]:
    """Return the actions, and a line for each row that gives anything."""
    actions = matrix.actions
    rows = [
        [row.role, row.entity, *map(row.text, actions)]
        for row in matrix.rows
        if row.actions or row.denied or (row.part_of and set(row.fields.values()) != {"none"})
    ]
    return list(actions), rows


def _fields_table(matrix: AccessMatrix) -> tuple[list[str], list[list[str]]]:
    """Return the roles, and a line for each field with the right of each role to it."""
    paths = dict.fromkeys(path for row in matrix.rows for path in row.fields)
    rows = [[path, *(row.fields[path] for row in matrix.rows)] for path in paths]
    return [row.role for row in matrix.rows], rows


def _document(row: AccessRow, *, with_fields: bool) -> dict[str, Any]:
    document: dict[str, Any] = {"role": row.role, "entity": row.entity, "part_of": list(row.part_of)}
    if with_fields:
        return {**document, "fields": dict(row.fields)}
    for key, reaches in (("actions", row.actions), ("deny", row.denied)):
        document[key] = {
            action: [{"where": each.where} if isinstance(each, Rule) else each for each in reach]
            for action, reach in reaches.items()
        }
    return document


def _csv(head: list[str], rows: list[list[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue().rstrip("\n")
