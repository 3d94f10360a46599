"""Calendars of working hours, with the days that are different."""

from __future__ import annotations

from datetime import date

from pycrm.entities.declared import entity
from pycrm.fields import declare as field
from pycrm.schema.record import Record
from pycrm.values.refs import Ref

__all__ = ["EXCEPTION_KINDS", "Calendar", "CalendarException"]

EXCEPTION_KINDS = ("holiday", "working_day", "own_hours")


@entity(title="name", list="name time_zone hours is_default")
class Calendar(Record):
    """When somebody works: the hours of a usual week. `WorkingCalendar.of` counts with it.

    Attributes:
        time_zone: The zone whose wall clock the hours are read on, as ``Asia/Shanghai``.
        hours: As ``mon-fri 09:00-12:00 13:30-18:00; sat 09:00-12:00``; a shift like ``22:00-06:00`` goes over midnight.
    """

    name: str = field.text(searchable=True)
    time_zone: str = field.of_kind("time_zone")
    hours: str = field.text(max_length=1000)
    is_default: bool = field.boolean(default=False)


@entity(title="falls_on", list="calendar falls_on kind hours label", unique=[("calendar", "falls_on")])
class CalendarException(Record):
    """A day of a calendar that differs from its day of the week.

    Attributes:
        kind: ``holiday`` is free, ``working_day`` is worked as a usual day though it would be free, ``own_hours`` has
            hours of its own.
        hours: Of own hours, as ``09:00-12:00``.
        label: Why, as ``Spring Festival``.
    """

    calendar: Ref[Calendar] = field.ref(Calendar, many="exceptions", part_of=True)
    falls_on: date = field.date()
    kind: str = field.choice(EXCEPTION_KINDS, default="holiday")
    hours: str | None = field.text()
    label: str | None = field.text()
