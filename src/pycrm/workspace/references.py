"""References are re-checked: every id that a caller gives must be of a record that exists, asked once per batch."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from pycrm.errors import Problem
from pycrm.fields.field import Field
from pycrm.fields.references import LinkKind, id_of, target_of
from pycrm.schema import Record
from pycrm.schema.diff import reader_of
from pycrm.workspace.batch import Batch
from pycrm.workspace.reads import Reads

__all__ = ["unknown_references"]


def unknown_references(batch: Batch) -> list[Problem]:
    """Return a problem for each reference of the batch to a record that does not exist."""
    return batch.ws._ask(partial(_unknown_references, batch))


def _unknown_references(batch: Batch, reads: Reads) -> list[Problem]:
    known_now = batch.records if batch.kind == "create" else batch.sound()
    reads.know(batch.entity.name, {record.id for record in known_now})
    reads.know("user", {batch.actor})  # who may read no users may still own what he makes
    wanted: dict[str, dict[UUID, list[tuple[Record, Field]]]] = {}
    for field in batch.entity.all_references:
        read = reader_of(field)
        known: Any = None
        for record in batch.sound():
            value = read(record)
            # An owner or a parent is mostly shared by neighbours.
            if value is known or not value or (batch.kind == "update" and field not in batch.changed[record.id]):
                continue
            unknown = [each for each in _targets(field, value) if each[1] not in reads.known_ids.get(each[0], ())]
            for target, id in unknown:
                wanted.setdefault(target, {}).setdefault(id, []).append((record, field))
            if not unknown:
                known = value
    problems = []
    for target, by_id in wanted.items():
        if target not in reads.schema.entities:
            problems += [_unknown(record, field, target, id) for id, uses in by_id.items() for record, field in uses]
            continue
        existing = reads.existing_ids(reads.schema.entity(target), list(by_id))
        reads.know(target, existing)
        problems += [_unknown(*use, target, id) for id, uses in by_id.items() if id not in existing for use in uses]
    return problems


def _targets(field: Field, value: Any) -> list[tuple[str, UUID]]:
    values = value if isinstance(field.kind, LinkKind) else (value,)
    return [(target_of(field.kind, each), id_of(each)) for each in values]


def _unknown(record: Record, field: Field, target: str, id: UUID) -> Problem:
    return Problem(
        "ref.unknown",
        record,
        field.path,
        message="leads to no {target}; create that record first or give another id",
        target=target,
        value=str(id),
    )
