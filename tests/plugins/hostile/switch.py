"""The switch of the hostile plugins: each behaves until a test arms it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_armed: dict[str, Any] = {}


@contextmanager
def armed(what: str, payload: Any = True) -> Iterator[None]:
    """Arm the misbehaviour *what*, as ``"raises.check"``, for the block; *payload* is what it needs to know."""
    _armed[what] = payload
    try:
        yield
    finally:
        del _armed[what]


def payload_of(what: str) -> Any:
    """Return the payload of *what*, or None where it is not armed."""
    return _armed.get(what)
