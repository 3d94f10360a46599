"""Showing what is masked: the true value of one field of one record, to whom a role lets see it, with a trace."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pycrm.errors import ConflictError
from pycrm.fields.field import Field
from pycrm.policies.access import refusal
from pycrm.schema import Entity, Record
from pycrm.schema.diff import value_at
from pycrm.schema.sight import SeenEntity
from pycrm.workspace.reads import Moved
from pycrm.workspace.row_rights import not_found, require_readable, require_records
from pycrm.workspace.trail import read_reason

__all__ = ["unmask"]

MOST_AGAIN = 10


def unmask(ws: Any, record: Record, path: str, reason: str) -> Any:
    """Return the true value of a field that is masked; see `Workspace.unmask`."""
    told = read_reason(reason)
    ws._ctx.begin_writing()
    for _ in range(MOST_AGAIN):
        try:
            return _unmask(ws, record, path, told)
        except Moved:
            continue
    raise ConflictError("rights are being changed faster than they can be read; run the unit again", retryable=True)


def _unmask(ws: Any, record: Record, path: str, reason: str) -> Any:
    seen: Entity = ws._readable(record.__record_class__)
    require_readable(ws, seen, record.id)
    if not isinstance(seen, SeenEntity) or path not in seen.masks:
        return _value(ws._reads, seen, record.id, seen.field(path))  # as any reading, without a trace
    whole = seen.whole
    field, rights = whole.fields[path], ws._rights
    if not rights.allows("unmask", whole):
        ws._note_denied("unmask", whole, ids=[record.id], fields=[path], reason=reason)
        raise refusal(ws.principal, rights.roles, "unmask", whole, [field])
    require_records(ws, "unmask", whole, [record])
    within = ws._reads.reaching("unmask", whole)
    value = _value(ws._ctx if within is None else within, whole, record.id, field)
    ws._note("unmasked", entity=whole.name, record_id=record.id, action="unmask", fields=(path,), reason=reason)
    return value


def _value(reads: Any, entity: Entity, id: UUID, field: Field) -> Any:
    """Return what *reads* finds in *field* of a record of *entity*."""
    found = reads.by_ids(entity, [id], include_binned=True)
    if not found:
        raise not_found(entity, id)
    return value_at(found[0], field)
