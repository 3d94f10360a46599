"""A schema as somebody sees it who may not see all: what is hidden from him is as unknown as what was never there."""

from __future__ import annotations

import types
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import Any
from uuid import UUID

import attrs

from pycrm.fields.field import Field
from pycrm.schema.document import ValueReader, make_readers
from pycrm.schema.entity import Entity
from pycrm.schema.record import Record, slot_of
from pycrm.schema.schema import Schema

__all__ = ["ALWAYS_SEEN", "Mask", "SeenEntity", "complete", "conceal", "seen_schema"]

Mask = Callable[[str], str]

ALWAYS_SEEN = frozenset({"id", "version", "created_at", "created_by", "updated_at", "updated_by", "deleted_at"})


@attrs.frozen(eq=False)
class SeenEntity(Entity):
    """An entity of which some fields are hidden.

    Its `fields` are those that filters, orders and answers may name. Rows are laid out as those of the whole entity, so
    that the records are of the same class: what is hidden is empty in them.

    Attributes:
        whole: The entity with all its fields.
        masks: How the values of fields look that are shown and cannot be asked for, by path.
    """

    whole: Entity = attrs.field(kw_only=True)
    masks: Mapping[str, Mask] = attrs.field(kw_only=True)

    @cached_property
    def column_fields(self) -> tuple[Field, ...]:
        """Those of the whole entity."""
        return self.whole.column_fields

    @cached_property
    def own_link_fields(self) -> tuple[Field, ...]:
        """Those of the whole entity."""
        return self.whole.own_link_fields

    @cached_property
    def loaded_places(self) -> Mapping[str, int]:
        """Those of the whole entity."""
        return self.whole.loaded_places

    @cached_property
    def withheld(self) -> frozenset[str]:
        """Paths of the column fields that are not even read."""
        return frozenset(
            field.path for field in self.column_fields if field.path not in self.fields and field.path not in self.masks
        )

    @cached_property
    def document_readers(self) -> Mapping[str, tuple[str, ValueReader | None]]:
        """How the values of the document are read that are seen, masked ones as they are shown."""
        readers = dict(make_readers(self.document_fields))
        masked = [field for field in self.whole.document_fields if field.path in self.masks]
        for key, (path, read) in make_readers(masked).items():
            readers[key] = path, _masked_reader(self.whole.fields[path], self.masks[path], read)
        return readers

    @cached_property
    def concealed(self) -> tuple[tuple[Field, Mask | None], ...]:
        """The fields of a record's own that a loaded record must not show as they are, with the mask of each."""
        own = (*self.column_fields, *self.own_link_fields)
        return tuple((field, self.masks.get(field.path)) for field in own if field.path not in self.fields)


def seen_schema(
    schema: Schema, readable: Mapping[str, Collection[str]], masks: Mapping[str, Mapping[str, Mask]]
) -> Schema:
    """Return *schema* with nothing but what may be read.

    Args:
        schema: The whole schema.
        readable: Entity name to the paths of fields that may be read and asked for; others are absent.
        masks: Entity name to path to mask, of fields that are merely shown.
    """
    entities = {
        name: _seen_entity(schema, entity, readable, masks.get(name, {}))
        for name, entity in schema.entities.items()
        if name in readable
    }
    return attrs.evolve(schema, entities=types.MappingProxyType(entities))


def _seen_entity(
    schema: Schema, entity: Entity, readable: Mapping[str, Collection[str]], masks: Mapping[str, Mask]
) -> Entity:
    paths = ALWAYS_SEEN.union(readable[entity.name])
    back = {
        name: way
        for name, way in entity.back.items()
        if way.entity in readable and way.field in ALWAYS_SEEN.union(readable[way.entity])
    }
    if len(back) == len(entity.back) and paths.issuperset(entity.fields):
        return entity
    fields = {path: field for path, field in entity.fields.items() if path in paths}
    values = {each.name: getattr(entity, each.name) for each in attrs.fields(Entity)}
    values |= {
        "fields": types.MappingProxyType(fields),
        "list_fields": tuple(path for path in entity.list_fields if path in fields),
        "unique": tuple(names for names in entity.unique if all(name in fields for name in names)),
        "back": types.MappingProxyType(back),
        "indexes": tuple(index for index in entity.indexes if all(path in fields for path in index.paths)),
        "renamed": types.MappingProxyType({was: now for was, now in entity.renamed.items() if now in fields}),
    }
    return SeenEntity(**values, whole=entity, masks=types.MappingProxyType(dict(masks)))


def conceal(entity: Entity, records: Sequence[Record]) -> None:
    """Empty or mask in *records* what somebody does not see who sees *entity*."""
    if not isinstance(entity, SeenEntity):
        return
    for record in records:
        shown = {field.path: _shown(field, mask, _held(record, field)) for field, mask in entity.concealed}
        _put(entity, record, shown)
        _conceal_document(entity, record)
        object.__setattr__(record, "_entity", entity)


def complete(entity: SeenEntity, records: Sequence[Record], stored: Mapping[UUID, Record]) -> None:
    """Put into *records*, which somebody read who sees *entity*, what they hold besides.

    Args:
        entity: What he sees.
        records: Loaded records, perhaps changed since in what he sees.
        stored: The same records with everything, by id; one that is absent stays as it is.
    """
    for record in records:
        whole = stored.get(record.id)
        if whole is None or record._entity is entity.whole:
            continue
        _put(entity, record, {field.path: _held(whole, field) for field, _ in entity.concealed})
        object.__setattr__(record, "_entity", entity.whole)
        values = whole.document_values()
        if record._document is not None:
            hidden = {path: value for path, value in values.items() if path not in entity.fields}
            record._document.update(hidden)
            record._stored.update(hidden)


def _held(record: Record, field: Field) -> Any:
    return getattr(record, slot_of(field))


def _put(entity: SeenEntity, record: Record, values: Mapping[str, Any]) -> None:
    """Give *record* these values of its own fields, as if they had been loaded."""
    loaded = None if record._loaded is None else list(record._loaded)
    for path, value in values.items():
        object.__setattr__(record, slot_of(entity.whole.fields[path]), value)
        if loaded is not None:
            loaded[entity.loaded_places[path]] = value
    if loaded is not None:
        object.__setattr__(record, "_loaded", tuple(loaded))


def _conceal_document(entity: SeenEntity, record: Record) -> None:
    """Take what is hidden out of a document that was decoded whole; any other is decoded for whom it is."""
    if record._entity is entity or record._document is None:
        return
    for values in (record._document, record._stored):
        for path in [path for path in values if path not in entity.fields]:
            if path in entity.masks:
                values[path] = _shown(entity.whole.fields[path], entity.masks[path], values[path])
            else:
                del values[path]


def _shown(field: Field, mask: Mask | None, value: Any) -> Any:
    if mask is None or not isinstance(value, str):
        return field.kind.empty  # what is no text has no form in which a part of it could be shown
    return mask(value)


def _masked_reader(field: Field, mask: Mask, read: ValueReader | None) -> ValueReader:
    def masked(part: Any, data: Mapping[str, Any]) -> Any:
        return _shown(field, mask, part if read is None else read(part, data))

    return masked
