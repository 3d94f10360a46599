"""The grams of a text: the short texts by which it is found, the same when it is written and when it is asked for.

A text is folded first: full and half width, upper and lower case, traditional and simplified characters are one. Then
it is taken apart. A *run* of Chinese, Japanese or Korean characters gives each character and each pair of neighbours,
and with the extra ``zh`` the syllable of each character and the initials of each pair. A *word* of any other script
gives its beginnings. A phone number gives the beginnings of its national number and its ends.

Beginnings have the lengths of `LENGTHS` only: a longer one is asked for by the longest of these that it contains.

The grams of a word, or of a pair, are one text with spaces between. Most words come again soon, and so nothing need be
done for them but to look that up; a long one that ends with a digit hardly ever does, and is not kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from operator import add, itemgetter
from typing import Final

from pycrm.search.phone import all_digits, without_country
from pycrm.search.pinyin import has_readings, pair_grams

__all__ = [
    "LENGTHS",
    "TOKENIZER",
    "cut",
    "fold",
    "has_todays_rules",
    "is_run",
    "phone_grams",
    "text_grams",
    "tokens",
    "word_grams",
]

RULES: Final = 2
TOKENIZER: Final = 2 * RULES + has_readings()
"""The number of the rules that grams are made by here; the index notes it beside each record."""

LENGTHS: Final = (2, 3, 4, 5, 6, 8, 11)
"""How long the kept beginnings of a word are."""

ENDS: Final = (4, 5, 6, 7, 8)
"""How long the kept ends of a phone number are."""

SHORTEST_PHONE: Final = 7

LONGEST: Final = LENGTHS[-1]
SHORT: Final = 4
"""A longer word that ends with a digit is most often the number of one record."""

MOST_KNOWN = 50_000
_DIGITS: Final = "0123456789"


def _parts(parts: list[slice]) -> Callable[[str], Sequence[str]]:
    """Return what takes these parts of a word, all by one call; a getter of less than two gives no tuple of them."""
    if len(parts) > 1:
        return itemgetter(*parts)
    return lambda word: [word[part] for part in parts]


def _begin(length: int) -> list[slice]:
    return [slice(kept) for kept in LENGTHS if kept <= length] or [slice(None)]


def _end(length: int) -> list[slice]:
    return [slice(-kept, None) for kept in ENDS if kept <= length]


# Which parts of a word, and of a phone number, are kept, by its length, or the longest that makes a difference.
_beginnings_of = [_parts(_begin(length)) for length in range(LONGEST + 1)]
_phone_parts_of = [_parts(_begin(length) + _end(length)) for length in range(LONGEST + 1)]

_SCRIPTS = (
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3105-\u312f\u3131-\u318e\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
)
_tokens = re.compile(f"[{_SCRIPTS}]+|[^\\W_{_SCRIPTS}]+").findall
_in_run = re.compile(f"[{_SCRIPTS}]").match


def has_todays_rules(tokenizer: int | None) -> bool:
    """Return whether a row with that number was made by today's rules, with readings or without; None is no row."""
    return tokenizer is not None and tokenizer // 2 == RULES


def fold(text: str) -> str:
    """Return *text* as search compares it: NFKC, without case, in simplified characters.

    It goes further than `pycrm.values.folding.fold`, by which filters compare: PostgreSQL need not compute this one.
    """
    if text.isascii() or _plain().issuperset(text):
        return text.lower()
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    simplified = _simplified()
    # Looking up each character takes ten times as long as finding that there is nothing to do.
    return folded if simplified.keys().isdisjoint(map(ord, folded)) else folded.translate(simplified)


def tokens(folded: str) -> list[str]:
    """Return the runs and words of a folded text, in order."""
    found: list[str] = _tokens(folded)
    return found


def is_run(token: str) -> bool:
    """Return whether *token* is a run of Chinese, Japanese or Korean characters; else it is a word."""
    return _in_run(token) is not None


def text_grams(folded: str) -> list[str]:
    """Return the grams of a folded text, those of each word or pair with spaces between; some may come repeatedly."""
    if folded.isascii():
        return list(map(word_grams, _tokens(folded)))
    found: list[str] = []
    for part in _tokens(folded):
        if "\u4e00" <= part < "\ua000" or (part >= "\u2e80" and _in_run(part)):
            found += map(pair_grams, map(add, part, part[1:]))
            found.append(pair_grams(part[-1]))
        else:
            found.append(word_grams(part))
    return found


class _WordGrams(dict[str, str]):
    """The grams of words that were asked for and are likely to come again."""

    def __missing__(self, word: str) -> str:
        length = len(word)
        if word.isdecimal():
            parts = _phone_parts_of if length >= SHORTEST_PHONE else _beginnings_of
            found = " ".join(parts[min(LONGEST, length)](word))
            if bare := _bare(word):
                found = f"{found} {bare}"
        else:
            found = " ".join(_beginnings_of[min(LONGEST, length)](word))
        if length <= SHORT or word[-1] not in _DIGITS:
            if len(self) >= MOST_KNOWN:
                self.clear()
            self[word] = found
        return found


word_grams = _WordGrams().__getitem__
"""Gives the beginnings of a word, spaces between.

Of a number with zeros before it also the number itself, ``123`` of 000123; of one as long as a phone's its ends.
"""


def cut(word: str) -> str:
    """Return the longest beginning of *word* that is kept as a gram."""
    return _beginnings_of[min(LONGEST, len(word))](word)[-1]


def phone_grams(number: str) -> tuple[str, str]:
    """Return the national digits of a phone number, ``+8613812345678`` or only digits, and its grams.

    Its extension is left out. Without a digit it has neither.
    """
    digits = all_digits(number)
    national = without_country(digits) if number.startswith("+") else digits
    if not national:
        return "", ""
    bare, length = _bare(national), len(national)
    parts = _beginnings_of if bare and length < SHORTEST_PHONE else _phone_parts_of
    found = " ".join((cut(digits), *parts[min(LONGEST, length)](national)))
    return national, f"{found} {bare}" if bare else found


def _bare(digits: str) -> str:
    """Return what is kept of *digits* without the zeros before it; nothing where there are none."""
    if digits[0] != "0":
        return ""
    bare = digits.lstrip("0")
    return bare and cut(bare)


@cache
def _simplified() -> dict[int, int]:
    from pycrm.search.variants import SIMPLIFIED, TRADITIONAL

    return dict(zip(map(ord, TRADITIONAL), map(ord, SIMPLIFIED), strict=True))


@cache
def _plain() -> frozenset[str]:
    """Return the characters that need no more folding than `str.lower`: ASCII, and of Chinese all simplified ones."""
    common = {*map(chr, range(0x80)), *map(chr, range(0x4E00, 0xA000))}
    return frozenset(common.difference(map(chr, _simplified())))
