"""Pinyin: the syllables that a character may be read as, and the syllables that typed letters may be.

The readings are those of the package ``pypinyin`` (extra ``zh``). Its data file is read as it is: the package itself
would load a dictionary of phrases too, for which it takes half a second and forty megabytes.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

__all__ = ["has_readings", "pair_grams", "readings", "segmentations"]

MOST_READINGS = 3  # the rarer ones, of characters that have more, nobody types
MOST_SEGMENTATIONS = 4
MOST_KNOWN = 100_000

_FINALS: Final = {
    "": "a ai an ang ao e ei en eng er o ou",
    "b": "a ai an ang ao ei en eng i ian iao ie in ing o u",
    "c": "a ai an ang ao e en eng i ong ou u uan ui un uo",
    "ch": "a ai an ang ao e en eng i ong ou u ua uai uan uang ui un uo",
    "d": "a ai an ang ao e ei en eng i ian iao ie ing iu ong ou u uan ui un uo",
    "f": "a an ang ei en eng o ou u",
    "g": "a ai an ang ao e ei en eng ong ou u ua uai uan uang ui un uo",
    "h": "a ai an ang ao e ei en eng ong ou u ua uai uan uang ui un uo",
    "j": "i ia ian iang iao ie in ing iong iu u uan ue un",
    "k": "a ai an ang ao e ei en eng ong ou u ua uai uan uang ui un uo",
    "l": "a ai an ang ao e ei eng i ia ian iang iao ie in ing iu o ong ou u uan un uo v ve",
    "m": "a ai an ang ao e ei en eng i ian iao ie in ing iu o ou u",
    "n": "a ai an ang ao e ei en eng i ian iang iao ie in ing iu ong ou u uan uo v ve",
    "p": "a ai an ang ao ei en eng i ian iao ie in ing o ou u",
    "q": "i ia ian iang iao ie in ing iong iu u uan ue un",
    "r": "an ang ao e en eng i ong ou u ua uan ui un uo",
    "s": "a ai an ang ao e en eng i ong ou u uan ui un uo",
    "sh": "a ai an ang ao e ei en eng i ou u ua uai uan uang ui un uo",
    "t": "a ai an ang ao e eng i ian iao ie ing ong ou u uan ui un uo",
    "w": "a ai an ang ei en eng o u",
    "x": "i ia ian iang iao ie in ing iong iu u uan ue un",
    "y": "a an ang ao e i in ing o ong ou u uan ue un",
    "z": "a ai an ang ao e ei en eng i ong ou u uan ui un uo",
    "zh": "a ai an ang ao e ei en eng i ong ou u ua uai uan uang ui un uo",
}
SYLLABLES: Final = frozenset(initial + final for initial, finals in _FINALS.items() for final in finals.split())
_LONGEST = max(map(len, SYLLABLES))
_BEGINNINGS = frozenset(syllable[:length] for syllable in SYLLABLES for length in range(1, len(syllable) + 1))


@cache
def has_readings() -> bool:
    """Return whether the readings of characters are known here."""
    return bool(_data_file())


@cache
def readings(character: str) -> tuple[str, ...]:
    """Return the syllables, without tones and ``v`` for ü, that *character* is read as, the usual one first."""
    known = _table().get(str(ord(character)), "")
    return tuple(dict.fromkeys(map(_plain, known.split(","))))[:MOST_READINGS] if known else ()


def pair_grams(pair: str) -> tuple[str, ...]:
    """Return the grams of two neighbours: the pair, its first character, that one's syllables, and the initials.

    One character alone gives its own.
    """
    known = _known.get(pair)
    if known is None:
        first = readings(pair[0])
        second = readings(pair[1]) if len(pair) > 1 else ()
        initials = {f"~{one[0]}{other[0]}" for one in first for other in second}
        known = tuple(dict.fromkeys((pair, pair[0], *(f"+{syllable}" for syllable in first), *sorted(initials))))
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        _known[pair] = known
    return known


def segmentations(letters: str) -> list[tuple[str, ...]]:
    """Return the ways to read *letters* as syllables, long ones first; the last may be only begun.

    ``xian`` gives ``(xian,)`` and ``(xi, an)``; what is no pinyin gives none, and no more than four are returned.
    """
    found: list[tuple[str, ...]] = []
    for way in _ways(letters, ()):
        found.append(way)
        if len(found) == MOST_SEGMENTATIONS:
            break
    return found


def _ways(letters: str, before: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for length in range(min(_LONGEST, len(letters)), 0, -1):
        part, rest = letters[:length], letters[length:]
        if part in SYLLABLES and rest:
            yield from _ways(rest, (*before, part))
        elif not rest and part in _BEGINNINGS:
            yield (*before, part)


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


_known: dict[str, tuple[str, ...]] = {}
