"""By what a text is found."""

from __future__ import annotations

import unicodedata
from string import ascii_lowercase, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycrm.search.grams import cut, fold, phone_grams, text_grams, tokens, word_grams
from pycrm.search.variants import SIMPLIFIED, TRADITIONAL
from pycrm.storage.search_tables import GRAM_MARKS


def grams(text: str) -> set[str]:
    return {gram for some in text_grams(fold(text)) for gram in some.split(" ")}


def of_phone(number: str) -> set[str]:
    return set(phone_grams(number)[1].split())


class TestFold:
    @pytest.mark.parametrize(
        ("text", "folded"),
        [
            ("Müller GmbH", "müller gmbh"),
            ("ＡＢＣ　１２３", "abc 123"),
            ("STRASSE Straße", "strasse strasse"),
            ("臺灣貿易", "台湾贸易"),
            ("Ångström", "ångström"),
        ],
    )
    def test_one_spelling(self, text: str, folded: str) -> None:
        """Case, width and script make no difference."""
        assert fold(text) == folded

    @given(st.text())
    def test_twice_is_once(self, text: str) -> None:
        """What is folded stays as it is."""
        assert fold(fold(text)) == fold(text)

    @given(st.text() | st.text("海晨臺灣青A aｂｃｶﾞé\u0301\u3099İß\U0002f800", max_size=20))
    def test_short_ways(self, text: str) -> None:
        """Plain text is folded as all other: compatible, without case, in simplified characters."""
        compatible = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())

        assert fold(text) == compatible.translate(str.maketrans(TRADITIONAL, SIMPLIFIED))

    def test_variants(self) -> None:
        """Every traditional character of the table stands for one simplified one, which stands for itself."""
        assert len(TRADITIONAL) == len(SIMPLIFIED) == len(set(TRADITIONAL))
        assert fold("國際貿易軟體") == fold("国际贸易软体")


class TestText:
    def test_characters_and_pairs(self) -> None:
        """A run of Chinese gives its characters and pairs of neighbours, none across what parts it."""
        assert {"青", "岛", "海", "晨", "青岛", "岛海", "海晨"} <= grams("青岛海晨 贸易")
        assert "晨贸" not in grams("青岛海晨 贸易")

    def test_beginnings(self) -> None:
        """A word gives its beginnings up to 11 characters, and not a single letter."""
        assert grams("international") == {"in", "int", "inte", "inter", "intern", "internat", "internation"}
        assert grams("x") == {"x"}

    def test_numbers(self) -> None:
        """A number is found with and without the zeros before it, a long one also by its end."""
        assert {"acc", "0001", "000123", "123"} <= grams("ACC-000123")
        assert {"5678", "12345678"} <= grams("13812345678")

    @given(st.text())
    def test_no_space_in_a_gram(self, text: str) -> None:
        """What a gram holds of ASCII is letters, digits and marks, so that SQLite's tokenizer leaves it whole."""
        kept = set(GRAM_MARKS + ascii_lowercase + digits)
        assert all(each in kept or (not each.isascii() and not each.isspace()) for gram in grams(text) for each in gram)

    @given(st.text(st.characters(codec="utf-8"), max_size=40))
    def test_found_by_itself(self, text: str) -> None:
        """Each word of a text is asked for by a gram that the text gives."""
        assert {cut(token) for token in tokens(fold(text)) if len(token) > 1 and token.isascii()} <= grams(text)


class TestPhone:
    def test_either_end(self) -> None:
        """A number is found by the digits that it begins with, without its country, and by those it ends with."""
        found = of_phone("+8613812345678")
        assert {"138", "1381", "13812345", "5678", "2345678", "13812345678", "86138123456"} <= found
        assert "1234" not in found

    def test_extension(self) -> None:
        """The extension is no part of it."""
        assert of_phone("+8653288881234;ext=99") == of_phone("+8653288881234")

    def test_unverified(self) -> None:
        """Without a country all digits are the number."""
        assert {"0532", "1234"} <= of_phone("053288881234")

    @pytest.mark.parametrize("number", ["", "+", ";ext=1", "+8"])
    def test_none(self, number: str) -> None:
        """Few digits are no reason to fail."""
        assert of_phone(number) <= {"8"}


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("haichen", "ha hai haic haich haiche"),
        ("a000123", "a0 a00 a000 a0001 a00012"),
        ("0012", "00 001 0012 12"),
        ("12345678", "12 123 1234 12345 123456 12345678 5678 45678 345678 2345678 12345678"),
    ],
)
def test_asked_twice(word: str, found: str) -> None:
    """Asking for a word twice gives the same, whether it is kept or not."""
    assert word_grams(word) == word_grams(word) == found
