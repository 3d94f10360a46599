"""The grams of a text: the short texts by which it is found, the same when it is written and when it is asked for.

A text is folded first: full and half width, upper and lower case, traditional and simplified characters are one. Then
it is taken apart. A *run* of Chinese, Japanese or Korean characters gives each character and each pair of neighbours,
and with the extra ``zh`` the syllable of each character and the initials of each pair. A *word* of any other script
gives its beginnings. A phone number gives the beginnings of its national number and its ends.

Beginnings have the lengths of `LENGTHS` only: a longer one is asked for by the longest of these that it contains.

The grams of a word, or of a pair, are one text with spaces between. Most words come again soon, and so nothing need be
done for them but to look that up.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from operator import add
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

# Which parts of a word are kept, by its length; slices made once are half the work.
_BEGIN = [[slice(None)], [slice(None)]] + [
    [slice(kept) for kept in LENGTHS if kept <= length] for length in range(2, LENGTHS[-1] + 1)
]
_END = [[slice(-kept, None) for kept in ENDS if kept <= length] for length in range(ENDS[-1] + 1)]

MOST_KNOWN = 50_000

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
    if text.isascii():
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
    for token in _tokens(folded):
        if token.isascii() or not _in_run(token):
            found.append(word_grams(token))
        else:
            found += map(pair_grams, map(add, token, token[1:]))
            found.append(pair_grams(token[-1]))
    return found


class _WordGrams(dict[str, str]):
    """The grams of words that were asked for; but for numbers most come again soon."""

    def __missing__(self, word: str) -> str:
        if word.isdecimal():
            return " ".join(_beginnings(word) + _of_number(word))
        if len(self) >= MOST_KNOWN:
            self.clear()
        found = self[word] = " ".join(_beginnings(word))
        return found


word_grams = _WordGrams().__getitem__
"""Gives the beginnings of a word, spaces between.

Of a number with zeros before it also the number itself, ``123`` of 000123; of one as long as a phone's its ends.
"""


def cut(word: str) -> str:
    """Return the longest beginning of *word* that is kept as a gram."""
    return word[_BEGIN[min(LENGTHS[-1], len(word))][-1]]


def phone_grams(number: str) -> tuple[str, str]:
    """Return the national digits of a phone number, ``+8613812345678`` or only digits, and its grams.

    Its extension is left out. Without a digit it has neither.
    """
    digits = all_digits(number)
    national = without_country(digits) if number.startswith("+") else digits
    if not national:
        return "", ""
    ends = _of_number(national) or _ends(national)
    return national, " ".join((cut(digits), *_beginnings(national), *ends))


def _beginnings(word: str) -> list[str]:
    length = len(word)
    return [word[part] for part in _BEGIN[min(LENGTHS[-1], length)]]


def _of_number(digits: str) -> list[str]:
    found = _ends(digits) if len(digits) >= SHORTEST_PHONE else []
    if digits[0] == "0" and (bare := digits.lstrip("0")):
        found.append(cut(bare))
    return found


def _ends(digits: str) -> list[str]:
    length = len(digits)
    return [digits[part] for part in _END[min(ENDS[-1], length)]]


@cache
def _simplified() -> dict[int, int]:
    from pycrm.search.variants import SIMPLIFIED, TRADITIONAL

    return dict(zip(map(ord, TRADITIONAL), map(ord, SIMPLIFIED), strict=True))
