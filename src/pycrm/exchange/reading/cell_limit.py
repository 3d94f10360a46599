"""The longest cell that the module csv takes, raised for a moment: the setting belongs to the whole process."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

__all__ = ["long_cells"]

_lock = Lock()
_readers = 0
_before = 0
_ours = 0


@contextmanager
def long_cells(characters: int) -> Iterator[None]:
    """Let cells be as long as *characters* inside the block, in all threads; the last one out puts the setting back.

    What anybody else has set it to meanwhile stays.
    """
    global _readers, _before, _ours  # noqa: PLW0603 - as the setting itself is
    with _lock:
        if _readers == 0:
            _before = _ours = csv.field_size_limit()
        _readers += 1
        if characters > csv.field_size_limit():
            _ours = characters
            csv.field_size_limit(characters)
    try:
        yield
    finally:
        with _lock:
            _readers -= 1
            if _readers == 0 and csv.field_size_limit() == _ours:
                csv.field_size_limit(_before)
