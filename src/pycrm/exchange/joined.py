"""Several texts in one cell, so that they can be told apart again."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["joined", "parted"]

SEPARATOR = ";"
_QUOTE = '"'


def joined(texts: Iterable[str]) -> str:
    """Return *texts* in one: ``red; light green``. One that a separator or a quote would split stands in quotes.

    `parted` is the inverse.
    """
    return f"{SEPARATOR} ".join(map(_quoted, texts))


def parted(text: str) -> tuple[str, ...]:
    """Return the texts that `joined` put into one; blanks around each do not count, nor what is empty."""
    texts: list[str] = []
    at = 0
    while at <= len(text):
        part, at = _next(text, at)
        if part:
            texts.append(part)
    return tuple(texts)


def _quoted(text: str) -> str:
    is_plain = text == text.strip() and SEPARATOR not in text and not text.startswith(_QUOTE)
    return text if is_plain and text else f"{_QUOTE}{text.replace(_QUOTE, _QUOTE * 2)}{_QUOTE}"


def _next(text: str, at: int) -> tuple[str, int]:
    """Return the part of *text* that begins at *at*, and where the next one begins."""
    start = at + len(text[at:]) - len(text[at:].lstrip())
    if text[start : start + 1] == _QUOTE:
        end = start + 1
        while (end := text.find(_QUOTE, end)) >= 0 and text[end + 1 : end + 2] == _QUOTE:
            end += 2
        rest = text[end + 1 :].partition(SEPARATOR) if end >= 0 else ("x", "", "")
        if not rest[0].strip():
            return text[start + 1 : end].replace(_QUOTE * 2, _QUOTE), end + 2 + len(rest[0])
    part = text[start:].partition(SEPARATOR)[0]
    return part.strip(), start + len(part) + 1
