"""Keeping the search index: with each batch, later for those that wait, and all of it anew.

A batch of more than 1,000 records only notes their ids, in the transaction that writes them, and so does whatever an
import's batch of more than 1,000 rows writes. They are indexed after the commit, portion by portion: so an import
neither holds SQLite's only writer for long, nor PostgreSQL's locks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

import attrs

from pycrm.schema import Entity, Schema
from pycrm.search import TOKENIZER, IndexRow, documents_of, has_todays_rules
from pycrm.storage.search_index import search_index
from pycrm.storage.search_rows import SearchIndex, Waiting
from pycrm.workspace.batch import Batch
from pycrm.workspace.context import UnitContext
from pycrm.workspace.garbage import collection_paused

__all__ = [
    "MOST_AT_ONCE",
    "Turns",
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
"""More records than this, of one call or of one batch of an import, wait to be indexed."""
PORTION = 4_000
"""So many are indexed by one transaction, which takes a fifth of a second."""

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
    if records and (len(records) > MOST_AT_ONCE or ctx.queues_search) and not purged:
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


class Turns:
    """Whose turn it is to take what waits next, where several threads index a part of the queue.

    Attributes:
        part: What of the queue nobody has taken yet; begun anew, for what was given back, when it ends.
    """

    def __init__(self, part: Waiting | None = None) -> None:
        self._all = self.part = part or Waiting(0)
        self._lock = threading.Lock()

    def take(self, ctx: UnitContext, index: SearchIndex) -> Portion:
        """Take the next records off the queue, read them, and give them their places: ages go with its order."""
        with self._lock:
            taken = index.take(ctx.unit, PORTION, self.part)
            if not taken.records and self.part != self._all:
                taken = index.take(ctx.unit, PORTION, self._all)
            self.part = attrs.evolve(self._all, after=taken.last) if taken.records else self._all
            return _portion(ctx, index, taken.records)


@attrs.frozen
class Portion:
    """Records that waited.

    Attributes:
        count: How often they waited.
        ids: Of which records.
        found: Those that can be found, by id, each with what makes its row, as they are now and until this unit ends.
        places: Where their rows come; None where some of them have one.
    """

    count: int
    ids: Sequence[UUID]
    found: Mapping[UUID, tuple[MakeRow, Any]]
    places: Sequence[int] | None


def index_portion(ctx: UnitContext, turns: Turns | None = None) -> int:
    """Index the next records that wait, those whose turn it is if others do so too, and return how many these were."""
    ctx.begin_writing()
    index = index_of(ctx)
    with collection_paused(PORTION):
        portion = (turns or Turns()).take(ctx, index)
        found = portion.found
        rows = (make(record) for make, record in (found[id] for id in portion.ids if id in found))
        if portion.places is None:
            index.replace(ctx.unit, list(rows), TOKENIZER)
            index.remove(ctx.unit, [id for id in portion.ids if id not in found])
        else:
            index.add_made(ctx.unit, rows, len(found), TOKENIZER, portion.places)
    return portion.count


def _portion(ctx: UnitContext, index: SearchIndex, taken: Sequence[tuple[str, UUID]]) -> Portion:
    ids = list(dict.fromkeys(id for _, id in taken))
    found = _waiting_records(ctx, taken)
    places = None if index.has_rows_of(ctx.unit, ids) else index.places(ctx.unit, len(found))
    return Portion(len(taken), ids, found, places)


def _waiting_records(ctx: UnitContext, taken: Sequence[tuple[str, UUID]]) -> dict[UUID, tuple[MakeRow, Any]]:
    """Return those records that can be found, as they are now and until this unit ends, and what makes their rows."""
    entities = ctx.tools.schema.entities
    found: dict[UUID, tuple[MakeRow, Any]] = {}
    # Always in the same order, for two who index at once lock them.
    for name in sorted({name for name, _ in taken} & entities.keys()):
        documents = documents_of(entities[name])
        ids = [id for its_name, id in taken if its_name == name]
        # Locked, for a unit that changes one meanwhile would index its newer values before these.
        for record in ctx.of(entities[name]).writer.lock_for_look(ctx.unit, ids, documents.fields):
            if record.deleted_at is None:
                found[record.id] = (documents.row, record)
    return found


def _note(ctx: UnitContext, part: Waiting) -> None:
    ctx.left_waiting = part if ctx.left_waiting is None else ctx.left_waiting | part
