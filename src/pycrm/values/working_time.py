"""Working time: which instants are worked, how much working time lies between two, and when some of it will be over.

A calendar says it in times of the wall clock of one zone. An instant is worked when the wall clock then shows a time
within a shift. So a night shift over the end of summer time is an hour longer, one over its beginning an hour shorter,
what lies in a gap of the clock is never worked, and what the clock shows twice is worked twice. A shift belongs to the
day on which it begins: one that begins before a holiday is worked to its end.

Example:
    >>> office = WorkingCalendar("Asia/Shanghai", "mon-fri 09:00-12:00 13:30-18:00", holidays=[date(2025, 10, 1)])
    >>> due = office.add_working_time(datetime(2025, 9, 30, 9, 30, tzinfo=UTC), timedelta(hours=1))
    >>> due.astimezone(office.zone).isoformat()
    '2025-10-02T09:30:00+08:00'
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

import attrs

from pycrm.errors import CalendarError
from pycrm.values.hours import DayHours, Week, read_day, read_week
from pycrm.values.wall_clock import offsets, read_zone

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

__all__ = ["CalendarFacts", "ExceptionFacts", "WorkingCalendar"]

Span: TypeAlias = tuple[datetime, datetime]
"""Two instants, UTC: worked from the first on, up to but without the second."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
ONE_DAY: Final = timedelta(days=1)
# Far enough from the years 1 and 9999 for the wall clock of every zone.
FIRST_DAY: Final = (datetime(1, 1, 4, tzinfo=UTC) - EPOCH).days
LAST_DAY: Final = (datetime(9999, 12, 28, tzinfo=UTC) - EPOCH).days
BEGIN_OF_TIME, END_OF_TIME = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
CACHED_DAYS: Final = 20_000  # half a century


class ExceptionFacts(Protocol):
    """What `WorkingCalendar.of` reads of an exception, as a `CalendarException` has it."""

    @property
    def falls_on(self) -> date:
        """The day."""

    @property
    def kind(self) -> str:
        """``"holiday"``, ``"working_day"`` or ``"own_hours"``."""

    @property
    def hours(self) -> str | None:
        """The day's own hours."""


class CalendarFacts(Protocol):
    """What `WorkingCalendar.of` reads of a calendar, as a `Calendar` has it."""

    @property
    def time_zone(self) -> str:
        """Name of an IANA time zone."""

    @property
    def hours(self) -> str:
        """The hours of a week."""

    def related(self, name: str) -> Sequence[Any]:
        """Return the exceptions that were loaded with it, asked for as ``"exceptions"``."""


