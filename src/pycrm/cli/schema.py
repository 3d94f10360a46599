"""The command ``entities``."""

from __future__ import annotations

import click

from pycrm.cli.command import command
from pycrm.cli.context import Settings
from pycrm.cli.output import print_json, print_table

__all__ = ["entities"]


@command()
@click.pass_obj
def entities(settings: Settings) -> None:
    """List entities: built-in, of plugins, and parked."""
    schema = settings.stored_schema()
    labels = settings.crm().labels
    rows = [
        (
            entity.name,
            labels.entity(entity.name, settings.language),
            entity.owner,
            len(entity.fields),
            "parked" if entity.parked else "",
        )
        for entity in schema.entities.values()
    ]
    if settings.as_json:
        keys = ("name", "label", "owner", "fields", "state")
        print_json([dict(zip(keys, row, strict=True)) for row in rows])
        return
    parked = settings.say("parked")
    head = settings.say.each("Entity", "Label", "Owner", "Fields", "State")
    print_table(head, [(*map(str, row[:-1]), parked if row[-1] else "") for row in rows], right=[3])
