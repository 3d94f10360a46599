"""``pycrm access``: what every role may do, as a table, as JSON, as CSV, or as grants of the database."""

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


@access.command()
@click.argument("role", shell_complete=complete_role)
@click.option("--database-role", metavar="NAME", required=True, help="The role of the database that is to select.")
@click.option("--all-rows", is_flag=True, help="Grant entities of which ROLE reads some records only, too.")
@click.option("--apply", "apply", is_flag=True, help="Do it, in place of what the role had.")
@click.pass_obj
def grants(settings: Settings, role: str, database_role: str, all_rows: bool, apply: bool) -> None:
    """Show the column grants of PostgreSQL for a role of the database, by what ROLE may read.

    It selects no field then that ROLE hides or masks. Rules about records cannot be granted, so what ROLE does not
    read whole is left out.

    \b
    pycrm access grants salesperson --database-role reports
    pycrm access grants salesperson --database-role reports --apply
    """  # noqa: D301  click wants the control character
    found, statements = settings.crm().column_grants(role, database_role, all_rows=all_rows, apply=apply)
    if settings.as_json:
        columns = {table: list(names) for table, names in found.columns.items()}
        print_json({"applied": apply, "columns": columns, "left_out": list(found.left_out), "sql": list(statements)})
        return
    for statement in statements:
        write(f"{statement};")
    if found.left_out:
        write(
            settings.say(
                "-- left out, since only some of their records may be read: {names}", names=", ".join(found.left_out)
            )
        )


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
