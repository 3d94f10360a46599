"""Moves of lifecycles: changing a status, by whatever call, is the move, with the same right and the same needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pycrm.errors import MoveNotAllowedError, Problem, nearest
from pycrm.fields.field import Field
from pycrm.fields.status import StatusKind
from pycrm.schema import Entity, Record
from pycrm.schema.diff import loaded_value, value_at
from pycrm.values.lifecycle import Lifecycle, Move
from pycrm.workspace.batch import NOT_ALLOWED, Batch

__all__ = ["find_moves", "lifecycle_of", "missing_needs", "move_named", "moves_of"]


def lifecycle_of(field: Field) -> Lifecycle:
    """Return the lifecycle of a status field."""
    assert isinstance(field.kind, StatusKind)
    return field.kind.lifecycle


def moves_of(entity: Entity, record: Record) -> tuple[Move, ...]:
    """Return the moves that start from the record's present states."""
    return tuple(
        move
        for field in entity.statuses
        for move in lifecycle_of(field).moves_from(str(loaded_value(entity, record, field)))
    )


def move_named(entity: Entity, record: Record, name: str) -> tuple[Field, Move]:
    """Return the status field and the move *name*, which must start from the record's present state.

    Raises:
        MoveNotAllowedError: There is no such move, or none from this state.
    """
    for field in entity.statuses:
        lifecycle = lifecycle_of(field)
        state = str(loaded_value(entity, record, field))
        if name in lifecycle.moves and lifecycle.moves[name] in lifecycle.moves_from(state):
            return field, lifecycle.moves[name]
    allowed = [move.name for move in moves_of(entity, record)]
    states = ", ".join(str(loaded_value(entity, record, field)) for field in entity.statuses) or "no status"
    known = [move for field in entity.statuses for move in lifecycle_of(field).moves]
    hint = nearest(name, known) if name not in known else ""
    raise MoveNotAllowedError(
        f"{entity.name} {record!r}: no move {name!r} from {states}{hint}; allowed: {', '.join(allowed) or 'none'}",
        entity=entity.name,
        move=name,
        allowed=tuple(allowed),
    )


def find_moves(batch: Batch) -> None:
    """Note the move that each record makes; add a problem where there is none."""
    batch.problems = [problem for problem in batch.problems if problem.code != NOT_ALLOWED]
    batch.moves.clear()
    for field in batch.entity.statuses:
        lifecycle = lifecycle_of(field)
        for record in batch.records:
            if batch.kind == "create":
                if value_at(record, field) not in (None, lifecycle.initial):
                    batch.ws._require("set_state", batch.entity)
            elif batch.kind == "update" and field in batch.changed[record.id]:
                _find_move(batch, record, field, lifecycle)


def _find_move(batch: Batch, record: Any, field: Field, lifecycle: Lifecycle) -> None:
    before, now = loaded_value(batch.entity, record, field), value_at(record, field)
    if now not in lifecycle.states:
        return  # the parser has said so
    move = lifecycle.move_between(str(before), now)
    if move is None:
        allowed = [move.name for move in lifecycle.moves_from(str(before))]
        batch.problems.append(
            Problem(
                "lifecycle.move_not_allowed",
                record,
                field.path,
                message="there is no move from {before} to {value}; allowed: {allowed}",
                before=before,
                value=now,
                allowed=", ".join(allowed) or "none",
                moves=tuple(allowed),
            )
        )
        return
    batch.ws._require(move.may or "write", batch.entity)
    batch.moves[record.id] = move.name


def missing_needs(batch: Batch) -> Iterator[Problem]:
    """Yield a problem for each value that a move needs and its record lacks, after derive hooks had their say."""
    for field in batch.entity.statuses if batch.moves else ():
        moves = lifecycle_of(field).moves
        for record in batch.records:
            move = moves.get(batch.moves.get(record.id, ""))
            for needed in move.needs if move else ():
                known = batch.entity.field(needed)
                if value_at(record, known) in (None, "", known.kind.empty):
                    yield Problem(
                        "lifecycle.needs",
                        record,
                        needed,
                        message="is needed for the move {move}; give it a value",
                        move=batch.moves[record.id],
                    )
