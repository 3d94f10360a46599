"""Days and instants."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycrm.errors import Problem
from pycrm.fields.dates import DateKind, InstantKind

SHANGHAI = dt.timezone(dt.timedelta(hours=8))


def problem(kind: Any, value: Any) -> Problem:
    with pytest.raises(Problem) as caught:
        kind.parse(value)
    return caught.value


def test_date_from_text() -> None:
    """A day is read from ISO text."""
    assert DateKind().parse(" 2026-02-28 ") == dt.date(2026, 2, 28)


@pytest.mark.parametrize("value", ["2026-02-30", "28.02.2026", "20260228", "2026-W01-1", "", 20260228, None])
def test_date_refuses_others(value: Any) -> None:
    """What is no day is refused."""
    assert problem(DateKind(), value).code == "date.invalid"


def test_date_refuses_instants() -> None:
    """An instant is a different day in different places, so it is refused with the cure."""
    refused = problem(DateKind(), dt.datetime(2026, 3, 1, tzinfo=dt.UTC))

    assert refused.code == "date.has_time"
    assert "value.astimezone(zone).date()" in refused.message


def test_subclasses_become_plain() -> None:
    """Dates and instants of other libraries become those of the standard library."""

    class Day(dt.date):
        pass

    class Moment(dt.datetime):
        pass

    assert type(DateKind().parse(Day(2026, 3, 1))) is dt.date
    assert type(InstantKind().parse(Moment(2026, 3, 1, tzinfo=dt.UTC))) is dt.datetime
    assert type(InstantKind().parse(Moment(2026, 3, 1, tzinfo=SHANGHAI))) is dt.datetime


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-01T08:00:00+08:00",
        "2026-03-01 00:00:00Z",
        dt.datetime(2026, 3, 1, 8, tzinfo=SHANGHAI),
        dt.datetime(2026, 3, 1, 8, tzinfo=ZoneInfo("Asia/Shanghai")),
    ],
)
def test_instants_are_kept_in_utc(value: Any) -> None:
    """An instant of any zone is kept in UTC."""
    parsed = InstantKind().parse(value)

    assert parsed == dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    assert parsed.tzinfo is dt.UTC
    assert InstantKind().dump(parsed) == "2026-03-01T00:00:00Z"


@pytest.mark.parametrize("value", [dt.datetime(2026, 3, 1), "2026-03-01T08:00:00", "2026-03-01"])
def test_naive_instants_are_refused(value: Any) -> None:
    """An instant without time zone is refused with the cure."""
    refused = problem(InstantKind(), value)

    assert refused.code == "datetime.naive"
    assert "value.replace(tzinfo=zone)" in refused.message


@pytest.mark.parametrize(
    "value", ["", "tomorrow", "2026-13-01T00:00:00Z", 5, dt.date(2026, 3, 1), dt.datetime.min.replace(tzinfo=SHANGHAI)]
)
def test_instant_refuses_others(value: Any) -> None:
    """What is no instant of the years 1 to 9999 is refused."""
    assert problem(InstantKind(), value).code == "datetime.invalid"


@given(st.datetimes(dt.datetime(1, 1, 3), dt.datetime(9999, 12, 29), timezones=st.timezones(), allow_imaginary=False))
def test_instants_stay_the_same_moment(value: dt.datetime) -> None:
    """Parsing keeps the moment to the microsecond, in hours that a clock shows twice too."""
    parsed = InstantKind().parse(value)

    assert parsed.timestamp() == value.timestamp()
    assert (parsed.tzinfo, parsed.fold, parsed.microsecond) == (dt.UTC, 0, value.microsecond)
