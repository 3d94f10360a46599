"""Relative dates, compared with days that are counted one by one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pycrm.errors import QueryError
from pycrm.values.periods import COUNTED, RELATIVE, Period, relative_period

TODAY = date(2026, 3, 4)  # a Wednesday
DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))
ZONES = ["UTC", "Asia/Shanghai", "America/New_York", "America/Sao_Paulo", "America/Havana", "Pacific/Apia"]


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def _number_of(unit: str, fiscal_start: int) -> Callable[[date], int]:
    """Return which week, month, quarter or year a day lies in, counted from some beginning."""
    months = {"MONTH": 1, "QUARTER": 3, "YEAR": 12, "FISCAL_QUARTER": 3, "FISCAL_YEAR": 12}
    if unit == "DAY":
        return date.toordinal
    if unit == "WEEK":
        return lambda day: (day - date(1970, 1, 5)).days // 7  # which was a Monday
    shift = fiscal_start - 1 if unit.startswith("FISCAL") else 0
    return lambda day: (_month(day) - shift) // months[unit]


def _counted_out(today: date, unit: str, first: int, last: int, fiscal_start: int) -> tuple[date, date]:
    """Return the days whose unit lies *first* to *last* after that of today, walked day by day."""
    number = _number_of(unit, fiscal_start)
    wanted = range(number(today) + first, number(today) + last + 1)
    step = timedelta(days=1)
    day = today
    while number(day) > wanted[0] - 1:
        day -= step
    while number(day) < wanted[0]:
        day += step
    start = day
    while number(day) in wanted:
        day += step
    return start, day - step


UNITS = ["WEEK", "MONTH", "QUARTER", "YEAR", "FISCAL_QUARTER", "FISCAL_YEAR"]


@given(DAYS, st.sampled_from(UNITS), st.integers(-1, 1), st.integers(1, 12))
@example(date(2024, 2, 29), "MONTH", 1, 1)
@example(date(2026, 1, 1), "FISCAL_YEAR", -1, 4)
def test_last_this_next(today: date, unit: str, which: int, fiscal_start: int) -> None:
    """Whole weeks from Monday, months, quarters and years; fiscal ones from their month."""
    name = f"{('THIS', 'NEXT', 'LAST')[which]}_{unit}"

    period = relative_period(name, None, today, fiscal_start=fiscal_start)

    assert (period.first, period.last) == _counted_out(today, unit, which, which, fiscal_start)


@given(DAYS, st.sampled_from(UNITS), st.booleans(), st.integers(1, 6), st.integers(1, 12))
@settings(max_examples=60)
def test_several_before_and_after(today: date, unit: str, is_last: bool, count: int, fiscal_start: int) -> None:
    """``LAST_N_…`` ends before the present one, ``NEXT_N_…`` begins after it."""
    name = f"{'LAST' if is_last else 'NEXT'}_N_{unit}S"

    period = relative_period(name, count, today, fiscal_start=fiscal_start)

    first, last = (-count, -1) if is_last else (1, count)
    assert (period.first, period.last) == _counted_out(today, unit, first, last, fiscal_start)


@pytest.mark.parametrize(
    ("name", "count", "first", "last"),
    [
        ("YESTERDAY", None, "2026-03-03", "2026-03-03"),
        ("TODAY", None, "2026-03-04", "2026-03-04"),
        ("TOMORROW", None, "2026-03-05", "2026-03-05"),
        ("LAST_N_DAYS", 1, "2026-03-03", "2026-03-04"),
        ("LAST_N_DAYS", 30, "2026-02-02", "2026-03-04"),
        ("NEXT_N_DAYS", 7, "2026-03-05", "2026-03-11"),
        ("N_DAYS_AGO", 3, "2026-03-01", "2026-03-01"),
        ("LAST_WEEK", None, "2026-02-23", "2026-03-01"),
        ("THIS_WEEK", None, "2026-03-02", "2026-03-08"),
        ("NEXT_N_WEEKS", 2, "2026-03-09", "2026-03-22"),
        ("LAST_MONTH", None, "2026-02-01", "2026-02-28"),
        ("THIS_QUARTER", None, "2026-01-01", "2026-03-31"),
        ("NEXT_N_MONTHS", 3, "2026-04-01", "2026-06-30"),
        ("LAST_YEAR", None, "2025-01-01", "2025-12-31"),
        ("THIS_FISCAL_YEAR", None, "2025-04-01", "2026-03-31"),
        ("THIS_FISCAL_QUARTER", None, "2026-01-01", "2026-03-31"),
        ("NEXT_FISCAL_YEAR", None, "2026-04-01", "2027-03-31"),
    ],
)
def test_on_a_wednesday_in_march(name: str, count: int | None, first: str, last: str) -> None:
    """As the reference shows them, with a fiscal year that begins in April."""
    period = relative_period(name, count, TODAY, fiscal_start=4)

    assert (period.first, period.last) == (date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("name", "count", "cure"),
    [
        ("THIS_WEAK", None, "did you mean 'THIS_WEEK'"),
        ("LAST_N_DAYS", None, "write LAST_N_DAYS:30 with a number"),
        ("TODAY", 3, "TODAY takes no number"),
        ("LAST_N_DAY", 3, "is no relative date; did you mean 'LAST_N_DAYS'"),
        ("LAST_N_DAYS", 0, "between 1 and 10000"),
        ("LAST_N_DAYS", 10_001, "between 1 and 10000"),
    ],
)
def test_what_is_no_relative_date_is_refused(name: str, count: int | None, cure: str) -> None:
    """With what to write instead."""
    with pytest.raises(QueryError, match=cure):
        relative_period(name, count, TODAY)


@pytest.mark.parametrize("today", [date.min, date.max, date(1, 2, 3), date(9999, 11, 30)])
def test_ends_of_the_calendar(today: date) -> None:
    """A period is one of days that exist, or is refused; nothing overflows."""
    for name in RELATIVE:
        _asked(name, None, today)
    for name in COUNTED:
        _asked(name, 10_000, today)


def _asked(name: str, count: int | None, today: date) -> None:
    try:
        period = relative_period(name, count, today)
    except QueryError as error:
        assert "outside the years 1 to 9999" in str(error)  # noqa: PT017  each name may do either
        return
    assert period.first <= period.last
    assert period.start <= period.end


@given(
    st.datetimes(datetime(2005, 1, 1), datetime(2020, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(ZONES),
    st.integers(-2, 2),
    st.integers(0, 2),
)
@example(datetime(2011, 12, 30, 10, tzinfo=UTC), "Pacific/Apia", 0, 0)
@example(datetime(2018, 11, 4, 3, tzinfo=UTC), "America/Sao_Paulo", 0, 0)
def test_instants_of_a_period_are_those_of_its_days(instant: datetime, zone: str, shift: int, length: int) -> None:
    """Also where midnight is skipped or comes twice, and where a whole day is missing."""
    here = ZoneInfo(zone)
    day = instant.astimezone(here).date()
    first = day + timedelta(days=shift)
    period = Period(first, first + timedelta(days=length), here)

    assert (period.start <= instant <= period.end) == (period.first <= day <= period.last)


def test_ends_of_time() -> None:
    """The first and the last day have instants too, in any zone."""
    for zone in map(ZoneInfo, ZONES):
        assert Period(date.min, date.min, zone).start == datetime.min.replace(tzinfo=UTC) or zone.key.startswith("Am")
        assert Period(date.max, date.max, zone).end == datetime.max.replace(tzinfo=UTC)


def test_shifted_by_days() -> None:
    """Both ends move; beyond the calendar they cannot."""
    assert Period(TODAY, TODAY).shifted(-4) == Period(date(2026, 2, 28), date(2026, 2, 28))
    with pytest.raises(QueryError, match="outside the years"):
        Period(TODAY, TODAY).shifted(10**7)
    with pytest.raises(QueryError, match="outside the years"):
        Period(TODAY, TODAY).shifted(10**30)
