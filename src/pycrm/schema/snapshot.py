"""Snapshots: what one owner brought, as JSON in the database, so that it can be read when its code is gone."""

from __future__ import annotations

import itertools
import types
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from pycrm.fields.field import Field, Place
from pycrm.fields.kind import Kind
from pycrm.fields.references import RefsKind
from pycrm.fields.registry import KINDS, kind_from
from pycrm.schema.entity import Entity
from pycrm.schema.record import OwnedRecord, Record, make_record_class
from pycrm.schema.schema import Schema

__all__ = ["differences", "field_from_json", "field_to_json", "parked_entities", "parked_fields", "snapshot"]

_FACTS = ("required", "unique", "indexed", "read_only", "hidden", "searchable", "retired")


def field_to_json(field: Field) -> dict[str, Any]:
    """Return kind, options and storage facts of *field*; labels and defaults stay with the code."""
    facts = {fact: True for fact in _FACTS if getattr(field, fact)}
    return {"kind": field.kind.name, "options": field.kind.options(), **facts}


def field_from_json(name: str, data: Mapping[str, Any], kinds: Mapping[str, type[Kind]] = KINDS) -> Field:
    """Return the field that `field_to_json` described."""
    facts: dict[str, Any] = {fact: bool(data[fact]) for fact in _FACTS if fact in data}
    return Field(kind=kind_from(data["kind"], data.get("options", {}), kinds), name=name, **facts)


def snapshot(schema: Schema, owner: str) -> dict[str, Any]:
    """Return everything that *owner* brings to *schema*: its entities and its extensions of others."""
    entities: dict[str, Any] = {}
    extensions: dict[str, Any] = {}
    for name, entity in schema.entities.items():
        if entity.owner == owner:
            entities[name] = {
                "title": entity.title,
                "list": list(entity.list_fields),
                "unique": [list(names) for names in entity.unique],
                "plural": entity.plural,
                "owned": issubclass(entity.record_class, OwnedRecord),
                "fields": {field.name: field_to_json(field) for field in entity.own_fields},
            }
        else:
            added = {field.name: field_to_json(field) for field in entity.fields.values() if field.owner == owner}
            if added:
                extensions[name] = added
    return {"entities": entities, "extensions": extensions}


def parked_entities(owner: str, stored: Mapping[str, Any]) -> Iterator[Entity]:
    """Yield the entities of a missing plugin from its snapshot, with record classes made for them."""
    for name, data in stored["entities"].items():
        base = OwnedRecord if data["owned"] else Record
        declared = {
            path: field_from_json(path, facts)
            for path, facts in data["fields"].items()
            if path not in base.__declared_fields__
        }
        body: dict[str, Any] = {
            **declared,
            "__annotations__": {path: "Any" if field.required else "Any | None" for path, field in declared.items()},
            "__module__": __name__,
        }
        class_name = "".join(part.title() for part in name.replace(".", "_").split("_"))
        record_class: type[Record] = make_record_class(type(class_name, (base,), body), title=data["title"])
        fields = {
            path: attrs.evolve(field, path=path, owner=owner, place=_place(field))
            for path, field in record_class.__declared_fields__.items()
        }
        yield Entity(
            name=name,
            owner=owner,
            record_class=record_class,
            fields=types.MappingProxyType(fields),
            title=data["title"],
            list_fields=tuple(data["list"]),
            unique=tuple(tuple(names) for names in data["unique"]),
            plural=data["plural"],
            parked=True,
        )


def _place(field: Field, otherwise: Place = Place.COLUMN) -> Place:
    return Place.LINK if isinstance(field.kind, RefsKind) else otherwise


def parked_fields(owner: str, stored: Mapping[str, Any]) -> Mapping[str, tuple[Field, ...]]:
    """Return, by entity, the fields that a missing plugin had added to entities of others."""
    return {
        entity: tuple(
            attrs.evolve(
                field, path=f"{owner}.{field.name}", owner=owner, place=_place(field, Place.DOCUMENT), parked=True
            )
            for field in itertools.starmap(field_from_json, fields.items())
        )
        for entity, fields in stored["extensions"].items()
    }


def differences(stored: Mapping[str, Any], current: Mapping[str, Any]) -> list[str]:
    """Return one line per difference between two snapshots of one owner, each naming entity and field."""
    return [line for part in ("entities", "extensions") for line in _differences(part, stored[part], current[part])]


def _differences(part: str, stored: Mapping[str, Any], current: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(stored.keys() | current.keys()):
        if name not in current:
            yield f"{name}: in the database, not in the code"
        elif name not in stored:
            yield f"{name}: in the code, not in the database"
        else:
            old, new = (side[name]["fields"] if part == "entities" else side[name] for side in (stored, current))
            for field in sorted(old.keys() | new.keys()):
                if field not in new:
                    yield f"{name}.{field}: in the database, not in the code"
                elif field not in old:
                    yield f"{name}.{field}: in the code, not in the database"
                elif old[field] != new[field]:
                    yield f"{name}.{field}: stored as {old[field]}, in the code {new[field]}"
            if part == "entities" and stored[name]["unique"] != current[name]["unique"]:
                yield f"{name}: unique {stored[name]['unique']} in the database, {current[name]['unique']} in the code"
