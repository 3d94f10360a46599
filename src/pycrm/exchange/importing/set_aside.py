"""What rows went in without: values that the mapping leaves out or replaces, and columns that no field of it takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from pycrm.errors import Problem
from pycrm.exchange.importing import notes
from pycrm.exchange.importing.fed_again import ADDED
from pycrm.exchange.importing.outcome import Outcome
from pycrm.exchange.importing.typed_cells import storable
from pycrm.exchange.mapping import BoundMapping
from pycrm.exchange.mapping.cells import is_empty
from pycrm.exchange.rows import Row

__all__ = ["SetAside", "counted", "set_aside_by"]

MOST_EXAMPLES = 5
LONGEST = 200
"""So many characters of a value are told."""


@attrs.frozen
class SetAside:
    """What was put aside of one field, or of one column that no field takes, for one reason.

    Attributes:
        entity: The entity's name; empty of a column that no field takes.
        field: Its path; likewise.
        column: The header, several of them parted by commas; empty of a value that no column gives.
        code: Of the reason.
        count: How many values.
        examples: The first different ones, as `Problem.to_data` tells them, with the facts ``line``, ``column`` and
            ``value``.
    """

    entity: str
    field: str
    column: str
    code: str
    count: int
    examples: Sequence[Mapping[str, Any]]


def set_aside_by(bound: BoundMapping, rows: Sequence[Row], outcomes: Sequence[Outcome]) -> tuple[SetAside, ...]:
    """Return what *rows* with these *outcomes* went in without; those that were refused come back whole."""
    taken = [(row, outcome) for row, outcome in zip(rows, outcomes, strict=True) if outcome.word != "refused"]
    noted = (_one(entity, problem) for _, outcome in taken for entity, problem in outcome.set_aside)
    return counted((*noted, *_unused(bound, [row for row, _ in taken])))


def _unused(bound: BoundMapping, rows: Sequence[Row]) -> Iterator[SetAside]:
    """Yield the columns with values that no field takes."""
    for column in bound.unmapped:
        if column in ADDED:
            continue
        place = bound.columns.index(column)
        filled = [row for row in rows if not is_empty(row.cells[place])]
        if filled:
            examples: dict[str, dict[str, Any]] = {}
            for row in filled:
                value = str(row.cells[place])[:LONGEST]
                if value not in examples:
                    examples[value] = _told(notes.column_unused(row.line, column, value))
                    if len(examples) == MOST_EXAMPLES:
                        break
            yield SetAside("", "", _short(column), "import.column_unused", len(filled), list(examples.values()))


def counted(told: Iterable[SetAside]) -> tuple[SetAside, ...]:
    """Return *told* with what is of the same field, column and reason taken together, in the order of appearance."""
    by_reason: dict[tuple[str, str, str, str], SetAside] = {}
    for each in told:
        reason = (each.entity, each.field, each.column, each.code)
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


def _one(entity: str, problem: Problem) -> SetAside:
    column = _short(problem.facts.get("column", ""))
    return SetAside(entity, problem.field or "", column, problem.code, 1, [_told(problem)])


def _told(problem: Problem) -> dict[str, Any]:
    data = problem.to_data()
    facts = {name: _short(value) if isinstance(value, str) else value for name, value in data["facts"].items()}
    return {**data, "facts": facts}


def _short(text: str) -> str:
    """Return the beginning of *text*, as every database stores it."""
    told: str = storable(text[:LONGEST])
    return told
