"""The base of hand-written value classes, which are built too often for a checked ``__setattr__`` per attribute."""

from __future__ import annotations

from typing import NoReturn


class Frozen:
    """Refuses assignment; subclasses fill their slots through the slot descriptors and define ``__reduce__``."""

    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} never changes; make a new one instead of setting {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} never changes; {name!r} cannot be deleted")
