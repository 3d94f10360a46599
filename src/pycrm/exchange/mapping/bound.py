"""A mapping made ready for rows: `BoundMapping`, its entities in writing order, and what they make of a batch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from pycrm.errors import Problem
from pycrm.exchange.mapping.conditions import Condition
from pycrm.exchange.mapping.model import EntityMap, Otherwise
from pycrm.exchange.mapping.model import Mapping as MappingFile
from pycrm.exchange.mapping.plan import MAX_KEPT, Plan, Refused, located, refused_places
from pycrm.exchange.rows import Row
from pycrm.schema import Entity

__all__ = ["BoundEntity", "BoundMapping", "Lookup", "Prepared"]


@attrs.frozen
class Lookup:
    """How a reference is looked up.

    Attributes:
        entity: Of the target.
        field: Its field that the keys are values of.
        otherwise: What becomes of a reference whose key nobody has: ``"create"``, ``"empty"`` or ``"refuse"``.
        several: Whether the field holds several references; its keys are then tuples.
    """

    entity: str
    field: str
    otherwise: Otherwise
    several: bool = False


@attrs.frozen
class Prepared:
    """What an entity makes of a batch of rows. All lists have one entry for each row, in their order.

    Attributes:
        wanted: Whether the row has such a record at all.
        values: By path, inside values, or what the field's kind calls empty.
        lookups: By path of a reference, the key of the target, or None; tuples of keys where it holds several.
        records: By path of a reference, the alias of the other record of the same row that it leads to.
        problems: By place of the row, everything that is wrong with the record; such a row is refused. What was wrong
            as it was read stands in `Row.problems`.
        notes: By place of the row, what was wrong with values that the mapping says to leave out or to replace.
        newest: When the row was changed last, where the mapping has a column for that; else None.
    """

    wanted: list[bool]
    values: dict[str, list[Any]]
    lookups: dict[str, list[Any]]
    records: dict[str, str]
    problems: dict[int, list[Problem]]
    notes: dict[int, list[Problem]]
    newest: list[dt.datetime | None] | None = None


@attrs.frozen(eq=False)
class BoundEntity:
    """One entity of a bound mapping.

    Attributes:
        entity: Of the schema.
        map: What the mapping says of it.
        lookups: By path, how references are looked up.
        records: By path, the aliases of other records of the row that references lead to.
        update_fields: The paths that a match changes.
        only_empty: Those of them that it changes only where they are empty.
    """

    entity: Entity
    map: EntityMap
    lookups: Mapping[str, Lookup]
    records: Mapping[str, str]
    update_fields: frozenset[str]
    only_empty: frozenset[str]
    _plans: tuple[Plan, ...] = attrs.field(repr=False)
    _condition: tuple[Condition, tuple[int, ...]] | None = attrs.field(repr=False)
    _newest: Plan | None = attrs.field(repr=False)
    _width: int = attrs.field(repr=False)
    _kept_line: int | None = attrs.field(repr=False)
    _kept: dict[tuple[Any, ...], Any] = attrs.field(init=False, factory=dict, repr=False)

    @property
    def alias(self) -> str:
        """What references of other entities call its record of the same row."""
        return self.map.alias

    @property
    def keys(self) -> tuple[tuple[str, ...], ...]:
        """The keys that tell whether there is such a record already, in the order of trying."""
        return self.map.keys

    @property
    def judged(self) -> frozenset[str]:
        """The fields of which `prepare` gives what their kinds have made."""
        return frozenset(plan.path for plan in self._plans if plan.is_judged and plan.path not in self.lookups)

    def prepare(self, rows: Sequence[Row]) -> Prepared:
        """Return what the record of each of *rows* is to be; no value raises, and no database is asked."""
        columns: list[Sequence[Any]] = list(zip(*[row.cells for row in rows], strict=True)) or [()] * self._width
        if any(len(columns) in plan.places for plan in self._plans):
            columns.append(self._lines(rows))  # behind the last column stands the line
        problems: dict[int, list[Problem]] = {}
        wanted = self._wanted(rows, columns, problems)
        if not all(wanted):
            # Cells of rows that have no such record are nobody's problem.
            columns = [[c if w else None for c, w in zip(cells, wanted, strict=True)] for cells in columns]
        prepared = Prepared(wanted, {}, {}, dict(self.records), problems, {})
        for plan in self._plans:
            found = self._collect(plan, rows, columns, prepared)
            (prepared.lookups if plan.path in self.lookups else prepared.values)[plan.path] = found
        if self._newest is None:
            return prepared
        return attrs.evolve(prepared, newest=self._collect(self._newest, rows, columns, prepared))

    def _lines(self, rows: Sequence[Row]) -> list[Any]:
        """Return the line of each row, of rows that were given back that of their first source."""
        place = self._kept_line
        return [row.line if place is None else row.cells[place] or row.line for row in rows]

    def _collect(
        self, plan: Plan, rows: Sequence[Row], columns: Sequence[Sequence[Any]], prepared: Prepared
    ) -> list[Any]:
        """Return the values of *plan*, with what was refused moved to the problems and notes of *prepared*."""
        values = plan.values(columns, len(rows))
        for place in refused_places(values):
            refused: Refused = values[place]
            values[place] = refused.value
            told = prepared.notes if refused.settled else prepared.problems
            told.setdefault(place, []).append(located(refused.problem, plan.path, rows[place].line))
        return values

    def _wanted(
        self, rows: Sequence[Row], columns: Sequence[Sequence[Any]], problems: dict[int, list[Problem]]
    ) -> list[bool]:
        if self._condition is None or not rows:
            return [True] * len(rows)
        condition, places = self._condition
        wanted: list[bool] = []
        for place, cells in enumerate(zip(*(columns[each] for each in places), strict=True)):
            found = self._holds(condition, cells)
            if isinstance(found, Problem):
                problems[place] = [located(found, "", rows[place].line)]
            wanted.append(found is not False)
        return wanted

    def _holds(self, condition: Condition, cells: tuple[Any, ...]) -> bool | Problem:
        """Return whether *condition* holds for *cells*, or what keeps it from being told; such a row is refused."""
        kept = all(type(cell) in (str, type(None)) for cell in cells)
        if kept and cells in self._kept:
            found: bool | Problem = self._kept[cells]
            return found
        try:
            found = condition.holds(cells)
        except Problem as problem:
            found = problem
        if kept:
            if len(self._kept) >= MAX_KEPT:
                self._kept.clear()
            self._kept[cells] = found
        return found


@attrs.frozen(eq=False)
class BoundMapping:
    """A mapping that goes with its source and its CRM.

    Attributes:
        mapping: As its file has it.
        columns: Those of the source that it was bound to.
        entities: What is referred to by others of the row first.
        unmapped: Columns of the source that no field, condition or argument mentions.
    """

    mapping: MappingFile
    columns: tuple[str, ...]
    entities: tuple[BoundEntity, ...]
    unmapped: tuple[str, ...]
