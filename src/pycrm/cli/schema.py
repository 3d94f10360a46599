"""Commands on what there is to be stored: ``entities`` and ``fields``."""

from __future__ import annotations

from typing import Any

import click

from pycrm.cli.context import Settings
from pycrm.cli.output import print_json, print_table
from pycrm.fields.choices import ChoiceKind, MultiChoiceKind
from pycrm.fields.field import Field
from pycrm.fields.references import AnyRefKind, RefKind, RefsKind
from pycrm.fields.status import StatusKind
from pycrm.schema.snapshot import field_to_json

__all__ = ["entities", "fields"]


@click.command()
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
    else:
        head = ("Entity", "Label", "Owner", "Fields", "State")
        print_table(head, [tuple(map(str, row)) for row in rows], right=[3])


@click.command()
@click.argument("entity")
@click.pass_obj
def fields(settings: Settings, entity: str) -> None:
    """List the fields of ENTITY, custom ones too.

    \b
    pycrm fields account --language zh
    """  # noqa: D301  click wants the control character
    known = settings.stored_schema().entity(entity)
    labels = settings.crm().labels
    named = [(field, labels.field(known.name, field, settings.language)) for field in known.fields.values()]
    if settings.as_json:
        print_json([{"name": field.path, "label": label, **_facts(field)} for field, label in named])
        return
    rows = [
        (
            field.path,
            field.kind.name,
            label,
            "required" if field.required else "",
            field.owner,
            _state(field),
            _of(field),
        )
        for field, label in named
    ]
    print_table(("Field", "Kind", "Label", "Required", "Owner", "State", "Values"), rows)


def _facts(field: Field) -> dict[str, Any]:
    facts: dict[str, Any] = {"required": False, **field_to_json(field)}
    return {**facts, "owner": field.owner, "parked": field.parked, "retired": field.retired}


def _state(field: Field) -> str:
    if field.parked:
        return "parked"
    if field.retired:
        return "retired"
    return "read-only" if field.read_only else ""


def _of(field: Field) -> str:
    """Return what a field may hold, where that is a list of names."""
    match field.kind:
        case ChoiceKind() | MultiChoiceKind() as choice:
            return " ".join(choice.offered)
        case StatusKind(lifecycle=lifecycle):
            return " ".join(lifecycle.states)
        case RefKind(target=target) | RefsKind(target=target):
            return f"→ {target}"
        case AnyRefKind(targets=targets):
            return f"→ {', '.join(map(str, targets))}"
    return ""
