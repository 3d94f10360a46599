"""Clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from pycrm.values.clock import Clock, FixedClock, system_clock


def test_system_clock_is_aware() -> None:
    """The system's clock tells the present in UTC."""
    clock: Clock = system_clock

    assert clock().tzinfo is UTC
    assert abs(datetime.now(UTC) - clock()) < timedelta(minutes=1)


def test_fixed_clock_advances_on_demand() -> None:
    """A fixed clock stands still until it is advanced."""
    clock = FixedClock(datetime(2026, 3, 1, 8, tzinfo=timezone(timedelta(hours=8))))

    assert clock() == clock() == datetime(2026, 3, 1, tzinfo=UTC)
    assert clock.advance(timedelta(days=1)) == clock() == datetime(2026, 3, 2, tzinfo=UTC)
    assert repr(clock) == "FixedClock(2026-03-02T00:00:00+00:00)"


def test_fixed_clock_wants_zone() -> None:
    """A start without time zone is refused."""
    with pytest.raises(ValueError, match="has no time zone"):
        FixedClock(datetime(2026, 3, 1))
