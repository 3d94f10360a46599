from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from tests.conftest import DATABASES

from pycrm import (
    Calendar,
    CalendarException,
    ConfigurationError,
    F,
    NotLoadedError,
    ValidationError,
    WorkingCalendar,
    Workspace,
    add_holidays,
)
from reliability.check_calendar import working_time

OFFICE = "mon-fri 09:00-12:00 13:30-18:00"
YEARS = (2023, 2024, 2025)


def calendar(**values: object) -> Calendar:
    return Calendar(**{"name": "office", "time_zone": "Asia/Shanghai", "hours": OFFICE, **values})  # type: ignore[arg-type]


def rows_of(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(file.read_text("utf-8").splitlines()))


@pytest.fixture
def chinese(ws: Workspace) -> WorkingCalendar:
    """The working time of a Chinese office, with the holidays of three years."""
    pytest.importorskip("holidays")
    record = ws.create(calendar())
    ws.run(add_holidays(record, years=YEARS))
    return WorkingCalendar.of(ws.get(Calendar, record.id, include="exceptions"))


def test_calendar_counts_with_its_exceptions(ws: Workspace) -> None:
    """Holidays, moved working days and own hours of the records are those of the working time."""
    record = ws.create(calendar())
    kinds = [("holiday", None), ("working_day", None), ("own_hours", "10:00-11:00")]
    for day, (kind, hours) in zip((1, 11, 15), kinds, strict=True):
        ws.create(CalendarException(calendar=record, falls_on=date(2025, 10, day), kind=kind, hours=hours))

    works = WorkingCalendar.of(ws.get(Calendar, record.id, include="exceptions"))
    midnight = datetime(2025, 9, 30, 16, tzinfo=UTC)
    worked = [works.working_time_between(midnight + timedelta(day), midnight + timedelta(day + 1)) for day in range(15)]
    usual, none = timedelta(hours=7, minutes=30), timedelta()
    assert worked[:5] == [none, usual, usual, none, none]
    assert worked[10:] == [usual, none, usual, usual, timedelta(hours=1)]


def test_exceptions_must_be_loaded(ws: Workspace) -> None:
    """Nobody counts without the exceptions by mistake."""
    record = ws.create(calendar())

    with pytest.raises(NotLoadedError, match="include='exceptions'"):
        WorkingCalendar.of(record)
    assert WorkingCalendar.of(record, []).week[0]


@pytest.mark.parametrize(
    ("values", "problems"),
    [
        ({"hours": "9-17"}, {("calendar.bad_hours", "hours")}),
        ({"time_zone": "China"}, {("time_zone.unknown", "time_zone")}),
        ({"hours": "mon 9-17"}, {("calendar.bad_hours", "hours")}),
    ],
)
def test_unusable_calendar_is_refused(ws: Workspace, values: dict[str, str], problems: set[tuple[str, str]]) -> None:
    """Hours and zone that nobody could count with are not stored."""
    with pytest.raises(ValidationError) as caught:
        ws.create(calendar(**values))

    assert {(problem.code, problem.field) for problem in caught.value.problems} == problems


@pytest.mark.parametrize(
    ("kind", "hours", "code"),
    [
        ("own_hours", None, "calendar_exception.no_hours"),
        ("own_hours", "", "calendar_exception.no_hours"),
        ("own_hours", "9-5", "calendar_exception.bad_hours"),
        ("holiday", "09:00-12:00", "calendar_exception.needless_hours"),
        ("working_day", "09:00-12:00", "calendar_exception.needless_hours"),
    ],
)
def test_unusable_exception_is_refused(ws: Workspace, kind: str, hours: str | None, code: str) -> None:
    """A day of own hours says which; another kind of day has none to say."""
    record = ws.create(calendar())

    with pytest.raises(ValidationError) as caught:
        ws.create(CalendarException(calendar=record, falls_on=date(2026, 1, 1), kind=kind, hours=hours))
    assert [problem.code for problem in caught.value.problems] == [code]


def test_day_is_one_exception(ws: Workspace) -> None:
    """A day of a calendar differs in one way only."""
    record = ws.create(calendar())
    ws.create(CalendarException(calendar=record, falls_on=date(2026, 1, 1)))

    with pytest.raises(ValidationError) as caught:
        ws.create(CalendarException(calendar=record, falls_on=date(2026, 1, 1), kind="working_day"))
    assert caught.value.problems[0].code == "field.not_unique"


