"""An immutable sequence of records: what `ChangeSet` and `Page` have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar, overload

from pycrm.schema.record import Record

__all__ = ["Records"]

E = TypeVar("E", bound=Record)


class Records(Sequence[E], Generic[E]):
    """A sequence of records that says more about them."""

    __slots__ = ("_records",)

    def __init__(self, records: Sequence[E]) -> None:
        self._records = tuple(records)

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
