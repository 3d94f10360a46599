"""What a search answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

import attrs

from pycrm.schema import Entity, Record
from pycrm.schema.diff import value_at
from pycrm.search.documents import documents_of
from pycrm.search.grams import fold
from pycrm.search.query import Query

__all__ = ["Hit", "SearchResult", "describe"]

EXCERPT = 80


@attrs.frozen(eq=False)
class Hit:
    """One record that was found.

    Attributes:
        record: The record, as it is now.
        entity: Its entity's name.
        title: What names it to people.
        field: The path of the field that holds most of what was asked for.
        excerpt: That field's text; of a long one the part about the first term.
        score: 1 where a field equals the query, less the less it fits.
    """

    record: Record
    entity: str
    title: str
    field: str
    excerpt: str
    score: float


@attrs.frozen(eq=False)
class SearchResult(Sequence[Hit]):
    """A sequence of hits, the best first.

    Attributes:
        hits: The hits.
        is_capped: More records hold the terms than are ranked: only the newest 5,000 were looked at.
        all_terms: Every hit holds all terms. Where no record does, those are given that hold most of them, or most
            pairs of neighbouring characters.
        waiting: How many records were written a moment ago and cannot be found yet, counted up to 10,000.
    """

    hits: tuple[Hit, ...] = ()
    is_capped: bool = False
    all_terms: bool = True
    waiting: int = 0

    @overload
    def __getitem__(self, index: int) -> Hit: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Hit, ...]: ...
    def __getitem__(self, index: int | slice) -> Any:
        return self.hits[index]

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    def __len__(self) -> int:
        return len(self.hits)


def describe(entity: Entity, record: Record, query: Query, *, all_terms: bool) -> tuple[str, str, str] | None:
    """Return the title of *record*, the path of the field that holds most of *query*, and an excerpt of that.

    None if it does not hold it, or with ``all_terms=False`` no part of it: then its row in the index is older than the
    record, or has the number of another gram.
    """
    parts, title, best, most = query.parts, "", ("", ""), -1
    grams: set[str] = set()
    for field, text, its_grams in documents_of(entity).texts(record):
        if field.path == entity.title:
            title = text
        held = sum(part.is_held_by(its_grams) for part in parts)
        if held > most:
            best, most = (field.path, text), held
        grams |= its_grams
        # The title, which comes first, holds all of it most often: no other field is looked at then.
        if held == len(parts) and _is_held(query, grams, all_terms):
            break
    else:
        if not _is_held(query, grams, all_terms):
            return None
    return title or _title(entity, record), best[0], _excerpt(best[1], query)


def _is_held(query: Query, grams: set[str], all_terms: bool) -> bool:
    if all_terms:
        return all(term.is_held_by(grams) for term in query.terms)
    return any(part.is_held_by(grams) for part in query.parts)


def _title(entity: Entity, record: Record) -> str:
    title = entity.fields.get(entity.title)
    value = None if title is None else value_at(record, title)
    return str(record.id) if title is None or value is None else str(title.shown(value))


def _excerpt(text: str, query: Query) -> str:
    """Return *text*, of a long one the part about the first term that stands in it."""
    line = " ".join(text.split())
    if len(line) <= EXCERPT:
        return line
    folded = fold(line)
    places = [place for term in query.terms if (place := folded.find(term.text)) >= 0]
    # Folding may change the length a little, which moves the part but not its meaning.
    start = max(0, min(places, default=0) - EXCERPT // 4)
    part = line[start : start + EXCERPT]
    return f"{'…' if start else ''}{part}{'…' if start + EXCERPT < len(line) else ''}"
