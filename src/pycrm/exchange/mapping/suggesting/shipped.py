"""Presets: mapping files for the exports of known products, cut to the columns that are there."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files

import attrs

from pycrm.errors import Problem
from pycrm.exchange.mapping.arguments import ColumnRef, read_step
from pycrm.exchange.mapping.conditions import compile_condition
from pycrm.exchange.mapping.files import read_mapping_text
from pycrm.exchange.mapping.model import CustomField, EntityMap, FieldMap
from pycrm.exchange.mapping.model import Mapping as MappingFile
from pycrm.exchange.mapping.steps import default_column
from pycrm.schema import Schema

__all__ = ["Preset", "cut", "preset_for", "presets", "used_customs"]

FOLDER = "presets"


@attrs.frozen
class Preset:
    """A shipped mapping.

    Attributes:
        name: Of its file, without the ending: ``"hubspot-contacts"``.
        product: Whose export it is for.
        needs: Headers that tell such an export from others.
        mapping: As its file has it.
    """

    name: str
    product: str
    needs: tuple[str, ...]
    mapping: MappingFile

    @property
    def columns(self) -> frozenset[str]:
        """All headers that it knows."""
        return frozenset(
            column for entity in self.mapping.entities for field in entity.fields for column in field.columns
        )


@cache
def presets() -> Mapping[str, Preset]:
    """Return the shipped mappings by name."""
    folder = files("pycrm.exchange.mapping").joinpath(FOLDER)
    index = tomllib.loads(folder.joinpath("index.toml").read_text("utf-8"))
    return {
        name: Preset(
            name,
            told["product"],
            tuple(told["needs"]),
            read_mapping_text(folder.joinpath(f"{name}.toml").read_text("utf-8"), f"{name}.toml"),
        )
        for name, told in index.items()
    }


def preset_for(columns: Collection[str], entity: str | None = None) -> Preset | None:
    """Return the preset that knows most of *columns*, of those that need no other; None where no export is like that.

    Args:
        columns: Of the source.
        entity: The entity that the preset has to fill, or None for any.
    """
    fitting = [
        preset
        for preset in presets().values()
        if set(preset.needs) <= set(columns)
        and (entity is None or any(each.entity == entity for each in preset.mapping.entities))
    ]
    return max(fitting, key=lambda preset: (len(preset.needs), len(preset.columns & set(columns))), default=None)


def cut(mapping: MappingFile, columns: Sequence[str], schema: Schema) -> MappingFile:
    """Return *mapping* without what needs columns, fields or entities that are not there."""
    entities = [cut_ for each in mapping.entities if (cut_ := _cut_entity(each, columns, mapping, schema)) is not None]
    aliases = {each.alias for each in entities}
    kept = []
    for each in entities:
        fields = tuple(field for field in each.fields if not field.record or field.record in aliases)
        if len(fields) == len(each.fields) or any(field.columns for field in fields):
            kept.append(attrs.evolve(each, fields=fields))
    return attrs.evolve(mapping, entities=tuple(kept), custom_fields=used_customs(mapping.custom_fields, kept, schema))


def used_customs(
    customs: Iterable[CustomField], entities: Iterable[EntityMap], schema: Schema
) -> tuple[CustomField, ...]:
    """Return those of *customs* that a field of *entities* fills, or that a reference is found by."""
    used: set[tuple[str, str]] = set()
    for map in entities:
        for field in map.fields:
            used.add((map.entity, field.path))
            if field.find and field.path in schema.entities[map.entity].fields:
                target = getattr(schema.entities[map.entity].fields[field.path].kind, "target", "")
                used.add((str(target), field.find))
    return tuple(each for each in customs if (each.entity, each.path) in used)


def _cut_entity(map: EntityMap, columns: Sequence[str], mapping: MappingFile, schema: Schema) -> EntityMap | None:
    entity = schema.entities.get(map.entity)
    if entity is None:
        return None
    customs = {each.path for each in mapping.custom_fields if each.entity == map.entity}
    known = {*entity.fields, *customs}
    fields = []
    for field in map.fields:
        there = field.path in known or field.path.rpartition(".")[0] in entity.fields
        if there and (kept := _cut_field(field, columns)) is not None:
            fields.append(kept)
    if not any(field.columns or field.record for field in fields):
        return None
    paths = {field.path for field in fields}
    by = map.by if set(map.by) <= paths else ()
    only = (
        tuple(each for each in map.only_empty if each in paths) if isinstance(map.only_empty, tuple) else map.only_empty
    )
    return attrs.evolve(
        map,
        fields=tuple(fields),
        by=by,
        only_empty=only,
        when=map.when if _can_ask(map.when, columns, schema) else "",
        newest=map.newest if map.newest in columns else "",
    )


def _cut_field(field: FieldMap, columns: Sequence[str]) -> FieldMap | None:
    """Return *field* with those of its columns that are there; None where nothing is left of it."""
    there = tuple(column for column in field.columns if column in columns)
    if field.columns and not there:
        return None
    transforms = tuple(_cut_step(text, columns) for text in field.transforms)
    default = None if (name := default_column(field)) and name not in columns else field.default
    return attrs.evolve(field, columns=there, transforms=transforms, default=default)


def _cut_step(text: str, columns: Sequence[str]) -> str:
    """Return the step *text* without its arguments, where they name a column that is not there."""
    step = read_step(text)
    missing = any(isinstance(each, ColumnRef) and each.column not in columns for each in step.arguments)
    return step.name if missing else text


def _can_ask(when: str, columns: Sequence[str], schema: Schema) -> bool:
    try:
        return bool(when) and bool(compile_condition(when, columns, schema))
    except Problem:
        return False
