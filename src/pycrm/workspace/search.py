"""Finding records by what people type, over all entities that the principal may read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pycrm.errors import ConfigurationError, NotAllowedError
from pycrm.schema import Entity, Record
from pycrm.search import MOST_RANKED, Hit, Query, SearchResult, describe, parse_query, rank_by_share, wanted
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
    ranked, is_capped, holds_all = _ranked(ws, index, query, None if is_all else names, limit)
    records = _records(ws, index, [row for _, row in ranked])
    hits = []
    for score, row in ranked:
        # One that another unit has put into the bin a moment ago is left out.
        if (record := records.get(row[0])) is not None:
            entity = ctx.tools.schema.entities[row[1]]
            if (told := describe(entity, record, query, all_terms=holds_all)) is not None:
                hits.append(Hit(record, entity.name, *told, score))
    return SearchResult(tuple(hits), is_capped, holds_all, waiting)


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


def _ranked(
    ws: View, index: SearchIndex, query: Query, names: Sequence[str] | None, limit: int
) -> tuple[list[tuple[float, FoundRow]], bool, bool]:
    """Return the best of the newest rows that hold all terms; where none does, of those that hold some.

    Returns:
        The rows with their scores, whether more of them hold it than were looked at, and whether they hold all terms.
    """
    unit, question = ws._ctx.unit, [term.alternatives for term in query.terms]
    ranked, is_capped = index.best(unit, question, names, wanted(query), MOST_RANKED, limit)
    parts = [term.alternatives for term in query.parts]
    if ranked or len(parts) == 1:
        return ranked, is_capped, True
    found: dict[int, FoundRow] = {}
    shares: dict[int, float] = {}
    for alternatives in parts:
        rows = index.newest(unit, [alternatives], names, MOST_RANKED + 1)
        is_capped = is_capped or len(rows) > MOST_RANKED
        for row in rows[:MOST_RANKED]:
            found[row[0]] = row
            shares[row[0]] = shares.get(row[0], 0) + 1 / len(parts)
    return rank_by_share(list(found.values()), shares, limit), is_capped, False


def _records(ws: View, index: SearchIndex, rows: Sequence[FoundRow]) -> dict[int, Any]:
    """Return the records of *rows* by their numbers, read in one query per entity."""
    ctx = ws._ctx
    ids: dict[str, dict[UUID, int]] = {}
    for n, name, given in rows:
        if name in ctx.tools.schema.entities:
            ids.setdefault(name, {})[index.id_of(given)] = n
    return {
        numbers[record.id]: record
        for name, numbers in ids.items()
        for record in ctx.by_ids(ctx.tools.schema.entities[name], list(numbers))
    }
