"""Transforms of the names of people."""

from __future__ import annotations

import re
from typing import Any

from pycrm.exchange.mapping.cells import text_of
from pycrm.schema.transforms import Transform

__all__ = ["PEOPLE"]

_han = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+").fullmatch
_separated = re.compile(r"[·•・]")
# The families of two characters among the four hundred commonest, simplified and traditional.
_LONG_FAMILIES = frozenset(
    re.findall(
        "..",
        "欧阳歐陽司马司馬上官诸葛諸葛司徒东方東方独孤獨孤南宫南宮万俟萬俟闻人聞人夏侯尉迟尉遲公孙公孫轩辕軒轅令狐钟离鍾離宇文"
        "长孙長孫慕容鲜于鮮于皇甫澹台濮阳濮陽太史申屠端木呼延西门西門百里东郭東郭赫连赫連",
    )
)
_PARTICLES = frozenset(
    {"van", "von", "der", "den", "de", "da", "di", "del", "della", "dos", "das", "du", "la", "le", "ten", "ter", "zu"}
    | {"zum", "zur", "af", "av", "el", "al", "bin", "ibn", "st", "st.", "mc", "mac"}
)
_TITLES = frozenset(
    {"mr", "mrs", "ms", "miss", "dr", "prof", "herr", "frau", "mme", "mlle", "sr", "sra", "ing", "dipl"}
)
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "phd", "md", "esq", "mba"})


def _split_name(value: Any, part: str) -> str | None:
    """Return the family name or the given name in *value*; None where it has none."""
    given, family = _parts(text_of(value))
    return (family if part == "family" else given) or None


def _parts(text: str) -> tuple[str, str]:
    """Return given name and family name of the person called *text*."""
    name = " ".join(text.split())
    together = name.replace(" ", "")
    if _han(together):
        words = name.split(" ")
        if len(words) == 2:
            return words[1], words[0]
        long = together[:2] in _LONG_FAMILIES and len(together) > 2
        return (together[2:], together[:2]) if long else (together[1:], together[:1])
    if len(pieces := _separated.split(name)) > 1:
        return "·".join(pieces[:-1]), pieces[-1]
    family, comma, given = name.partition(",")
    if comma and _plain(given) not in _SUFFIXES:
        return given.strip(), family.strip()
    return _western(name.replace(",", " ").split())


def _western(words: list[str]) -> tuple[str, str]:
    while len(words) > 1 and _plain(words[0]) in _TITLES:
        words = words[1:]
    while len(words) > 1 and _plain(words[-1]) in _SUFFIXES:
        words = words[:-1]
    if len(words) < 2:
        return " ".join(words), ""
    at = next(
        (place for place, word in enumerate(words[:-1]) if place and word.casefold() in _PARTICLES), len(words) - 1
    )
    return " ".join(words[:at]), " ".join(words[at:])


def _plain(word: str) -> str:
    return word.strip(" .").casefold()


def _check_part(part: str = "") -> str:
    return "" if part in ("given", "family") else f"{part!r} is neither given nor family"


PEOPLE = (Transform("split_name", _split_name, check=_check_part),)
