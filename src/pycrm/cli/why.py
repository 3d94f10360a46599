"""``pycrm why``: whether somebody may do something with a record, and why."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import click

from pycrm.cli.command import command
from pycrm.cli.complete import complete_entity, complete_role
from pycrm.cli.context import Settings
from pycrm.cli.find import find_record
from pycrm.cli.output import print_json, write
from pycrm.values.principal import Principal

__all__ = ["why"]


@command()
@click.argument("action")
@click.argument("entity", shell_complete=complete_entity)
@click.argument("record", required=False)
@click.option("--field", metavar="FIELD", help="Ask about this field, too.")
@click.option("--role", metavar="ROLE", multiple=True, shell_complete=complete_role, help="A role that the user has.")
@click.pass_obj
def why(
    settings: Settings, action: str, entity: str, record: str | None, field: str | None, role: Sequence[str]
) -> None:
    """Tell whether the user of --as may do ACTION with one RECORD of ENTITY, or with any, and why.

    The user has the roles of --role and those that are assigned to him here, and is no administrator by being named.

    \b
    pycrm why write account ACC-000001 --as mei --role salesperson
    pycrm why read account ACC-000001 --field credit_limit --as mei --role salesperson
    """  # noqa: D301  click wants the control character
    schema = settings.stored_schema()
    known = schema.entity(entity)
    named = settings.options.get("as")
    who = Principal(named or settings.principal.user, roles=role) if named or role else None
    with settings.reading() as ws:
        about = known.record_class if record is None else find_record(ws, schema, known, record)
        found = ws.why(action, about, field, settings.language, who=who)
    if settings.as_json:
        print_json(attrs.asdict(found))
    else:
        write(found.text)
