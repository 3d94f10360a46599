"""Phone numbers as search compares them: their digits, without the country's code where that is known."""

from __future__ import annotations

import unicodedata

__all__ = ["all_digits", "without_country"]

# ITU-T E.164: codes of one digit and of two; all others have three.
_ONE = frozenset("17")
_TWO_DIGITS = (20, 27, *range(30, 35), 36, 39, 40, 41, *range(43, 50), *range(51, 59), *range(60, 67))
_TWO = frozenset(map(str, (*_TWO_DIGITS, 81, 82, 84, 86, *range(90, 96), 98)))


def all_digits(number: str) -> str:
    """Return the digits of *number*, such as ``+8613812345678;ext=12``, without its extension."""
    main = number.partition(";")[0].removeprefix("+")
    if main.isdecimal() and main.isascii():
        return main
    return "".join(str(unicodedata.decimal(each)) for each in main if each.isdecimal())


def without_country(digits: str) -> str:
    """Return *digits*, an international number without its plus sign, without its country's code."""
    if digits[:1] in _ONE:
        return digits[1:]
    return digits[2:] if digits[:2] in _TWO else digits[3:]
