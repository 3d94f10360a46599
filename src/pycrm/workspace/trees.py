"""Trees: no record comes to lie below itself by way of a reference that is declared with ``tree=True``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pycrm.errors import Problem
from pycrm.fields.field import Field
from pycrm.fields.references import RefKind, id_of
from pycrm.schema import Record
from pycrm.schema.diff import reader_of, value_at
from pycrm.workspace.batch import Batch

__all__ = ["cycles"]

SHOWN = 6


def cycles(batch: Batch) -> list[Problem]:
    """Return a problem for each record of the batch whose new parent is the record itself or lies below it."""
    return [
        problem
        for field in batch.entity.references
        if isinstance(field.kind, RefKind) and field.kind.tree
        for problem in _cycles(batch, field)
    ]


def _cycles(batch: Batch, field: Field) -> list[Problem]:
    records = batch.sound()
    if batch.kind == "update":
        # Of the others the stored parent counts, which may be newer than the caller's copy.
        records = [record for record in records if field in batch.changed[record.id]]
    read = reader_of(field)
    moved = [record for record in records if read(record) is not None]
    known: dict[UUID, Record] = {record.id: record for record in records} if moved else {}
    if batch.kind == "update":  # nothing outside its batch lies below a new record yet
        _climb(batch, field, moved, known)
    ways = [(record, _way_up(record, field, known)) for record in moved]
    return [_cycle(record, field, way) for record, way in ways if record in way[1:]]


def _climb(batch: Batch, field: Field, moved: list[Any], known: dict[UUID, Any]) -> None:
    """Add all that lie above *moved* to *known*, one query per level.

    They are locked, so that of two units that would close a circle together the second sees what the first did.
    """
    level = moved
    while wanted := {parent for each in level if (parent := _parent(each, field)) is not None} - known.keys():
        level = batch.tools.writer.lock(batch.ws._ctx.unit, sorted(wanted))
        known.update((each.id, each) for each in level)


def _way_up(record: Record, field: Field, known: Mapping[UUID, Record]) -> list[Record]:
    """Return *record* and what lies above it, up to the top, or to the first that comes again and with it."""
    way, passed = [record], {record.id}
    up = _parent(record, field)
    while up is not None and up in known:
        way.append(known[up])
        if up in passed:
            break
        passed.add(up)
        up = _parent(known[up], field)
    return way


def _parent(record: Record, field: Field) -> UUID | None:
    value = value_at(record, field)
    return None if value is None else id_of(value)


def _cycle(record: Record, field: Field, way: list[Record]) -> Problem:
    names = [str(getattr(each, each.__title__) or each.id) for each in way]
    if len(names) > SHOWN:
        names[SHOWN - 2 : -1] = ["…"]
    return Problem(
        "ref.cycle",
        record,
        field.path,
        message="would put the record below itself: {way}; choose one that does not lie below it",
        way=" → ".join(names),
        value=str(_parent(record, field)),
    )
