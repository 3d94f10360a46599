"""What calls for many records return: what was created, updated, unchanged, refused, converted."""

from __future__ import annotations

from typing import Any, Generic, TypeVar
from uuid import UUID

import attrs

from pycrm.errors import Problem
from pycrm.fields.field import Field

__all__ = ["BatchResult", "BulkResult", "FieldConversion", "Misfit", "NotUndone", "Refused", "UndoResult"]

E = TypeVar("E")


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
