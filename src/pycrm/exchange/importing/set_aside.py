"""Values that rows went in without, since the mapping leaves them out or replaces them: counted by field and reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from pycrm.errors import Problem
from pycrm.exchange.importing.outcome import Outcome
from pycrm.exchange.importing.typed_cells import storable

__all__ = ["SetAside", "counted", "set_aside_by"]

MOST_EXAMPLES = 5
LONGEST = 200
"""So many characters of a value are told."""


@attrs.frozen
class SetAside:
    """What was put aside of one field for one reason.

    Attributes:
        entity: The entity's name.
        field: Its path.
        code: Of the reason.
        count: How many values.
        examples: The first different ones, as `Problem.to_data` tells them, with the facts ``line``, ``column`` and
            ``value``.
    """

    entity: str
    field: str
    code: str
    count: int
    examples: Sequence[Mapping[str, Any]]


def set_aside_by(outcomes: Iterable[Outcome]) -> tuple[SetAside, ...]:
    """Return what rows went in without; those that were refused come back whole."""
    return counted(
        SetAside(entity, problem.field or "", problem.code, 1, [_told(problem)])
        for outcome in outcomes
        if outcome.word != "refused"
        for entity, problem in outcome.set_aside
    )


def counted(told: Iterable[SetAside]) -> tuple[SetAside, ...]:
    """Return *told* with what is of the same field and reason taken together, in the order of first appearance."""
    by_reason: dict[tuple[str, str, str], SetAside] = {}
    for each in told:
        reason = (each.entity, each.field, each.code)
        before = by_reason.get(reason)
        by_reason[reason] = each if before is None else _together(before, each)
    return tuple(by_reason.values())


def _together(first: SetAside, second: SetAside) -> SetAside:
    examples = list(first.examples)
    known = {example["facts"].get("value") for example in examples}
    for example in second.examples:
        if len(examples) >= MOST_EXAMPLES:
            break
        if example["facts"].get("value") not in known:
            examples.append(example)
            known.add(example["facts"].get("value"))
    return attrs.evolve(first, count=first.count + second.count, examples=examples)


def _told(problem: Problem) -> dict[str, Any]:
    data = problem.to_data()
    facts = {
        name: storable(value[:LONGEST]) if isinstance(value, str) else value for name, value in data["facts"].items()
    }
    return {**data, "facts": facts}
