"""A bounded memory of what is costly to make."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

__all__ = ["Kept"]

V = TypeVar("V")


class Kept(Generic[V]):
    """Values by key, made on first use; beyond *size* the oldest is dropped. Threads may share it.

    Two threads may make the same value at once, which only costs time.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: dict[Hashable, V] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """Return the value of *key*, made by *make* if it is not kept."""
        value = self._values.get(key)
        if value is not None:
            return value
        made = make()
        with self._lock:
            if len(self._values) >= self._size:
                del self._values[next(iter(self._values))]
            self._values[key] = made
        return made
