"""Texts that a spreadsheet would run, made harmless by a mark that reading takes off again."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["MARK", "neutral", "original"]

MARK: Final = "'"

# What a spreadsheet, or the person who trims a cell, passes over before the first visible character: blanks of every
# width, control characters, marks of direction and joining, variation selectors, blank letters, surrogates. Written out
# rather than asked of `unicodedata`, so that every release of Python marks and unmarks the same texts.
_UNSEEN: Final = (
    r"\x00-\x20\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f"
    r"\u205f-\u206f\u2800\u3000\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff"
)
# The signs that begin a formula, with their full-width and small forms and the minus of typography.
_SIGNS: Final = r"=+\-@\u2212\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20"
_RISKY: Final = re.compile(f"{MARK}*(?:[\\t\\r\\n]|[{_UNSEEN}]*[{_SIGNS}])")


def neutral(text: str) -> str:
    """Return *text* as a cell that no spreadsheet takes for a formula.

    A leading apostrophe is put before what begins, behind anything unseen, with ``= + - @`` or their full-width forms,
    and before what begins with a tab or a line's end. A text that looks as if it had been marked is marked once more,
    so that `original` gives back every text exactly; all others stay as they are, apostrophes included.

    A cell is made neutral as it is written: values joined into one cell after they were joined, headers as well.
    Source of the list: OWASP, CSV Injection, and the cures that were bypassed by blanks before the sign.
    """
    return MARK + text if _RISKY.match(text) else text


def original(text: str) -> str:
    """Return the text that `neutral` was given; what it never marked, such as ``'s-Hertogenbosch``, stays as it is."""
    return text[1:] if text[:1] == MARK and _RISKY.match(text) else text
