"""What a batch call returns: which records were created, updated, unchanged, refused."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import attrs

from pycrm.errors import Problem

__all__ = ["BatchResult", "Refused"]

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
