"""Tables in plain text whose columns stay in line when cells hold Chinese, combining marks or emoji."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

__all__ = ["fit", "pad", "render", "visible", "width"]

GAP = "  "
ELLIPSIS = "…"

_JOINER = "\u200d"
_EMOJI_STYLE = "\ufe0f"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_HANGUL_TAILS = range(0x1160, 0x1200)  # vowels and final consonants, drawn into the syllable before them
_WEIGHTLESS = ("Mn", "Me", "Cf")
# What moves the cursor, or turns the direction of what follows, would break the table, and more on a terminal.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    r"""Return *text* with control characters written out: a line break as ``\n``."""
    return _UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def width(text: str) -> int:
    """Return how many columns of a terminal *text* takes: two for a wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    total = last = 0
    joined = False
    for character in text:
        if character == _EMOJI_STYLE and last == 1:
            total, last = total + 1, 2
            continue
        own = 0 if joined or (last == 2 and ord(character) in _SKIN_TONES) else _own_width(character)
        joined = character == _JOINER and last == 2
        total += own
        last = own or last
    return total


def _own_width(character: str) -> int:
    if unicodedata.category(character) in _WEIGHTLESS or ord(character) in _HANGUL_TAILS:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def fit(text: str, columns: int) -> str:
    """Return *text*, cut to at most *columns* with an ellipsis at the end."""
    if width(text) <= columns:
        return text
    kept = text
    while kept and width(kept) > columns - 1:
        kept = kept[:-1]
    return kept.rstrip(_JOINER) + ELLIPSIS


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """Return *text* filled up with spaces to *columns*; with *right* it ends in line instead of beginning there."""
    space = " " * max(columns - width(text), 0)
    return space + text if right else text + space


def render(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, right: Iterable[int] = (), widest: int | None = None
) -> str:
    """Return a table as lines of text.

    Args:
        head: What stands above the columns.
        rows: As many cells each.
        right: Numbers of the columns to set flush right, from 0.
        widest: Cells are cut to so many columns.
    """
    cells = [[visible(cell) for cell in row] for row in (head, *rows)]
    if widest is not None:
        cells = [[fit(cell, widest) for cell in row] for row in cells]
    columns = [max(width(row[number]) for row in cells) for number in range(len(head))]
    flush = frozenset(right)
    lines = [
        GAP.join(pad(cell, columns[number], right=number in flush) for number, cell in enumerate(row)).rstrip()
        for row in cells
    ]
    rule = GAP.join("-" * each for each in columns)
    return "\n".join([lines[0], rule, *lines[1:]])