@attrs.frozen(init=False)
class WorkingCalendar:
    """The working hours of one zone, exact to the microsecond. An immutable value.

    Args:
        time_zone: The name of an IANA time zone, as ``"Asia/Shanghai"``.
        week: The hours of a usual week, as ``"mon-fri 09:00-12:00 13:30-18:00; sat 09:00-12:00"``.
        holidays: Days on which no shift begins.
        working_days: Days that are worked though usually free, as a Saturday in place of a bridge day: their hours are
            those of the first day of the week that has any.
        own_hours: Days with hours of their own, as ``{date(2025, 12, 24): "09:00-12:00"}``.

    Attributes:
        zone: The time zone.
        week: The shifts of the seven days of the week, Monday first.
        exceptions: The shifts of each day that differs from its day of the week.

    Raises:
        CalendarError: A time zone that is not known, hours that cannot be read, or one day given twice.
    """

    zone: ZoneInfo
    week: Week
    exceptions: Mapping[date, DayHours] = attrs.field(hash=False)
    _days: range = attrs.field(eq=False, repr=False)
    _spans: dict[int, tuple[Span, ...]] = attrs.field(eq=False, repr=False)

    def __init__(
        self,
        time_zone: str,
        week: str,
        *,
        holidays: Iterable[date] = (),
        working_days: Iterable[date] = (),
        own_hours: Mapping[date, str] | None = None,
    ) -> None:
        hours = read_week(week)
        usual = next(filter(None, hours), ())
        exceptions: dict[date, DayHours] = {}
        given = [
            *((day, ()) for day in holidays),
            *((day, usual) for day in working_days),
            *((day, read_day(text)) for day, text in (own_hours or {}).items()),
        ]
        for day, shifts in given:
            if exceptions.setdefault(day, shifts) is not shifts:
                raise CalendarError(f"{day} is given twice; it is free, a working day, or has own hours", day=day)
        self._fill(read_zone(time_zone), hours, exceptions)

    def _fill(self, zone: ZoneInfo, week: Week, exceptions: dict[date, DayHours]) -> None:
        self.__attrs_init__(zone, week, MappingProxyType(exceptions), _days(week, exceptions), {})

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.zone, self.week, dict(self.exceptions))

    @classmethod
    def of(cls, calendar: CalendarFacts, exceptions: Iterable[ExceptionFacts] | None = None) -> WorkingCalendar:
        """Return the working time of a `Calendar` record.

        Args:
            calendar: The record.
            exceptions: Its `CalendarException` records; without them those that ``include="exceptions"`` loaded.
        Raises:
            NotLoadedError: No exceptions are given, and they were not loaded with the calendar.
            CalendarError: As the constructor does.
        """
        found = calendar.related("exceptions") if exceptions is None else exceptions
        by_kind: dict[str, dict[date, str]] = {"holiday": {}, "working_day": {}, "own_hours": {}}
        for exception in found:
            by_kind[exception.kind][exception.falls_on] = exception.hours or ""
        return cls(
            calendar.time_zone,
            calendar.hours,
            holidays=by_kind["holiday"],
            working_days=by_kind["working_day"],
            own_hours=by_kind["own_hours"],
        )

    # Instants

    def is_working(self, at: datetime) -> bool:
        """Return whether *at*, an aware instant of any zone, is worked."""
        at = _utc(at)
        spans = self._on(_day_of(at))
        place = bisect_right(spans, at, key=_begin) - 1
        return place >= 0 and at < spans[place][1]

    def next_working(self, at: datetime) -> datetime:
        """Return *at* if it is worked, else the next instant that is; in UTC.

        Raises:
            CalendarError: Nothing is worked from then on.
        """
        for begin, _ in self._from(_utc(at)):
            return begin
        raise self._exhausted(at)

    def add_working_time(self, start: datetime, duration: timedelta) -> datetime:
        """Return the instant at which *duration* of working time since *start* is over, in UTC.

        That is the earliest such instant: where a shift ends just then, its end and not the beginning of the next one.
        A negative duration leads back, to the latest instant from which that much working time lies before *start*.
        Without duration it is *start*.

        Raises:
            CalendarError: There is not that much working time.
        """
        start, left = _utc(start), abs(duration)
        if not duration:
            return start
        is_ahead = duration > timedelta()
        for begin, end in self._from(start) if is_ahead else self._back_from(start):
            if end - begin >= left:
                return begin + left if is_ahead else end - left
            left -= end - begin
        raise self._exhausted(start)

    def working_time_between(self, start: datetime, end: datetime) -> timedelta:
        """Return how much working time lies between two instants; negative where *end* is before *start*."""
        start, end = _utc(start), _utc(end)
        if end < start:
            return -self.working_time_between(end, start)
        spans = self._between(range(_day_of(start), _day_of(end) + 1), start, end)
        return sum((finish - begin for begin, finish in spans), timedelta())

    # Days

    def hours_on(self, day: date) -> DayHours:
        """Return the shifts that begin on *day*, as seconds after its midnight."""
        if isinstance(day, datetime):
            raise CalendarError(f"{day!r} is an instant; say whose day is meant, as in at.astimezone(zone).date()")
        return self._hours_on(day)

    def is_working_day(self, day: date) -> bool:
        """Return whether a shift begins on *day*."""
        return bool(self.hours_on(day))

    def working_days_between(self, first: date, last: date) -> int:
        """Return how many working days come after *first*, up to and with *last*.

        Where *last* is before *first*: the number of working days from *last* on and before *first*, negative. So
        ``working_days_between(day, add_working_days(day, n))`` is ``n``.
        """
        days = (last - first).days
        if days < 0:
            return -sum(self.is_working_day(last + timedelta(number)) for number in range(-days))
        return sum(self.is_working_day(first + timedelta(number)) for number in range(1, days + 1))

    def add_working_days(self, day: date, days: int) -> date:
        """Return the working day that comes *days* working days after *day*, or before it where negative.

        *day* itself is not counted, and need not be a working day; without days it is returned as it is.

        Raises:
            CalendarError: There are not that many.
        """
        self.hours_on(day)
        number, left = day.toordinal() - EPOCH.toordinal(), abs(days)
        if not left:
            return day
        for each in self._days_from(number + 1) if days > 0 else self._days_back_from(number - 1):
            found = date.fromordinal(each + EPOCH.toordinal())
            left -= bool(self._hours_on(found))
            if not left:
                return found
        raise self._exhausted(day)

    # Inner workings

    def _hours_on(self, day: date) -> DayHours:
        hours = self.exceptions.get(day)
        return self.week[day.weekday()] if hours is None else hours

    def _days_from(self, day: int) -> range:
        return range(max(day, self._days.start), self._days.stop)

    def _days_back_from(self, day: int) -> range:
        return range(min(day, self._days.stop - 1), self._days.start - 1, -1)

    def _from(self, start: datetime) -> Iterator[Span]:
        """Yield the spans from *start* on, the first one cut there."""
        return self._between(self._days_from(_day_of(start)), start, END_OF_TIME)

    def _back_from(self, end: datetime) -> Iterator[Span]:
        """Yield the spans before *end*, latest first, that one cut there."""
        return self._between(self._days_back_from(_day_of(end)), BEGIN_OF_TIME, end)

    def _between(self, days: range, start: datetime, end: datetime) -> Iterator[Span]:
        """Yield what is worked on UTC *days* between *start* and *end*, in the order of the days."""
        for day in days:
            spans = self._on(day)
            for begin, finish in spans if days.step > 0 else reversed(spans):
                if finish > start and begin < end:
                    yield max(begin, start), min(finish, end)

    def _on(self, day: int) -> tuple[Span, ...]:
        """Return what is worked on one day of UTC, counted from 1970: spans in order, none touching another.

        Days of UTC follow each other whatever the wall clock does, which at a change may even go back over midnight.
        """
        spans = self._spans.get(day)
        if spans is None:
            if len(self._spans) >= CACHED_DAYS:
                self._spans.clear()
            spans = self._spans[day] = tuple(_joined(sorted(self._pieces(day))))
        return spans

    def _pieces(self, day: int) -> Iterator[Span]:
        if not FIRST_DAY <= day <= LAST_DAY:
            return
        start = EPOCH + timedelta(day)
        for begin, end, offset in offsets(self.zone, start, start + ONE_DAY):
            # The wall clock's time, worn by an instant of UTC: within one offset the two run alike.
            shown_first, shown_last = begin + offset, end + offset
            shown_day = shown_first.date() - ONE_DAY  # its night shifts
            while shown_day <= shown_last.date():
                midnight = datetime(shown_day.year, shown_day.month, shown_day.day, tzinfo=UTC) - offset
                for opens, closes in self._hours_on(shown_day):
                    first, last = midnight + timedelta(seconds=opens), midnight + timedelta(seconds=closes)
                    if first < end and last > begin:
                        yield max(first, begin), min(last, end)
                shown_day += ONE_DAY

    def _exhausted(self, at: date) -> CalendarError:
        return CalendarError(f"the calendar has not that much working time beyond {at.isoformat()}; give it more hours")


