"""What `list` returns: one page of records and the way to the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from pycrm.schema import Record
from pycrm.schema.records import Records

__all__ = ["Page"]

E = TypeVar("E", bound=Record)


class Page(Records[E]):
    """A sequence of records.

    Attributes:
        next_cursor: Give it as ``after=`` to get the next page; None when this is the last.
    """

    __slots__ = ("next_cursor",)

    def __init__(self, records: Sequence[E], next_cursor: str | None) -> None:
        super().__init__(records)
        self.next_cursor = next_cursor

    def __repr__(self) -> str:
        return f"<Page of {len(self)} records{', more follow' if self.next_cursor else ''}>"
