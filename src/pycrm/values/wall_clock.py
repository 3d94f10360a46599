"""Time zones as the system knows them, and what their wall clocks do over time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from pycrm.errors import CalendarError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo  # a hundredth of a second that most programs need not wait for

__all__ = ["offsets", "read_zone"]

ONE_SECOND: Final = timedelta(seconds=1)


def read_zone(name: str) -> ZoneInfo:
    """Return the IANA time zone called *name*.

    Raises:
        CalendarError: There is none.
    """
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CalendarError(
            f"{name!r} is no time zone known here; give a name like 'Asia/Shanghai', and install the package tzdata "
            "where the system has no time zones of its own",
            field="time_zone",
            value=name,
        ) from error


def offsets(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Yield the stretches from *start* to *end* in which *zone* keeps one offset, in order.

    Found by halving, to the second. No zone has ever changed its offset twice within two days, which would be missed
    where the second change undoes the first.
    """
    first, last = start.astimezone(zone).utcoffset(), (end - ONE_SECOND).astimezone(zone).utcoffset()
    assert first is not None  # a ZoneInfo has an offset for every instant
    if first == last:
        yield start, end, first
    else:
        middle = start + timedelta(seconds=(end - start) // ONE_SECOND // 2)
        yield from offsets(zone, start, middle)
        yield from offsets(zone, middle, end)
