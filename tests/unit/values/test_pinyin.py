"""Texts in pinyin."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from pycrm.errors import MissingExtraError
from pycrm.values import pinyin
from pycrm.values.pinyin import SURNAMES, reading_codes, to_name_pinyin, to_pinyin


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("青岛海晨贸易", "qing dao hai chen mao yi"),
        ("海晨ＡＧ 2", "hai chen ag 2"),
        ("Acme", "acme"),
        ("", ""),
        ("绿𠀀", "lv 𠀀"),
    ],
)
def test_text_in_pinyin(text: str, expected: str) -> None:
    """Syllables without tones stand apart; what has no reading is folded and stays."""
    assert to_pinyin(text) == expected


@pytest.mark.parametrize(
    ("name", "expected"), [("单雄信", "shan xiong xin"), ("区小单", "ou xiao dan"), ("解放", "xie fang"), ("", "")]
)
def test_name_in_pinyin(name: str, expected: str) -> None:
    """Only the first character is a surname."""
    assert to_name_pinyin(name) == expected


def test_surnames_differ_from_words() -> None:
    """Each surname of the list is one because its usual reading is another."""
    assert all(to_name_pinyin(character) != to_pinyin(character) for character in SURNAMES)


def test_every_reading_has_its_code() -> None:
    """What a database looks readings up by says the same as what Python does."""
    known = reading_codes()
    for place in range(0, len(known.codes), 2):
        number = int.from_bytes(known.codes[place : place + 2], "big")
        character = chr(pinyin.FIRST + place // 2)
        syllable = known.syllables[number - 1] if number else ""

        assert known.by_character.get(character, "").strip() == syllable


@pytest.fixture
def without_readings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process in which the extra is not installed."""
    monkeypatch.setitem(sys.modules, "pypinyin", None)
    caches = (pinyin._data_file, pinyin._table, pinyin.reading_codes)
    for cached in caches:
        cached.cache_clear()
    yield
    for cached in caches:
        cached.cache_clear()


def test_missing_extra_is_named(without_readings: None) -> None:
    """Without the readings nothing is guessed; the error says what to install."""
    with pytest.raises(MissingExtraError, match=r"pip install 'pycrm\[zh\]'"):
        to_pinyin("海")
