"""What became of the rows of an import."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal
from uuid import UUID

import attrs

from pycrm.errors import Problem

__all__ = ["Counts", "Outcome", "Word"]

Word = Literal["created", "updated", "skipped", "refused"]


@attrs.frozen
class Outcome:
    """What became of one row.

    Attributes:
        line: Where it begins in its source.
        word: ``"created"`` if any record came to be by it, else ``"updated"`` if one was changed, ``"skipped"`` if all
            was so already or the mapping wants it left alone, ``"refused"`` if it was not taken: then nothing of it
            was written.
        entity: Of the record that it made or hit first.
        record_id: That record; None where there is none.
        problems: Why it was refused or skipped; the fact ``column`` names the column.
        paths: What an update changed, by entity: ``"account.name"``.
        set_aside: What was wrong with values that the mapping says to leave out or to replace, each with the entity
            whose field it is.
    """

    line: int
    word: Word
    entity: str | None = None
    record_id: UUID | None = None
    problems: Sequence[Problem] = ()
    paths: Sequence[str] = ()
    set_aside: Sequence[tuple[str, Problem]] = ()


@attrs.frozen
class Counts:
    """How many rows met which end; together they are all rows.

    Attributes:
        rows: All that were read.
        created: Rows by which a record came to be.
        updated: Rows that changed a record.
        skipped: Rows that left everything as it was.
        refused: Rows that were not taken.
    """

    rows: int = 0
    created: int = 0
    updated: int = 0
    skipped: int = 0
    refused: int = 0

    @classmethod
    def of(cls, outcomes: Iterable[Outcome]) -> Counts:
        """Return the counts of *outcomes*."""
        counts = {"created": 0, "updated": 0, "skipped": 0, "refused": 0}
        for outcome in outcomes:
            counts[outcome.word] += 1
        return cls(sum(counts.values()), **counts)

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(mine + its for mine, its in zip(attrs.astuple(self), attrs.astuple(other), strict=True)))

    @property
    def add_up(self) -> bool:
        """Whether every row met exactly one end."""
        return self.rows == self.created + self.updated + self.skipped + self.refused
