"""``pycrm indexes``: what is declared and missing in the database, creating it, and indexes over several fields."""

from __future__ import annotations

from typing import Any

import click

from pycrm.cli.command import group
from pycrm.cli.complete import complete_entity, complete_index
from pycrm.cli.context import Settings
from pycrm.cli.output import print_json, print_table, write
from pycrm.schema import Entity
from pycrm.schema.list_index import ListIndex

__all__ = ["indexes"]

MISSING = "drift.missing_index"


@group(invoke_without_command=True)
@click.pass_context
def indexes(context: click.Context) -> None:
    """List the indexes that are pending: declared, by custom fields too, and missing in the database."""
    if context.invoked_subcommand is None:
        _list_pending(context.ensure_object(Settings))


@indexes.command("list")
@click.argument("entity", shell_complete=complete_entity, required=False)
@click.pass_obj
def list_indexes(settings: Settings, entity: str | None) -> None:
    """List the indexes over several fields, of all entities or of ENTITY: which fields, and whose they are.

    \b
    pycrm indexes list account
    """  # noqa: D301  click wants the control character
    schema = settings.stored_schema()
    asked = [schema.entity(entity)] if entity else schema.entities.values()
    found = [(known, index) for known in asked for index in known.indexes]
    if settings.as_json:
        print_json([_document(known, index) for known, index in found])
        return
    say = settings.say
    rows = [
        (known.name, index.text, index.owner, "" if index.is_usable(known.fields) else say("at rest"))
        for known, index in found
    ]
    print_table(say.each("Entity", "Keys", "Owner", "State"), rows)


@indexes.command()
@click.argument("entity", shell_complete=complete_entity)
@click.argument("keys")
@click.pass_obj
def define(settings: Settings, entity: str, keys: str) -> None:
    """Give ENTITY an index over the fields KEYS, written as an order is.

    First what a list filters by with equality, then what it is sorted by. On PostgreSQL the table cannot be written
    while the index is made.

    \b
    pycrm indexes define account "level, country, name"
    pycrm indexes define opportunity "pipeline, close_on DESC, amount"
    """  # noqa: D301  click wants the control character
    known = settings.stored_schema().entity(entity)
    with settings.acting() as ws:
        index = ws.define_index(known.record_class, keys)
    _tell(settings, known, index, settings.say("defined"))


@indexes.command()
@click.argument("entity", shell_complete=complete_entity)
@click.argument("keys", shell_complete=complete_index)
@click.pass_obj
def drop(settings: Settings, entity: str, keys: str) -> None:
    """Take the index over the fields KEYS away from ENTITY again.

    \b
    pycrm indexes drop account "level, country, name"
    """  # noqa: D301  click wants the control character
    known = settings.stored_schema().entity(entity)
    with settings.acting() as ws:
        index = ws.drop_index(known.record_class, keys)
    _tell(settings, known, index, settings.say("dropped"))


@indexes.command()
@click.pass_obj
def apply(settings: Settings) -> None:
    """Create the pending indexes.

    On PostgreSQL a table cannot be written while an index of it is made.
    """
    created = settings.crm().apply_indexes()
    if settings.as_json:
        print_json({"created": created})
        return
    say = settings.say
    write("\n".join(say("created {index}", index=index) for index in created) or say("no index is pending"))


def _list_pending(settings: Settings) -> None:
    settings.stored_schema()  # a database that is not ready has errors of its own
    pending = [problem.facts for problem in settings.crm().examine() if problem.code == MISSING]
    if settings.as_json:
        print_json(pending)
        return
    say = settings.say
    if pending:
        print_table(say.each("Index", "Table"), [(facts["index"], facts["table"]) for facts in pending])
        write(say("pending: {count}; `pycrm indexes apply` creates them", count=len(pending)))
    else:
        write(say("no index is pending"))


def _tell(settings: Settings, entity: Entity, index: ListIndex, what: str) -> None:
    if settings.as_json:
        print_json(_document(entity, index))
    else:
        write(f"{what} {entity.name}: {index.text}")


def _document(entity: Entity, index: ListIndex) -> dict[str, Any]:
    return {"entity": entity.name, "keys": index.text, "owner": index.owner}
