"""Days of the calendar, and instants, which are kept in UTC."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, ClassVar

import attrs

from pycrm.errors import Problem
from pycrm.fields.kind import Part, PartType
from pycrm.fields.scalar import ScalarKind

_day = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch


@attrs.frozen
class DateKind(ScalarKind):
    """A day of the calendar, without time and time zone."""

    name: ClassVar[str] = "date"
    python_type: ClassVar[type] = dt.date
    parts: ClassVar[tuple[Part, ...]] = (Part(PartType.DATE),)

    def parse(self, value: Any) -> dt.date:
        if isinstance(value, dt.datetime):
            raise Problem(
                "date.has_time",
                message="is an instant, not a day; say whose day you mean, as in value.astimezone(zone).date()",
                value=value,
            )
        if isinstance(value, dt.date):
            return value if type(value) is dt.date else dt.date(value.year, value.month, value.day)
        if isinstance(value, str) and _day(text := value.strip()):
            try:
                return dt.date.fromisoformat(text)
            except ValueError:
                raise Problem("date.invalid", message="is no day of the calendar; correct it", value=value) from None
        raise Problem("date.invalid", message="is no date; write it as 2026-03-31", value=value)

    def dump(self, value: dt.date) -> str:
        return value.isoformat()

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date"}

    def parse_source(self, value: str) -> str:
        return f"(type({value}) is date)"


@attrs.frozen
class InstantKind(ScalarKind):
    """A moment, to the microsecond. It must come with a time zone and is kept in UTC."""

    name: ClassVar[str] = "datetime"
    python_type: ClassVar[type] = dt.datetime
    parts: ClassVar[tuple[Part, ...]] = (Part(PartType.INSTANT),)

    def parse(self, value: Any) -> dt.datetime:
        moment = self._read(value)
        if moment.utcoffset() is None:
            raise Problem(
                "datetime.naive",
                message="has no time zone; add one, as in value.replace(tzinfo=zone) or 2026-03-31T08:00:00+08:00",
                value=value,
            )
        try:
            utc = moment.astimezone(dt.UTC)
        except OverflowError:
            raise Problem("datetime.invalid", message="lies outside the years 1 to 9999 in UTC", value=value) from None
        if type(utc) is not dt.datetime:  # a subclass, such as other libraries bring
            utc = dt.datetime.combine(utc.date(), utc.time(), dt.UTC)
        # The second of two equal hours at the end of summer time: no such thing in UTC.
        return utc.replace(fold=0) if utc.fold else utc

    @staticmethod
    def _read(value: Any) -> dt.datetime:
        if isinstance(value, dt.datetime):
            return value
        # Python reads past a NUL at the end.
        if isinstance(value, str) and _day(value.strip()[:10]) and "\0" not in value:
            try:
                return dt.datetime.fromisoformat(value.strip())
            except ValueError:
                pass
        raise Problem("datetime.invalid", message="is no instant; write it as 2026-03-31T08:00:00+08:00", value=value)

    def dump(self, value: dt.datetime) -> str:
        return value.isoformat().replace("+00:00", "Z")

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}

    def parse_source(self, value: str) -> str:
        return f"(type({value}) is datetime and {value}.tzinfo is UTC and not {value}.fold)"
