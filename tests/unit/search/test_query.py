"""What a typed text asks for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycrm.search.grams import phone_grams
from pycrm.search.query import LONGEST_QUERY, MOST_TERMS, parse_query


def terms(text: str) -> list[str]:
    return [term.text for term in parse_query(text).terms]


def first_way(text: str) -> set[str]:
    return set(parse_query(text).terms[0].alternatives[0])


def test_terms() -> None:
    """Runs and words are terms, each once, folded."""
    assert terms("海晨Trading, 海晨 MEI 138") == ["海晨", "trading", "mei", "138"]


@pytest.mark.parametrize("text", ["", "  ", "!?()\"'*^-", "“”、。", "🙂", "\x00", "\ud800"])
def test_nothing(text: str) -> None:
    """What has neither letters nor digits asks for nothing."""
    assert terms(text) == []


def test_run() -> None:
    """A run asks for all its pairs, a single character for itself."""
    assert first_way("海晨贸") == {"海晨", "晨贸"}
    assert first_way("海") == {"海"}


def test_word() -> None:
    """A word asks for what begins so; of a long one the longest beginning that is kept."""
    assert first_way("inter") == {"inter"}
    assert first_way("interna") == {"intern"}
    assert first_way("internationally") == {"internation"}


@pytest.mark.parametrize(
    "typed",
    [
        "+86 138 1234 5678",
        "+8613812345678",
        "008613812345678",
        "138 1234 5678",
        "138-1234-5678",
        "(138) 12345678",
        "13812345678",
        "8613812345678",
        "138",
        "1381234",
        "12345678",
        "2345678",
        "5678",
    ],
)
def test_phone(typed: str) -> None:
    """A number is found however it is written: with its country or not, in groups or not, or only an end of it."""
    grams = set(phone_grams("+8613812345678")[1].split())

    assert [term.is_held_by(grams) for term in parse_query(typed).terms] == [True]


@pytest.mark.parametrize("typed", ["139", "1234", "+86 139 1234 5678", "+49 138 1234 5679", "8765"])
def test_other_phone(typed: str) -> None:
    """Another number, or digits from the middle, are not found."""
    grams = set(phone_grams("+8613812345678")[1].split())

    assert not any(term.is_held_by(grams) for term in parse_query(typed).terms)


def test_grouped_number_is_also_words() -> None:
    """Groups of digits may be words beside each other, as in the number of an order."""
    (term,) = parse_query("2026 00017").terms

    assert term.is_held_by({"2026", "00017"})


def test_limits() -> None:
    """Of a long text the beginning is read, and of many words the first."""
    assert len(parse_query("a b c d e f g h i j k l m n o p").terms) == MOST_TERMS
    assert len(parse_query("x" * 10_000).text) == LONGEST_QUERY


@given(st.text())
def test_any_text(text: str) -> None:
    """No text is refused, and every term can be held."""
    assert all(term.alternatives and all(term.alternatives) for term in parse_query(text).terms)
