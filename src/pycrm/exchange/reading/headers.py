"""Which row of a table names its columns, and what the columns are called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from pycrm.exchange.formulas import original

__all__ = ["TOTALS", "column_names", "filled", "find_header", "sound_name"]

TOTALS: Final = frozenset(
    (
        "合计",
        "总计",
        "小计",
        "共计",
        "合計",
        "總計",
        "小計",
        "合计:",
        "合计：",
        "总计:",
        "总计：",
        "Total",
        "TOTAL",
        "total",
        "Total:",
        "Totals",
        "Subtotal",
        "Sub-total",
        "Grand Total",
        "Grand total",
        "GRAND TOTAL",
        "Sum",
        "SUM",
    )
)
"""What the first cell of a line of sums says."""

_NO_CHARACTER: Final = re.compile("[\ud800-\udfff]")
_BLANKS: Final = re.compile(r"\s+")


def filled(cells: Sequence[Any]) -> int:
    """Return in how many of *cells* something stands."""
    return sum(1 for cell in cells if cell is not None and (not isinstance(cell, str) or cell.strip() != ""))


def find_header(rows: Sequence[Sequence[Any]]) -> int:
    """Return the place of the row in *rows*, the beginning of a table, that names the columns; -1 without any value.

    Titles stand above it and fill few cells: it is the first row as wide as most are, with more than half of its cells
    filled that are filled anywhere.
    """
    counts = [filled(cells) for cells in rows]
    lengths = Counter(len(cells) for cells, count in zip(rows, counts, strict=True) if count)
    if not lengths:
        return -1
    length = max(lengths, key=lambda length: (lengths[length], length))
    # Rows that all end with a delimiter are not wider than a header that does not.
    width = max(_width(cells) for cells in rows if len(cells) == length)
    most = max(count for cells, count in zip(rows, counts, strict=True) if len(cells) == length)
    wanted = most / 2 if most > 2 else most - 0.5
    for place, (cells, count) in enumerate(zip(rows, counts, strict=True)):
        if len(cells) >= width and count > wanted:
            return place
    return counts.index(max(counts))


def _width(cells: Sequence[Any]) -> int:
    return next((len(cells) - place for place, cell in enumerate(reversed(cells)) if filled((cell,))), 0)


@lru_cache(maxsize=10_000)
def sound_name(name: str) -> str:
    """Return *name* as any file can hold it and give it back, perhaps an empty text.

    Blanks at the ends are left out, line ends within become blanks; NUL is left out, too, and U+FFFD stands for what
    is no character.
    """
    return _BLANKS.sub(" ", _NO_CHARACTER.sub("\ufffd", name.replace("\x00", ""))).strip(" \ufeff")


def column_names(cells: Sequence[Any]) -> tuple[str, ...]:
    """Return a name for each of *cells*, the header, none of them twice.

    They are made sound, a mark against formulas is taken off. A column without a header is named by its place from 1,
    one whose name is taken gets a number behind it.
    """
    names: dict[str, None] = {}
    numbers: Counter[str] = Counter()
    for place, cell in enumerate(cells, 1):
        text = original(cell) if isinstance(cell, str) else "" if cell is None else str(cell)
        name = sound_name(text) or f"column {place}"
        unique = name
        while unique in names:
            numbers[name] += 1
            unique = f"{name} ({numbers[name] + 1})"
        names[unique] = None
    return tuple(names)
