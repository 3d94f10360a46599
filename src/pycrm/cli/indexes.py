"""``pycrm indexes``: the indexes that are declared and missing, and creating them."""

from __future__ import annotations

import click

from pycrm.cli.command import group
from pycrm.cli.context import Settings
from pycrm.cli.output import print_json, print_table, write

__all__ = ["indexes"]

MISSING = "drift.missing_index"


@group(invoke_without_command=True)
@click.pass_context
def indexes(context: click.Context) -> None:
    """List the indexes that are pending: declared, by custom fields too, and missing in the database."""
    if context.invoked_subcommand is None:
        _list_pending(context.ensure_object(Settings))


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
