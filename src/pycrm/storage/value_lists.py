"""Statements over a list of ids or other values, however long: compiled for a few lengths and run in portions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, ClauseElement, ColumnElement, bindparam, func

from pycrm.fields.kind import PartType
from pycrm.storage.codecs import CODECS
from pycrm.storage.dialect import Dialect

__all__ = ["PORTION", "ValueList", "driver_sql"]

PORTION = 500
_ARRAY = 5_000
"""So many values at once where they are one parameter; each portion may cost a walk through the table."""
# A shorter list is filled up by repeating its last value, which changes nothing.
_LENGTHS = (1, 10, 100, PORTION)


def driver_sql(statement: ClauseElement, dialect: Dialect) -> str:
    """Return *statement* as SQL for the driver, with named parameters."""
    return str(statement.compile(dialect=dialect.sa))


class ValueList:
    """A statement with a condition that a column is one of some values.

    Args:
        dialect: The database.
        column: What is compared with the values.
        build: From that condition to the whole statement.
        part_type: Of the values; ids unless said otherwise.
    """

    def __init__(
        self,
        dialect: Dialect,
        column: ColumnElement[Any],
        build: Callable[[ColumnElement[bool]], ClauseElement],
        part_type: PartType = PartType.ID,
    ) -> None:
        self._dialect = dialect
        self._column = column
        self._build = build
        self._encode = CODECS[dialect.name].encode(part_type)
        self._compiled: dict[int, str] = {}

    def portions(self, values: Sequence[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield driver SQL and parameters for *values*, some hundreds or thousands at a time."""
        portion = _ARRAY if self._dialect.name == "postgresql" else PORTION
        for start in range(0, len(values), portion):
            yield self._portion(list(values[start : start + portion]))

    def _portion(self, values: list[Any]) -> tuple[str, dict[str, Any]]:
        if self._dialect.name == "postgresql" and len(values) > 1:
            return self._sql(0), {"_values": values}
        length = next(length for length in _LENGTHS if length >= len(values))
        encoded = values if self._encode is None else [self._encode(each) for each in values]
        encoded += encoded[-1:] * (length - len(encoded))
        return self._sql(length), dict(zip(_names(length), encoded, strict=True))

    def _sql(self, length: int) -> str:
        """Return the statement for *length* values; 0 for a database that takes the list as one parameter."""
        if length not in self._compiled:
            condition: ColumnElement[bool]
            if length:
                condition = self._column.in_([bindparam(name, type_=self._column.type) for name in _names(length)])
            else:
                condition = self._column == func.any(bindparam("_values", type_=ARRAY(self._column.type)))
            self._compiled[length] = driver_sql(self._build(condition), self._dialect)
        return self._compiled[length]


@cache
def _names(length: int) -> tuple[str, ...]:
    return tuple(f"_value{at}" for at in range(length))
