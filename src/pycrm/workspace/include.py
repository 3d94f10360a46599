"""Related records, loaded batch-wise: ``include="account lines.product"``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pycrm.errors import UnknownNameError, nearest
from pycrm.fields.field import Field
from pycrm.fields.references import AnyRefKind, LinkKind, RefKind, id_of, target_of
from pycrm.query.text import Include, read_include
from pycrm.schema import Entity, Record
from pycrm.schema.diff import value_at
from pycrm.schema.record import slot_of
from pycrm.values.refs import Ref
from pycrm.workspace.reads import Reads

__all__ = ["include"]

setattr_of_record = object.__setattr__  # hooks hold frozen records, which may still be given what they refer to


def include(reads: Reads, entity: Entity, records: Sequence[Record], text: str) -> None:
    """Load what *text* names for all *records* of *entity*, with one query per name and 500 records.

    Names are judged for no record, too: a misspelt one must not wait for the first record to be found.
    """
    _include(reads, entity, records, read_include(text))


def _include(reads: Reads, entity: Entity, records: Sequence[Record], tree: Include) -> None:
    for name, below in tree.items():
        if name in entity.fields:
            _follow(reads, entity, entity.fields[name], records, below)
        elif name in entity.back:
            _walk_back(reads, entity, name, records, below)
        else:
            _follow_longer(reads, entity, name, records, below)


def _follow_longer(reads: Reads, entity: Entity, name: str, records: Sequence[Record], tree: Include) -> None:
    """Follow ``trade.samples`` or ``custom.agent``, whose names hold a dot."""
    for second, below in tree.items():
        path = f"{name}.{second}"
        if path in entity.fields:
            _follow(reads, entity, entity.fields[path], records, below)
        elif path in entity.back:
            _walk_back(reads, entity, path, records, below)
        else:
            raise _unknown(entity, path)
    if not tree:
        raise _unknown(entity, name)


def _unknown(entity: Entity, path: str) -> UnknownNameError:
    known = [*entity.back, *(path for path, field in entity.fields.items() if _is_reference(field))]
    return UnknownNameError(
        f"include: {entity.name} has no reference and no way back {path!r}{nearest(path, known)}; "
        f"there are {', '.join(known)}",
        entity=entity.name,
        field=path,
    )


def _is_reference(field: Field) -> bool:
    return isinstance(field.kind, (RefKind, LinkKind, AnyRefKind))


def _follow(reads: Reads, entity: Entity, field: Field, records: Sequence[Record], below: Include) -> None:
    if not _is_reference(field):
        raise _unknown(entity, field.path)
    wanted: dict[str, set[UUID]] = {}
    found: dict[UUID, Any] = {}
    for record in records:
        for each in _references(record, field):
            wanted.setdefault(target_of(field.kind, each), set()).add(id_of(each))
            if isinstance(each, Ref) and each.is_loaded:
                found[each.id] = each.record  # stays only where it is not stored yet
    for target, ids in wanted.items():
        if target not in reads.schema.entities:
            continue  # what may not be read is not there
        there = reads.by_ids(reads.schema.entity(target), ids, include_binned=True)
        found |= {record.id: record for record in there}
        if below:
            _include(reads, reads.schema.entity(target), list(there), below)
    for record in records:
        _attach(record, field, found)


def _references(record: Record, field: Field) -> Sequence[Any]:
    value = value_at(record, field)
    if isinstance(field.kind, LinkKind):
        return value or ()
    return () if value is None else (value,)


def _attach(record: Record, field: Field, found: dict[UUID, Any]) -> None:
    name = field.path

    def with_record(value: Any) -> Any:
        entity = value.entity if isinstance(value, Ref) else None
        id = id_of(value)
        return Ref(id, entity, name=name, record=found.get(id))

    value = value_at(record, field)
    if not value:
        return
    put = tuple(map(with_record, value)) if isinstance(field.kind, LinkKind) else with_record(value)
    if "." in field.path:
        record.document_values()[field.path] = put
    else:
        setattr_of_record(record, slot_of(field), put)


def _walk_back(reads: Reads, entity: Entity, name: str, records: Sequence[Record], below: Include) -> None:
    back = entity.back[name]
    referring = reads.schema.entity(back.entity)
    field = referring.fields[back.field]
    children: dict[UUID, list[Any]] = {record.id: [] for record in records}
    for child in reads.referring(referring, field, entity.name, list(children)):
        children[id_of(value_at(child, field))].append(child)
    if below:
        _include(reads, referring, [child for found in children.values() for child in found], below)
    for record in records:
        related = dict(record._related or {})
        related[name] = tuple(children[record.id])
        setattr_of_record(record, "_related", related)
