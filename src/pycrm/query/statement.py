"""A statement ready for the driver, and the template that it is filled from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import attrs

from pycrm.query.ast import bucket
from pycrm.query.judge import Judge

__all__ = ["Fill", "Run", "Statement", "Template", "bind_name"]

Run: TypeAlias = Callable[[str, Mapping[str, Any]], Sequence[tuple[Any, ...]]]
"""How a plan asks the database: `Unit.rows`."""


@attrs.frozen
class Statement:
    """Driver SQL with its named parameters, for ``unit.rows(sql, params)``."""

    sql: str
    params: dict[str, Any]


def bind_name(number: int, position: int, part: int) -> str:
    """Return the parameter of one part of one value of the filter's leaf *number*."""
    return f"v{number}_{position}_{part}"


@attrs.frozen
class Fill:
    """How a leaf's value, or the values of its ``IN``, become parameters."""

    number: int
    judge: Judge
    listed: bool = False

    def into(self, params: dict[str, Any], value: Any) -> None:
        """Judge *value* and put its driver form into *params*.

        Raises:
            QueryError: The field's kind refuses it.
        """
        encoded = [self.judge(each) for each in value] if self.listed else [self.judge(value)]
        # The places that an IN list has beyond its values repeat the last one, which changes nothing.
        encoded += encoded[-1:] * (bucket(len(encoded)) - len(encoded))
        for position, parts in enumerate(encoded):
            for part, scalar in enumerate(parts):
                params[bind_name(self.number, position, part)] = scalar


@attrs.frozen
class Template:
    """SQL compiled once for all filters of one shape.

    Attributes:
        sql: The driver SQL.
        fills: How the filter's values become parameters.
        constants: Parameters that are always the same.
    """

    sql: str
    fills: tuple[Fill, ...]
    constants: dict[str, Any]

    def statement(self, values: Sequence[Any], **params: Any) -> Statement:
        """Return the statement for *values*, one per fill in the order of `ast.values`, and further *params*."""
        params.update(self.constants)
        for fill, value in zip(self.fills, values, strict=True):
            fill.into(params, value)
        return Statement(self.sql, params)
