"""Segregation of duties at every write: who made one step of a record does not make the other.

Who made which step stands in the change rows, so it is asked of them, in the transaction of the write. Who stands in
for somebody acts under his own name, and what he did counts as his. Plugins that act for themselves are nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import attrs

from pycrm.entities import DutySeparation
from pycrm.errors import Problem, nearest
from pycrm.policies.separation import CREATE, Separation, unfit_steps
from pycrm.query import F
from pycrm.schema import Entity
from pycrm.storage.changes import ChangeRow, read_changes_of
from pycrm.values.principal import Principal
from pycrm.workspace.batch import Batch
from pycrm.workspace.context import UnitContext

__all__ = ["Overlap", "overlaps", "same_person", "unfit_separations"]

STORED = "stored"


@attrs.frozen
class Overlap:
    """A step that somebody may not make because he made another one.

    Attributes:
        record_id: Of which record.
        rule: What says so.
        step: The step that he made.
        row: The change that it was.
    """

    record_id: UUID
    rule: Separation
    step: str
    row: ChangeRow


def same_person(batch: Batch) -> Iterator[Problem]:
    """Yield a problem for each record whose move is for somebody else to make than who acts."""
    if not batch.moves:
        return
    records = {record.id: record for record in batch.records}
    moves = {id: move for id, move in batch.moves.items() if id in records}
    for found in overlaps(batch.ws._ctx, batch.entity, moves, batch.ws.principal):
        yield Problem(
            "duty.same_person",
            records[found.record_id],
            _status_of(batch.entity, moves[found.record_id]),
            message="{user} made {step} on {at:%Y-%m-%d}, and {rule} wants another one for {move}; ask a colleague",
            rule=found.rule.name,
            move=moves[found.record_id],
            step=found.step,
            user=found.row.actor,
            at=found.row.at,
        )


def overlaps(ctx: UnitContext, entity: Entity, moves: Mapping[UUID, str], principal: Principal) -> Iterator[Overlap]:
    """Yield one overlap for each record that *principal* may not move so.

    Args:
        ctx: The unit.
        entity: Of the records.
        moves: By record's id, the move that he is about to make.
        principal: Who.
    """
    if principal.plugin_name is not None:
        return
    rules = [rule for rule in _rules(ctx, entity) if any(rule.others(move) for move in set(moves.values()))]
    if not rules:
        return
    told: set[UUID] = set()
    for row in read_changes_of(ctx.unit, ctx.tools.tables, entity.name, list(moves)):
        if row.actor != principal.user or row.record_id in told:
            continue
        step = CREATE if row.kind == "create" else str(row.facts.get("move", ""))
        rule = next((rule for rule in rules if step in rule.others(moves[row.record_id])), None)
        if rule is not None:
            told.add(row.record_id)
            yield Overlap(row.record_id, rule, step, row)


def unfit_separations(batch: Batch) -> Iterator[Problem]:
    """Yield a problem for each `DutySeparation` of *batch* that could not separate anything."""
    entities = batch.ws._ctx.tools.schema.entities
    for each in batch.sound():
        if batch.changed_paths(each).isdisjoint(("entity", "steps")):
            continue
        entity = entities.get(each.entity)
        if entity is None:
            yield Problem(
                "duty.unknown_entity",
                each,
                "entity",
                message="names no entity here{hint}",
                hint=nearest(each.entity, entities),
                value=each.entity,
            )
            continue
        for problem in unfit_steps(entity, each.steps.split()):
            problem.record, problem.field = each, "steps"
            yield problem


def _rules(ctx: UnitContext, entity: Entity) -> list[Separation]:
    """Return the rules about *entity*: those of the code, then those kept as data."""
    declared = ctx.services.separations.get(entity.name, ())
    active: Any = (F.entity == entity.name) & (F.is_active == True)  # noqa: E712
    rows = ctx.matching(ctx.tools.schema.entity(DutySeparation), active)
    return [*declared, *(Separation(row.name, row.entity, tuple(row.steps.split()), STORED) for row in rows)]


def _status_of(entity: Entity, move: str) -> str | None:
    """Return the path of the status field that has *move*."""
    for field in entity.statuses:
        if move in field.kind.lifecycle.moves:  # type: ignore[attr-defined]
            return field.path
    return None
