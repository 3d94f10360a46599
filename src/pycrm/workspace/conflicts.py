"""Conflicts, told so that people can settle them: which field, both values, both actors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pycrm.errors import ConflictError, NotFoundError
from pycrm.schema import Record
from pycrm.schema.diff import loaded_value, value_at
from pycrm.schema.dump import dump_value
from pycrm.storage.changes import read_changes
from pycrm.workspace.batch import Batch

__all__ = ["refuse_overlap", "refuse_stale_form"]


def refuse_overlap(batch: Batch, lost: Sequence[Record]) -> None:
    """Say why the first of the records in *lost* was not written.

    Raises:
        NotFoundError: It is gone or in the bin.
        ConflictError: Somebody changed the same field.
    """
    ctx, entity = batch.ws._ctx, batch.entity
    current = {record.id: record for record in ctx.by_ids(entity, [lost[0].id], include_binned=True)}
    record = lost[0]
    now = current.get(record.id)
    if now is None or now.deleted_at is not None:
        where = "is gone" if now is None else "is in the bin; restore it first"
        raise NotFoundError(f"{entity.name} {record.id} {where}", entity=entity.name, id=record.id)
    for field in batch.changed[record.id]:
        if value_at(now, field) != loaded_value(entity, record, field):
            raise _conflict(batch, record, field, value_at(now, field), int(record.version))
    raise ConflictError(
        f"{entity.name} {record!r} was changed by somebody else at the same moment; read it again and repeat",
        entity=entity.name,
        id=record.id,
    )


def refuse_stale_form(batch: Batch, version: int) -> None:
    """Refuse to write fields that others changed since *version*, which the caller's form showed.

    Raises:
        ConflictError: A changed field was changed by somebody else after that version.
    """
    for record in batch.records:
        since = _changed_since(batch, record, version)
        for field in batch.changed[record.id]:
            if field.path in since:
                raise _conflict(batch, record, field, loaded_value(batch.entity, record, field), version)


def _changed_since(batch: Batch, record: Record, version: int) -> dict[str, str]:
    """Return path to actor of the fields that were changed after *version*."""
    ctx = batch.ws._ctx
    rows = read_changes(ctx.unit, ctx.tools.tables, batch.entity.name, record.id, since_version=version)
    today = batch.entity.renamed
    return {today.get(path, path): row.actor for row in rows for path in row.changed}


def _conflict(batch: Batch, record: Record, field: Any, theirs: Any, version: int) -> ConflictError:
    ours = dump_value(value_at(record, field), field.kind)
    theirs = dump_value(theirs, field.kind)
    actor = batch.ws.principal.user
    other = _changed_since(batch, record, version).get(field.path, "somebody else")
    return ConflictError(
        f"{batch.entity.name} {record!r}: {field.path} was changed meanwhile by {other!r} to {field.shown(theirs)!r}; "
        f"{actor!r} wanted {field.shown(ours)!r}. Read the record again and decide.",
        entity=batch.entity.name,
        id=record.id,
        field=field.path,
        ours=ours,
        theirs=theirs,
        actor=actor,
        other_actor=other,
    )
