"""A statement ready for the driver, and the template that it is filled from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

import attrs

from pycrm.query.bound import Slot
from pycrm.query.judge import held
from pycrm.storage.value_lists import ValueList

__all__ = ["Fill", "IdList", "Run", "Statement", "Template", "bind_name"]

Run: TypeAlias = Callable[[str, Mapping[str, Any]], Sequence[tuple[Any, ...]]]
"""How a plan asks the database: `Unit.rows`."""

Encode: TypeAlias = Callable[[Any], Any]


@attrs.frozen
class Statement:
    """Driver SQL with its named parameters, for ``unit.rows(sql, params)``."""

    sql: str
    params: dict[str, Any]


def bind_name(number: int, position: int, part: int) -> str:
    """Return the parameter of one part of one value of the filter's value *number*."""
    return f"v{number}_{position}_{part}"


@attrs.frozen
class Fill:
    """How a value of the filter, or the values of a list, become parameters.

    Attributes:
        slot: The place that it fills.
        encode: From each part to what the driver takes.
        whole: The values of a list become one parameter, made by this function of them.
    """

    slot: Slot
    encode: tuple[Encode, ...]
    whole: Callable[[list[Any]], Any] | None = None

    def into(self, params: dict[str, Any], value: Any) -> None:
        """Judge *value* and put its driver form into *params*.

        Raises:
            QueryError: It is refused.
        """
        number, take, count = self.slot.number, self.slot.take, self.slot.count
        if count is None and self.whole is None:
            self._put(params, 0, take(value))
            return
        taken = held(take, value if count is not None else (value,))
        if self.whole is not None:
            params[bind_name(number, 0, 0)] = self.whole([parts[0] for parts in taken])
            return
        # The places that a list has beyond its values repeat the last one, which changes nothing.
        taken += (taken[-1:] or [(None,) * len(self.encode)]) * ((count or 0) - len(taken))
        for position, parts in enumerate(taken):
            self._put(params, position, parts)

    def _put(self, params: dict[str, Any], position: int, parts: tuple[Any, ...]) -> None:
        for at, part in enumerate(parts):
            params[bind_name(self.slot.number, position, at)] = None if part is None else self.encode[at](part)


@attrs.frozen
class Template:
    """SQL compiled once for all filters of one shape.

    Attributes:
        sql: The driver SQL.
        fills: How the filter's values become parameters.
        constants: Parameters that are always the same.
        ruled: The entities whose row rules are in it; their values follow those of the filter.
    """

    sql: str
    fills: tuple[Fill, ...]
    constants: dict[str, Any]
    ruled: tuple[str, ...] = ()

    def statement(self, values: Sequence[Any], **params: Any) -> Statement:
        """Return the statement for *values*, one per fill in the order of `ast.values`, and further *params*."""
        params.update(self.constants)
        for fill, value in zip(self.fills, values, strict=True):
            fill.into(params, value)
        return Statement(self.sql, params)


@attrs.frozen
class IdList:
    """A statement over a list of ids, with what else it is filled with.

    Attributes:
        ids: The statement.
        fills: How the values of row rules become parameters.
        ruled: See `Template`.
    """

    ids: ValueList
    fills: tuple[Fill, ...]
    ruled: tuple[str, ...]

    def statements(self, ids: Sequence[UUID], values: Sequence[Any], **params: Any) -> list[Statement]:
        """Return the statements for *ids*, some hundreds each, with *values* for the fills and further *params*."""
        for fill, value in zip(self.fills, values, strict=True):
            fill.into(params, value)
        return [Statement(sql, {**params, **own}) for sql, own in self.ids.portions(ids)]
