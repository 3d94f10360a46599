"""Numbers for records whose caller gave none, taken in one step per batch after everything else was judged."""

from __future__ import annotations

from typing import Any

from pycrm.fields.autonumber import AutonumberKind
from pycrm.fields.field import Field
from pycrm.storage.sequences import take
from pycrm.workspace.batch import Batch
from pycrm.workspace.unique import taken_keys

__all__ = ["give_numbers"]


def give_numbers(batch: Batch) -> None:
    """Fill the autonumber fields that are empty, passing over numbers that callers have given to others."""
    for field in batch.entity.own_fields:
        if isinstance(field.kind, AutonumberKind):
            waiting = [record for record in batch.records if getattr(record, field.name) is None]
            while waiting:
                waiting = _give(batch, field, field.kind, waiting)


def _give(batch: Batch, field: Field, kind: AutonumberKind, waiting: list[Any]) -> list[Any]:
    """Give each of *waiting* the next number; return those whose number turned out taken."""
    ctx = batch.ws._ctx
    year = batch.at.year
    key = kind.sequence_key(batch.entity.name, field.path, year)
    first = take(ctx.unit, ctx.tools.tables, key, len(waiting), gap_free=kind.gap_free)
    numbers = [kind.format(year, first + place) for place in range(len(waiting))]
    taken = {key[0] for key in taken_keys(ctx, batch.entity, (field,), [(number,) for number in numbers])}
    taken |= {getattr(record, field.name) for record in batch.records}
    again = []
    for record, number in zip(waiting, numbers, strict=True):
        if number in taken:
            again.append(record)
        else:
            setattr(record, field.name, number)
    return again
