"""One field of a bound mapping: from the cells of rows to inside values, each distinct cell worked out once.

Values go through here by the million, so the common case is a dictionary that answers by itself, and for columns where
nearly every cell differs a generated loop that tests what the kind says needs no `parse`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import attrs

from pycrm.errors import Problem
from pycrm.fields.kind import Kind
from pycrm.fields.registry import source_names
from pycrm.schema.generate import make_function

__all__ = ["MAX_KEPT", "PartsPlan", "Plan", "Refused", "located", "refused_places"]

MAX_KEPT = 5_000  # distinct cells of one column that are remembered; memory stays flat however long the source is
MANY_DISTINCT = 0.5  # share of new cells in a batch above which remembering costs more than it saves
FIRST_LOOK = 200  # cells, before a column is judged


class Refused:
    """What stands where a value was refused.

    Attributes:
        problem: What is wrong with it.
        value: What takes its place.
        settled: Whether the mapping says so; else the row is refused.
    """

    __slots__ = ("problem", "settled", "value")

    def __init__(self, problem: Problem, value: Any = None, *, settled: bool = False) -> None:
        self.problem = problem.kept()
        self.value = value
        self.settled = settled


class _Outcomes(dict[Any, Any]):
    """What cells have become, by cell; works out what it does not know yet."""

    def __init__(self, work_out: Callable[[Any], Any]) -> None:
        super().__init__()
        self.work_out = work_out

    def __missing__(self, cell: Any) -> Any:
        outcome = self[cell] = self.work_out(cell)
        return outcome


@attrs.define
class Plan:
    """How the values of one field, or of one reference by key, come about.

    Attributes:
        path: The field.
        places: Of the columns that it needs, among those of the source; none for a constant.
        work_out: From a cell, or a tuple of them where there are several columns, to a value or `Refused`.
        empty: What an unwanted row gets.
        fast_kind: The field's kind where a cell that needs no `parse` is already the value; None where steps are to
            be taken in any case.
        is_judged: Whether its values are what the field's kind has made; else a transform only says so.
    """

    path: str
    places: tuple[int, ...]
    work_out: Callable[[Any], Any]
    empty: Any = None
    fast_kind: Kind | None = None
    is_judged: bool = True
    _outcomes: _Outcomes = attrs.field(init=False)
    _seen: int = attrs.field(init=False, default=0)
    _direct: Callable[[Sequence[Any], Callable[[Any], Any]], list[Any]] | None = attrs.field(init=False, default=None)

    @_outcomes.default
    def _make_outcomes(self) -> _Outcomes:
        return _Outcomes(self.work_out)

    def values(self, columns: Sequence[Sequence[Any]], count: int) -> list[Any]:
        """Return a value, or what was `Refused`, for each of *count* rows.

        Args:
            columns: The cells of the source by column.
            count: How many rows there are.
        """
        if not self.places:
            return [self.work_out(None)] * count
        if len(self.places) == 1:
            return self._of_cells(columns[self.places[0]])
        return self._of_tuples(list(zip(*(columns[place] for place in self.places), strict=True)))

    def _of_cells(self, cells: Sequence[Any]) -> list[Any]:
        if self._direct is not None:
            return self._direct(cells, self.work_out)
        if not set(map(type, cells)) <= _PLAIN:
            return [self._of_typed(cell) for cell in cells]
        return self._remembered(cells)

    def _of_tuples(self, cells: Sequence[Any]) -> list[Any]:
        if self._direct is not None or not all(set(map(type, each)) <= _PLAIN for each in zip(*cells, strict=True)):
            return list(map(self.work_out, cells))
        return self._remembered(cells)

    def _remembered(self, cells: Sequence[Any]) -> list[Any]:
        outcomes = self._outcomes
        before = len(outcomes)
        values = list(map(outcomes.__getitem__, cells))
        self._seen += len(cells)
        new = len(outcomes) - before
        if self._seen >= FIRST_LOOK and new > MANY_DISTINCT * len(cells):
            self._direct = _direct_loop(self.fast_kind, self.empty)
            outcomes.clear()
        elif len(outcomes) > MAX_KEPT:
            outcomes.clear()
        return values

    def _of_typed(self, cell: Any) -> Any:
        """Return the outcome of a cell that may equal one of another type, as 1, 1.0 and True do."""
        return self._outcomes[cell] if type(cell) in _PLAIN else self.work_out(cell)


_PLAIN = frozenset({str, type(None)})


def _direct_loop(kind: Kind | None, empty: Any) -> Callable[[Sequence[Any], Callable[[Any], Any]], list[Any]]:
    """Return the loop over cells that seldom come twice; of a *kind* that keeps text it knows sound ones itself."""
    fast = None if kind is None or kind.python_type is not str else kind.parse_source("v")
    if kind is None or fast is None:
        return lambda cells, work_out: list(map(work_out, cells))
    # A plus sign may be that of a number in scientific notation, which has lost digits.
    source = (
        "def direct(cells, work_out):\n"
        f"    return [(v if '+' not in v and {fast} else work_out(v)) if type(v) is str and v else\n"
        "            empty if v is None or v == '' else work_out(v) for v in cells]\n"
    )
    return make_function(source, "direct", source_names([kind]) | {"empty": empty})  # type: ignore[no-any-return]


@attrs.define
class PartsPlan(Plan):
    """How a field of several parts, as an address, comes about: its parts by themselves, then put together.

    Attributes:
        parts: The plan of each part, its name as the path; None for one whose cells are its values, with its place.
    """

    parts: tuple[tuple[Plan | None, int], ...] = ()

    def values(self, columns: Sequence[Sequence[Any]], count: int) -> list[Any]:
        """Return an inside value, or what was `Refused`, for each of *count* rows."""
        found = [columns[place] if plan is None else plan.values(columns, count) for plan, place in self.parts]
        return list(map(self.work_out, zip(*found, strict=True)))


def located(problem: Problem, path: str, line: int) -> Problem:
    """Return a problem of its own for one row: equal cells share one."""
    own = copy.copy(problem)
    own.field = path
    own.facts = {**problem.facts, "line": line}
    return own


def refused_places(values: Sequence[Any]) -> list[int]:
    """Return the places of what was `Refused` among *values*."""
    return (
        [place for place, value in enumerate(values) if type(value) is Refused] if Refused in map(type, values) else []
    )
