"""Pinyin: the syllables that a character may be read as, and the syllables that typed letters may be."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

from pycrm.values.pinyin import has_readings, known_readings

__all__ = ["has_readings", "pair_grams", "readings", "segmentations"]

MOST_READINGS = 3  # the rarer ones, of characters that have more, nobody types

# Of all other characters the usual reading is the only one that a name is asked for by; dictionaries list many more.
_READ_IN_SEVERAL_WAYS: Final = frozenset(
    "重长行乐曾单朴解区仇查盖华宁朝都大厦率调传藏参差车石会和地便薄种数宿尉翟缪覃谌召祭折员冼洗卜柏隗繁万俟句角贾牟乜"
    "郇秘阿强将校觉卡模弹奇茜色提拓系叶露绿塔娜俞於纤巷省伽咖佛蚌堡埔番泊莘铅浚蔚六渑枞荥歙降空恶还间教血量磨铺圈似载"
    "正中着落识氏否父发干更好号横划晃几夹假结斤禁劲据咯了累俩笼炮劈片屏漂切曲散扇舍盛什熟属说锁挑贴通同吐为鲜相削吁压"
    "咽要应与晕扎炸涨只钻琢作坐仔撒尺筑其祁台戏适尔可葛甯尹燕过令任那纪宓訾费占哈"
)

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
def readings(character: str) -> tuple[str, ...]:
    """Return the syllables, without tones and ``v`` for ü, that *character* is read as, the usual one first."""
    most = MOST_READINGS if character in _READ_IN_SEVERAL_WAYS else 1
    return known_readings(character)[:most]


class _PairGrams(dict[str, str]):
    """The grams of pairs that were asked for; most come again soon."""

    def __missing__(self, pair: str) -> str:
        first = readings(pair[0])
        second = readings(pair[1]) if len(pair) > 1 else ()
        initials = {f"~{one[0]}{other[0]}" for one in first for other in second}
        if len(self) >= MOST_KNOWN:
            self.clear()
        made = (pair, pair[0], *(f"+{syllable}" for syllable in first), *sorted(initials))
        found = self[pair] = " ".join(dict.fromkeys(made))
        return found


pair_grams = _PairGrams().__getitem__
"""Gives the grams of two neighbours, spaces between: the pair, its first character, that one's syllables, the initials.

One character alone gives its own. Without readings there are no syllables and no initials.
"""


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
