"""Working time is right in every calendar: interval arithmetic against a clock that is watched minute by minute."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import attrs

from pycrm import CRM, Calendar, CalendarException, WorkingCalendar
from reliability.checks import NewDatabase, check
from reliability.workers import ADMINISTRATOR, migrated

# Gaps and overlaps of an hour and of half an hour, by day and at midnight, offsets off the hour, several a year.
ZONES = (
    *("Asia/Shanghai", "Asia/Kathmandu", "Asia/Tehran", "Asia/Beirut", "Europe/Berlin", "Africa/Casablanca"),
    *("America/New_York", "America/St_Johns", "America/Havana", "America/Sao_Paulo"),
    *("Australia/Lord_Howe", "Pacific/Chatham"),
)
FIRST, LAST = date(2015, 1, 1), date(2035, 12, 31)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = timedelta(days=1)
MINUTES = 1440

Shifts: TypeAlias = list[tuple[int, int]]
"""Begin and end in minutes after midnight; an end of more than 1440 is in the next day."""


@attrs.frozen
class Plan:
    """A calendar as the watcher knows it: the shifts of seven days, and those of the days that differ."""

    zone: str
    week: list[Shifts]
    holidays: dict[date, str]
    own_hours: dict[date, Shifts]
    working_days: list[date]

    def shifts(self, day: date) -> Shifts:
        """Return the shifts that begin on *day*."""
        if day in self.holidays:
            return []
        if day in self.working_days:
            return next(filter(None, self.week), [])
        return self.own_hours[day] if day in self.own_hours else self.week[day.weekday()]

    def calendar(self) -> WorkingCalendar:
        """Return what is put to the proof, made by hand."""
        return WorkingCalendar(
            self.zone,
            as_week(self.week),
            holidays=self.holidays,
            working_days=self.working_days,
            own_hours={day: as_hours(shifts) for day, shifts in self.own_hours.items()},
        )


class Watcher:
    """Looks at the wall clock once a minute and notes whether it shows working time."""

    def __init__(self, plan: Plan) -> None:
        self.zone = ZoneInfo(plan.zone)
        self._plan = plan
        self._shown: dict[date, bytearray] = {}

    def is_working(self, at: datetime) -> bool:
        """Return whether the wall clock shows working time at *at*."""
        shown = at.astimezone(self.zone)
        return bool(self._minutes(shown.date())[shown.hour * 60 + shown.minute])

    def after(self, start: datetime, minutes: int) -> datetime:
        """Return the end of the minute in which the last of *minutes* of working time since *start* passes."""
        at = start
        while minutes:
            minutes -= self.is_working(at)
            at += timedelta(minutes=1)
        return at

    def before(self, end: datetime, minutes: int) -> datetime:
        """Return the beginning of the minute with which *minutes* of working time before *end* begin."""
        at = end
        while minutes:
            at -= timedelta(minutes=1)
            minutes -= self.is_working(at)
        return at

    def next(self, at: datetime) -> datetime:
        """Return the first worked minute from *at* on."""
        while not self.is_working(at):
            at += timedelta(minutes=1)
        return at

    def count(self, start: datetime, end: datetime) -> int:
        """Return the worked minutes from *start* to *end*."""
        length = (end - start) // timedelta(minutes=1)
        return sum(self.is_working(start + timedelta(minutes=minute)) for minute in range(length))

    def _minutes(self, day: date) -> bytearray:
        """Return one byte per minute that the wall clock shows on *day*: whether it is worked."""
        if day not in self._shown:
            minutes = bytearray(MINUTES)
            for begin, end in self._plan.shifts(day):
                minutes[begin:end] = b"\x01" * (min(end, MINUTES) - begin)
            for _, end in self._plan.shifts(day - DAY):
                minutes[: max(0, end - MINUTES)] = b"\x01" * max(0, end - MINUTES)
            self._shown[day] = minutes
        return self._shown[day]


def as_hours(shifts: Shifts) -> str:
    """Return *shifts* as people write them."""
    return " ".join(f"{_time(begin)}-{_time(end)}" for begin, end in shifts)


def as_week(week: Sequence[Shifts]) -> str:
    """Return the shifts of seven days as people write them."""
    return "; ".join(f"{name} {as_hours(shifts)}" for name, shifts in zip(DAYS, week, strict=True) if shifts)


def _time(minute: int) -> str:
    minute = minute if minute <= MINUTES else minute - MINUTES
    return f"{minute // 60:02}:{minute % 60:02}"


def random_shifts(chance: random.Random) -> Shifts:
    """Return one to three shifts, the last of them perhaps over midnight."""
    marks = sorted(chance.sample(range(MINUTES), 2 * chance.randint(1, 3)))
    shifts = list(zip(marks[::2], marks[1::2], strict=True))
    if chance.random() < 0.3:
        begin, _ = shifts[-1]
        shifts[-1] = (begin, MINUTES + chance.randrange(begin) if begin else MINUTES)
    return shifts


def random_plan(chance: random.Random, zone: str) -> Plan:
    """Return a calendar of *zone*: an office with a lunch break, a works with night shifts, or anything."""
    office: Shifts = [(540, 720), (810, 1080)]
    night: Shifts = [(1320, MINUTES + 360)]
    match chance.randrange(4):
        case 0:
            week = [office] * 5 + [[], []]
        case 1:
            week = [night] * 5 + [[(0, MINUTES)], []]
        case _:
            week = [random_shifts(chance) if chance.random() < 0.8 else [] for _ in DAYS]
            week[chance.randrange(7)] = random_shifts(chance)
    days = [FIRST + DAY * chance.randrange((LAST - FIRST).days) for _ in range(120)]
    changes = [day + DAY * offset for day in transitions(zone) for offset in (-1, 0)]
    days = list(dict.fromkeys([*days, *chance.sample(changes, min(len(changes), 20)), date(2024, 2, 29)]))
    chance.shuffle(days)
    return Plan(
        zone,
        week,
        holidays=dict.fromkeys(days[:60], "holiday"),
        own_hours={day: random_shifts(chance) for day in days[60:90]},
        working_days=days[90:],
    )


def transitions(zone: str) -> list[date]:
    """Return the days before which, by UTC, the offset of *zone* was another."""
    here = ZoneInfo(zone)
    noon = datetime(FIRST.year, 1, 1, tzinfo=UTC)
    offsets = [(noon + DAY * number).astimezone(here).utcoffset() for number in range((LAST - FIRST).days)]
    return [FIRST + DAY * number for number in range(1, len(offsets)) if offsets[number] != offsets[number - 1]]


def random_start(chance: random.Random, changes: Sequence[date]) -> datetime:
    """Return a whole minute of UTC: near a change of the wall clock, near a leap day, or any."""
    match chance.randrange(10):
        case 0 | 1 | 2 | 3 if changes:
            day = chance.choice(changes) - DAY * chance.randrange(3)
        case 4:
            day = date(chance.choice((2016, 2020, 2024, 2028, 2032)), 2, 28) + DAY * chance.randrange(3)
        case _:
            day = FIRST + DAY * chance.randrange((LAST - FIRST).days)
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=chance.randrange(MINUTES))


def differences(watcher: Watcher, calendar: WorkingCalendar, start: datetime, minutes: int) -> Iterator[str]:
    """Yield what *calendar* says otherwise than *watcher* of *minutes* of working time from *start* on, and back."""
    length = timedelta(minutes=minutes)
    due, begun = watcher.after(start, minutes), watcher.before(start, minutes // 4)
    said = {
        "is_working": (calendar.is_working(start), watcher.is_working(start)),
        "next_working": (calendar.next_working(start), watcher.next(start)),
        "add_working_time": (calendar.add_working_time(start, length), due),
        "add_working_time back": (calendar.add_working_time(start, -timedelta(minutes=minutes // 4)), begun),
        "working_time_between": (calendar.working_time_between(start, due), length),
        "working_time_between back": (calendar.working_time_between(start, begun), -timedelta(minutes=minutes // 4)),
    }
    for question, (answer, truth) in said.items():
        if answer != truth:
            yield f"{question} {watcher.zone.key} {start.isoformat()} {minutes}: {answer} instead of {truth}"


@check("working_time", promise=44)
def working_time(
    new_database: NewDatabase, seed: int, *, cases: int = 10_000, calendars: int = 96, minutes: int = 1_500
) -> Mapping[str, Any]:
    """Ask random *calendars* of twelve zones, kept in the database, for *cases* of up to *minutes* of working time.

    Every answer is compared with that of a watcher who looks at the wall clock minute by minute, 2015 to 2035.
    """
    chance = random.Random(seed)
    plans = [random_plan(chance, ZONES[number % len(ZONES)]) for number in range(calendars)]
    found: list[str] = []
    with migrated(new_database()) as crm:
        for number, calendar in enumerate(stored(crm, plans)):
            watcher, changes = Watcher(plans[number]), transitions(plans[number].zone)
            for _ in range(cases // calendars + (number < cases % calendars)):
                start = random_start(chance, changes)
                found += differences(watcher, calendar, start, int(minutes * chance.random() ** 2))
    return {
        "passed": not found,
        "cases": cases,
        "calendars": calendars,
        "zones": len(ZONES),
        "differences": len(found),
        "first": found[:3],
    }


def stored(crm: CRM, plans: Sequence[Plan]) -> Iterator[WorkingCalendar]:
    """Write *plans* as records and yield their calendars as they are read back."""
    for number, plan in enumerate(plans):
        with crm.acting_as(ADMINISTRATOR) as ws:
            record = ws.create(Calendar(name=f"calendar {number}", time_zone=plan.zone, hours=as_week(plan.week)))
            exceptions = [
                *(CalendarException(calendar=record, falls_on=day) for day in plan.holidays),
                *(CalendarException(calendar=record, falls_on=day, kind="working_day") for day in plan.working_days),
                *(
                    CalendarException(calendar=record, falls_on=day, kind="own_hours", hours=as_hours(shifts))
                    for day, shifts in plan.own_hours.items()
                ),
            ]
            ws.create_many(exceptions)
        with crm.reading_as(ADMINISTRATOR) as reader:
            yield WorkingCalendar.of(reader.get(Calendar, record.id, include="exceptions"))
