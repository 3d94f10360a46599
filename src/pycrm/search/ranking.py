"""The order of hits: what equals the query, what begins with it, titles that hold all of it, then the newest."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from typing import Final

from pycrm.search.query import Query
from pycrm.storage.search_rows import FoundRow

__all__ = ["MOST_RANKED", "rank"]

MOST_RANKED: Final = 5_000
"""So many hits are ranked, the newest; of a word that more records hold, older ones are not looked at."""

EXACT: Final = 1.0
BEGINS: Final = 0.8
IN_TITLE: Final = 0.6
ALL_TERMS: Final = 0.4


def rank(
    query: Query, rows: Sequence[FoundRow], limit: int, shares: Mapping[int, float] | None = None
) -> list[tuple[float, FoundRow]]:
    """Return the best *limit* of *rows* with their scores, best first and newest first among equals.

    Args:
        query: What was asked for.
        rows: Of the index, each once.
        limit: At most so many.
        shares: Which part of the terms each row holds, by its number; all hold all of them where absent.
    """
    if shares is not None:
        scored = [(ALL_TERMS * shares[row[0]], row) for row in rows]
    else:
        scored = list(zip(_scores(query, [row[3] for row in rows]), rows, strict=True))
    return heapq.nlargest(limit, scored, key=lambda found: (found[0], found[1][0]))


def _scores(query: Query, heads: Sequence[str]) -> list[float]:
    """Return the score of each of *heads*: short texts, the title first, each between two line breaks."""
    texts = [term.text for term in query.terms]
    whole = texts[0] if len(texts) == 1 else query.text
    exact, begin = f"\n{whole}\n", f"\n{whole}"
    scores = []
    for head in heads:
        if begin in head:
            scores.append(EXACT if exact in head else BEGINS)
            continue
        end = head.index("\n", 1)
        for text in texts:
            if head.find(text, 0, end) < 0:
                scores.append(ALL_TERMS)
                break
        else:
            scores.append(IN_TITLE)
    return scores
