"""Measures: counts and sums, over all records or per group.

Sums are exact: what is summed are the scaled integers of decimals, money and quantities. A sum of money is one sum
per currency, as that of quantities is one per unit of measure; it is had by grouping by the unit too and putting the
pieces together here. Measures that cannot be put together (distinct values) or that need another unit's grouping get
a branch of their own, and the branches run as one statement, so that all measures see the same records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs
from sqlalchemy import ColumnElement, Numeric, Select, Text, cast, func, literal_column, null, select

from pycrm.errors import QueryError, StorageError
from pycrm.fields.references import AnyRefKind, RefKind
from pycrm.query.ast import Path
from pycrm.query.bind import require_operator
from pycrm.query.driver import DriverPart, driver_parts
from pycrm.query.paths import ResolvedPath
from pycrm.query.scope import Scope
from pycrm.query.statement import Run, Statement
from pycrm.query.text import read_measure, read_path
from pycrm.storage.dialect import Dialect
from pycrm.values.refs import Ref

__all__ = [
    "AggregatePlan",
    "AggregateRows",
    "Branch",
    "Group",
    "ResolvedMeasure",
    "branch_select",
    "branches",
    "read_groups",
    "read_measures",
]

MAX_GROUPS = 2
MAX_MEASURES = 100


@attrs.frozen(eq=False)
class ResolvedMeasure:
    """A measure with its meaning; `path` is None for ``count()``."""

    function: str
    path: ResolvedPath | None
    text: str

    @property
    def is_by_unit(self) -> bool:
        """Whether it is a sum per currency, or per unit of measure."""
        return self.path is not None and self.function == "sum" and self.path.field.kind.unit_part is not None

    def check(self) -> None:
        """Raise `QueryError` if the field cannot be measured in this way."""
        if self.path is None:
            return
        kind = self.path.field.kind
        if self.function == "sum" and not kind.summable:
            raise QueryError(f"{self.text}: a {kind.name} field cannot be summed", path=self.path.path.text)
        if self.function == "count_distinct":
            require_operator(self.path, "=")
            # An id tells records of whatever entity apart; of other kinds with several parts, no single one does.
            if len(kind.parts) > 1 and not isinstance(kind, AnyRefKind):
                raise QueryError(
                    f"{self.text}: distinct values of a {kind.name} field are not counted", path=self.path.path.text
                )

    def sql(self, scope: Scope) -> ColumnElement[Any]:
        """Return the measure's SQL."""
        if self.path is None:
            return func.count()
        first = scope.parts(self.path)[0]
        return func.sum(first) if self.function == "sum" else func.count(first.distinct())

    def result(self, sums: Mapping[str | None, int]) -> Any:
        """Return the measure's value from its sums by unit; what has no unit is under None."""
        if self.path is None or self.function == "count_distinct":
            return sums.get(None, 0)
        return self.path.field.kind.total(sums)


@attrs.frozen(eq=False)
class Group:
    """One field to group by; `text` is what the caller wrote."""

    path: ResolvedPath
    drivers: tuple[DriverPart, ...]
    text: str

    def value(self, parts: Sequence[Any]) -> Any:
        """Return the inside value of *parts*, or None; references are `Ref`."""
        if parts[0] is None:
            return None
        kind = self.path.field.kind
        value = kind.from_parts(*parts)
        return Ref(value, str(kind.target)) if isinstance(kind, RefKind) and not isinstance(value, Ref) else value


def read_measures(texts: Sequence[str], resolve: Callable[[Path], ResolvedPath]) -> tuple[ResolvedMeasure, ...]:
    """Return the measures that *texts* name.

    Raises:
        QueryError: None at all, very many, a text that cannot be read, or a field that cannot be measured so.
    """
    if isinstance(texts, str) or not texts:
        raise QueryError(f"measures={texts!r}: give a list of at least one, as in ['count()', 'sum(amount)']")
    if len(texts) > MAX_MEASURES:
        raise QueryError(f"measures: at most {MAX_MEASURES} at once, not {len(texts)}; ask in portions")
    measures = []
    for text in texts:
        measure = read_measure(text)
        resolved = ResolvedMeasure(measure.function, None if measure.path is None else resolve(measure.path), text)
        resolved.check()
        measures.append(resolved)
    return tuple(measures)


def read_groups(
    texts: str | Sequence[str] | None, resolve: Callable[[Path], ResolvedPath], dialect: Dialect
) -> tuple[Group, ...]:
    """Return the groups that *texts* name: a list of paths, or one text with commas.

    Raises:
        QueryError: More than two, or a field that is not grouped by.
    """
    listed = [text.strip() for text in texts.split(",")] if isinstance(texts, str) else list(texts or ())
    if len(listed) > MAX_GROUPS:
        raise QueryError(f"group_by={listed!r}: at most {MAX_GROUPS} fields are grouped by")
    groups = []
    for text in listed:
        path = resolve(read_path(text))
        _check_group(path)
        groups.append(Group(path, driver_parts(path.field, dialect), text))
    return tuple(groups)


def _check_group(path: ResolvedPath) -> None:
    kind = path.field.kind
    if kind.unit_part is not None or not kind.sortable:
        raise QueryError(f"group_by {path}: records are not grouped by a {kind.name} field", path=path.path.text)


