"""What calls for many records return: what was created, updated, unchanged, refused, converted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import attrs

from pycrm.errors import Problem
from pycrm.fields.field import Field

__all__ = [
    "BatchResult",
    "BulkResult",
    "Entries",
    "FieldChange",
    "FieldConversion",
    "HandOver",
    "HandedOver",
    "HistoryEntry",
    "Misfit",
    "NotUndone",
    "Refused",
    "UndoResult",
]

E = TypeVar("E")


class Entries(tuple[E, ...]):
    """Some entries of a trail, the newest first.

    Attributes:
        next_cursor: Give it as ``after=`` to get those before; None when these are the oldest.
    """

    next_cursor: str | None

    @classmethod
    def of(cls, entries: Iterable[E], next_cursor: str | None) -> Entries[E]:
        """Return *entries* with the way to the next ones."""
        made = cls(entries)
        made.next_cursor = next_cursor
        return made


@attrs.frozen
class FieldChange:
    """What became of one field.

    Attributes:
        field: Its path, as it is called today.
        old: What it held before, as far as it may be seen: a masked value is masked.
        new: What it held from then on; None, too, where nobody knows because the record was purged.
    """

    field: str
    old: Any
    new: Any


@attrs.frozen
class HistoryEntry:
    """One change of one record, as somebody may see it.

    Attributes:
        at: When, UTC.
        actor: Key of the user who made it.
        kind: ``"create"``, ``"update"``, ``"delete"``, ``"restore"`` or ``"purge"``.
        plugin: The plugin whose hook made it, if one did.
        move: The move of the lifecycle that it was, if it was one.
        changes: Of an update, what became of which field.
    """

    at: datetime
    actor: str
    kind: str
    plugin: str | None = None
    move: str | None = None
    changes: tuple[FieldChange, ...] = ()


@attrs.frozen
class Refused(Generic[E]):
    """A record that was left out.

    Attributes:
        position: Its place among the records given, from 0.
        record: The record as given.
        problems: All that is wrong with it.
    """

    position: int
    record: E
    problems: tuple[Problem, ...]


@attrs.frozen
class BatchResult(Generic[E]):
    """The outcome of a batch call; each record given is in exactly one of the four, in the order given."""

    created: tuple[E, ...] = ()
    updated: tuple[E, ...] = ()
    unchanged: tuple[E, ...] = ()
    refused: tuple[Refused[E], ...] = ()

    def __add__(self, other: BatchResult[Any]) -> BatchResult[E]:
        return BatchResult(
            self.created + other.created,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.refused + other.refused,
        )


@attrs.frozen
class BulkResult(Generic[E]):
    """What became of the records that a filter selected; each is in exactly one of the three.

    Attributes:
        handle: Takes the call back; see `Workspace.undo`. None of a preview, and where nothing was written.
        records: Those that were written; of a preview, those that would be, as they are now.
        unchanged: Those that were already so.
        refused: Those with problems, and their place among the records selected.
    """

    handle: UUID | None
    records: tuple[E, ...] = ()
    unchanged: tuple[E, ...] = ()
    refused: tuple[Refused[E], ...] = ()


@attrs.frozen
class NotUndone:
    """A record that an undoing left as it is.

    Attributes:
        record_id: Which.
        problems: Why; those of fields name them.
    """

    record_id: UUID
    problems: tuple[Problem, ...]


@attrs.frozen
class UndoResult:
    """What an undoing did.

    Attributes:
        entity: The entity's name.
        records: Those that were put back.
        unchanged: Ids of those that were as before already.
        refused: Those that were not put back, and why.
    """

    entity: str
    records: tuple[Any, ...] = ()
    unchanged: tuple[UUID, ...] = ()
    refused: tuple[NotUndone, ...] = ()


@attrs.frozen
class HandedOver:
    """What became of the records of one entity that somebody handed over.

    Attributes:
        entity: The entity's name.
        field: What was changed: ``"owner"``, or ``"assignee"`` of open tasks.
        count: How many records were written; of a preview, would be.
        refused: Those that stayed, and why.
        handle: Takes it back; see `Workspace.undo`. None of a preview, and where nothing was written.
    """

    entity: str
    field: str
    count: int
    refused: tuple[Refused[Any], ...]
    handle: UUID | None


@attrs.frozen
class HandOver:
    """What a hand-over did.

    Attributes:
        from_user: Key of the user who gave.
        to_user: Key of the user who got.
        moved: One per entity and field of which there was something.
        left: Entity name to how many records the giver still owns of those that the caller may read; of a preview, all.
    """

    from_user: str
    to_user: str
    moved: tuple[HandedOver, ...]
    left: Mapping[str, int]


@attrs.frozen
class Misfit:
    """A value that another kind does not take.

    Attributes:
        record_id: Of the record that has it.
        value: As JSON-able data.
        problem: Why it is not taken.
    """

    record_id: UUID
    value: Any
    problem: Problem


@attrs.frozen
class FieldConversion:
    """What became of a custom field's values as it got another kind, or, of a dry run, would become.

    Attributes:
        field: The field with its new kind.
        converted: How many records have a value of the new kind.
        misfit_count: How many have one that the new kind does not take.
        misfits: Those, 10,000 at most, in order of the records' ids.
        kept_in: The retired custom field that holds the former values; of an undoing, those written since that did
            not fit back. None where there are none, and of a dry run.
    """

    field: Field
    converted: int
    misfit_count: int
    misfits: tuple[Misfit, ...]
    kept_in: str | None = None
