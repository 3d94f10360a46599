"""What every writer of rows has in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

from pycrm.exchange.exporting.cells import Cell

__all__ = ["Row", "RowWriter"]

Row: TypeAlias = Sequence[Cell]


class RowWriter(Protocol):
    """Writes rows below their headers. Given up without `close`, it has let go of everything after `abandon`."""

    def write(self, rows: Sequence[Row]) -> None:
        """Write *rows*, whose cells are in the order of the columns."""
        ...

    def close(self) -> None:
        """Write what is still to be written; the file itself stays open."""
        ...

    def abandon(self) -> None:
        """Let go of what was written."""
        ...
