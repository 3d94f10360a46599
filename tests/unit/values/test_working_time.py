from __future__ import annotations

import pickle
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pycrm import CalendarError, WorkingCalendar
from reliability.check_calendar import ZONES, Watcher, differences, random_plan, random_start, transitions

OFFICE = "mon-fri 09:00-12:00 13:30-18:00"
HOUR = timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai"))


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.fixture
def office() -> WorkingCalendar:
    """An office in Shanghai around the National Day of 2025, with a lunch break."""
    return WorkingCalendar(
        "Asia/Shanghai",
        OFFICE,
        holidays=[date(2025, 10, day) for day in range(1, 9)],
        working_days=[date(2025, 9, 28), date(2025, 10, 11)],
        own_hours={date(2025, 12, 31): "09:00-12:00"},
    )


@pytest.mark.parametrize(
    ("at", "worked"),
    [
        ("2025-09-30 09:00", True),
        ("2025-09-30 08:59:59.999999", False),
        ("2025-09-30 12:00", False),
        ("2025-09-30 13:30", True),
        ("2025-10-01 10:00", False),
        ("2025-10-11 10:00", True),
        ("2025-10-12 10:00", False),
        ("2025-12-31 14:00", False),
    ],
)
def test_instant_is_worked(office: WorkingCalendar, at: str, worked: bool) -> None:
    """A shift is worked from its first instant up to but without its last; holidays and moved days count."""
    assert office.is_working(shanghai(at)) is worked


def test_next_working_instant(office: WorkingCalendar) -> None:
    """A worked instant is its own next one; else the next shift's beginning is, in UTC."""
    assert office.next_working(shanghai("2025-09-30 10:00")) == shanghai("2025-09-30 10:00")
    assert office.next_working(shanghai("2025-09-30 18:00")) == shanghai("2025-10-09 09:00")
    assert office.next_working(shanghai("2025-09-30 18:00")).tzinfo is UTC


def test_time_is_added_over_free_days(office: WorkingCalendar) -> None:
    """Breaks, nights and holidays take no working time."""
    assert office.add_working_time(shanghai("2025-09-30 17:00"), 2 * HOUR) == shanghai("2025-10-09 10:00")


def test_time_ends_with_its_shift(office: WorkingCalendar) -> None:
    """Time that is over as a shift ends is over then, not when the next one begins."""
    assert office.add_working_time(shanghai("2025-09-30 17:00"), HOUR) == shanghai("2025-09-30 18:00")


def test_time_is_taken_back(office: WorkingCalendar) -> None:
    """A negative duration leads to the latest instant from which that much is worked."""
    assert office.add_working_time(shanghai("2025-10-09 10:00"), -2 * HOUR) == shanghai("2025-09-30 17:00")
    assert office.add_working_time(shanghai("2025-10-09 10:00"), -HOUR) == shanghai("2025-10-09 09:00")


def test_no_time_changes_nothing(office: WorkingCalendar) -> None:
    """Nothing added is the start, worked or not."""
    assert office.add_working_time(shanghai("2025-10-01 00:00"), timedelta()) == shanghai("2025-10-01 00:00")


def test_time_between_has_sign(office: WorkingCalendar) -> None:
    """Working time between two instants is negative where the second is earlier."""
    first, second = shanghai("2025-09-30 11:00"), shanghai("2025-10-09 09:30")

    assert office.working_time_between(first, second) == 6 * HOUR
    assert office.working_time_between(second, first) == -6 * HOUR


def test_microseconds_are_kept(office: WorkingCalendar) -> None:
    """Nothing is rounded."""
    start = shanghai("2025-09-30 17:59:59.999999")

    assert office.add_working_time(start, timedelta(microseconds=2)) == shanghai("2025-10-09 09:00:00.000001")


