"""Finding records by what people type, over all entities that the principal may read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pycrm.errors import ConfigurationError
from pycrm.schema import Entity, Record, Schema
from pycrm.search import (
    MOST_RANKED,
    Hit,
    Query,
    SearchResult,
    describe,
    documents_of,
    parse_query,
    rank_by_share,
    wanted,
)
from pycrm.storage.search_rows import FoundRow, Searched, SearchIndex
from pycrm.storage.search_scores import ALL_TERMS, score_of
from pycrm.workspace.indexing import index_of, searched_entities
from pycrm.workspace.view import View

__all__ = ["search"]

MOST_HITS = 1_000


def search(
    ws: View, text: str, entities: Sequence[type[Record] | str] | None = None, *, limit: int = 20
) -> SearchResult:
    """Return the records that hold what *text* asks for; see `Reader.search`."""
    if not 1 <= limit <= MOST_HITS:
        raise ConfigurationError(f"limit={limit} is out of bounds; choose 1 to {MOST_HITS}", value=limit)
    ctx = ws._ctx
    ctx.unit.check_usable()
    ctx.check_schema()
    searched = _readable(ws, entities)
    index, query = index_of(ctx), parse_query(text)
    waiting = index.waiting(ctx.unit)
    if not query.terms or not searched.entities:
        return SearchResult(waiting=waiting)
    found = _Found(ws, index, query, searched)
    hits, is_capped = found.with_all_terms(limit)
    holds_all = bool(hits) or len(query.parts) == 1
    if not holds_all:
        hits, is_capped = found.with_some_terms(limit, is_capped)
    return SearchResult(tuple(hits), is_capped, holds_all, waiting)


def _readable(ws: View, entities: Sequence[type[Record] | str] | None) -> Searched:
    """Return those asked entities that can be found and read, perhaps none.

    Raises:
        NotAllowedError: The principal may read none of them.
    """
    schema = ws._ctx.tools.schema
    found = searched_entities(schema)
    asked: list[Entity] = found if entities is None else [schema.entity(each) for each in entities]
    names = [entity.name for entity in asked if ws._may("read", entity)]
    if asked and not names:
        ws._require("read", asked[-1])
    can_be_found = {entity.name for entity in found}
    names = [name for name in dict.fromkeys(names) if name in can_be_found]
    reads = ws._reads
    wide = [name for name in names if reads.how_many(reads.schema.entities[name]) == "many"]
    condition = reads.reading.compiler.documents(names, wide) if names else None
    is_all = len(names) == len(can_be_found)
    return Searched(names, is_all) if condition is None else Searched(names, is_all, condition.sql, condition.params)


class _Found:
    """What the index knows of one question, as the principal sees the records.

    Rows of the index hold what is in all fields. Where some of them are hidden from him, more rows are looked at than
    are wanted, each is compared with what he sees of its record, and ranked by that.
    """

    def __init__(self, ws: View, index: SearchIndex, query: Query, searched: Searched) -> None:
        self._ws = ws
        self._index = index
        self._query = query
        self._searched = searched
        entities = ws._ctx.tools.schema.entities
        self._partly_seen = {name for name in searched.entities if _hides(ws._reads.schema, entities[name])}

    def with_all_terms(self, limit: int) -> tuple[list[Hit], bool]:
        """Return the best of the newest records that hold all terms, and whether more hold them than were looked at."""
        question = [term.alternatives for term in self._query.terms]
        wide = MOST_HITS if self._partly_seen else limit
        unit, by = self._ws._ctx.unit, wanted(self._query)
        ranked, is_capped = self._index.best(unit, question, self._searched, by, MOST_RANKED, wide)
        return self._hits(ranked, limit, all_terms=True), is_capped

    def with_some_terms(self, limit: int, is_capped: bool) -> tuple[list[Hit], bool]:
        """Return the records that hold most of the terms, and whether more rows hold one than were looked at."""
        parts = [term.alternatives for term in self._query.parts]
        found: dict[int, FoundRow] = {}
        shares: dict[int, float] = {}
        for alternatives in parts:
            rows = self._index.newest(self._ws._ctx.unit, [alternatives], self._searched, MOST_RANKED + 1)
            is_capped = is_capped or len(rows) > MOST_RANKED
            for row in rows[:MOST_RANKED]:
                found[row[0]] = row
                shares[row[0]] = shares.get(row[0], 0) + 1 / len(parts)
        wide = MOST_HITS if self._partly_seen else limit
        ranked = rank_by_share(list(found.values()), shares, wide)
        return self._hits(ranked, limit, all_terms=False), is_capped

    def _hits(self, ranked: Sequence[tuple[float, FoundRow]], limit: int, *, all_terms: bool) -> list[Hit]:
        records = _records(self._ws, self._index, [row for _, row in ranked])
        hits: list[tuple[float, int, Hit]] = []
        for score, row in ranked:
            # One that another unit has put into the bin a moment ago is left out.
            if (record := records.get(row[0])) is None:
                continue
            entity = self._ws._reads.schema.entities[row[1]]
            told = describe(entity, record, self._query, all_terms=all_terms)
            if told is None:
                continue
            if entity.name in self._partly_seen:
                score = self._score(entity, record, all_terms=all_terms)  # noqa: PLW2901
            hits.append((score, row[0], Hit(record, entity.name, *told, score)))
        if self._partly_seen:
            hits.sort(key=lambda hit: (-hit[0], -hit[1]))
        return [hit for _, _, hit in hits[:limit]]

    def _score(self, entity: Entity, record: Record, *, all_terms: bool) -> float:
        """Return the score of *record* by the fields of it that are seen."""
        documents = documents_of(entity)
        if all_terms:
            return score_of(documents.row(record).head, wanted(self._query))
        held = {gram for _, _, grams in documents.texts(record) for gram in grams}
        parts = self._query.parts
        holding = sum(any(grams <= held for grams in term.alternatives) for term in parts)
        return ALL_TERMS * holding / len(parts)


def _hides(seen: Schema, entity: Entity) -> bool:
    """Whether what *entity* is found by is not all in the schema that is *seen*."""
    fields = seen.entities[entity.name].fields
    return any(field.path not in fields for field in documents_of(entity).fields)


def _records(ws: View, index: SearchIndex, rows: Sequence[FoundRow]) -> dict[int, Any]:
    """Return the records of *rows* by their numbers, read in one query per entity."""
    reads = ws._reads
    ids: dict[str, dict[UUID, int]] = {}
    for n, name, given in rows:
        if name in reads.schema.entities:
            ids.setdefault(name, {})[index.id_of(given)] = n
    return {
        numbers[record.id]: record
        for name, numbers in ids.items()
        for record in reads.by_ids(reads.schema.entities[name], list(numbers))
    }
