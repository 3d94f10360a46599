"""Versions of plugins, as far as they are compared: by their release numbers."""

from __future__ import annotations

import re


def release_of(version: str) -> tuple[int, ...]:
    """Return the release numbers of *version* for comparison: ``(1, 2)`` for ``1.2rc1``, ``1.2`` and ``1.2.0``."""
    release = re.match(r"\d+(?:\.\d+)*", version)
    numbers = [int(number) for number in release[0].split(".")] if release else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
