"""Clocks: the one thing a CRM asks for the present moment, so that tests and demos can choose it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]


def system_clock() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until it is advanced, for tests and demos.

    Args:
        start: The first moment that it tells; aware, of any time zone.

    Raises:
        ValueError: *start* has no time zone.
    """

    def __init__(self, start: datetime) -> None:
        if start.utcoffset() is None:
            raise ValueError(f"{start!r} has no time zone; say which one, as in start.replace(tzinfo=UTC)")
        self._now = start.astimezone(UTC)

    def __call__(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Move the clock by *by* (back, where negative) and return the new moment."""
        self._now += by
        return self._now

    def __repr__(self) -> str:
        return f"FixedClock({self._now.isoformat()})"
