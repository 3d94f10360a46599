"""Segregation of duties: steps of one record that the same person may not make, whatever he may do otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import attrs

from pycrm.errors import Problem, nearest
from pycrm.fields.status import StatusKind
from pycrm.schema import Entity

__all__ = ["CREATE", "Separation", "by_entity", "steps_of", "unfit_steps"]

CREATE = "create"
"""The step of making a record, beside the moves of its lifecycle."""
FEWEST = 2


@attrs.frozen
class Separation:
    """Steps that different people must make.

    Attributes:
        name: What people call the rule: ``"quote approval"``.
        entity: The name of the entity whose records it is about.
        steps: Two or more of its moves, or ``"create"`` among them.
        owner: The plugin that declares it; ``"stored"`` for what administrators keep.
    """

    name: str
    entity: str
    steps: tuple[str, ...]
    owner: str

    def others(self, step: str) -> frozenset[str]:
        """Return the steps that whoever makes *step* must not have made; none where the rule does not name it."""
        return frozenset(self.steps).difference((step,)) if step in self.steps else frozenset()


def steps_of(entity: Entity) -> tuple[str, ...]:
    """Return the steps that records of *entity* make: being created, and the moves of its lifecycles."""
    moves = [
        move.name
        for field in entity.statuses
        if isinstance(field.kind, StatusKind)
        for move in field.kind.lifecycle.moves.values()
    ]
    return (CREATE, *dict.fromkeys(moves))


def unfit_steps(entity: Entity, steps: Sequence[str]) -> Iterator[Problem]:
    """Yield what is wrong with *steps* for a separation of *entity*."""
    known = steps_of(entity)
    for step in steps:
        if step not in known:
            yield Problem(
                "duty.unknown_step",
                message="names {value}, no step of {entity}; it has {steps}{hint}",
                entity=entity.name,
                steps=", ".join(known),
                hint=nearest(step, known),
                value=step,
            )
    if len(set(steps)) < FEWEST:
        yield Problem(
            "duty.too_few",
            message="separates {count} steps; name two or more, parted by blanks",
            count=len(set(steps)),
            value=" ".join(steps),
        )


def by_entity(separations: Iterable[Separation]) -> dict[str, tuple[Separation, ...]]:
    """Return *separations* by the name of their entity."""
    found: dict[str, tuple[Separation, ...]] = {}
    for each in separations:
        found[each.entity] = (*found.get(each.entity, ()), each)
    return found
