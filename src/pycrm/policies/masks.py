"""Masks: what somebody sees of a value whose field is masked for him. A role names one per field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import overload

from pycrm.errors import ConfigurationError, nearest

__all__ = ["MASKS", "mask"]

HIDDEN = "***"
_STAR = "*"
_CHINA = "+86"
_MOBILE_DIGITS = 11
_FEWEST_DIGITS = 7  # of what people take for a telephone number


def _all(text: str) -> str:
    return HIDDEN


def _domain(text: str) -> str:
    _, at, domain = text.rpartition("@")
    return f"{HIDDEN}@{domain}" if at and domain else HIDDEN


def _last4(text: str) -> str:
    # Never more than half: four of five characters would leave little to guess.
    shown = min(4, len(text) // 2)
    return _STAR * (len(text) - shown) + text[len(text) - shown :] if text else HIDDEN


def _first_last(text: str) -> str:
    if sum(map(str.isdigit, text)) >= _FEWEST_DIGITS and not any(map(str.isalpha, text)):
        return _number(text)
    if len(text) < 3:
        return text[:1] + _STAR if len(text) == 2 else HIDDEN
    return text[0] + _STAR * (len(text) - 2) + text[-1]


def _number(text: str) -> str:
    """Return a number with its first and last digits and its separators: ``138****5678``, ``+86 138-****-5678``."""
    prefix = _CHINA if text.startswith(_CHINA) else ""
    rest = text.removeprefix(prefix)
    count = sum(map(str.isdigit, rest))
    first, last = (3, 4) if count >= _MOBILE_DIGITS else (min(2, count // 4), min(2, count // 4))
    masked, place = [], 0
    for character in rest:
        is_shown = place < first or place >= count - last
        masked.append(character if is_shown or not character.isdigit() else _STAR)
        place += character.isdigit()
    return prefix + "".join(masked)


MASKS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {"all": _all, "domain": _domain, "last4": _last4, "first_last": _first_last}
)
"""By the name that roles call it, the one that shows least first: of two roles' masks the later one counts.

- ``all``: ``***``, whatever the value is.
- ``domain``: an address without who it is: ``***@example.com``.
- ``last4``: the last four characters, and at most half of them: ``************1234``.
- ``first_last``: as names and telephone numbers are told: ``王*明``, ``138****5678``.
"""


@overload
def mask(pattern: str, text: str) -> str: ...


@overload
def mask(pattern: str, text: None) -> None: ...


def mask(pattern: str, text: str | None) -> str | None:
    """Return what the mask *pattern* leaves of *text*; None, which there is nothing to hide of, stays None.

    Raises:
        ConfigurationError: There is no such mask.
    """
    try:
        hide = MASKS[pattern]
    except KeyError:
        raise ConfigurationError(
            f"there is no mask {pattern!r}; take one of {', '.join(MASKS)}{nearest(pattern, MASKS)}", value=pattern
        ) from None
    return None if text is None else hide(text)
