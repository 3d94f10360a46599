"""References are re-checked: every id that a caller gives must be of a record that exists, asked once per batch."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pycrm.errors import Problem
from pycrm.fields.field import Field
from pycrm.fields.references import RefKind, RefsKind, id_of
from pycrm.schema import Record
from pycrm.workspace.batch import Batch

__all__ = ["unknown_references"]


def unknown_references(batch: Batch) -> list[Problem]:
    """Return a problem for each reference of the batch to a record that does not exist."""
    ctx = batch.ws._ctx
    ctx.know(batch.entity.name, {record.id for record in batch.records})
    wanted: dict[str, dict[UUID, list[tuple[Record, Field]]]] = {}
    given = batch.tools.checked_references.given
    for record in batch.sound():
        changed = {field.path for field in batch.changed[record.id]} if batch.kind == "update" else None
        for field, value in given(record):
            if changed is not None and field.path not in changed:
                continue
            for target, id in _targets(field, value):
                if id not in ctx.known_ids.get(target, ()):
                    wanted.setdefault(target, {}).setdefault(id, []).append((record, field))
    problems = []
    for target, by_id in wanted.items():
        if target not in ctx.tools.schema.entities:
            problems += [_unknown(record, field, target, id) for id, uses in by_id.items() for record, field in uses]
            continue
        existing = ctx.existing_ids(ctx.tools.schema.entity(target), list(by_id))
        ctx.know(target, existing)
        problems += [_unknown(*use, target, id) for id, uses in by_id.items() if id not in existing for use in uses]
    return problems


def _targets(field: Field, value: Any) -> list[tuple[str, UUID]]:
    if isinstance(field.kind, RefKind):
        return [(str(field.kind.target), id_of(value))]
    if isinstance(field.kind, RefsKind):
        return [(str(field.kind.target), id_of(each)) for each in value]
    return [(str(value.entity), value.id)]


def _unknown(record: Record, field: Field, target: str, id: UUID) -> Problem:
    return Problem(
        "ref.unknown",
        record,
        field.path,
        message="leads to no {target}; create that record first or give another id",
        target=target,
        value=str(id),
    )
