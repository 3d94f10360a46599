"""Deleting, restoring, purging: into the bin, out of it, and for good."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from pycrm.errors import ConfigurationError, NotFoundError, Problem
from pycrm.fields.field import Field, Place
from pycrm.fields.kind import Kind
from pycrm.fields.references import AnyRefKind, LinkKind, RefKind, RefsKind, id_of
from pycrm.schema import Entity, Record
from pycrm.schema.diff import value_at
from pycrm.signals import RecordsDeleted, RecordsRestored
from pycrm.storage.bookmarks import forget_records
from pycrm.storage.links import delete_links, link_name, linked_fields, referencing
from pycrm.workspace.batch import Batch, OnProblem
from pycrm.workspace.finish import changes_of, finish, open_batch
from pycrm.workspace.judge import check
from pycrm.workspace.references import unknown_references
from pycrm.workspace.results import BatchResult
from pycrm.workspace.row_rights import require_old_state, seen_whole
from pycrm.workspace.unique import taken_values
from pycrm.workspace.update import update_many
from pycrm.workspace.view import View

__all__ = ["delete_many", "purge_many", "restore_many"]

E = TypeVar("E", bound=Record)

MANY = 100
"""From so many records on it is worth a question whether a reference leads anywhere at all."""


def delete_many(
    ws: View,
    records: Sequence[E],
    on_problem: OnProblem,
    at: datetime | None = None,
    *,
    batch_id: UUID | None = None,
) -> BatchResult[E]:
    """Put *records* and their parts into the bin; see `Workspace.delete_many`.

    Args:
        ws: The door.
        records: Stored records of one entity.
        on_problem: What a problem of one record does to the others.
        at: The instant, where they go with something else.
        batch_id: What ties the change rows together, where several batches are one call.
    """
    if not records:
        return BatchResult()
    batch = _open(ws, "delete", records, batch_id)
    if at is not None:
        batch.at = at
    with batch.guarded(), seen_whole(batch):
        require_old_state(batch, "delete", on_problem)
        batch.problems += _still_referenced(batch, include_binned=False)
        check(batch)
        batch.settle(on_problem)
        if batch.records:
            # Parts are judged after their whole is in the bin: one that must stay takes all of it back.
            with ws._ctx.savepoint():
                _apply(batch, batch.tools.writer.bin, batch.at)
                ws._ctx.forget(batch.entity.name, [record.id for record in batch.records])
                _delete_parts(batch)
            batch.written = True
            finish(batch, _fact(batch, RecordsDeleted))
            _remember(batch)
    return BatchResult(updated=tuple(batch.records), refused=tuple(batch.refused))


def restore_many(ws: View, records: Sequence[E], on_problem: OnProblem = "raise") -> BatchResult[E]:
    """Take *records* out of the bin, with the parts that went into it with them."""
    if not records:
        return BatchResult()
    batch = _open(ws, "restore", records)
    with batch.guarded(), seen_whole(batch):
        require_old_state(batch, "delete", on_problem)
        batch.problems += taken_values(batch) + _missing_parents(batch)
        check(batch)
        batch.settle(on_problem)
        if batch.records:
            # The caller may have read the record before it went into the bin.
            stored = ws._ctx.by_ids(batch.entity, [record.id for record in batch.records], include_binned=True)
            deleted_at = {record.id: record.deleted_at for record in stored}
            batch.written = True
            _apply(batch, batch.tools.writer.unbin, None)
            _restore_parts(batch, deleted_at)
            finish(batch, _fact(batch, RecordsRestored))
            _remember(batch)
    return BatchResult(updated=tuple(batch.records), refused=tuple(batch.refused))


def purge_many(ws: View, records: Sequence[E]) -> BatchResult[E]:
    """Remove *records* and their parts for good; refused while anything else refers to them."""
    if not records:
        return BatchResult()
    batch = _open(ws, "delete", records)
    with batch.guarded(), seen_whole(batch):
        require_old_state(batch, "delete", "raise")
        _clear_references(batch)
        batch.problems += _still_referenced(batch, include_binned=True)
        check(batch)
        batch.settle("raise")
        ctx, ids = ws._ctx, [record.id for record in batch.records]
        batch.written = True
        for entity, field in _parts_of(batch):
            parts = _referring(batch, entity, field, ids, include_binned=True)
            purge_many(ws._kernel(), parts)
        delete_links(ctx.unit, ctx.tools.tables, ids)
        forget_records(ctx.unit, ctx.tools.tables, ids)
        rows = changes_of(batch, "purge")
        batch.tools.writer.purge(ctx.unit, ids)
        ctx.forget(batch.entity.name, ids)
        finish(batch, RecordsDeleted(batch.entity.name, tuple(ids), ws.principal.user, purged=True), rows=rows)
    return BatchResult(updated=tuple(batch.records))


def _open(ws: View, kind: str, records: Sequence[Record], batch_id: UUID | None = None) -> Batch:
    batch = open_batch(ws, kind, records, batch_id)
    ws._require("delete", batch.entity)
    for record in records:
        if record._loaded is None:
            raise ConfigurationError(f"{batch.entity.name} {record!r} is not stored", entity=batch.entity.name)
    return batch


def _apply(batch: Batch, write: Any, deleted_at: datetime | None) -> None:
    outcome = write(batch.ws._ctx.unit, batch.records, at=batch.at, by=batch.actor)
    if outcome.lost:
        gone = outcome.lost[0]
        raise NotFoundError(
            f"{batch.entity.name} {gone!r} is gone, or somebody else has {batch.kind}d it already",
            entity=batch.entity.name,
            id=gone.id,
        )
    for record in batch.records:
        record.version = outcome.versions[record.id]
        record.updated_at, record._updated_by, record.deleted_at = batch.at, batch.actor, deleted_at


def _remember(batch: Batch) -> None:
    for record in batch.records:
        record._entity = batch.entity
        batch.tools.remember(record)


def _fact(batch: Batch, fact: Any) -> Any:
    return fact(batch.entity.name, tuple(record.id for record in batch.records), batch.ws.principal.user)


def _references_to(batch: Batch) -> Iterator[tuple[Entity, Field, RefKind]]:
    """Yield the single references to the batch's entity whose records do not go with it."""
    for entity in batch.ws._ctx.tools.schema.entities.values():
        for field in entity.references:
            kind = field.kind
            assert isinstance(kind, RefKind)
            if kind.target == batch.entity.name and not _is_part(kind):
                yield entity, field, kind


