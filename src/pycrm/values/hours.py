"""Hours of work as people write them, and as seconds to count with.

A day is written ``"09:00-12:00 13:30-18:00"``; a shift that ends before it begins runs into the next day, as
``"22:00-06:00"`` does. A week is written ``"mon-fri 09:00-12:00 13:30-18:00; sat 09:00-12:00"``; days not named are
free. The empty text is a free day, or a week of free days.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final, TypeAlias

from pycrm.errors import CalendarError, nearest

__all__ = ["DAY", "WEEKDAYS", "DayHours", "Shift", "Week", "read_day", "read_week"]

DAY: Final = 86_400
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EXAMPLE: Final = "mon-fri 09:00-12:00 13:30-18:00; sat 09:00-12:00"

Shift: TypeAlias = tuple[int, int]
"""Begin and end in seconds after the midnight with which its day begins; the end may lie in the next day."""

DayHours: TypeAlias = tuple[Shift, ...]
"""The shifts that begin on one day, in order, none over another; none on a free day."""

Week: TypeAlias = tuple[DayHours, ...]
"""The hours of seven days, Monday first."""

_TIME = r"(\d{1,2}):(\d{2})(?::(\d{2}))?"
_shift = re.compile(f"{_TIME}-{_TIME}").fullmatch
_part = re.compile(r"(?P<days>[a-z][a-z,\s-]*?)\s+(?P<hours>\d.*)", re.DOTALL).fullmatch


def read_day(text: str) -> DayHours:
    """Return the shifts of a day written as ``"09:00-12:00 13:30-18:00"``, in any order.

    Raises:
        CalendarError: It cannot be read, or two shifts overlap.
    """
    shifts = sorted(_read_shift(word) for word in text.split())
    for (_, end), (begin, _) in pairwise(shifts):
        if begin < end:
            raise _refused(text, "two of its shifts overlap")
    return tuple(shifts)


def read_week(text: str) -> Week:
    """Return the hours of a week written as ``"mon-fri 09:00-12:00 13:30-18:00; sat 09:00-12:00"``.

    Raises:
        CalendarError: It cannot be read, names a day twice, or two shifts of a day overlap.
    """
    week: dict[str, DayHours] = {}
    for part in filter(None, map(str.strip, re.split(r"[;\n]", text.lower()))):
        found = _part(part)
        if found is None:
            raise _refused(part, f"it is not written like {EXAMPLE!r}")
        hours = read_day(found["hours"])
        for day in _read_days(found["days"]):
            if day in week:
                raise _refused(text, f"it names {day} twice")
            week[day] = hours
    return tuple(week.get(day, ()) for day in WEEKDAYS)


def _read_shift(word: str) -> Shift:
    found = _shift(word)
    if found is None:
        raise _refused(word, "a shift is written like 09:00-12:00")
    hour, minute, second, *end = (int(number or 0) for number in found.groups())
    begins, ends = _seconds(word, hour, minute, second), _seconds(word, *end)
    if begins in (DAY, ends):
        raise _refused(word, "it has no length; a whole day is 00:00-24:00")
    return begins, ends if begins < ends else ends + DAY


def _seconds(word: str, hour: int, minute: int, second: int) -> int:
    seconds = (hour * 60 + minute) * 60 + second
    if minute > 59 or second > 59 or seconds > DAY:
        raise _refused(word, "times of day go from 00:00 to 24:00")
    return seconds


def _read_days(text: str) -> Iterator[str]:
    """Yield the days that ``"mon-wed, sat"`` names; a range may go over the end of the week."""
    for word in re.sub(r"\s*-\s*", "-", text).replace(",", " ").split():
        first, _, last = word.partition("-")
        begin, end = _number(first), _number(last or first)
        for day in range(begin, end + 1 if begin <= end else end + 8):
            yield WEEKDAYS[day % 7]


def _number(day: str) -> int:
    if day not in WEEKDAYS:
        raise _refused(day, f"days are called {' '.join(WEEKDAYS)}{nearest(day, WEEKDAYS)}")
    return WEEKDAYS.index(day)


def _refused(text: str, reason: str) -> CalendarError:
    return CalendarError(f"{text!r} cannot be read as hours: {reason}", field="hours", reason=reason, value=text)
