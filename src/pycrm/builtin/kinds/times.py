"""Times of the day and lengths of time; days and instants are among the basic kinds."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import attrs

from pycrm.builtin.kinds.plugin import plugin
from pycrm.plugin import Part, PartType, Problem, ScalarKind

__all__ = ["DurationKind", "TimeKind"]

MAX_DAYS = 999_999  # a hundred of them can be summed in 64 bits
MAX_LENGTH = 100

_time = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?").fullmatch

_N = r"([0-9]{1,15}(?:[.,][0-9]{1,15})?)"
_iso = re.compile(rf"P(?:{_N}Y)?(?:{_N}M)?(?:{_N}W)?(?:{_N}D)?(?:T(?=.)(?:{_N}H)?(?:{_N}M)?(?:{_N}S)?)?").fullmatch
_words = re.compile(rf"(?:{_N}\s*([^\W\d_]+)[\s,]*)+").fullmatch
_word = re.compile(rf"{_N}\s*([^\W\d_]+)").findall

_SECOND = 1_000_000
_ISO_UNITS = ("y", "mo", "w", "d", "h", "m", "s")
_UNITS = {
    word: microseconds
    for microseconds, words in (
        (7 * 86_400 * _SECOND, "w wk wks week weeks 周 星期"),
        (86_400 * _SECOND, "d day days 天 日"),
        (3_600 * _SECOND, "h hr hrs hour hours 小时 时"),
        (60 * _SECOND, "m min mins minute minutes 分钟 分"),
        (_SECOND, "s sec secs second seconds 秒"),
        (_SECOND // 1000, "ms millisecond milliseconds 毫秒"),
    )
    for word in words.split()
}
_CALENDAR = frozenset(["mo", "mos", "month", "months", "y", "yr", "yrs", "year", "years", "月", "个月", "年"])


@plugin.field_kind
@attrs.frozen
class TimeKind(ScalarKind):
    """A time of the day, to the microsecond, without day and time zone: when a shop opens, not when something was."""

    name: ClassVar[str] = "time"
    python_type: ClassVar[type] = dt.time
    source_names: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {"time_from": dt.time.fromisoformat, "time_class": dt.time}
    )

    def parse(self, value: Any) -> dt.time:
        if isinstance(value, dt.time):
            if value.tzinfo is not None:
                raise Problem(
                    "time.has_zone",
                    message="has a time zone; leave it out, as in value.replace(tzinfo=None), or keep an instant",
                    value=value,
                )
            return dt.time(value.hour, value.minute, value.second, value.microsecond)
        if isinstance(value, str) and (found := _time(value.strip())):
            hour, minute, second, fraction = found.groups(default="0")
            try:
                return dt.time(int(hour), int(minute), int(second), int(fraction.ljust(6, "0")))
            except ValueError:
                pass
        raise Problem("time.invalid", message="is no time of the day; write it as 08:30 or 08:30:15", value=value)

    def dump(self, value: dt.time) -> str:
        return value.isoformat()

    def display(self, value: dt.time) -> str:
        return value.isoformat() if value.second or value.microsecond else f"{value:%H:%M}"

    def to_parts(self, value: dt.time) -> tuple[str]:
        """Return ``08:30:00.000000``: of one width, so that the order of texts is that of times."""
        return (value.isoformat("microseconds"),)

    def from_parts(self, *parts: Any) -> dt.time:
        return dt.time.fromisoformat(parts[0])

    def json_schema(self) -> dict[str, Any]:
        # The format "time" of JSON Schema asks for a time zone.
        return {"type": "string", "pattern": r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?$"}

    def parse_source(self, value: str) -> str:
        return f"(type({value}) is time_class and {value}.tzinfo is None and not {value}.fold)"

    def load_source(self, *parts: str) -> str:
        return f"time_from({parts[0]})"

    def dump_source(self, value: str) -> tuple[str, ...]:
        return (f"{value}.isoformat('microseconds')",)


def microseconds_of(value: dt.timedelta) -> int:
    """Return *value* in microseconds; a quotient of timedeltas would be a float."""
    return (value.days * 86_400 + value.seconds) * _SECOND + value.microseconds


def of_microseconds(count: int) -> dt.timedelta:
    """Return the inverse of `microseconds_of`."""
    return dt.timedelta(0, 0, count)


@plugin.field_kind
@attrs.frozen
class DurationKind(ScalarKind):
    """A length of time, to the microsecond, of at most 999,999 days either way; kept as a number of microseconds."""

    name: ClassVar[str] = "duration"
    python_type: ClassVar[type] = dt.timedelta
    parts: ClassVar[tuple[Part, ...]] = (Part(PartType.INTEGER),)
    summable: ClassVar[bool] = True
    source_names: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {"duration_of": of_microseconds, "duration_count": microseconds_of}
    )

    def parse(self, value: Any) -> dt.timedelta:
        if isinstance(value, dt.timedelta):
            # One of a subclass, as other libraries bring, becomes a plain one.
            count = microseconds_of(value)
        elif isinstance(value, str) and len(value) <= MAX_LENGTH:
            count = _read(value)
        else:
            raise _invalid(value)
        if abs(count) > MAX_DAYS * 86_400 * _SECOND:
            raise Problem(
                "duration.too_long",
                message="is longer than {days} days; keep its first and last day instead",
                days=MAX_DAYS,
                value=value,
            )
        return of_microseconds(count)

    def dump(self, value: dt.timedelta) -> str:
        """Return it as ISO 8601 has it, without weeks: ``P1DT2H30M``, ``-PT0.5S``."""
        sign, numbers = _numbers_of(value)
        days = numbers.pop("d", None)
        time = "".join(f"{number}{unit.upper()}" for unit, number in numbers.items())
        return f"{sign}P{f'{days}D' if days else ''}{f'T{time}' if time else ''}"

    def display(self, value: dt.timedelta) -> str:
        sign, numbers = _numbers_of(value)
        return sign + " ".join(f"{number}{unit}" for unit, number in numbers.items())

    def to_parts(self, value: dt.timedelta) -> tuple[int]:
        return (microseconds_of(value),)

    def from_parts(self, *parts: Any) -> dt.timedelta:
        return of_microseconds(parts[0])

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "duration"}

    def load_source(self, *parts: str) -> str:
        return f"duration_of({parts[0]})"

    def dump_source(self, value: str) -> tuple[str, ...]:
        return (f"duration_count({value})",)


def _numbers_of(value: dt.timedelta) -> tuple[str, dict[str, str]]:
    """Return the sign, and the numbers of days, hours, minutes and seconds that are not zero; at least a ``0s``."""
    count = microseconds_of(value)
    seconds, fraction = divmod(abs(count), _SECOND)
    shown = f"{seconds % 60}.{fraction:06}".rstrip("0") if fraction else str(seconds % 60)
    numbers = {"d": str(seconds // 86_400), "h": str(seconds // 3_600 % 24), "m": str(seconds // 60 % 60), "s": shown}
    return "-" if count < 0 else "", {unit: n for unit, n in numbers.items() if n != "0"} or {"s": "0"}


def _read(value: str) -> int:
    """Return the microseconds that a text means: ISO 8601, or numbers with units."""
    text = value.strip()
    sign = -1 if text.startswith("-") else 1
    text = text[1:].lstrip() if text[:1] in ("-", "+") else text
    if found := _iso(text.upper()):
        pairs = [(number, unit) for number, unit in zip(found.groups(), _ISO_UNITS, strict=True) if number]
    else:
        pairs = [(number, unit.casefold()) for number, unit in _word(text)] if _words(text) else []
    units = [unit for _, unit in pairs]
    if not _CALENDAR.isdisjoint(units):
        raise Problem(
            "duration.calendar",
            message="has years or months, which differ in length; write it in weeks, days or hours",
            value=value,
        )
    if not pairs or len(set(units)) < len(units) or not _UNITS.keys() >= set(units):
        raise _invalid(value)
    return sign * sum(_microseconds(number, _UNITS[unit], value) for number, unit in pairs)


def _microseconds(number: str, unit: int, value: str) -> int:
    whole, _, fraction = number.replace(",", ".").partition(".")
    scale: int = 10 ** len(fraction)
    count, rest = divmod(int(whole + fraction) * unit, scale)
    if rest:
        raise Problem("duration.too_precise", message="is finer than a microsecond; round it first", value=value)
    return count


def _invalid(value: Any) -> Problem:
    return Problem(
        "duration.invalid",
        message="is no length of time; write it as '1h 30m' or PT1H30M, or give a timedelta",
        value=value,
    )
