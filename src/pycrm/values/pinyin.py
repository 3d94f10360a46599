"""Pinyin: how Chinese characters are read, and texts in the order of their readings.

The readings are those of the package ``pypinyin`` (extra ``zh``). Its data file is read as it is: the package itself
would load a dictionary of phrases too, for which it takes half a second and forty megabytes.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import attrs

from pycrm.errors import MissingExtraError
from pycrm.values.folding import fold

__all__ = [
    "SURNAMES",
    "ReadingCodes",
    "has_readings",
    "known_readings",
    "reading_codes",
    "require_readings",
    "to_name_pinyin",
    "to_pinyin",
]

FIRST, LAST = 0x3007, 0x9FFF
"""Between these code points characters have readings; those beyond, which hardly any font shows, stay as they are."""

SURNAMES: Final[Mapping[str, str]] = {
    "单": "山",
    "單": "山",
    "仇": "求",
    "曾": "增",
    "区": "欧",
    "區": "欧",
    "解": "谢",
    "查": "渣",
    "朴": "瓢",
    "盖": "葛",
    "蓋": "葛",
    "乐": "月",
    "樂": "月",
    "员": "运",
    "員": "运",
    "翟": "宅",
    "覃": "秦",
    "缪": "庙",
    "繆": "庙",
    "种": "虫",
    "秘": "币",
    "折": "舌",
    "繁": "婆",
    "召": "绍",
    "黑": "贺",
    "句": "勾",
    "尉": "玉",
}
"""Characters that are read differently as a surname, each with one that is always read so."""


def has_readings() -> bool:
    """Return whether the readings of characters are known here."""
    return bool(_data_file())


def require_readings() -> None:
    """Return if the readings of characters are known here.

    Raises:
        MissingExtraError: They are not; it names the command that brings them.
    """
    if not has_readings():
        raise MissingExtraError("pinyin needs its readings; run `pip install 'pycrm[zh]'`", extra="zh")


def known_readings(character: str) -> tuple[str, ...]:
    """Return the syllables, without tones and ``v`` for ü, that *character* may be read as, the usual one first."""
    known = _table().get(str(ord(character)), "")
    return tuple(dict.fromkeys(map(_plain, known.split(",")))) if known else ()


def to_pinyin(text: str) -> str:
    """Return *text* folded, each Chinese character as its usual syllable, set apart by one space: ``hai chen mao yi``.

    Texts sort by it as a dictionary does that goes by readings: ``xi an`` comes before ``xian``.
    """
    return _read(fold(text))


def to_name_pinyin(name: str) -> str:
    """Return the pinyin of a person's *name*, whose first character is read as a surname: 单 is Shan, 曾 Zeng."""
    folded = fold(name)
    return _read(SURNAMES.get(folded[:1], folded[:1]) + folded[1:])


def _read(folded: str) -> str:
    syllables = reading_codes().by_character
    return _spaces.sub(" ", "".join(syllables.get(each, each) for each in folded)).strip(" ")


_spaces = re.compile(" +")


@attrs.frozen
class ReadingCodes:
    """The usual readings in the forms that Python and a database look them up by.

    Attributes:
        by_character: The syllable of each character, between two spaces.
        codes: Two bytes for each code point from `FIRST` to `LAST`: which syllable, counted from 1; 0 for none.
        syllables: All of them in order.
    """

    by_character: Mapping[str, str]
    codes: bytes
    syllables: tuple[str, ...]


@cache
def reading_codes() -> ReadingCodes:
    """Return the usual readings of all characters.

    Raises:
        MissingExtraError: They are not known here.
    """
    require_readings()
    usual = {chr(point): found[0] for point in range(FIRST, LAST + 1) if (found := known_readings(chr(point)))}
    numbers = {syllable: number for number, syllable in enumerate(sorted(set(usual.values())), start=1)}
    codes = b"".join(numbers.get(usual.get(chr(point), ""), 0).to_bytes(2, "big") for point in range(FIRST, LAST + 1))
    return ReadingCodes(
        {character: f" {syllable} " for character, syllable in usual.items()},
        codes,
        tuple(numbers),
    )


def _plain(reading: str) -> str:
    marked = unicodedata.normalize("NFD", reading).replace("u\N{COMBINING DIAERESIS}", "v")
    return "".join(each for each in marked if not unicodedata.combining(each))


@cache
def _data_file() -> Path | None:
    spec = find_spec("pypinyin")
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        if (found := Path(folder) / "pinyin_dict.json").is_file():
            return found
    return None


@cache
def _table() -> Mapping[str, str]:
    """Return the readings of characters by code point, with tone marks and commas between."""
    file = _data_file()
    table: Mapping[str, str] = {} if file is None else json.loads(file.read_text("utf-8"))
    return table
