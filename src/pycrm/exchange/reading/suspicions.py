"""What may be wrong with cells as they were read, each as a `Problem` that says line and column.

Problems of a cell have the fact ``column``, and concern nobody who does not import that column; those without it
concern the row. ``level`` is ``"warning"`` where the row may well be right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from pycrm.errors import Problem
from pycrm.exchange.reading.headers import TOTALS, filled

__all__ = [
    "LOST_DIGITS",
    "digits_lost",
    "has_lost_digits",
    "nul_in_cell",
    "repeated_header",
    "total_line",
    "undecodable",
    "wrong_width",
]

LOST_DIGITS: Final = "E+"
"""Every text that `has_lost_digits` has this in it."""

_SCIENTIFIC: Final = re.compile(r"[+-]?(\d)(?:[.,](\d+))?E\+(\d\d)")
# Excel writes numbers of up to eleven digits out, and longer ones with six digits.
_WRITTEN_OUT: Final = 11
_EXACT_FLOAT: Final = 10**15


def has_lost_digits(value: Any) -> bool:
    """Whether *value* is a long number of which a spreadsheet has kept the first digits only.

    A text as ``9.14403E+17``; but ``1.7850E+04`` is all there. Or a number from 10**15 on, beyond which Excel has
    zeros.
    """
    if isinstance(value, str):
        found = _SCIENTIFIC.fullmatch(value.strip())
        return found is not None and int(found[3]) >= _WRITTEN_OUT and len(found[2] or "") < int(found[3])
    return isinstance(value, float) and abs(value) >= _EXACT_FLOAT


def digits_lost(line: int, column: str, value: Any) -> Problem:
    """Return what is wrong with a number that was an identifier."""
    return Problem(
        "read.digits_lost",
        level="warning",
        message="lost its last digits in a spreadsheet; take them from the source, the column formatted as text",
        line=line,
        column=column,
        value=value,
    )


def nul_in_cell(line: int, column: str, value: str) -> Problem:
    """Return what is wrong with a cell that has the character NUL."""
    return Problem(
        "read.nul",
        message="has the character NUL, which no database keeps; remove it, or decode the source anew",
        line=line,
        column=column,
        value=value.replace("\x00", "\\x00"),
    )


def undecodable(line: int, column: str, encoding: str, found: str, value: str, level: str = "error") -> Problem:
    """Return what is wrong with a value that has bytes which its encoding does not know; *found* has them."""
    return Problem(
        "read.undecodable",
        level=level,
        message="has bytes that are no {encoding}: {bytes}; mend them, or name the file's encoding",
        line=line,
        column=column,
        encoding=encoding,
        bytes=found,
        value=value,
    )


def wrong_width(line: int, cells: Sequence[str], wanted: int) -> Problem:
    """Return what is wrong with a row of too many cells or too few; `value` is what is too much."""
    if len(cells) < wanted:
        return Problem(
            "read.too_few_cells",
            message="has {count} cells instead of {wanted}; is a line broken in two, or the table's end cut off?",
            line=line,
            count=len(cells),
            wanted=wanted,
        )
    return Problem(
        "read.too_many_cells",
        message="has {count} cells instead of {wanted}; put a cell with the delimiter in it between quotes",
        line=line,
        count=len(cells),
        wanted=wanted,
        value=" | ".join(cells[wanted:]),
    )


def total_line(line: int, cells: Sequence[Any]) -> Problem | None:
    """Return what is to be doubted about a row of sums, which is no record; None where it is none."""
    first = cells[0]
    if not isinstance(first, str) or first.strip() not in TOTALS or filled(cells) * 2 > len(cells) + 1:
        return None
    return Problem(
        "read.total_line",
        level="warning",
        message="looks like a line of totals; leave it out, or acknowledge that it is a record",
        line=line,
        value=first,
    )


def repeated_header(line: int) -> Problem:
    """Return what is wrong with a row that says what the header says."""
    return Problem("read.repeated_header", message="is the header once more; remove it", line=line)
