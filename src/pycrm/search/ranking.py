"""The order of hits: what equals the query, what begins with it, titles that hold all of it, then the newest."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from typing import Final

from pycrm.search.query import Query
from pycrm.storage.search_rows import FoundRow
from pycrm.storage.search_scores import ALL_TERMS, Wanted

__all__ = ["MOST_RANKED", "rank_by_share", "wanted"]

MOST_RANKED: Final = 5_000
"""So many hits are ranked, the newest; of a word that more records hold, older ones are not looked at."""


def wanted(query: Query) -> Wanted:
    """Return what those rows are ranked by that hold all terms of *query*, of which it has at least one.

    Of one term its own text counts, as search compares it: of a phone number the digits.
    """
    texts = tuple(term.text for term in query.terms)
    return Wanted(texts[0] if len(texts) == 1 else query.text, texts)


def rank_by_share(rows: Sequence[FoundRow], shares: Mapping[int, float], limit: int) -> list[tuple[float, FoundRow]]:
    """Return the best *limit* of *rows* with their scores, best first and newest first among equals.

    Args:
        rows: Of the index, each once.
        shares: Which part of what was asked for each row holds, by its number.
        limit: At most so many.
    """
    scored = [(ALL_TERMS * shares[row[0]], row) for row in rows]
    return heapq.nlargest(limit, scored, key=lambda found: (found[0], found[1][0]))
