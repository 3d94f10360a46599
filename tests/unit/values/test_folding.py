"""Texts folded for searching, and patterns over them."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pycrm.values.folding import fold, fold_pattern, pattern_matcher

TEXTS = st.text(max_size=20) | st.text("aA%_\\ＡｂİıßſKÅ½％＿ﬁ①", max_size=12)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ＡＢＣ　有限", "abc 有限"),
        ("Straße", "straße"),
        ("ﬁn", "fin"),
        ("①②", "12"),
        ("ｶﾞ", "ガ"),
        ("e\u0301", "é"),
        ("100％", "100%"),
        ("", ""),
        ("😀", "😀"),
    ],
)
def test_fold(text: str, folded: str) -> None:
    """Case and full or half width go, and what Unicode calls the same."""
    assert fold(text) == folded


@given(TEXTS)
def test_fold_is_what_the_database_computes(text: str) -> None:
    """NFKC, then lower case, whatever short cut ASCII takes."""
    assert fold(text) == unicodedata.normalize("NFKC", text).lower()


@pytest.mark.parametrize(
    ("pattern", "text", "is_like"),
    [
        ("海%", "海晨贸易", True),
        ("%晨%", "海晨贸易", True),
        ("海_贸易", "海晨贸易", True),
        ("海_", "海晨贸易", False),
        ("ABC%", "ａｂｃ１", True),
        ("100\\%", "100%", True),
        ("100\\%", "100 %", False),
        ("100％", "100%", True),
        ("100％", "100x", False),
        ("a\\_b", "a_b", True),
        ("a\\_b", "axb", False),
        ("a\\\\b", "a\\b", True),
        ("a\\", "a\\", True),
        ("", "", True),
        ("", "a", False),
        ("%", "", True),
        ("%", "a\nb", True),
        ("_", "\n", True),
        (".*", "abc", False),
    ],
)
def test_pattern(pattern: str, text: str, is_like: bool) -> None:
    """``%`` is any text, ``_`` one character, a backslash takes what follows for itself; all else is literal."""
    assert pattern_matcher(fold_pattern(pattern))(fold(text)) is is_like


@given(TEXTS, TEXTS)
@example("\\", "")
def test_literal_pattern_is_like_itself_only(text: str, other: str) -> None:
    """A pattern whose wildcards are escaped is like what folds to the same."""
    pattern = re.sub(r"[%_\\]", r"\\\g<0>", text)

    assert pattern_matcher(fold_pattern(pattern))(fold(other)) is (fold(text) == fold(other))


@given(TEXTS, TEXTS, TEXTS)
def test_wildcards_span_what_is_between(before: str, between: str, after: str) -> None:
    """``before%after`` is like every text that begins and ends so."""
    escaped = [re.sub(r"[%_\\]", r"\\\g<0>", fold(text)) for text in (before, after)]
    pattern = fold_pattern("%".join(escaped))

    assert pattern_matcher(pattern)(fold(before) + fold(between) + fold(after))


def slowly_like(text: str, pattern: str) -> bool:
    """Say what LIKE means, trying every place for every wildcard; *pattern* has no escapes."""
    if not pattern:
        return not text
    if pattern[0] == "%":
        return any(slowly_like(text[at:], pattern[1:]) for at in range(len(text) + 1))
    return bool(text) and pattern[0] in ("_", text[0]) and slowly_like(text[1:], pattern[1:])


@given(st.text("ab", max_size=8), st.text("ab%_", max_size=8))
def test_many_wildcards(text: str, pattern: str) -> None:
    """Each is looked for once, and that finds the same."""
    assert pattern_matcher(pattern)(text) is slowly_like(text, pattern)


def test_wildcards_without_end() -> None:
    """A pattern that fits nowhere says so at once, however many ways there were to try."""
    assert not pattern_matcher("%a" * 400 + "%b")("a" * 5_000)
