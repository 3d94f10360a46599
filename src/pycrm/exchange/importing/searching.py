"""What the batches of an import leave waiting for search, indexed when they are through."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from pycrm.exchange.importing.ports import Doors
from pycrm.storage.search_rows import Waiting

__all__ = ["IndexedAfter"]

EVERYTHING = Waiting(0)


class IndexedAfter:
    """A block whose units leave records waiting; at its end they are indexed, also where an error ends it.

    Args:
        doors: Of the CRM.
        again: Whether others have begun what goes on here, and may have been killed before they indexed anything.
    """

    def __init__(self, doors: Doors, *, again: bool) -> None:
        self._doors = doors
        self._waiting = EVERYTHING if again else None

    def add(self, part: Waiting | None) -> None:
        """Note what a unit has left waiting."""
        if part is not None:
            self._waiting = part if self._waiting is None else self._waiting | part

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Whoever interrupts a program does not wait for this; what goes on later does it.
        if self._waiting is not None and (kind is None or issubclass(kind, Exception)):
            self._doors.index(self._waiting)
