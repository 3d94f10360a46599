"""Texts as people compare them when they search: without regard to case and to full or half width.

`fold` is Unicode's compatibility form NFKC in lower case, what PostgreSQL calls
``lower(normalize(x, NFKC) COLLATE "und-x-icu")``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

__all__ = ["fold", "fold_pattern", "pattern_matcher"]

ANY_TEXT, ONE_CHARACTER, ESCAPE = "%", "_", "\\"


def fold(text: str) -> str:
    """Return *text* in the form in which texts are searched: ``fold("ＡＢＣ 有限") == "abc 有限"``."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).lower()


def fold_pattern(pattern: str) -> str:
    """Return the LIKE *pattern* for folded texts; what was folded into a wildcard is none.

    ``%`` stands for any text, ``_`` for one character of the folded text, and a backslash before one of the three for
    the character itself.
    """
    return "".join(part if wild else _escaped(fold(part)) for part, wild in _pieces(pattern))


@lru_cache(maxsize=256)
def pattern_matcher(folded: str) -> Callable[[str], bool]:
    """Return a function that says whether a folded text is like the pattern that `fold_pattern` gave."""
    # Between two ``%`` the first place that fits is as good as any other, so what was found is not looked for again:
    # else a pattern of some wildcards would run for hours.
    first, *others = _stretches(folded)
    source = (
        first + "".join(f"(?>.*?{stretch})" for stretch in others[:-1]) + "".join(f".*{last}" for last in others[-1:])
    )
    match = re.compile(source, re.DOTALL).fullmatch
    return lambda text: match(text) is not None


def _stretches(folded: str) -> list[str]:
    """Return what stands between the ``%`` of a pattern, as regular expressions of a fixed length."""
    stretches = [""]
    for part, is_wild in _pieces(folded):
        if is_wild and part == ANY_TEXT:
            stretches.append("")
        else:
            stretches[-1] += "." if is_wild else re.escape(part)
    return stretches


def _pieces(pattern: str) -> list[tuple[str, bool]]:
    """Return the literal stretches and the wildcards of *pattern*, each with whether it is one."""
    pieces: list[tuple[str, bool]] = []
    plain: list[str] = []
    characters = iter(pattern)
    for character in characters:
        if character in (ANY_TEXT, ONE_CHARACTER):
            pieces += [("".join(plain), False)] if plain else []
            plain.clear()
            pieces.append((character, True))
        else:
            plain.append(next(characters, ESCAPE) if character == ESCAPE else character)
    return [*pieces, ("".join(plain), False)] if plain else pieces


def _escaped(text: str) -> str:
    return re.sub(r"[%_\\]", r"\\\g<0>", text)
