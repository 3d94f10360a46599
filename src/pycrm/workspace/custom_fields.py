"""Custom fields: defining, changing, retiring and reviving them is a change of the schema, counted by its number."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, cast

import attrs

from pycrm.entities import CustomField
from pycrm.errors import ConfigurationError, NameClashError, UnknownNameError, nearest
from pycrm.fields.choices import ChoiceKind, MultiChoiceKind, Option
from pycrm.fields.field import Field, Place
from pycrm.fields.names import check_name
from pycrm.query import F
from pycrm.schema import Entity
from pycrm.schema.kinds import AbsentKind
from pycrm.storage.field_sql import document_index
from pycrm.workspace.create import create_many
from pycrm.workspace.schema_change import change_schema
from pycrm.workspace.schema_rows import CONVERTED_FROM, definition_of, fields_of_rows
from pycrm.workspace.update import update_many
from pycrm.workspace.view import View

__all__ = [
    "add_options",
    "change_field",
    "check_declared",
    "check_new_name",
    "custom_row",
    "define_field",
    "keep_index",
    "redefine",
    "relabel_field",
    "retire_field",
    "retire_options",
    "revive_field",
]


def define_field(ws: View, entity: Entity, name: str, declared: Field) -> Field:
    """Add the custom field *name* to *entity*; see `Workspace.define_field`."""
    check_declared(entity, name, declared)
    named = attrs.evolve(declared, name=name)
    declared = ws._ctx.tools.schema.with_target_names(named, f"{entity.name}.custom")
    check_new_name(entity, name, declared)
    row = CustomField(
        entity=entity.name,
        name=name,
        kind=declared.kind.name,
        definition=definition_of(declared),
    )
    field = change_field(ws, entity, name, lambda kernel: create_many(kernel, [row], "raise"))
    keep_index(ws, entity, field)
    return field


def relabel_field(
    ws: View, entity: Entity, name: str, label: Mapping[str, str] | None, help: Mapping[str, str] | None
) -> Field:
    """Give the custom field *name* other labels or help texts, by language."""
    return redefine(
        ws,
        entity,
        name,
        lambda field: attrs.evolve(field, label={**field.label, **(label or {})}, help={**field.help, **(help or {})}),
    )


def add_options(ws: View, entity: Entity, name: str, options: tuple[Option, ...]) -> Field:
    """Offer further options in a choice; a retired one that is named again is offered again."""

    def changed(field: Field) -> Field:
        kind = _choice(entity, field)
        known = {option.value: option for option in kind.choices}
        known |= {option.value: option for option in options}
        return attrs.evolve(field, kind=attrs.evolve(kind, options=tuple(known.values())))

    return redefine(ws, entity, name, changed)


def retire_options(ws: View, entity: Entity, name: str, values: tuple[str, ...]) -> Field:
    """Offer options no longer; records that have them keep them."""

    def changed(field: Field) -> Field:
        kind = _choice(entity, field)
        known = {option.value: option for option in kind.choices}
        for value in values:
            if value not in known:
                raise UnknownNameError(
                    f"{entity.name}.custom.{name} has no option {value!r}{nearest(value, known)}",
                    entity=entity.name,
                    field=field.path,
                )
            known[value] = attrs.evolve(known[value], retired=True)
        return attrs.evolve(field, kind=attrs.evolve(kind, options=tuple(known.values())))

    return redefine(ws, entity, name, changed)


def retire_field(ws: View, entity: Entity, name: str) -> Field:
    """Offer the custom field *name* no longer; its values stay readable."""
    return _set_retired(ws, entity, name, True)


def revive_field(ws: View, entity: Entity, name: str) -> Field:
    """Offer a retired custom field again."""
    return _set_retired(ws, entity, name, False)


def check_declared(entity: Entity, name: str, declared: Any) -> None:
    """Raise `ConfigurationError` unless *declared* is a field that may be a custom one."""
    if not isinstance(declared, Field):
        raise ConfigurationError(f"a custom field is declared as by field.text(), not by {declared!r}", field=name)
    if declared.kind.name in ("autonumber", "status", "id"):
        raise ConfigurationError(
            f"{entity.name}.custom.{name}: a field of kind {declared.kind.name} cannot be a custom one; "
            "declare it in a plugin",
            entity=entity.name,
            field=name,
        )


def check_new_name(entity: Entity, name: str, declared: Field) -> None:
    """Raise `ConfigurationError` unless *entity* can have one more custom field called *name*.

    Raises:
        NameClashError: It is taken, or what it is stored under is.
    """
    check_name(name)
    path = f"custom.{name}"
    if path in entity.fields:
        state = (
            "retired; revive it" if entity.fields[path].retired else "there already; relabel it or choose another name"
        )
        raise NameClashError(f"{entity.name}.{path} is {state}", entity=entity.name, field=path)
    taken = {part: field for field in entity.document_fields for part in field.part_names}
    for part in attrs.evolve(declared, name=name, path=path, owner="custom").part_names:
        if part in taken:
            raise NameClashError(
                f"{entity.name}.{path} and {entity.name}.{taken[part].path} would both be stored as {part!r}; "
                "choose another name",
                entity=entity.name,
                field=path,
            )


def _choice(entity: Entity, field: Field) -> Any:
    if not isinstance(field.kind, (ChoiceKind, MultiChoiceKind)):
        raise ConfigurationError(
            f"{entity.name}.{field.path} is of kind {field.kind.name} and has no options", entity=entity.name
        )
    return field.kind


def custom_row(ws: View, entity: Entity, name: str) -> CustomField:
    """Return the record of the custom field *name*.

    Raises:
        UnknownNameError: There is none; the nearest names are given.
    """
    known = ws._ctx.tools.schema.entity(CustomField)
    rows = ws._ctx.matching(known, (F.entity == entity.name) & (F.name == name))
    if not rows:
        names = [path.removeprefix("custom.") for path in entity.fields if path.startswith("custom.")]
        raise UnknownNameError(
            f"{entity.name} has no custom field {name!r}{nearest(name, names)}", entity=entity.name, field=name
        )
    return cast("CustomField", rows[0])


def redefine(ws: View, entity: Entity, name: str, change: Callable[[Field], Field]) -> Field:
    """Make *change* to the definition of the custom field *name*, for everybody, and return what it is then."""
    ws._ctx.begin_writing()
    row = custom_row(ws, entity, name)
    (field,) = fields_of_rows([row], ws._ctx.tools.schema.kinds)[entity.name]
    if isinstance(field.kind, AbsentKind):
        raise ConfigurationError(
            f"{entity.name}.custom.{name} is of the kind {field.kind.name!r}; install the plugin "
            f"{field.kind.plugin!r}, which brings it, to change the field",
            entity=entity.name,
            field=name,
        )
    converted_from = json.loads(row.definition).get(CONVERTED_FROM)
    row.definition = definition_of(change(attrs.evolve(field, retired=False)), converted_from)
    return change_field(ws, entity, name, lambda kernel: update_many(kernel, [row], "raise"))


def _set_retired(ws: View, entity: Entity, name: str, retired: bool) -> Field:
    ws._ctx.begin_writing()
    row = custom_row(ws, entity, name)
    row.retired = retired
    field = change_field(ws, entity, name, lambda kernel: update_many(kernel, [row], "raise"))
    keep_index(ws, entity, field)
    return field


def keep_index(ws: View, entity: Entity, field: Field) -> None:
    """Create the index that *field* asks for, or drop that of a retired one."""
    if field.place is Place.DOCUMENT and (field.indexed or field.unique):
        ctx = ws._ctx
        index = document_index(ctx.tools.tables.table(entity.name), field, ctx.tools.dialect.name)
        ctx.unit.execute(index.drop if field.retired else index.create)


def change_field(ws: View, entity: Entity, name: str, change: Callable[[View], object]) -> Field:
    """Make *change* to the rows of custom fields while no other unit writes; return what the field *name* is then."""
    return change_schema(ws, change).entities[entity.name].fields[f"custom.{name}"]
