"""Stretches of days, and the relative dates that name one: ``THIS_QUARTER``, ``LAST_N_DAYS:30``.

The names and their meaning follow the date literals of Salesforce's SOQL, as their users know them: weeks, months,
quarters and years are whole ones of the calendar; ``LAST_N_DAYS:n`` takes in today, ``NEXT_N_DAYS:n`` begins tomorrow.
A week begins on Monday (ISO 8601).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from types import MappingProxyType

import attrs

from pycrm.errors import QueryError, nearest

__all__ = ["COUNTED", "RELATIVE", "Period", "relative_period"]

MAX_COUNT = 10_000


@attrs.frozen
class Period:
    """The days from *first* to *last*, both counted, in one time zone.

    Attributes:
        first: The first day.
        last: The last day.
        zone: Whose midnights part the days, where instants are compared.
    """

    first: date
    last: date
    zone: tzinfo = UTC

    @property
    def start(self) -> datetime:
        """The instant at which it begins, UTC."""
        return _midnight(self.first, self.zone)

    @property
    def end(self) -> datetime:
        """The last instant of it, UTC; microseconds are the finest that is told apart."""
        if self.last == date.max:
            return datetime.max.replace(tzinfo=UTC)
        return _midnight(self.last + timedelta(days=1), self.zone) - timedelta(microseconds=1)

    def shifted(self, days: int) -> Period:
        """Return the period so many days later.

        Raises:
            QueryError: It would leave the years 1 to 9999.
        """
        return Period(_moved(self.first, days), _moved(self.last, days), self.zone)


def relative_period(name: str, count: int | None, today: date, zone: tzinfo = UTC, fiscal_start: int = 1) -> Period:
    """Return the period that a relative date means on the day *today*.

    Args:
        name: One of `RELATIVE`, or of `COUNTED` with a *count* of 1 to 10,000.
        count: The number behind the colon.
        today: The day of whoever asks.
        zone: The time zone of whoever asks.
        fiscal_start: The month in which the fiscal year begins, 1 to 12.
    Raises:
        QueryError: There is no such name, the count is missing, or too large; or the period leaves the calendar.
    """
    if count is None:
        if name not in RELATIVE:
            cure = f"write {name}:30 with a number" if name in COUNTED else f"there is no {name}{nearest(name, _NAMES)}"
            raise QueryError(f"{name}: {cure}", name=name)
        first, last = RELATIVE[name](today, fiscal_start)
        return Period(first, last, zone)
    if name not in COUNTED:
        cure = "takes no number" if name in RELATIVE else f"is no relative date{nearest(name, _NAMES)}"
        raise QueryError(f"{name}:{count}: {name} {cure}", name=name)
    if not 1 <= count <= MAX_COUNT:
        raise QueryError(f"{name}:{count}: the number lies between 1 and {MAX_COUNT}", name=name, count=count)
    first, last = COUNTED[name](today, count, fiscal_start)
    return Period(first, last, zone)


def _midnight(day: date, zone: tzinfo) -> datetime:
    try:
        return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    except OverflowError:
        return (datetime.min if day.year == 1 else datetime.max).replace(tzinfo=UTC)


def _moved(day: date, days: int) -> date:
    try:
        return day + timedelta(days=days)
    except OverflowError as error:
        raise QueryError(f"{day} and {days} days lies outside the years 1 to 9999", value=days) from error


def _month(day: date, months: int) -> date:
    """Return the first day of the month that lies *months* after that of *day*."""
    number = day.year * 12 + day.month - 1 + months
    if not 12 <= number < 10_000 * 12:
        raise QueryError(f"{months} months from {day} lies outside the years 1 to 9999", value=months)
    return date(number // 12, number % 12 + 1, 1)


def _before(day: date) -> date:
    return _moved(day, -1)


def _week_of(day: date, weeks: int) -> date:
    return _moved(day, 7 * weeks - day.weekday())


def _begin(day: date, months: int, steps: int, fiscal_start: int) -> date:
    """Return the first day of the stretch of so many *months* that lies *steps* after that of *day*."""
    return _month(day, months * steps - (day.month - fiscal_start) % months)


def _stretch(months: int, first: int, steps: int, *, fiscal: bool = False) -> Callable[[date, int], tuple[date, date]]:
    """Return how to find *steps* stretches of so many *months*, the first being *first* after the present one."""

    def found(today: date, fiscal_start: int) -> tuple[date, date]:
        month = fiscal_start if fiscal else 1
        return (
            _begin(today, months, first, month),
            _before(_begin(today, months, first + steps, month)),
        )

    return found


def _days(first: int, last: int) -> Callable[[date, int], tuple[date, date]]:
    return lambda today, _: (_moved(today, first), _moved(today, last))


def _weeks(first: int) -> Callable[[date, int], tuple[date, date]]:
    return lambda today, _: (_week_of(today, first), _before(_week_of(today, first + 1)))


_UNITS = {
    "MONTH": (1, False),
    "QUARTER": (3, False),
    "YEAR": (12, False),
    "FISCAL_QUARTER": (3, True),
    "FISCAL_YEAR": (12, True),
}

RELATIVE: Mapping[str, Callable[[date, int], tuple[date, date]]] = MappingProxyType(
    {
        "YESTERDAY": _days(-1, -1),
        "TODAY": _days(0, 0),
        "TOMORROW": _days(1, 1),
        "LAST_WEEK": _weeks(-1),
        "THIS_WEEK": _weeks(0),
        "NEXT_WEEK": _weeks(1),
        **{
            f"{which}_{unit}": _stretch(months, first, 1, fiscal=fiscal)
            for unit, (months, fiscal) in _UNITS.items()
            for which, first in (("LAST", -1), ("THIS", 0), ("NEXT", 1))
        },
    }
)
"""Names without a number, each with its function of today and the month in which the fiscal year begins."""


def _counted(direction: int, months: int, fiscal: bool) -> Callable[[date, int, int], tuple[date, date]]:
    """Return how to find so many stretches before the present one, or after it."""

    def found(today: date, count: int, fiscal_start: int) -> tuple[date, date]:
        first = 1 if direction > 0 else -count
        return _stretch(months, first, count, fiscal=fiscal)(today, fiscal_start)

    return found


COUNTED: Mapping[str, Callable[[date, int, int], tuple[date, date]]] = MappingProxyType(
    {
        "LAST_N_DAYS": lambda today, n, _: (_moved(today, -n), today),
        "NEXT_N_DAYS": lambda today, n, _: (_moved(today, 1), _moved(today, n)),
        "N_DAYS_AGO": lambda today, n, _: (_moved(today, -n), _moved(today, -n)),
        "LAST_N_WEEKS": lambda today, n, _: (_week_of(today, -n), _before(_week_of(today, 0))),
        "NEXT_N_WEEKS": lambda today, n, _: (_week_of(today, 1), _before(_week_of(today, n + 1))),
        **{f"LAST_N_{unit}S": _counted(-1, months, fiscal) for unit, (months, fiscal) in _UNITS.items()},
        **{f"NEXT_N_{unit}S": _counted(1, months, fiscal) for unit, (months, fiscal) in _UNITS.items()},
    }
)
"""Names with a number, each with its function of today, the number and that month."""

_NAMES = (*RELATIVE, *COUNTED)