@attrs.frozen
class Branch:
    """Measures that are computed together.

    Attributes:
        by_unit: The field whose unit is grouped by, too: the currency of money.
        measures: Their numbers.
    """

    by_unit: ResolvedPath | None
    measures: tuple[int, ...]


def branches(measures: Sequence[ResolvedMeasure]) -> list[Branch]:
    """Return *measures* in as few branches as possible: counts and plain sums ride with the first sum by unit."""
    by_unit = {measure.path.path: measure.path for measure in measures if measure.path and measure.is_by_unit}
    carrier = next(iter(by_unit), None)
    taken: dict[Any, list[int]] = {path: [] for path in by_unit}
    for number, measure in enumerate(measures):
        if measure.is_by_unit and measure.path:
            taken[measure.path.path].append(number)
        else:
            taken.setdefault(None if measure.function == "count_distinct" else carrier, []).append(number)
    return [Branch(by_unit.get(path), tuple(numbers)) for path, numbers in taken.items()]


def branch_select(
    scope: Scope, number: int, branch: Branch, measures: Sequence[ResolvedMeasure], groups: Sequence[Group]
) -> Select[Any]:
    """Return one branch without its WHERE: its number, the groups' parts, the unit, a column per measure of all."""
    parts = [part for group in groups for part in scope.parts(group.path)]
    grouping = [*parts, *_unit(scope, branch)]
    unit = grouping[-1] if branch.by_unit else cast(null(), Text())
    # Typed, because PostgreSQL takes two bare NULLs above each other in a UNION for text.
    absent = cast(null(), Numeric())
    values = [measure.sql(scope) if at in branch.measures else absent for at, measure in enumerate(measures)]
    columns = [literal_column(str(number)), *parts, unit, *values]
    return select(*columns).select_from(scope.source).group_by(*grouping)


def _unit(scope: Scope, branch: Branch) -> list[ColumnElement[Any]]:
    if branch.by_unit is None or (part := branch.by_unit.field.kind.unit_part) is None:
        return []
    return [scope.parts(branch.by_unit)[part]]


@attrs.frozen
class AggregateRows:
    """What an aggregate's statement gave.

    Attributes:
        groups: One mapping per group in group order, keyed by the texts of groups and measures.
        schema_number: The stored one, if it was asked for and there was a row to carry it.
    """

    groups: list[dict[str, Any]]
    schema_number: int | None


@attrs.frozen
class AggregatePlan:
    """How to ask for measures and how to read the answer."""

    statement: Statement
    measures: tuple[ResolvedMeasure, ...]
    groups: tuple[Group, ...]
    branches: tuple[Branch, ...]
    numbered: bool

    def read(self, run: Run) -> AggregateRows:
        """Return the measures per group, asked for by *run* (``unit.rows``).

        Raises:
            QueryError: A sum on SQLite beyond 64 bits.
        """
        try:
            rows = run(self.statement.sql, self.statement.params)
        except StorageError as error:
            if "integer overflow" not in str(error.__cause__):
                raise
            raise QueryError(
                "a sum is beyond 64 bits, which is as far as SQLite adds; sum fewer records at a time, by where= or "
                "group_by=, and add up the answers"
            ) from error
        number = rows[0][-1] if rows and self.numbered else None
        return AggregateRows(self._merged(rows), number)

    def _merged(self, rows: Iterable[Sequence[Any]]) -> list[dict[str, Any]]:
        width = sum(len(group.drivers) for group in self.groups)
        found: dict[tuple[Any, ...], list[dict[str | None, int]]] = {}
        if not self.groups:
            found[()] = [{} for _ in self.measures]
        for row in rows:
            key = tuple(row[1 : 1 + width])
            sums = found.setdefault(key, [{} for _ in self.measures])
            self._add(sums, self.branches[row[0]], row[1 + width], row[2 + width :])
        return [self._mapping(parts, sums) for parts, sums in self._sorted(found)]

    def _add(self, sums: Sequence[dict[str | None, int]], branch: Branch, unit: Any, values: Sequence[Any]) -> None:
        for at in branch.measures:
            # What rides with a sum of money comes once per currency, and is put together again.
            key = unit if self.measures[at].is_by_unit else None
            if values[at] is not None:
                sums[at][key] = sums[at].get(key, 0) + int(values[at])

    def _sorted(self, found: Mapping[tuple[Any, ...], Any]) -> list[tuple[list[tuple[Any, ...]], Any]]:
        decoded = [(self._group_parts(key), sums) for key, sums in found.items()]
        return sorted(decoded, key=lambda item: [_nulls_first(part) for parts in item[0] for part in reversed(parts)])

    def _group_parts(self, key: Sequence[Any]) -> list[tuple[Any, ...]]:
        raw = iter(key)
        return [tuple(driver.decode(next(raw)) for driver in group.drivers) for group in self.groups]

    def _mapping(self, parts: Sequence[tuple[Any, ...]], sums: Sequence[Mapping[str | None, int]]) -> dict[str, Any]:
        values = {group.text: group.value(own) for group, own in zip(self.groups, parts, strict=True)}
        for measure, own_sums in zip(self.measures, sums, strict=True):
            values[measure.text] = measure.result(own_sums)
        return values


def _nulls_first(value: Any) -> tuple[bool, Any]:
    return (value is not None, value)
