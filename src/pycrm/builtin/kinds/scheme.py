"""What one scheme of identifiers is: its form, what proves a number, and what a number tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

__all__ = ["Scheme"]


def _as_it_is(number: str) -> str | None:
    return number


def _nothing(number: str) -> Mapping[str, Any]:
    return {}


@attrs.frozen
class Scheme:
    """A sort of number that some authority gives out.

    Attributes:
        name: Its word in declarations, of lower-case letters, digits and ``_``: ``"uscc"``.
        label: What people call it, by language; English at least.
        form: Regular expression of the whole number in capitals, without what is in *separators*.
        example: A sound number that belongs to nobody.
        prove: Returns the number to be kept, usually the given one, or None if a check digit or a date in it is wrong.
        tell: Returns what else the number says, by name: ``{"birth_on": date(1990, 1, 1), "gender": "female"}``.
        separators: Characters that people write between the digits, which are dropped.
        sensitive: Values are shown masked but for the last four characters.
    """

    name: str
    label: Mapping[str, str]
    form: str
    example: str
    prove: Callable[[str], str | None] = _as_it_is
    tell: Callable[[str], Mapping[str, Any]] = _nothing
    separators: str = " -"
    sensitive: bool = False

    def called(self, language: str) -> str:
        """Return its label in *language*, or else in English."""
        return self.label.get(language, self.label["en"])

    def mask(self, number: str) -> str:
        """Return *number* with stars for all but the last four characters, so that its owner knows it again."""
        return "*" * max(0, len(number) - 4) + number[-4:]