def test_night_shift_belongs_to_its_beginning() -> None:
    """A shift that begins before a holiday is worked to its end, and none begins on the holiday."""
    works = WorkingCalendar("Europe/Berlin", "mon-sun 22:00-06:00", holidays=[date(2026, 1, 1)])

    assert works.is_working(berlin("2026-01-01 05:59"))
    assert not works.is_working(berlin("2026-01-01 23:00"))
    assert not works.is_working(berlin("2026-01-02 05:00"))
    assert works.is_working(berlin("2026-01-02 22:00"))


def test_shifts_of_two_days_may_overlap() -> None:
    """An hour that belongs to a night shift and to the next morning is worked once."""
    works = WorkingCalendar("UTC", "mon 22:00-06:00; tue 05:00-09:00")

    monday = datetime(2026, 3, 2, tzinfo=UTC)
    assert works.working_time_between(monday, monday + timedelta(days=2)) == 11 * HOUR


@pytest.mark.parametrize(("night", "hours"), [("2026-03-28", 7), ("2026-10-24", 9), ("2026-11-07", 8)])
def test_night_shift_over_clock_change(night: str, hours: int) -> None:
    """A night shift over the beginning of summer time is an hour shorter, over its end an hour longer."""
    works = WorkingCalendar("Europe/Berlin", "sat 22:00-06:00")

    start = berlin(f"{night} 12:00")
    assert works.working_time_between(start, start + timedelta(days=1)) == hours * HOUR


def test_gap_of_clock_is_not_worked() -> None:
    """A time that the wall clock never shows is no working time."""
    works = WorkingCalendar("Europe/Berlin", "sun 02:15-02:45")

    assert works.next_working(berlin("2026-03-28 12:00")) == berlin("2026-04-05 02:15")


def test_overlap_of_clock_is_worked_twice() -> None:
    """A time that the wall clock shows twice is worked twice, with the break between."""
    works = WorkingCalendar("Europe/Berlin", "sun 02:00-02:30")
    start = berlin("2026-10-25 00:00")

    assert works.working_time_between(start, start + timedelta(days=1)) == HOUR
    assert works.add_working_time(start, timedelta(minutes=40)) == datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    assert not works.is_working(berlin("2026-10-25 02:45"))


def test_day_that_was_skipped() -> None:
    """Samoa went from 29 to 31 December 2011 in one step; nobody worked on the day between."""
    works = WorkingCalendar("Pacific/Apia", "mon-sun 09:00-17:00")
    start = datetime(2011, 12, 29, 18, tzinfo=ZoneInfo("Pacific/Apia"))

    assert works.next_working(start) == datetime(2011, 12, 31, 9, tzinfo=ZoneInfo("Pacific/Apia"))


def test_working_days_are_counted(office: WorkingCalendar) -> None:
    """Days are counted after the first up to and with the last."""
    assert office.working_days_between(date(2025, 9, 30), date(2025, 10, 11)) == 3
    assert office.working_days_between(date(2025, 10, 11), date(2025, 9, 30)) == -3
    assert office.working_days_between(date(2025, 10, 1), date(2025, 10, 8)) == 0


def test_working_days_are_added(office: WorkingCalendar) -> None:
    """Free days are passed over, and the day itself need not be worked."""
    assert office.add_working_days(date(2025, 9, 30), 1) == date(2025, 10, 9)
    assert office.add_working_days(date(2025, 10, 4), -1) == date(2025, 9, 30)
    assert office.add_working_days(date(2025, 10, 4), 0) == date(2025, 10, 4)


@given(day=st.dates(date(2025, 8, 1), date(2025, 12, 31)), days=st.integers(-60, 60))
def test_added_days_are_between(day: date, days: int) -> None:
    """Counting is the inverse of adding."""
    office = WorkingCalendar("Asia/Shanghai", OFFICE, holidays=[date(2025, 10, day) for day in range(1, 9)])

    assert office.working_days_between(day, office.add_working_days(day, days)) == days