def test_new_default_replaces_old(ws: Workspace) -> None:
    """There is one default calendar."""
    old = ws.create(calendar(name="old", is_default=True))
    new = ws.create(calendar(name="new", is_default=True))

    assert not ws.get(Calendar, old.id).is_default
    assert ws.get(Calendar, new.id).is_default


def test_exceptions_go_with_calendar(ws: Workspace) -> None:
    """The days of a calendar are parts of it."""
    record = ws.create(calendar())
    ws.create(CalendarException(calendar=record, falls_on=date(2026, 1, 1)))

    ws.delete(record)
    assert ws.count(CalendarException) == 0


def test_year_totals_of_public_case(chinese: WorkingCalendar, case: Callable[[str], Path]) -> None:
    """Working days, weekends that are worked and free days of the week of each year are those that were decreed."""
    rows = rows_of(case("holidays-cn") / "expected_year_totals.csv")

    for row in rows:
        first, last = date(int(row["year"]) - 1, 12, 31), date(int(row["year"]), 12, 31)
        exceptions = {day for day in chinese.exceptions if first < day <= last}
        made_up = [day for day in exceptions if chinese.is_working_day(day) and day.weekday() > 4]
        free = [day for day in exceptions if not chinese.is_working_day(day) and day.weekday() < 5]
        assert chinese.working_days_between(first, last) == int(row["working_days"])
        assert (len(made_up), len(free)) == (int(row["make_up_weekend_workdays"]), int(row["weekday_holidays"]))
    assert len(rows) == 3


def test_each_day_of_public_case(chinese: WorkingCalendar, case: Callable[[str], Path]) -> None:
    """Every single day of the three years is free or worked as decreed."""
    for year in YEARS:
        days = json.loads((case("holidays-cn") / f"{year}.json").read_text("utf-8"))["days"]
        decreed = {date.fromisoformat(day["date"]): not day["isOffDay"] for day in days}
        for number in range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()):
            day = date.fromordinal(number)
            assert chinese.is_working_day(day) == decreed.get(day, day.weekday() < 5), day


def test_deadlines_of_public_case(chinese: WorkingCalendar, case: Callable[[str], Path]) -> None:
    """All 40 deadlines are right to the minute."""
    rows = rows_of(case("holidays-cn") / "sla_cases.csv")
    wrong = []
    for row in rows:
        start = datetime.fromisoformat(row["start"]).replace(tzinfo=chinese.zone)
        due = chinese.add_working_time(start, timedelta(minutes=int(row["business_minutes"]))).astimezone(chinese.zone)
        if due.strftime("%Y-%m-%d %H:%M") != row["expected_due"]:
            wrong.append((row, due))

    assert (len(rows), wrong) == (40, [])


def test_own_exceptions_are_kept(ws: Workspace) -> None:
    """What somebody decided of a day stays, and adding a year again adds nothing."""
    pytest.importorskip("holidays")
    record = ws.create(calendar())
    kept = ws.create(CalendarException(calendar=record, falls_on=date(2025, 1, 1), kind="working_day"))
    added = ws.run(add_holidays(record, years=[2025], language="zh_CN"))

    assert ws.get(CalendarException, kept.id).kind == "working_day"
    assert {each.label for each in added if each.falls_on == date(2025, 10, 6)} == {"中秋节"}
    assert ws.run(add_holidays(record, years=[2025])) == ()
    assert ws.count(CalendarException, where=F.kind == "working_day") == 6


@pytest.mark.parametrize("options", [{"country": "XX"}, {"country": "CN", "language": "tlh"}])
def test_unknown_country_is_refused(ws: Workspace, options: dict[str, str]) -> None:
    """A country or language that nobody knows holidays of is an error."""
    pytest.importorskip("holidays")
    record = ws.create(calendar())

    with pytest.raises(ConfigurationError, match="public holidays of"):
        ws.run(add_holidays(record, years=[2025], **options))


@pytest.mark.slow
@pytest.mark.parametrize("engine", DATABASES)
def test_calendars_equal_watching(engine: str, new_database: Callable[[str], str]) -> None:
    """Stored calendars of twelve zones answer as somebody who watches the clock would."""
    figure = working_time(lambda: new_database(engine), 1, cases=60, calendars=12)

    assert figure["passed"], figure
