"""The commands of ``fields``: the fields of an entity, and defining, naming and retiring custom ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import click

from pycrm.cli.assignments import value_of
from pycrm.cli.command import group
from pycrm.cli.complete import complete_custom, complete_entity, complete_kind
from pycrm.cli.context import Settings
from pycrm.cli.converting import convert
from pycrm.cli.declaring import custom_name, kind_of_words, texts_by_language
from pycrm.cli.output import print_json, print_table, write
from pycrm.cli.promoting import demote, promote
from pycrm.cli.texts import Misuse
from pycrm.fields.choices import ChoiceKind, MultiChoiceKind
from pycrm.fields.field import Field
from pycrm.fields.references import AnyRefKind, AnyRefsKind, RefKind, RefsKind
from pycrm.fields.status import StatusKind
from pycrm.schema.snapshot import field_to_json

__all__ = ["fields"]


@group(usual="list")
def fields() -> None:
    """List the fields of an entity; define, name and retire custom ones.

    `pycrm fields ENTITY` is short for `pycrm fields list ENTITY`.

    \b
    pycrm fields account --lang zh
    pycrm fields define account region choice 华东 华北 --label zh=大区 --indexed
    """  # noqa: D301  click wants the control character


@fields.command("list")
@click.argument("entity", shell_complete=complete_entity)
@click.pass_obj
def list_fields(settings: Settings, entity: str) -> None:
    """List the fields of ENTITY, custom ones too."""
    known = settings.stored_schema().entity(entity)
    labels = settings.crm().labels
    named = [(field, labels.field(known.name, field, settings.language)) for field in known.fields.values()]
    if settings.as_json:
        print_json([_document(field, label) for field, label in named])
        return
    say = settings.say
    states = {"parked": say("parked"), "retired": say("retired"), "read-only": say("read-only"), "": ""}
    required = say("required")
    rows = [
        (
            field.path,
            field.kind.name,
            label,
            required if field.required else "",
            field.owner,
            states[_state(field)],
            _of(field),
        )
        for field, label in named
    ]
    print_table(say.each("Field", "Kind", "Label", "Required", "Owner", "State", "Values"), rows)


@fields.command()
@click.argument("entity", shell_complete=complete_entity)
@click.argument("name")
@click.argument("kind", shell_complete=complete_kind)
@click.argument("words", metavar="[OPTION=VALUE | CHOICE]...", nargs=-1)
@click.option("--label", "labels", metavar="LANG=TEXT", multiple=True, help="What it is called, once per language.")
@click.option("--help-text", "helps", metavar="LANG=TEXT", multiple=True, help="What is explained beside it.")
@click.option("--indexed", is_flag=True, help="Keep an index, for filters and orders.")
@click.option("--unique", is_flag=True, help="No two records outside the bin hold the same value.")
@click.option("--default", "default", metavar="VALUE", help="What new records get where nothing is given.")
@click.pass_obj
def define(
    settings: Settings,
    entity: str,
    name: str,
    kind: str,
    words: Sequence[str],
    labels: Sequence[str],
    helps: Sequence[str],
    indexed: bool,
    unique: bool,
    default: str | None,
) -> None:
    """Define the custom field NAME of ENTITY.

    What a choice offers is written as it is; options of other kinds are OPTION=VALUE, or OPTION:=JSON.

    \b
    pycrm fields define account region choice 华东 华北 --label en=Region --label zh=大区 --indexed
    pycrm fields define account erp_key text max_length=20 --unique
    pycrm fields define account agent ref target=account
    """  # noqa: D301  click wants the control character
    schema = settings.stored_schema()
    bare = Field(kind_of_words(kind, words, schema.kinds))
    declared = attrs.evolve(
        bare,
        indexed=indexed,
        unique=unique,
        default=None if default is None else value_of(bare, default),
        label=texts_by_language(labels),
        help=texts_by_language(helps),
    )
    with settings.acting() as ws:
        field = ws.define_field(schema.entity(entity).record_class, custom_name(name), declared)
    _tell(settings, entity, field, settings.say("defined"))


@fields.command()
@click.argument("entity", shell_complete=complete_entity)
@click.argument("name", shell_complete=complete_custom)
@click.option("--label", "labels", metavar="LANG=TEXT", multiple=True, help="What it is called, once per language.")
@click.option("--help-text", "helps", metavar="LANG=TEXT", multiple=True, help="What is explained beside it.")
@click.pass_obj
def relabel(settings: Settings, entity: str, name: str, labels: Sequence[str], helps: Sequence[str]) -> None:
    """Give the custom field NAME of ENTITY other labels; its name stays.

    \b
    pycrm fields relabel account region --label zh=销售大区
    """  # noqa: D301  click wants the control character
    if not labels and not helps:
        raise Misuse("nothing to change; write --label LANG=TEXT")
    with settings.acting() as ws:
        field = ws.relabel_field(
            _record_class(settings, entity),
            custom_name(name),
            label=texts_by_language(labels),
            help=texts_by_language(helps),
        )
    _tell(settings, entity, field, settings.say("relabelled"))


@fields.command()
@click.argument("entity", shell_complete=complete_entity)
@click.argument("name", shell_complete=complete_custom)
@click.pass_obj
def retire(settings: Settings, entity: str, name: str) -> None:
    """Offer the custom field NAME of ENTITY no longer; its values stay readable."""
    with settings.acting() as ws:
        field = ws.retire_field(_record_class(settings, entity), custom_name(name))
    _tell(settings, entity, field, settings.say("retired"))


@fields.command()
@click.argument("entity", shell_complete=complete_entity)
@click.argument("name", shell_complete=complete_custom)
@click.pass_obj
def revive(settings: Settings, entity: str, name: str) -> None:
    """Offer the retired custom field NAME of ENTITY again."""
    with settings.acting() as ws:
        field = ws.revive_field(_record_class(settings, entity), custom_name(name))
    _tell(settings, entity, field, settings.say("revived"))


@fields.command("add-options")
@click.argument("entity", shell_complete=complete_entity)
@click.argument("name", shell_complete=complete_custom)
@click.argument("values", metavar="CHOICE...", nargs=-1, required=True)
@click.pass_obj
def add_options(settings: Settings, entity: str, name: str, values: Sequence[str]) -> None:
    """Offer further values in a choice; a retired one that is named is offered again."""
    with settings.acting() as ws:
        field = ws.add_options(_record_class(settings, entity), custom_name(name), values)
    _tell(settings, entity, field, settings.say("changed"))


@fields.command("retire-options")
@click.argument("entity", shell_complete=complete_entity)
@click.argument("name", shell_complete=complete_custom)
@click.argument("values", metavar="CHOICE...", nargs=-1, required=True)
@click.pass_obj
def retire_options(settings: Settings, entity: str, name: str, values: Sequence[str]) -> None:
    """Offer values of a choice no longer; records that have them keep them."""
    with settings.acting() as ws:
        field = ws.retire_options(_record_class(settings, entity), custom_name(name), values)
    _tell(settings, entity, field, settings.say("changed"))


fields.add_command(convert)
fields.add_command(promote)
fields.add_command(demote)


def _record_class(settings: Settings, entity: str) -> Any:
    return settings.stored_schema().entity(entity).record_class


def _tell(settings: Settings, entity: str, field: Field, what: str) -> None:
    if settings.as_json:
        label = settings.crm().labels.field(entity, field, settings.language)
        print_json({"entity": entity, **_document(field, label)})
    else:
        offered = f": {values}" if (values := _of(field)) else ""
        write(f"{what} {entity}.{field.path}, {field.kind.name}{offered}")


def _document(field: Field, label: str) -> dict[str, Any]:
    facts: dict[str, Any] = {"required": False, **field_to_json(field)}
    return {
        "name": field.path,
        "label": label,
        **facts,
        "owner": field.owner,
        "parked": field.parked,
        "retired": field.retired,
    }


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
        case AnyRefKind(targets=targets) | AnyRefsKind(targets=targets):
            return f"→ {', '.join(map(str, targets))}"
    return ""
