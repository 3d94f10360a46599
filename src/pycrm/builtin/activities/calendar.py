"""The rules of calendars, and public holidays for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from pycrm.builtin.activities.plugin import plugin
from pycrm.plugin import (
    Calendar,
    CalendarError,
    CalendarException,
    ChangeSet,
    ConfigurationError,
    F,
    MissingExtraError,
    Problem,
    Workspace,
)

ANY_DAY = date(2000, 1, 1)


@plugin.check(Calendar, changed="hours")
def readable_calendar(ws: Workspace, changes: ChangeSet[Calendar]) -> Iterator[Problem]:
    """The hours of a calendar can be counted with."""
    for calendar in changes:
        if (objection := _objection(hours=calendar.hours)) is not None:
            yield Problem(
                "calendar.bad_hours",
                calendar,
                "hours",
                message="cannot be read: {reason}; write them like mon-fri 09:00-12:00 13:30-18:00; sat 09:00-12:00",
                reason=objection.reason,
                value=calendar.hours,
            )


@plugin.check(CalendarException, changed="kind hours")
def readable_exception(ws: Workspace, changes: ChangeSet[CalendarException]) -> Iterator[Problem]:
    """A day with own hours says which, in a form that can be counted with; any other day says none."""
    for exception in changes:
        if exception.kind != "own_hours":
            if exception.hours:
                yield Problem(
                    "calendar_exception.needless_hours",
                    exception,
                    "hours",
                    message="are given, but the day's kind is {kind}; leave them out, or make it own_hours",
                    kind=exception.kind,
                    value=exception.hours,
                )
        elif not exception.hours:
            yield Problem(
                "calendar_exception.no_hours",
                exception,
                "hours",
                message="are missing on a day of own hours; give them, or make its kind holiday",
            )
        elif (objection := _objection(own_hours={ANY_DAY: exception.hours})) is not None:
            yield Problem(
                "calendar_exception.bad_hours",
                exception,
                "hours",
                message="cannot be read: {reason}; write them like 09:00-12:00 13:30-18:00",
                reason=objection.reason,
                value=exception.hours,
            )


def _objection(*, hours: str = "", own_hours: Mapping[date, str] | None = None) -> CalendarError | None:
    """Return why nobody could count with these hours, or None."""
    from pycrm.plugin import WorkingCalendar

    try:
        WorkingCalendar("UTC", hours, own_hours=own_hours)
    except CalendarError as error:
        return error
    return None


@plugin.after_write(Calendar, changed="is_default", as_plugin=True)
def keep_one_default(ws: Workspace, changes: ChangeSet[Calendar]) -> None:
    """Let a new default calendar take the place of the old one; of several in one batch the last stays."""
    chosen = [calendar for calendar in changes if calendar.is_default]
    if changes.kind == "delete" or not chosen:
        return
    others = [other for other in ws.iterate(Calendar, where=F.is_default == True) if other.id != chosen[-1].id]  # noqa: E712
    for other in others:
        other.is_default = False
    ws.update_many(others)


@plugin.action(Calendar, permission="write")
def add_holidays(
    ws: Workspace,
    calendar: Calendar,
    *,
    country: str = "CN",
    years: Iterable[int],
    subdivision: str | None = None,
    language: str | None = None,
) -> Sequence[CalendarException]:
    """Give a calendar the public holidays of *country*, and the free days that are worked in place of others.

    Needs the extra ``calendars``. What is known of a year ends with what the installed release of the package
    ``holidays`` knows: China announces its moved working days each November for the year after.

    Args:
        ws: The door.
        calendar: A stored calendar. Days that are exceptions of it already stay as they are.
        country: Code of ISO 3166, as ``"CN"``.
        years: Which years to add.
        subdivision: A part of the country with holidays of its own, as ``"BY"`` of ``"DE"``.
        language: Of the labels, as ``"zh_CN"`` or ``"en_US"``; the country's own without it.
    Returns:
        The exceptions that were added.
    Raises:
        MissingExtraError: The package ``holidays`` is not installed.
        ConfigurationError: It knows no such country, subdivision or language.
    """
    days = _public_holidays(country, frozenset(years), subdivision, language)
    known = {each.falls_on for each in ws.iterate(CalendarException, where=F.calendar == calendar)}
    added = [
        CalendarException(calendar=calendar, falls_on=day, kind=kind, label=label)
        for day, (kind, label) in sorted(days.items())
        if day not in known
    ]
    return ws.create_many(added).created


def _public_holidays(
    country: str, years: frozenset[int], subdivision: str | None, language: str | None
) -> dict[date, tuple[str, str | None]]:
    """Return kind and label by day."""
    try:
        import holidays
    except ImportError as error:
        raise MissingExtraError(
            "public holidays need the package holidays; run `pip install 'pycrm[calendars]'`", extra="calendars"
        ) from error
    try:
        found: Any = holidays.country_holidays(country, subdiv=subdivision, years=years, language=language)
    except NotImplementedError as error:
        raise ConfigurationError(f"public holidays of {country}: {error}", country=country) from error
    if language is not None and language not in found.supported_languages:
        offered = ", ".join(found.supported_languages)
        raise ConfigurationError(
            f"public holidays of {country} have no labels in {language!r}; there are {offered}", country=country
        )
    days: dict[date, tuple[str, str | None]] = {day: ("holiday", label[:255]) for day, label in found.items()}
    moved = getattr(found, "weekend_workdays", ())
    days |= {day: ("working_day", None) for day in moved if day.year in years}
    return days