def _parts_of(batch: Batch) -> Iterator[tuple[Entity, Field]]:
    """Yield the references to the batch's entity whose records go with it."""
    for entity in batch.ws._ctx.tools.schema.entities.values():
        for field in entity.all_references:
            kind = field.kind
            if isinstance(kind, RefKind):
                leads_here = kind.target == batch.entity.name
            else:
                leads_here = isinstance(kind, AnyRefKind) and kind.may_lead_to(batch.entity.name)
            if leads_here and _is_part(kind):
                yield entity, field


def _referring(
    batch: Batch, entity: Entity, field: Field, ids: Sequence[UUID], *, include_binned: bool = False
) -> list[Any]:
    """Return the records of *entity* whose *field* refers to one of the batch's entity with *ids*."""
    ctx = batch.ws._ctx
    # Most references of a schema lead nowhere in most companies, and thousands of ids are asked for portion by portion.
    if len(ids) > MANY and field.place is Place.COLUMN and not ctx.of(entity).writer.holds_any(ctx.unit, field):
        return []
    return list(ctx.referring(entity, field, batch.entity.name, ids, include_binned=include_binned))


def _is_part(kind: Kind) -> bool:
    if isinstance(kind, RefKind):
        return kind.part_of or kind.on_delete == "cascade"
    return isinstance(kind, AnyRefKind) and kind.part_of


