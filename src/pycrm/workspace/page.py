"""What `list` returns: one page of records and the way to the next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar, overload

from pycrm.schema import Record

__all__ = ["Page"]

E = TypeVar("E", bound=Record)


class Page(Sequence[E], Generic[E]):
    """A sequence of records.

    Attributes:
        next_cursor: Give it as ``after=`` to get the next page; None when this is the last.
    """

    __slots__ = ("_records", "next_cursor")

    def __init__(self, records: Sequence[E], next_cursor: str | None) -> None:
        self._records = tuple(records)
        self.next_cursor = next_cursor

    @overload
    def __getitem__(self, index: int) -> E: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[E]: ...
    def __getitem__(self, index: int | slice) -> E | Sequence[E]:
        return self._records[index]

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[E]:
        return iter(self._records)

    def __repr__(self) -> str:
        return f"<Page of {len(self)} records{', more follow' if self.next_cursor else ''}>"
