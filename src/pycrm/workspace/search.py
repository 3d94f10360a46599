"""Finding records by what people type, over all entities that the principal may read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pycrm.errors import ConfigurationError, NotAllowedError
from pycrm.schema import Entity, Record
from pycrm.search import MOST_RANKED, Hit, Query, SearchResult, describe, parse_query, rank
from pycrm.storage.search_rows import FoundRow, SearchIndex
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
    names, is_all = _readable(ws, entities)
    index, query = index_of(ctx), parse_query(text)
    waiting = index.waiting(ctx.unit)
    if not query.terms or not names:
        return SearchResult(waiting=waiting)
    rows, shares, is_capped = _rows(ws, index, query, None if is_all else names)
    ranked = rank(query, rows, limit, shares)
    records = _records(ws, index, [row for _, row in ranked])
    hits = []
    for score, row in ranked:
        # One that another unit has put into the bin a moment ago is left out.
        if (record := records.get(row[0])) is not None:
            entity = ctx.tools.schema.entities[row[1]]
            title, field, excerpt = describe(entity, record, query)
            hits.append(Hit(record, entity.name, title, field, excerpt, score))
    return SearchResult(tuple(hits), is_capped, shares is None, waiting)


def _readable(ws: View, entities: Sequence[type[Record] | str] | None) -> tuple[list[str], bool]:
    """Return the names of those asked entities that can be found and read, and whether these are all there are.

    Raises:
        NotAllowedError: The principal may read none of them.
    """
    schema = ws._ctx.tools.schema
    found = searched_entities(schema)
    asked: list[Entity] = found if entities is None else [schema.entity(each) for each in entities]
    names, refused = [], None
    for entity in asked:
        try:
            ws._require("read", entity)
        except NotAllowedError as error:
            refused = error
        else:
            names.append(entity.name)
    if refused is not None and not names:
        raise refused
    searched = {entity.name for entity in found}
    names = [name for name in dict.fromkeys(names) if name in searched]
    return names, len(names) == len(searched)


def _rows(
    ws: View, index: SearchIndex, query: Query, names: Sequence[str] | None
) -> tuple[list[FoundRow], dict[int, float] | None, bool]:
    """Return the newest rows that hold all terms; where none does, those that hold some.

    Returns:
        The rows, which part of the terms each holds if not all of them, and whether there are more.
    """
    question, parts = ([term.alternatives for term in terms] for terms in (query.terms, query.parts))
    rows = index.newest(ws._ctx.unit, question, names, MOST_RANKED + 1)
    if rows or len(parts) == 1:
        return rows[:MOST_RANKED], None, len(rows) > MOST_RANKED
    found: dict[int, FoundRow] = {}
    shares: dict[int, float] = {}
    is_capped = False
    for alternatives in parts:
        rows = index.newest(ws._ctx.unit, [alternatives], names, MOST_RANKED + 1)
        is_capped = is_capped or len(rows) > MOST_RANKED
        for row in rows[:MOST_RANKED]:
            found[row[0]] = row
            shares[row[0]] = shares.get(row[0], 0) + 1 / len(parts)
    return list(found.values()), shares, is_capped


def _records(ws: View, index: SearchIndex, rows: Sequence[FoundRow]) -> dict[int, Any]:
    """Return the records of *rows* by their numbers, read in one query per entity."""
    ctx = ws._ctx
    ids: dict[str, dict[UUID, int]] = {}
    for n, name, given, _ in rows:
        if name in ctx.tools.schema.entities:
            ids.setdefault(name, {})[index.id_of(given)] = n
    return {
        numbers[record.id]: record
        for name, numbers in ids.items()
        for record in ctx.by_ids(ctx.tools.schema.entities[name], list(numbers))
    }
