"""The schema of a database: what the code declares, together with what only the database still knows."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from pycrm.fields.field import Field
from pycrm.fields.kind import Kind
from pycrm.schema.entity import Entity, OwnerDeclarations
from pycrm.schema.kinds import kind_from_json
from pycrm.schema.schema import Schema, assemble
from pycrm.schema.snapshot import parked_entities, parked_fields

__all__ = ["stored_schema"]


def stored_schema(
    owners: Sequence[OwnerDeclarations], snapshots: Mapping[str, Mapping[str, Any]], base: Schema
) -> Schema:
    """Return *base*, the schema of *owners*, with what stored *snapshots* add.

    Of an owner whose code is gone that is everything; of one that is there, the entities and added fields that it has
    taken away, which are parked, and the options that it no longer offers, which are retired.

    Raises:
        NameClashError: As `assemble`.
        ConfigurationError: As `assemble`.
    """
    present = {owner.owner for owner in owners}
    kinds = base.kinds
    entities: list[Entity] = []
    fields: dict[str, list[Field]] = {}
    for owner, stored in snapshots.items():
        left = stored if owner not in present else _taken_away(stored)
        entities += parked_entities(owner, left, kinds)
        for name, added in parked_fields(owner, left, kinds).items():
            if added:
                fields.setdefault(name, []).extend(added)
    schema = assemble(owners, entities, fields) if entities or fields else base
    kept = {owner: stored for owner, stored in snapshots.items() if owner in present}
    return _with_former_paths(_with_stored_kinds(schema, kept, kinds), snapshots)


def _taken_away(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an owner that is there has parked of a snapshot."""
    entities = {name: data for name, data in stored["entities"].items() if data.get("parked")}
    extensions = {
        entity: {name: data for name, data in fields.items() if data.get("parked")}
        for entity, fields in stored["extensions"].items()
    }
    return {"entities": entities, "extensions": extensions}


def _with_stored_kinds(
    schema: Schema, snapshots: Mapping[str, Mapping[str, Any]], kinds: Mapping[str, type[Kind]]
) -> Schema:
    """Return *schema* with the kinds that keep what records still need, such as retired options."""
    entities = dict(schema.entities)
    for owner, stored in snapshots.items():
        own = {name: ("", data["fields"]) for name, data in stored["entities"].items() if not data.get("parked")}
        added = {name: (f"{owner}.", fields) for name, fields in stored["extensions"].items()}
        for name, (prefix, fields) in (own | added).items():
            if name in entities and (changed := _keeping(entities[name], prefix, fields, kinds)):
                merged = types.MappingProxyType({**entities[name].fields, **changed})
                entities[name] = attrs.evolve(entities[name], fields=merged)
    return attrs.evolve(schema, entities=types.MappingProxyType(entities)) if entities != schema.entities else schema


def _keeping(
    entity: Entity, prefix: str, stored: Mapping[str, Any], kinds: Mapping[str, type[Kind]]
) -> dict[str, Field]:
    """Return by path the fields of *entity* whose kinds have more to keep than the code declares."""
    changed: dict[str, Field] = {}
    for name, data in stored.items():
        field = entity.fields.get(prefix + name)
        # Most kinds keep nothing, and a schema has hundreds of fields.
        if field is None or field.parked or type(field.kind).keeping is Kind.keeping:
            continue
        kind = field.kind.keeping(kind_from_json(data, kinds))
        if kind != field.kind:
            changed[field.path] = attrs.evolve(field, kind=kind)
    return changed


def _with_former_paths(schema: Schema, snapshots: Mapping[str, Mapping[str, Any]]) -> Schema:
    entities = dict(schema.entities)
    for stored in snapshots.values():
        for name, paths in stored.get("renamed", {}).items():
            if name in entities:
                # A name that a field of its own has taken over means that field.
                gone = {old: new for old, new in paths.items() if old not in entities[name].fields}
                former = types.MappingProxyType({**entities[name].renamed, **gone})
                entities[name] = attrs.evolve(entities[name], renamed=former)
    return attrs.evolve(schema, entities=types.MappingProxyType(entities)) if entities != schema.entities else schema