def _still_referenced(batch: Batch, *, include_binned: bool) -> list[Problem]:
    """Return a problem for each record that something else refers to and that may therefore not go.

    Going into the bin is refused for restricting references of records outside it; going for good for every
    reference, of a plugin whose code is missing too, since nothing could resolve it afterwards.
    """
    by_id = {record.id: record for record in batch.records}
    problems: list[Problem] = []
    for entity, field, kind in _references_to(batch):
        if not include_binned and (kind.soft or kind.on_delete != "restrict" or entity.parked):
            continue
        users = _referring(batch, entity, field, list(by_id), include_binned=include_binned)
        problems += _referenced(by_id, entity, field, [(_id_at(user, field), user) for user in users])
    if include_binned:
        problems += _loose_references(batch, by_id)
    return problems


def _loose_references(batch: Batch, by_id: dict[Any, Any]) -> list[Problem]:
    """Multi-references and references to any entity, which have no foreign key."""
    ctx = batch.ws._ctx
    linked = linked_fields(ctx.unit, ctx.tools.tables, list(by_id))
    problems: list[Problem] = []
    for entity in ctx.tools.schema.entities.values():
        for field in entity.fields.values():
            if isinstance(field.kind, LinkKind):
                if isinstance(field.kind, RefsKind) and field.kind.target != batch.entity.name:
                    continue
                if link_name(entity, field, batch.entity.name) not in linked:
                    continue
                used = referencing(ctx.unit, ctx.tools.tables, entity, field, batch.entity.name, list(by_id))
                problems += _referenced(by_id, entity, field, used)
            elif isinstance(field.kind, AnyRefKind) and not field.kind.part_of:
                users = _referring(batch, entity, field, list(by_id), include_binned=True)
                problems += _referenced(by_id, entity, field, [(_id_at(user, field), user) for user in users])
    return problems


def _id_at(record: Record, field: Field) -> Any:
    return id_of(value_at(record, field))


def _referenced(
    by_id: dict[Any, Any], entity: Entity, field: Field, uses: Sequence[tuple[Any, Any]]
) -> Iterator[Problem]:
    counts: dict[Any, int] = {}
    for target, _ in uses:
        counts[target] = counts.get(target, 0) + 1
    for target, count in counts.items():
        parked = f" (parked: the plugin {entity.owner!r} is not installed)" if entity.parked else ""
        yield Problem(
            "record.referenced",
            by_id[target],
            None,
            message="is referred to by {count} {entity}.{path}{parked}; change or delete those first",
            count=count,
            entity=entity.name,
            path=field.path,
            parked=parked,
        )


def _clear_references(batch: Batch) -> None:
    """Empty the references that are declared ``on_delete="clear"``, of records outside the bin."""
    ids = [record.id for record in batch.records]
    for entity, field, kind in _references_to(batch):
        if kind.on_delete == "clear" and not entity.parked:
            users = _referring(batch, entity, field, ids)
            update_many(batch.ws._kernel(), users, "raise", values={field.path: None})
            batch.written = batch.written or bool(users)


def _missing_parents(batch: Batch) -> list[Problem]:
    """Return a problem for each required reference to a record that is still in the bin."""
    return [
        problem
        for problem in unknown_references(batch)
        if problem.field is not None and batch.entity.fields[problem.field].required
    ]


def _delete_parts(batch: Batch) -> None:
    ids = [record.id for record in batch.records]
    kernel = batch.ws._kernel()
    for entity, field in _parts_of(batch):
        if not entity.parked:
            parts = _referring(batch, entity, field, ids)
            delete_many(kernel, parts, "raise", batch.at)


def _restore_parts(batch: Batch, deleted_at: dict[Any, Any]) -> None:
    kernel = batch.ws._kernel()
    for entity, field in _parts_of(batch):
        if entity.parked:
            continue
        parts = _referring(batch, entity, field, list(deleted_at), include_binned=True)
        with_it = [part for part in parts if part.deleted_at == deleted_at[_id_at(part, field)]]
        restore_many(kernel, with_it)