def test_calendar_of_single_days() -> None:
    """A calendar may consist of exceptions alone; before and after them is no time."""
    fair = WorkingCalendar("Europe/Berlin", "", own_hours={date(2026, 4, 20): "09:00-18:00"})

    assert fair.next_working(berlin("2020-01-01 00:00")) == berlin("2026-04-20 09:00")
    assert fair.add_working_days(date(2020, 1, 1), 1) == date(2026, 4, 20)
    assert fair.add_working_time(berlin("2026-05-01 00:00"), -HOUR) == berlin("2026-04-20 17:00")


QUESTIONS: list[Callable[[WorkingCalendar], object]] = [
    lambda never: never.next_working(datetime(2026, 1, 1, tzinfo=UTC)),
    lambda never: never.add_working_time(datetime(2026, 1, 1, tzinfo=UTC), HOUR),
    lambda never: never.add_working_time(datetime(2026, 1, 1, tzinfo=UTC), -HOUR),
    lambda never: never.add_working_days(date(2026, 1, 1), 1),
]


@pytest.mark.parametrize("ask", QUESTIONS)
def test_time_that_is_not_there(ask: Callable[[WorkingCalendar], object]) -> None:
    """A calendar without hours says so instead of searching for ever."""
    with pytest.raises(CalendarError, match="has not that much working time"):
        ask(WorkingCalendar("UTC", ""))


def test_years_come_to_an_end() -> None:
    """Nothing is worked before the year 1 and after 9999."""
    office = WorkingCalendar("UTC", OFFICE)

    with pytest.raises(CalendarError):
        office.add_working_time(datetime(9999, 12, 1, tzinfo=UTC), timedelta(days=365))
    with pytest.raises(CalendarError):
        office.add_working_days(date(1, 1, 8), -10)


def test_naive_instant_is_refused(office: WorkingCalendar) -> None:
    """An instant without a zone could be anywhere."""
    with pytest.raises(CalendarError, match="has no time zone"):
        office.is_working(datetime(2025, 9, 30))


def test_instant_is_no_day(office: WorkingCalendar) -> None:
    """Whose day an instant is in must be said."""
    with pytest.raises(CalendarError, match="say whose day"):
        office.is_working_day(datetime(2025, 9, 30, tzinfo=UTC))


@pytest.mark.parametrize("name", ["Europe/Atlantis", "../etc/passwd", "Europe", "", "\0"])
def test_unknown_zone_is_refused(name: str) -> None:
    """A zone that the system does not know is named, with what to do."""
    with pytest.raises(CalendarError) as caught:
        WorkingCalendar(name, OFFICE)

    assert (caught.value.field, caught.value.value) == ("time_zone", name)


def test_day_given_twice_is_refused() -> None:
    """A day is a holiday or worked, not both."""
    with pytest.raises(CalendarError, match="2026-01-01 is given twice"):
        WorkingCalendar("UTC", OFFICE, holidays=[date(2026, 1, 1)], working_days=[date(2026, 1, 1)])


def test_calendars_are_values(office: WorkingCalendar) -> None:
    """Calendars that say the same are equal, whatever they have been asked, and survive pickling."""
    same = pickle.loads(pickle.dumps(office))
    office.next_working(shanghai("2025-10-01 00:00"))

    assert same == office
    assert hash(same) == hash(office)
    assert same != WorkingCalendar("Asia/Shanghai", OFFICE)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), zone=st.sampled_from(ZONES))
def test_arithmetic_equals_watching(seed: int, zone: str) -> None:
    """Interval arithmetic says what somebody sees who watches the wall clock minute by minute."""
    chance = random.Random(seed)
    plan = random_plan(chance, zone)
    calendar, watcher, changes = plan.calendar(), Watcher(plan), transitions(zone)

    for _ in range(2):
        start = random_start(chance, changes)
        assert list(differences(watcher, calendar, start, chance.randrange(600))) == []
