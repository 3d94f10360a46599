"""Keeping the search index: with each batch, later for those that wait, and all of it anew.

A batch of more than 1,000 records only notes their ids, in the transaction that writes them. They are indexed after its
commit, portion by portion: so an import neither holds SQLite's only writer for long, nor PostgreSQL's locks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias
from uuid import UUID

from pycrm.schema import Entity, Schema
from pycrm.search import TOKENIZER, IndexRow, documents_of, has_todays_rules
from pycrm.storage.search_index import search_index
from pycrm.storage.search_rows import SearchIndex, Waiting
from pycrm.workspace.batch import Batch
from pycrm.workspace.context import UnitContext

__all__ = [
    "index_batch",
    "index_later",
    "index_of",
    "index_portion",
    "index_records",
    "queue_all",
    "queue_if_outdated",
    "searched_entities",
    "settle",
]

MakeRow: TypeAlias = Callable[[Any], IndexRow]

MOST_AT_ONCE = 1_000
PORTION = 2_000
MANY_INDEXED = 5_000
"""From so many records on the index is settled after them."""


def index_of(ctx: UnitContext) -> SearchIndex:
    """Return the index of the CRM that this unit belongs to."""
    return search_index(ctx.tools.tables, ctx.tools.dialect)


def searched_entities(schema: Schema) -> list[Entity]:
    """Return the entities whose records can be found."""
    return [entity for entity in schema.entities.values() if documents_of(entity).fields]


def index_batch(batch: Batch, *, purged: bool) -> None:
    """Bring the index to what *batch* has written."""
    ctx, documents = batch.ws._ctx, documents_of(batch.entity)
    if not documents.fields:
        return
    records = batch.records
    if batch.kind == "update":
        records = [record for record in records if documents.concerns(batch.changed_paths(record))]
    ids = [record.id for record in records]
    # An id whose record is gone for good may come again, and must find its place empty.
    if len(records) > MOST_AT_ONCE and not purged:
        _note(ctx, index_of(ctx).enqueue(ctx.unit, batch.entity.name, ids))
    elif batch.kind == "delete":
        index_of(ctx).remove(ctx.unit, ids)
    elif records:
        index_records(ctx, batch.entity, records, are_new=batch.kind == "create")


def index_records(ctx: UnitContext, entity: Entity, records: Sequence[Any], *, are_new: bool = False) -> None:
    """Index *records* of *entity*, which are stored and outside the bin; new ones have no row yet."""
    index, rows = index_of(ctx), map(documents_of(entity).row, records)
    if are_new:
        index.add_made(ctx.unit, rows, len(records), TOKENIZER)
    else:
        index.replace(ctx.unit, list(rows), TOKENIZER)


def index_later(ctx: UnitContext, entity: Entity) -> None:
    """Let all records of *entity* wait to be indexed anew, after their values were changed by one statement."""
    _note(ctx, index_of(ctx).enqueue_all(ctx.unit, [entity.name]))


def queue_all(ctx: UnitContext) -> None:
    """Forget what can be found, and let all records wait to be indexed."""
    index = index_of(ctx)
    index.forget_waiting(ctx.unit)
    index.enqueue_all(ctx.unit, [entity.name for entity in searched_entities(ctx.tools.schema)])
    index.clear(ctx.unit)


def queue_if_outdated(ctx: UnitContext) -> None:
    """Let all records wait where none was ever indexed, or where that was done by the rules of an older release."""
    index = index_of(ctx)
    if index.bring_up(ctx.unit):
        index.forget_waiting(ctx.unit)
    if not has_todays_rules(index.oldest_tokenizer(ctx.unit)) and not index.waiting(ctx.unit):
        index.enqueue_all(ctx.unit, [entity.name for entity in searched_entities(ctx.tools.schema)])


def settle(ctx: UnitContext) -> None:
    """Make the index quick to read after many records were indexed."""
    ctx.begin_writing()
    index_of(ctx).settle(ctx.unit)


def index_portion(ctx: UnitContext, part: Waiting | None = None) -> int:
    """Index the next records that wait, all or those of a *part*, and return how many these were."""
    ctx.begin_writing()
    index = index_of(ctx)
    taken = index.take(ctx.unit, PORTION, part)
    found: dict[UUID, tuple[MakeRow, Any]] = {}
    for name, ids in _by_entity(taken).items():
        if name in ctx.tools.schema.entities:
            found.update(_waiting_records(ctx, ctx.tools.schema.entities[name], ids))
    ids = list(dict.fromkeys(id for _, id in taken))
    rows = (make(record) for make, record in (found[id] for id in ids if id in found))
    if index.has_rows_of(ctx.unit, ids):
        index.replace(ctx.unit, list(rows), TOKENIZER)
        index.remove(ctx.unit, [id for id in ids if id not in found])
    else:
        index.add_made(ctx.unit, rows, len(found), TOKENIZER)
    return len(taken)


def _waiting_records(ctx: UnitContext, entity: Entity, ids: Sequence[UUID]) -> dict[UUID, tuple[MakeRow, Any]]:
    """Return those records that can be found, as they are now and until this unit ends, and what makes their rows."""
    documents = documents_of(entity)
    # Locked, for a unit that changes one meanwhile would index its newer values before these.
    found = ctx.of(entity).writer.lock_for_look(ctx.unit, ids, documents.fields)
    return {record.id: (documents.row, record) for record in found if record.deleted_at is None}


def _note(ctx: UnitContext, part: Waiting) -> None:
    ctx.left_waiting = part if ctx.left_waiting is None else ctx.left_waiting | part


def _by_entity(taken: Iterable[tuple[str, UUID]]) -> dict[str, list[UUID]]:
    ids: dict[str, dict[UUID, None]] = {}
    for name, id in taken:
        ids.setdefault(name, {})[id] = None
    return {name: list(each) for name, each in ids.items()}
