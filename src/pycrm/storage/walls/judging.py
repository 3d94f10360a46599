"""Setting SQLite's judge over the connection of a unit, and taking it away again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from pycrm.storage.walls.authorizer import AUTHORIZER, Authorizer, Sight
from pycrm.storage.walls.tripwire import Tripwire

__all__ = ["Judging"]


class Judging:
    """What one unit does about the judge of its connection.

    A connection of our own keeps its judge, who is told at each unit's start whom he judges for; a host's has one for
    as long as the unit lasts, in place of the host's own.

    Args:
        tripwire: Knows our tables, and whether the connection is ours.
    """

    def __init__(self, tripwire: Tripwire) -> None:
        self._tripwire = tripwire
        self._connection: Connection | None = None
        self._before: Sight | None = None
        self._is_ours = False

    def begin(self, connection: Connection, sight: Sight | None) -> None:
        """Have others' SQL on *connection* judged by *sight* from here on."""
        authorizer: Authorizer | None = connection.info.get(AUTHORIZER)
        if self._connection is None:
            self._connection = connection
            self._before = None if authorizer is None else authorizer.sight
        if authorizer is None:
            if sight is None:
                return
            driver: Any = connection.connection.driver_connection
            authorizer = connection.info[AUTHORIZER] = Authorizer(driver, self._tripwire.is_ours)
            self._is_ours = True
        authorizer.begin(sight)

    def end(self) -> None:
        """Put back what was there before, on the connection of a host."""
        connection = self._connection
        if self._tripwire.owned or connection is None or connection.closed or connection.invalidated:
            return
        if self._is_ours:
            connection.info.pop(AUTHORIZER).leave()
        elif (authorizer := connection.info.get(AUTHORIZER)) is not None:
            authorizer.begin(self._before)
