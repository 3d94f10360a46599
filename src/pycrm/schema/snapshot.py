"""Snapshots: what one owner brought, as JSON in the database, so that it can be read when its code is gone."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from pycrm.fields.field import Field, Place
from pycrm.fields.kind import Kind
from pycrm.fields.references import LinkKind
from pycrm.schema.entity import Entity
from pycrm.schema.kinds import AbsentKind, frozen_kind, kind_from_json, kind_to_json
from pycrm.schema.list_index import ListIndex, read_list_index
from pycrm.schema.record import OwnedRecord, Record, make_record_class
from pycrm.schema.schema import Schema

__all__ = ["field_from_json", "field_to_json", "indexes_from_json", "parked_entities", "parked_fields", "snapshot"]

_FACTS = ("required", "unique", "indexed", "read_only", "hidden", "searchable", "retired", "open")


def field_to_json(field: Field) -> dict[str, Any]:
    """Return kind, options and storage facts of *field*; labels and defaults stay with the code."""
    facts: dict[str, Any] = {fact: True for fact in _FACTS if getattr(field, fact)}
    if field.was is not None:
        facts["was"] = field.was
    return {**kind_to_json(field.kind), **facts}


def field_from_json(name: str, data: Mapping[str, Any], kinds: Mapping[str, type[Kind]]) -> Field:
    """Return the field that `field_to_json` described; parked where the plugin that brings its kind is gone."""
    facts: dict[str, Any] = {fact: bool(data[fact]) for fact in _FACTS if fact in data}
    kind = kind_from_json(data, kinds)
    return Field(kind=kind, name=name, parked=isinstance(kind, AbsentKind), **facts)


def snapshot(schema: Schema, owner: str) -> dict[str, Any]:
    """Return everything that *owner* brings to *schema*: its entities, its extensions of others, and of the core also
    the fields that every record has.
    """
    entities: dict[str, Any] = {}
    extensions: dict[str, Any] = {}
    for name, entity in schema.entities.items():
        if entity.owner == owner:
            indexes = [index.text for index in entity.indexes if index.owner == owner]
            entities[name] = {
                "title": entity.title,
                "list": list(entity.list_fields),
                "unique": [list(names) for names in entity.unique],
                **({"indexes": indexes} if indexes else {}),
                "plural": entity.plural,
                "owned": issubclass(entity.record_class, OwnedRecord),
                "fields": {field.name: field_to_json(field) for field in entity.own_fields},
            }
        else:
            added = {field.name: field_to_json(field) for field in entity.fields.values() if field.owner == owner}
            if added:
                extensions[name] = added
    found: dict[str, Any] = {"entities": entities, "extensions": extensions}
    if owner == "core":
        found["common"] = {field.name: field_to_json(field) for field in Record.__declared_fields__.values()}
    return found


def indexes_from_json(owner: str, data: Mapping[str, Any]) -> tuple[ListIndex, ...]:
    """Return the indexes that the snapshot of an entity tells of."""
    return tuple(read_list_index(text, owner) for text in data.get("indexes", ()))


def parked_entities(owner: str, stored: Mapping[str, Any], kinds: Mapping[str, type[Kind]]) -> Iterator[Entity]:
    """Yield the entities of a missing plugin from its snapshot, with record classes made for them.

    Fields that its own releases have taken away stay as hidden as they were with it.
    """
    for name, data in stored["entities"].items():
        base = OwnedRecord if data["owned"] else Record
        declared = {
            path: _frozen_field(path, facts, kinds)
            for path, facts in data["fields"].items()
            if path not in base.__declared_fields__ and not facts.get("parked")
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
            indexes=indexes_from_json(owner, data),
        )


def _frozen_field(name: str, data: Mapping[str, Any], kinds: Mapping[str, type[Kind]]) -> Field:
    """Return the field with the columns that it has, which may be fewer than its kind would give it today."""
    field, kind = field_from_json(name, data, kinds), frozen_kind(data, kinds)
    return attrs.evolve(field, kind=kind, parked=isinstance(kind, AbsentKind))


def _place(field: Field, otherwise: Place = Place.COLUMN) -> Place:
    return Place.LINK if isinstance(field.kind, LinkKind) else otherwise


def parked_fields(
    owner: str, stored: Mapping[str, Any], kinds: Mapping[str, type[Kind]]
) -> Mapping[str, tuple[Field, ...]]:
    """Return, by entity, the fields that a missing plugin had added to entities of others."""
    return {
        entity: tuple(
            attrs.evolve(
                field, path=f"{owner}.{field.name}", owner=owner, place=_place(field, Place.DOCUMENT), parked=True
            )
            for field in (field_from_json(name, data, kinds) for name, data in fields.items())
        )
        for entity, fields in stored["extensions"].items()
    }
