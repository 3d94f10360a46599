"""How well a row of the search index fits what was asked for, in SQL.

Databases compare texts in a tenth of the time that it takes to bring them here. The two share the meaning, and differ
in what they call the place of a text in another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import attrs

from pycrm.storage.dialect import SQLITE, Dialect

__all__ = ["ALL_TERMS", "BEGINS", "EXACT", "IN_TITLE", "Wanted", "score_of", "score_sql"]

EXACT: Final = 1.0
BEGINS: Final = 0.8
IN_TITLE: Final = 0.6
ALL_TERMS: Final = 0.4


@attrs.frozen
class Wanted:
    """What heads are compared with, folded as they are.

    Attributes:
        whole: A field may equal it, or begin with it.
        texts: The title may hold all of them; at least one.
    """

    whole: str
    texts: Sequence[str]

    def params(self) -> dict[str, Any]:
        """Return the parameters of `score_sql`."""
        # Neither database has texts with these, so nothing equals one.
        whole = self.whole.encode("utf-8", "ignore").decode().replace("\0", "")
        texts = {f"_text{number}": text for number, text in enumerate(self.texts)}
        return {"_begin": f"\n{whole}", "_exact": f"\n{whole}\n", **texts}


def score_of(head: str, wanted: Wanted) -> float:
    """Return the score that `score_sql` gives a row with this *head*."""
    if f"\n{wanted.whole}" in head:
        return EXACT if f"\n{wanted.whole}\n" in head else BEGINS
    title = head[1:].partition("\n")[0]
    return IN_TITLE if all(text in title for text in wanted.texts) else ALL_TERMS


def score_sql(dialect: Dialect, count: int) -> str:
    """Return the SQL for the score of the row whose head is ``head``, for that many texts of the title.

    A head has the short texts of a record, the title first, each between two line breaks.
    """
    # SQLite has no line break but that of char(10) in a text, and PostgreSQL no other way to cut one.
    title = (
        "substr(head, 2, instr(substr(head, 2), char(10)) - 1)" if dialect is SQLITE else "split_part(head, E'\\n', 2)"
    )
    in_title = " AND ".join(_holds(dialect, title, f"_text{number}") for number in range(count))
    return (
        f"CASE WHEN {_holds(dialect, 'head', '_begin')} "
        f"THEN CASE WHEN {_holds(dialect, 'head', '_exact')} THEN {EXACT} ELSE {BEGINS} END "
        f"WHEN {in_title} THEN {IN_TITLE} ELSE {ALL_TERMS} END"
    )


def _holds(dialect: Dialect, text: str, name: str) -> str:
    if dialect is SQLITE:
        return f"instr({text}, :{name}) > 0"
    return f"strpos({text}, %({name})s::text) > 0"
