"""Times of a source: the zone of those that come without one, and when a row was changed last."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pycrm.errors import Problem
from pycrm.exchange.mapping.cells import is_empty
from pycrm.exchange.mapping.plan import Plan, Refused
from pycrm.exchange.mapping.transforms import BASIC

__all__ = ["newest_plan", "zone_of"]


def zone_of(name: Any) -> ZoneInfo | None:
    """Return the time zone called *name*; None for None.

    Raises:
        Problem: There is none.
    """
    if name is None:
        return None
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Problem(
            "mapping.unknown_zone",
            message="there is no time zone {value!r}; write it as Europe/Berlin or UTC",
            value=name,
        ) from error


def newest_plan(place: int, column: str, zone: ZoneInfo | None) -> Plan:
    """Return the plan of the column that says when a row was changed last; times without a zone are of *zone*, or UTC.

    Args:
        place: Of the column.
        column: Its header.
        zone: The mapping's.
    """
    read = BASIC["datetime"].function
    assumed: dt.tzinfo = zone or dt.UTC

    def work_out(cell: Any) -> Any:
        if is_empty(cell):
            return None
        try:
            moment = read(cell)
        except Problem as problem:
            problem.facts |= {"column": column, "value": cell}
            return Refused(problem)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=assumed)
        return moment.astimezone(dt.UTC)

    return Plan("", (place,), work_out)
