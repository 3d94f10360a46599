"""How a value is worked out without raising: what is refused becomes a `Refused`, as the field's policy says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from pycrm.errors import Problem
from pycrm.exchange.mapping.cells import is_empty
from pycrm.exchange.mapping.hints import suggested
from pycrm.exchange.mapping.model import FieldMap
from pycrm.exchange.mapping.plan import Refused
from pycrm.exchange.mapping.steps import BoundStep
from pycrm.fields.field import Field

__all__ = ["Refuse", "Taker", "chained", "guarded", "refuser", "taker_of_made"]

Taker: TypeAlias = Callable[[Any], Any]
"""From a value to the inside value of a field."""
Refuse: TypeAlias = Callable[[Problem, Sequence[Any]], Refused]


def taker_of_made(empty: Any) -> Taker:
    """Return what takes inside values as they are, for they come from a transform that gives no others."""
    return lambda value: empty if value is None or value == "" else value


def chained(steps: Sequence[BoundStep], take: Taker, refuse: Refuse) -> Callable[[Any], Any]:
    """Return what `guarded` would for one column and *steps* alone: the commonest case, without detours."""

    def work_out(cell: Any) -> Any:
        value = cell
        try:
            for step in steps:
                if is_empty(value):
                    break
                value = step.apply(value, step.arguments)
            return take(value)
        except Problem as problem:
            return refuse(problem, (cell,))

    return work_out


def guarded(make: Callable[[Sequence[Any]], Any], refuse: Refuse, count: int) -> Callable[[Any], Any]:
    """Return *make* for one cell, or for a tuple of *count*, with `Refused` for what it raises."""

    def of_tuple(cells: Any) -> Any:
        try:
            return make(cells)
        except Problem as problem:
            return refuse(problem, cells)

    def of_cell(cell: Any) -> Any:
        return of_tuple((cell,))

    return {0: lambda _: of_tuple(()), 1: of_cell}.get(count, of_tuple)


def refuser(map: FieldMap, columns: Sequence[str], empty: Any, default: Any, field: Field | None) -> Refuse:
    """Return the function from a problem and the cells to what the policy of *map* makes of them.

    Args:
        map: Of the field.
        columns: That the cells are of.
        empty: What stands for no value.
        default: What stands in where the policy says so.
        field: For a hint of what was meant; None for none.
    """

    def refuse(problem: Problem, cells: Sequence[Any]) -> Refused:
        told = [str(cell) for cell in cells if not is_empty(cell)]
        value = cells[0] if len(cells) == 1 else map.join.join(told)
        problem.facts["column"] = ", ".join(dict.fromkeys(columns))
        if problem.code != "text.unstorable":
            problem.facts["value"] = value
        if "suggested" not in problem.facts and field is not None:
            better = suggested(field, value)
            if better is not None:
                problem.facts["suggested"] = better
        if map.on_problem == "refuse":
            return Refused(problem, empty)
        return Refused(problem, default if map.on_problem == "default" else empty, settled=True)

    return refuse
