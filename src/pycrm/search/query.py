"""What a typed text asks for: terms, each with the ways in which a record may hold it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from operator import add
from typing import Final

import attrs

from pycrm.search.grams import ENDS, SHORTEST_PHONE, cut, fold, is_run, tokens
from pycrm.search.phone import all_digits, without_country
from pycrm.search.pinyin import SYLLABLES, has_readings, segmentations

__all__ = ["LONGEST_QUERY", "MOST_TERMS", "Query", "Term", "parse_query"]

LONGEST_QUERY: Final = 200
"""So many characters of a query are read."""

MOST_TERMS: Final = 12

_LONGEST_RUN = 32
_LONGEST_PINYIN = 24

# A number that is written in groups, or with its country: +86 138 1234 5678, (0532) 8888-1234.
_number = re.compile(r"(?<![^\W_])(?:\+ ?|\()?\d[\d ().\-/]*\d(?![^\W_])")


@attrs.frozen
class Term:
    """One thing that is asked for.

    Attributes:
        text: As it was typed, folded.
        alternatives: A record holds the term if it has all grams of one of these.
    """

    text: str
    alternatives: tuple[frozenset[str], ...]

    @property
    def parts(self) -> tuple[Term, ...]:
        """The pairs of a run of characters; any other term is a part of its own."""
        if len(self.text) < 3 or not is_run(self.text):
            return (self,)
        return tuple(Term(pair, (frozenset({pair}),)) for pair in map(add, self.text, self.text[1:]))

    def is_held_by(self, grams: set[str]) -> bool:
        """Return whether something with these *grams* holds the term."""
        return any(grams.issuperset(each) for each in self.alternatives)


@attrs.frozen
class Query:
    """A query.

    Attributes:
        text: All of it, folded.
        terms: What it asks for, each once; none where it has neither letters nor digits.
    """

    text: str
    terms: tuple[Term, ...]

    @property
    def parts(self) -> tuple[Term, ...]:
        """What is looked for where no record holds all terms: of a run of characters each pair, else each term."""
        parts = (part for term in self.terms for part in term.parts)
        return tuple({part.text: part for part in parts}.values())[:MOST_TERMS]


def parse_query(text: str) -> Query:
    """Return what *text* asks for: of its first 200 characters the first 12 terms."""
    folded = fold(text[:LONGEST_QUERY]).strip()
    found = {term.text: term for term in _terms(folded)}
    return Query(folded, tuple(found.values())[:MOST_TERMS])


def _terms(folded: str) -> Iterator[Term]:
    end = 0
    for match in _number.finditer(folded):
        if _is_phone(match[0]):
            yield from map(_term, tokens(folded[end : match.start()]))
            yield _phone(match[0])
            end = match.end()
    yield from map(_term, tokens(folded[end:]))


def _is_phone(text: str) -> bool:
    return not text.isdecimal() and len(all_digits(text)) >= SHORTEST_PHONE


def _phone(text: str) -> Term:
    """Return the term of a number: as one, as its end, or as the words that its groups may be."""
    digits = all_digits(text)
    if text.startswith("+"):
        digits = without_country(digits) or digits
    groups = frozenset(map(cut, tokens(text)))
    ends = [frozenset({digits})] if len(digits) in ENDS else []
    return Term(digits, _distinct([frozenset({cut(digits)}), *ends, groups]))


def _term(token: str) -> Term:
    if is_run(token):
        part = token[:_LONGEST_RUN]
        return Term(token, (frozenset(map(add, part, part[1:])) or frozenset({part}),))
    alternatives = [frozenset({cut(token)})]
    if token.isdecimal():
        alternatives += _numbers(token)
    elif token.isascii() and token.isalpha() and len(token) > 1 and has_readings():
        alternatives += _pinyin(token[:_LONGEST_PINYIN])
    return Term(token, _distinct(alternatives))


def _numbers(digits: str) -> Iterator[frozenset[str]]:
    if len(digits) in ENDS:
        yield frozenset({digits})
    if digits.startswith("00") and len(digits) >= SHORTEST_PHONE:
        yield frozenset({cut(without_country(digits[2:]))})


def _pinyin(letters: str) -> Iterator[frozenset[str]]:
    """Yield what is held by names that *letters* are the initials of, or the pinyin."""
    if len(letters) > 1:
        yield frozenset(f"~{one}{other}" for one, other in pairwise(letters))
    for way in segmentations(letters):
        whole = [part for part in way if part in SYLLABLES]  # the last may be only begun
        if whole:
            initials = (f"~{one[0]}{other[0]}" for one, other in pairwise(way))
            yield frozenset((*(f"+{part}" for part in whole), *initials))


def _distinct(alternatives: Iterable[frozenset[str]]) -> tuple[frozenset[str], ...]:
    return tuple(dict.fromkeys(each for each in alternatives if each and "" not in each))
