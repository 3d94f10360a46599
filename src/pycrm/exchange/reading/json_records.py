"""One record of JSON: parsed exactly, flattened into columns, and what is wrong with it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final, NoReturn

from pycrm.errors import Problem

__all__ = ["DECODER", "flattened", "has_too_many_items", "invalid_record", "is_too_deep"]

_MOST_DIGITS: Final = 400
_MOST_ITEMS: Final = 500_000


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise ValueError(f"{twice!r} stands twice in one object")
    return members


def _number(text: str) -> Decimal:
    # A few characters may fill the memory once somebody makes a whole number of them.
    if len(text) > 2 * _MOST_DIGITS or abs((number := Decimal(text)).adjusted()) > _MOST_DIGITS:
        raise ValueError(f"{text[:20]} is out of all bounds")
    return number


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


DECODER: Final = json.JSONDecoder(object_pairs_hook=_members, parse_float=_number, parse_constant=_constant)
"""Fractions become `Decimal`, digit by digit; what JSON forbids, or of which one value would be lost, is an error."""


def flattened(record: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield name and value of each member of *record*; those of an object within as ``"properties.email"``.

    Lists stay as they are.
    """
    for name, value in record.items():
        if isinstance(value, dict):
            yield from flattened(value, f"{before}{name}.")
        else:
            yield before + name, value


def has_too_many_items(text: str, start: int = 0) -> bool:
    """Whether what begins at *start* of *text* may become so many small values that they fill the memory."""
    # No value takes less than the sign that parts it from the next.
    return len(text) - start > _MOST_ITEMS and sum(text.count(sign, start) for sign in ",[{") > _MOST_ITEMS


def is_too_deep(value: Any, depth: int) -> bool:
    """Whether lists and objects stand deeper inside each other in *value* than *depth*."""
    level = [value]
    for _ in range(depth + 1):
        level = [
            item
            for outer in level
            if isinstance(outer, (list, dict))
            for item in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True


def invalid_record(line: int, told: str, value: str | None = None) -> Problem:
    """Return what is wrong with a record that cannot be read; *told* says why."""
    return Problem(
        "read.invalid_record", message="is no record of JSON: {told}; mend it", line=line, told=told, value=value
    )
