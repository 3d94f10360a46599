"""Times of the day, and lengths of time."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycrm.builtin.kinds import DurationKind, TimeKind
from pycrm.errors import Problem

DURATION = DurationKind()
durations = st.timedeltas(dt.timedelta(days=-999_999), dt.timedelta(days=999_999))


def code(kind: Any, value: Any) -> str:
    with pytest.raises(Problem) as caught:
        kind.parse(value)
    return caught.value.code


@pytest.mark.parametrize(
    ("value", "time"),
    [
        ("8:30", dt.time(8, 30)),
        (" 08:30:15 ", dt.time(8, 30, 15)),
        ("23:59:59.5", dt.time(23, 59, 59, 500_000)),
        (dt.time(8, 30, fold=1), dt.time(8, 30)),
    ],
)
def test_time_is_read(value: Any, time: dt.time) -> None:
    """A time is taken with or without seconds."""
    parsed = TimeKind().parse(value)

    assert (parsed, parsed.fold) == (time, 0)


@pytest.mark.parametrize("value", ["", "8", "24:00", "8:60", "8:30 pm", "8:30:15.1234567", 830, dt.datetime.min])
def test_time_refuses_others(value: Any) -> None:
    """What is no time of the day is refused, an instant too."""
    assert code(TimeKind(), value) == "time.invalid"


def test_time_has_no_zone() -> None:
    """A time with a zone is refused, since a zone without a day says little."""
    assert code(TimeKind(), dt.time(8, tzinfo=dt.UTC)) == "time.has_zone"


@given(st.times(), st.times())
def test_stored_times_have_their_order(one: dt.time, other: dt.time) -> None:
    """The stored texts sort as the times do."""
    kind = TimeKind()

    assert (kind.to_parts(one) < kind.to_parts(other)) == (one < other)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("1h 30m", dt.timedelta(hours=1, minutes=30)),
        ("90 min", dt.timedelta(minutes=90)),
        ("1小时30分", dt.timedelta(hours=1, minutes=30)),
        ("2 days, 3 hours", dt.timedelta(days=2, hours=3)),
        ("1.5 d", dt.timedelta(hours=36)),
        ("-250ms", dt.timedelta(milliseconds=-250)),
        ("PT1H30M", dt.timedelta(hours=1, minutes=30)),
        ("P1DT0,5H", dt.timedelta(days=1, minutes=30)),
        ("-PT0.000001S", dt.timedelta(microseconds=-1)),
        ("p2w", dt.timedelta(weeks=2)),
    ],
)
def test_duration_is_read(text: str, duration: dt.timedelta) -> None:
    """ISO 8601 is taken, and numbers with units in English and Chinese."""
    assert DURATION.parse(text) == duration


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (90, "invalid"),
        ("90", "invalid"),
        ("", "invalid"),
        ("P", "invalid"),
        ("PT", "invalid"),
        ("1h 2h", "invalid"),
        ("1 fortnight", "invalid"),
        ("1h" * 60, "invalid"),
        (dt.time(1), "invalid"),
        ("P1M", "calendar"),
        ("P1Y2D", "calendar"),
        ("3 months", "calendar"),
        ("0.0000001s", "too_precise"),
        ("1000000 d", "too_long"),
        (dt.timedelta.max, "too_long"),
    ],
)
def test_duration_refuses_others(value: Any, problem: str) -> None:
    """Bare numbers, months and what microseconds cannot tell are refused."""
    assert code(DURATION, value) == f"duration.{problem}"


@given(durations)
def test_duration_is_told(duration: dt.timedelta) -> None:
    """What is dumped, and what is shown, means the same length."""
    assert DURATION.parse(DURATION.dump(duration)) == duration
    assert DURATION.parse(DURATION.display(duration)) == duration


def test_duration_is_shown_briefly() -> None:
    """Units that are zero are left out."""
    given = [dt.timedelta(days=1, minutes=30), dt.timedelta(), dt.timedelta(seconds=-90.5)]

    assert [DURATION.display(each) for each in given] == ["1d 30m", "0s", "-1m 30.5s"]
    assert [DURATION.dump(each) for each in given] == ["P1DT30M", "PT0S", "-PT1M30.5S"]
