"""Looking behind the door: for tests that want to see, or spoil, rows as they are stored."""

from __future__ import annotations

from sqlalchemy import Connection

from pycrm import Reader
from pycrm.storage.walls.tripwire import THE_DOORS

__all__ = ["behind_the_door"]


def behind_the_door(reader: Reader) -> Connection:
    """Return the connection of the unit of *reader*, which takes all that is run on it for the door's from here on.

    Whoever needs no unit makes an engine of his own, which nothing watches.
    """
    return reader._ctx.unit.connection.execution_options(**THE_DOORS)
