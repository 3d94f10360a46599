"""The schema that snapshots alone describe: what stands in a database, whatever the code of today says.

Upgrades build their tables from it, so that a step made for an old release never meets a definition of a newer one.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from pycrm.fields.field import Field, Place
from pycrm.fields.kind import Kind
from pycrm.fields.references import LinkKind
from pycrm.schema.entity import Entity
from pycrm.schema.kinds import frozen_kind
from pycrm.schema.record import Record
from pycrm.schema.schema import Schema
from pycrm.schema.snapshot import indexes_from_json

__all__ = ["frozen_schema"]

_FIRST_COMMON = ("id", "version", "created_at", "created_by", "updated_at", "updated_by", "deleted_at")


def frozen_schema(snapshots: Mapping[str, Mapping[str, Any]], kinds: Mapping[str, type[Kind]]) -> Schema:
    """Return the schema that *snapshots* by owner describe, fields and entities that are parked included.

    Its entities have no record classes of their own, since nobody makes records of them. None counts as parked, for
    the tables of a missing plugin are as they were when it was there; a field that was taken away does.
    """
    common = _common(snapshots.get("core", {}), kinds)
    entities: dict[str, Entity] = {}
    for owner, stored in snapshots.items():
        for name, data in stored["entities"].items():
            own = _fields(data["fields"], owner, "", Place.COLUMN, kinds)
            entities[name] = Entity(
                name=name,
                owner=owner,
                record_class=Record,
                fields=types.MappingProxyType({field.path: field for field in (*common, *own)}),
                unique=tuple(tuple(names) for names in data["unique"]),
                indexes=indexes_from_json(owner, data),
            )
    for owner, stored in snapshots.items():
        for name, data in stored["extensions"].items():
            if name in entities:
                added = _fields(data, owner, f"{owner}.", Place.DOCUMENT, kinds)
                fields = {**entities[name].fields, **{field.path: field for field in added}}
                entities[name] = attrs.evolve(entities[name], fields=types.MappingProxyType(fields))
    return Schema(
        number=0,
        entities=types.MappingProxyType(entities),
        versions={},
        kinds=kinds,
        by_class={},
    )


def _common(core: Mapping[str, Any], kinds: Mapping[str, type[Kind]]) -> tuple[Field, ...]:
    """Return the fields of every record; those of the first release where the snapshot does not tell yet."""
    if "common" in core:
        return tuple(_fields(core["common"], "core", "", Place.COLUMN, kinds))
    first = (Record.__declared_fields__[name] for name in _FIRST_COMMON)
    return tuple(attrs.evolve(field, path=field.name, owner="core") for field in first)


def _fields(
    data: Mapping[str, Any], owner: str, prefix: str, place: Place, kinds: Mapping[str, type[Kind]]
) -> Iterator[Field]:
    for name, facts in data.items():
        kind = frozen_kind(facts, kinds)
        yield Field(
            kind=kind,
            name=name,
            path=prefix + name,
            owner=owner,
            place=Place.LINK if isinstance(kind, LinkKind) else place,
            unique=bool(facts.get("unique")),
            indexed=bool(facts.get("indexed")),
            parked=bool(facts.get("parked")),
        )
