"""Reading by many ids, portion by portion: what hooks over whole batches have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar
from uuid import UUID

from pycrm.plugin import F, Monies, Record, Workspace

__all__ = ["portions", "read_by", "sums_by"]

E = TypeVar("E", bound=Record)


def portions(values: Iterable[Any], size: int = 500) -> Iterator[list[Any]]:
    """Yield *values* once each and in order, so many at a time that one filter can list them."""
    ordered = sorted(set(values))
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def read_by(
    ws: Workspace, entity: type[E], path: str, values: Iterable[Any], *, order_by: str | None = None, include: str = ""
) -> Iterator[E]:
    """Yield the records of *entity* outside the bin whose field at *path* is one of *values*.

    Args:
        ws: The door.
        entity: The record class.
        path: ``"id"``, a reference or another field.
        values: However many; without any, nothing is asked.
        order_by: Holds among the records of each value.
        include: Related records to load with them.
    """
    for portion in portions(values):
        yield from ws.iterate(entity, where=F[path].in_(portion), order_by=order_by, include=include)


def sums_by(ws: Workspace, entity: type[Record], field: str, path: str, ids: Iterable[UUID]) -> dict[UUID, Monies]:
    """Return the sums of the money *field* by the id of what the reference at *path* leads to, for those of *ids*."""
    sums: dict[UUID, Monies] = {}
    measure = f"sum({field})"
    for portion in portions(ids):
        rows = ws.aggregate(entity, measures=[measure], group_by=path, where=F[path].in_(portion))
        sums.update((row[path].id, row[measure]) for row in rows)
    return sums
