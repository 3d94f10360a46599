"""Updating records: what changed since they were loaded is judged and written; overlapping changes are conflicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from pycrm.errors import ConfigurationError, NotFoundError, UnknownNameError, nearest
from pycrm.fields.tags import TagsKind
from pycrm.schema import Entity, Record
from pycrm.schema.parser import parse_fields
from pycrm.signals import RecordsMoved, RecordsUpdated
from pycrm.workspace.batch import Batch, OnProblem
from pycrm.workspace.conflicts import refuse_overlap, refuse_stale_form
from pycrm.workspace.create import create_many
from pycrm.workspace.finish import changes_of, finish, open_batch
from pycrm.workspace.judge import judge, refuse_read_only
from pycrm.workspace.links import write_links
from pycrm.workspace.results import BatchResult
from pycrm.workspace.row_rights import require_new_state, require_old_state, seen_whole
from pycrm.workspace.tags import ensure_tags
from pycrm.workspace.view import View

__all__ = ["set_values", "update_many"]

E = TypeVar("E", bound=Record)


def update_many(
    ws: View,
    records: Sequence[E],
    on_problem: OnProblem,
    *,
    values: Mapping[str, Any] | None = None,
    version: int | None = None,
    batch_id: UUID | None = None,
    with_read_only: bool = False,
) -> BatchResult[E]:
    """Write what changed in *records*; see `Workspace.update_many`.

    Args:
        ws: The door.
        records: Loaded records of one entity.
        on_problem: What a problem of one record does to the others.
        values: Set on each record first.
        version: The version that the caller's form showed; what others changed since must not overlap.
        batch_id: What ties the change rows together, where several batches are one call.
        with_read_only: Whether read-only fields may change, as they do where they are put back.
    """
    if not records:
        return BatchResult()
    batch = open_batch(ws, "update", records, batch_id)
    for record in records:
        if record._loaded is None:
            raise ConfigurationError(
                f"{batch.entity.name} {record!r} is not stored yet; use ws.create", entity=batch.entity.name
            )
    with batch.guarded():
        for record in records if values else ():
            set_values(batch.entity, record, values or {})
        _find_changes(batch)
        changed = {field: None for fields in batch.changed.values() for field in fields}
        ws._require("write", batch.entity, list(changed))
        require_old_state(batch, "write", on_problem)
        if version is not None:
            refuse_stale_form(batch, version)
        if not with_read_only:
            refuse_read_only(batch)
        with seen_whole(batch):
            judge(batch)
            batch.settle(on_problem)
            unchanged = tuple(record for record in batch.records if not batch.changed[record.id])
            batch.records = [record for record in batch.records if batch.changed[record.id]]
            if batch.records:
                _write(batch)
    return BatchResult(updated=tuple(batch.records), unchanged=unchanged, refused=tuple(batch.refused))


def set_values(entity: Entity, record: Record, values: Mapping[str, Any]) -> None:
    """Set fields of *record* by path; ``custom`` takes a mapping.

    Raises:
        UnknownNameError: A path that no field of *entity* has.
    """
    for path, value in values.items():
        if path == "custom":
            record.custom = value
        elif path in entity.fields and "." in path:
            record.set_document_value(path, value)
        elif path in entity.fields and path != "id":
            setattr(record, path, value)
        else:
            settable = [name for name in entity.fields if name != "id"]
            raise UnknownNameError(
                f"{entity.name} has no field {path!r} to set{nearest(path, settable)}",
                entity=entity.name,
                field=path,
            )


def _find_changes(batch: Batch) -> None:
    """Note the changed fields of each record, parsed; what the parser finds equal to the stored value is no change."""
    diff = batch.tools.diff
    for record in batch.records:
        found = diff(record)
        if found:
            parse_fields(batch.entity, record, found, batch.problems)
            found = diff(record)
        batch.changed[record.id] = tuple(found)


def _write(batch: Batch) -> None:
    ctx = batch.ws._ctx
    if any(isinstance(field.kind, TagsKind) for fields in batch.changed.values() for field in fields):
        ensure_tags(batch, create_many)
    several = len(batch.records) > 1
    batch.written = several
    outcome = batch.tools.writer.update_many(
        ctx.unit, [(record, batch.changed[record.id]) for record in batch.records], at=batch.at, by=batch.actor
    )
    if outcome.lost:
        refuse_overlap(batch, outcome.lost)
    batch.written = True
    write_links(batch)
    for record in batch.records:
        record.version = outcome.versions[record.id]
        record.updated_at, record._updated_by = batch.at, batch.actor
    rows = changes_of(batch, batch.kind)
    if outcome.merged:
        _refresh(batch, outcome.merged)
    for record in batch.records:
        record._entity = batch.entity
    require_new_state(batch, "write")
    remember = batch.tools.remember
    facts: list[Any] = [_updated_fact(batch), *_moved_facts(batch)]
    finish(batch, *facts, rows=rows)
    for record in batch.records:
        remember(record)


def _refresh(batch: Batch, merged: Sequence[Any]) -> None:
    """Take over what others changed in *merged* meanwhile, and judge the result once more."""
    fresh = {record.id: record for record in batch.ws._ctx.by_ids(batch.entity, [record.id for record in merged])}
    for record in merged:
        if record.id not in fresh:
            raise NotFoundError(f"{batch.entity.name} {record.id} is gone", entity=batch.entity.name, id=record.id)
        batch.tools.take_over(record, fresh[record.id])
    hooks = batch.ws._ctx.services.hooks
    if hooks.wants("check", batch.entity):
        with batch.handed_over(merged) as changes:
            batch.problems += hooks.check(batch.ws, changes)
        batch.settle("raise")


def _updated_fact(batch: Batch) -> RecordsUpdated:
    return RecordsUpdated(
        batch.entity.name,
        tuple(record.id for record in batch.records),
        batch.ws.principal.user,
        tuple(batch.changed_paths(record) for record in batch.records),
    )


def _moved_facts(batch: Batch) -> list[RecordsMoved]:
    by_move: dict[str, list[Any]] = {}
    for record in batch.records:
        if move := batch.moves.get(record.id):
            by_move.setdefault(move, []).append(record.id)
    return [RecordsMoved(batch.entity.name, tuple(ids), batch.ws.principal.user, move) for move, ids in by_move.items()]
