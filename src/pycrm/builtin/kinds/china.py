"""Identifiers of the People's Republic of China: of organisations and of residents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from pycrm.builtin.kinds.scheme import Scheme

__all__ = ["RESIDENT", "USCC"]

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # without I, O, S, V, Z, which look like digits or each other
_CODES = {character: code for code, character in enumerate(_ALPHABET)}


def _prove_uscc(number: str) -> str | None:
    """Compare the last character with the others, weighted by powers of 3, modulo 31; GB 32100-2015, annex A."""
    total = sum(_CODES[character] * pow(3, place, 31) for place, character in enumerate(number[:17]))
    return number if number[17] == _ALPHABET[-total % 31] else None


USCC = Scheme(
    name="uscc",
    label={"en": "unified social credit code", "zh": "统一社会信用代码"},
    form=rf"[{_ALPHABET}]{{2}}[0-9]{{6}}[{_ALPHABET}]{{10}}",
    example="91350100M000100Y43",
    prove=_prove_uscc,
    tell=lambda number: {"region": number[2:8]},
)
"""The number of an organisation, GB 32100: registrar, sort, administrative region, subject, check character."""


def _born_on(number: str) -> date:
    return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))


def _prove_resident(number: str) -> str | None:
    """Compare the last character with the digits, weighted by powers of 2, modulo 11 (ISO 7064); GB 11643-1999."""
    try:
        _born_on(number)
    except ValueError:
        return None
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(number[:17]))
    return number if number[17] == "10X98765432"[total % 11] else None


def _tell_resident(number: str) -> Mapping[str, Any]:
    gender = "male" if int(number[16]) % 2 else "female"
    return {"region": number[:6], "birth_on": _born_on(number), "gender": gender}


RESIDENT = Scheme(
    name="cn_resident",
    label={"en": "resident identity number", "zh": "公民身份号码"},
    form=r"[1-9][0-9]{5}(?:18|19|20)[0-9]{9}[0-9X]",
    example="11010519491231002X",
    prove=_prove_resident,
    tell=_tell_resident,
    sensitive=True,
)
"""The number of a resident, GB 11643: administrative region, day of birth, sequence with gender, check character."""
