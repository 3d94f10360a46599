"""``pycrm fields promote`` and ``demote``: columns of its own for a custom field, and back."""

from __future__ import annotations

import click

from pycrm.cli.command import command
from pycrm.cli.complete import complete_custom, complete_entity
from pycrm.cli.context import Settings
from pycrm.cli.declaring import custom_name
from pycrm.cli.output import print_json, write
from pycrm.cli.progress import progress_of
from pycrm.fields.field import Field

__all__ = ["demote", "promote"]


@command()
@click.argument("entity", shell_complete=complete_entity)
@click.argument("name", shell_complete=complete_custom)
@click.pass_obj
def promote(settings: Settings, entity: str, name: str) -> None:
    """Give the custom field NAME of ENTITY columns of its own, which are quicker to filter, sort and group by.

    Others go on working meanwhile. If it is interrupted, the next call goes on.

    \b
    pycrm fields promote account region
    """  # noqa: D301  click wants the control character
    record_class = settings.stored_schema().entity(entity).record_class
    say = settings.say
    with settings.reading() as ws:
        total = ws.count(record_class)
    with progress_of(say("records"), say, shown=settings.progress) as progress:
        field = settings.crm().promote_field(
            settings.principal,
            record_class,
            custom_name(name),
            on_progress=lambda done: progress(min(done, total), total),  # those in the bin are done, too
        )
    _tell(settings, entity, field, say("promoted"))


@command()
@click.argument("entity", shell_complete=complete_entity)
@click.argument("name", shell_complete=complete_custom)
@click.option("--drop", is_flag=True, help="Remove the columns, too; other processes must know already.")
@click.pass_obj
def demote(settings: Settings, entity: str, name: str, drop: bool) -> None:
    """Keep the custom field NAME of ENTITY in the document alone again.

    The columns stay, unused, until --drop removes them: once all other processes have noticed, or been started anew.
    """
    record_class = settings.stored_schema().entity(entity).record_class
    field = settings.crm().demote_field(settings.principal, record_class, custom_name(name), drop=drop)
    _tell(settings, entity, field, settings.say("demoted"))


def _tell(settings: Settings, entity: str, field: Field, what: str) -> None:
    if settings.as_json:
        print_json({"entity": entity, "name": field.path, "promoted": field.promoted})
    else:
        write(f"{what} {entity}.{field.path}")
