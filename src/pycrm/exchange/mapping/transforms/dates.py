"""Transforms to days and moments. What could be two days is refused unless the mapping says which is meant."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from pycrm.errors import Problem
from pycrm.exchange.mapping.cells import text_of
from pycrm.schema.transforms import Transform

__all__ = ["DATES", "ORDERS", "readings_of"]

ORDERS = ("ymd", "dmy", "mdy")
SERIAL, SERIAL_1904 = "serial", "serial1904"
PIVOT = 69  # of years in two digits: 69 to 99 are of the last century, as POSIX has it

_EPOCHS = {SERIAL: dt.date(1899, 12, 30), SERIAL_1904: dt.date(1904, 1, 1)}
_LAST_SERIAL = 2_958_465  # 31 December 9999
_DAYS_1904 = 1462

_months = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier enero gennaio",
            "feb february februar fevrier febrero febbraio",
            "mar march marz mars marzo",
            "apr april avril abril aprile",
            "may mai mayo maggio",
            "jun june juni juin junio giugno",
            "jul july juli juillet julio luglio",
            "aug august aout agosto",
            "sep sept september septembre septiembre settembre",
            "oct october oktober octobre octubre ottobre okt",
            "nov november novembre noviembre",
            "dec december dezember decembre diciembre dicembre dez",
        ),
        start=1,
    )
    for name in names.split()
}
_LONGEST = 200
"""Characters; no day and time takes as many, and a pattern takes the square of them to find that out."""
_time = re.compile(
    r"[T\s]+(?P<hour>\d{1,2})[:时点](?P<minute>\d{1,2})分?(?:[:]?(?P<second>\d{1,2})秒?(?:[.,](?P<part>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>[Zz]|UTC|GMT|[+-]\d{2}:?\d{2})?$"
)
_three = re.compile(r"(\d{1,4})\s*[-/.年\s]\s*(\d{1,2})\s*[-/.月\s]\s*(\d{1,4})\s*日?").fullmatch
_iso = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?").fullmatch
_compact = re.compile(r"(\d{4})(\d{2})(\d{2})").fullmatch
_named = re.compile(
    r"(?:[^\W\d]+,\s*)?(\d{1,2})(?:st|nd|rd|th|\.)?[\s/-]*([^\W\d]{3,})\.?[\s,/-]*(\d{4}|\d{2})"
).fullmatch
_named_first = re.compile(
    r"(?:[^\W\d]+,\s*)?([^\W\d]{3,})\.?[\s/-]*(\d{1,2})(?:st|nd|rd|th)?[\s,/-]+(\d{4}|\d{2})"
).fullmatch
_serial = re.compile(r"\d{1,7}(?:\.\d+)?").fullmatch


def readings_of(text: str) -> dict[str, dt.date]:
    """Return the days that *text* without a time may mean, by the order that reads them so; none where it is no day."""
    text = unicodedata.normalize("NFKC", text).strip()
    found = _three(text)
    if found is None:
        day = _compact_day(text) or _named_day(text)
        return {} if day is None else dict.fromkeys(ORDERS, day)
    first, second, third = found.groups()
    readings = {
        "ymd": _day(first, second, third) if len(third) <= 2 and len(first) in (2, 4) else None,
        "dmy": _day(third, second, first) if len(first) <= 2 and len(third) in (2, 4) else None,
        "mdy": _day(third, first, second) if len(first) <= 2 and len(third) in (2, 4) else None,
    }
    if "年" in text or len(first) == 4:
        readings = {"ymd": readings["ymd"]}
    return {order: day for order, day in readings.items() if day is not None}


def _day(year: str, month: str, day: str) -> dt.date | None:
    whole = int(year)
    if len(year) == 2:
        whole += 1900 if whole >= PIVOT else 2000
    try:
        return dt.date(whole, int(month), int(day))
    except ValueError:
        return None


def _compact_day(text: str) -> dt.date | None:
    found = _compact(text)
    return None if found is None else _day(*found.groups())


def _named_day(text: str) -> dt.date | None:
    if found := _named(text):
        day, month, year = found.groups()
    elif found := _named_first(text):
        month, day, year = found.groups()
    else:
        return None
    plain = "".join(each for each in unicodedata.normalize("NFKD", month.casefold()) if each.isalpha())
    number = _months.get(plain)
    return None if number is None else _day(year, str(number), day)


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones())  # it walks through folders


@lru_cache(maxsize=64)
def _zone_of(told: tuple[str, ...]) -> ZoneInfo | None:
    return next((ZoneInfo(each) for each in told if each in _zone_names()), None)


def _date(value: Any, *told: str) -> dt.date:
    """Return the day that *value* means; a time behind it is left out."""
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    return _moment(value, told).date()


def _datetime(value: Any, *told: str) -> dt.datetime:
    """Return the moment that *value* means, with a zone where it or the mapping tells one."""
    zone = _zone_of(told)
    if isinstance(value, dt.datetime):
        moment = value
    elif isinstance(value, dt.date):
        moment = dt.datetime.combine(value, dt.time())
    else:
        moment = _moment(value, told)
    return moment.replace(tzinfo=zone) if moment.tzinfo is None and zone is not None else moment


def _moment(value: Any, told: tuple[str, ...]) -> dt.datetime:
    if isinstance(value, str) and _iso(value):
        try:
            return dt.datetime.fromisoformat(value)
        except ValueError:
            raise _no_date(value) from None
    text = unicodedata.normalize("NFKC", text_of(value)).strip()
    if len(text) > _LONGEST:
        raise _no_date(value)
    for each in told:
        if each in _EPOCHS and _serial(text):
            return _of_serial(text, each, value)
        if "%" in each and (moment := _formatted(text, each)) is not None:
            return moment
    if any("%" in each for each in told) and not any(each in ORDERS for each in told):
        raise _no_date(value)
    found = _time.search(text)
    day = _of_readings(text[: found.start()] if found else text, told, value)
    return dt.datetime.combine(day, dt.time()) if found is None else _with_time(day, found, value)


def _of_readings(text: str, told: tuple[str, ...], value: Any) -> dt.date:
    readings = readings_of(text)
    if orders := [each for each in told if each in ORDERS]:
        day = next((readings[order] for order in orders if order in readings), None)
        if day is None:
            raise _no_date(value)
        return day
    days = set(readings.values())
    if len(days) > 1:
        raise Problem(
            "import.ambiguous_date",
            message="may be {first} or {second}; tell the order in the mapping, as in date(dmy)",
            first=min(days),
            second=max(days),
            value=value,
        )
    if not days:
        raise _no_date(value, _serial_hint(text))
    return days.pop()


def _of_serial(text: str, system: str, value: Any) -> dt.datetime:
    number = float(text)
    if not 1 <= number <= _LAST_SERIAL - (_DAYS_1904 if system == SERIAL_1904 else 0):
        raise _no_date(value)
    seconds = round((number - int(number)) * 86_400)
    return dt.datetime.combine(_EPOCHS[system] + dt.timedelta(days=int(number)), dt.time()) + dt.timedelta(
        seconds=seconds
    )


def _serial_hint(text: str) -> str | None:
    """Return the day that a spreadsheet means by a number such as 45296."""
    is_likely = text.isdecimal() and len(text) == 5
    return (_EPOCHS[SERIAL] + dt.timedelta(days=int(text))).isoformat() if is_likely else None


def _formatted(text: str, format: str) -> dt.datetime | None:
    try:
        return dt.datetime.strptime(text, format)
    except ValueError:
        return None


def _with_time(day: dt.date, found: re.Match[str], value: Any) -> dt.datetime:
    hour = int(found["hour"])
    if half := found["half"]:
        hour = hour % 12 + (12 if half[0] in "Pp" else 0)
    part = int((found["part"] or "0")[:6].ljust(6, "0"))
    try:
        time = dt.time(hour, int(found["minute"]), int(found["second"] or 0), part)
    except ValueError:
        raise _no_date(value) from None
    return dt.datetime.combine(day, time, _offset(found["zone"]))


def _offset(zone: str | None) -> dt.tzinfo | None:
    if not zone:
        return None
    if zone[0] not in "+-":
        return dt.UTC
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return dt.timezone(dt.timedelta(minutes=-minutes if zone[0] == "-" else minutes))


def _no_date(value: Any, suggested: str | None = None) -> Problem:
    facts = {} if suggested is None else {"suggested": suggested}
    return Problem(
        "import.no_date",
        message="is no day that the mapping can read; correct it, or tell its form, as in date('%d %b %Y')",
        value=value,
        **facts,
    )


def _check_date(*told: str) -> str:
    return _check(told, zones=False)


def _check_datetime(*told: str) -> str:
    return _check(told, zones=True)


def _check(told: Iterable[str], *, zones: bool) -> str:
    for each in told:
        if each not in ORDERS and each not in _EPOCHS and "%" not in each:
            if zones and each in _zone_names():
                continue
            return (
                f"{each!r} is neither an order ({', '.join(ORDERS)}), nor {SERIAL} or {SERIAL_1904}, nor a form as "
                f"'%d/%m/%Y'{', nor a time zone' if zones else ''}"
            )
    return ""


DATES = (
    Transform("date", _date, gives="date", check=_check_date),
    Transform("datetime", _datetime, check=_check_datetime),
)
