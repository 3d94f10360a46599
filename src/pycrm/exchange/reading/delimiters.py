"""What parts the cells of a line from each other: found by which of the usual signs parts all lines alike.

`csv.Sniffer` looks for signs that occur equally often, and is misled by prices, times and remarks.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from contextlib import suppress
from itertools import islice
from typing import Final

import attrs

__all__ = ["Dialect", "find_dialect"]

_CANDIDATES: Final = (",", ";", "\t", "|")
_TOLD: Final = re.compile(r'\ufeff?"?sep=(.)"?\r?\n', re.IGNORECASE)
_SAMPLE_ROWS: Final = 200


@attrs.frozen
class Dialect:
    """How lines are parted into cells.

    Attributes:
        delimiter: One character.
        skips_blanks: Whether the blanks behind a delimiter, before a quote, are no part of the cell.
        told_lines: 1 where the first line says the delimiter and is no row.
    """

    delimiter: str
    skips_blanks: bool = False
    told_lines: int = 0


def find_dialect(sample: str, delimiter: str | None = None) -> Dialect:
    """Return the dialect of a table.

    Args:
        sample: Lines from the beginning of the file.
        delimiter: What somebody knows it to be. Otherwise a first line ``sep=;``, as Excel knows it, tells.
    """
    told = _TOLD.match(sample)
    if delimiter is None and told:
        delimiter = told[1]
    dialects = [
        Dialect(candidate, skips_blanks, 1 if told else 0)
        for candidate in ([delimiter] if delimiter else _CANDIDATES)
        for skips_blanks in ((False, True) if f'{candidate} "' in sample else (False,))
    ]
    # The first of equals: a comma where nothing speaks for any, blanks kept where it makes no difference.
    return max(dialects, key=lambda dialect: _likeness(sample, dialect))


def _likeness(sample: str, dialect: Dialect) -> float:
    """Return how much *sample* looks like a table of *dialect*, 0 to 1."""
    widths = [len(row) for row in _rows(sample, dialect) if any(map(str.strip, row))]
    counts = Counter(width for width in widths if width > 1)
    if not counts:
        return 0.0
    width, count = max(counts.items(), key=lambda item: (item[1], item[0]))
    share = count / len(widths)
    # A header has all columns; a sign that parts all lines but the first is one of the texts.
    first = 1.0 if widths[0] == width else 0.5
    return first * share * (width - 1) / width


def _rows(sample: str, dialect: Dialect) -> list[list[str]]:
    lines = io.StringIO(sample, newline="")
    reader = csv.reader(lines, delimiter=dialect.delimiter, skipinitialspace=dialect.skips_blanks)
    rows: list[list[str]] = []
    # Where a cell is longer than csv likes, what came before it has to do.
    with suppress(csv.Error):
        rows.extend(islice(reader, _SAMPLE_ROWS))
    return rows