def _restored(zone: ZoneInfo, week: Week, exceptions: dict[date, DayHours]) -> WorkingCalendar:
    """Return the calendar that was pickled."""
    calendar = WorkingCalendar.__new__(WorkingCalendar)
    calendar._fill(zone, week, exceptions)
    return calendar


def _days(week: Week, exceptions: Mapping[date, DayHours]) -> range:
    """Return the days of UTC, counted from 1970, outside of which nothing is worked."""
    if any(week):
        return range(FIRST_DAY, LAST_DAY + 1)
    worked = [day.toordinal() - EPOCH.toordinal() for day, hours in exceptions.items() if hours]
    # A shift reaches into the next day, and a zone's day lies up to a day before or after that of UTC.
    return range(max(FIRST_DAY, min(worked) - 1), min(LAST_DAY, max(worked) + 2) + 1) if worked else range(0)


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    """Yield *spans*, which are in order, those that touch or overlap as one."""
    last: Span | None = None
    for span in spans:
        if last is not None and span[0] <= last[1]:
            last = last[0], max(last[1], span[1])
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last


def _utc(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise CalendarError(f"{at!r} has no time zone; say which one, as in at.replace(tzinfo=zone)", value=at)
    return at.astimezone(UTC)


def _day_of(at: datetime) -> int:
    return (at - EPOCH).days


def _begin(span: Span) -> datetime:
    return span[0]
