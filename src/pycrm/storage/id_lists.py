"""Statements over a list of ids, however long: compiled for a few lengths and run in portions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ClauseElement, ColumnElement, bindparam, func

from pycrm.fields.kind import PartType
from pycrm.storage.codecs import CODECS
from pycrm.storage.dialect import Dialect
from pycrm.storage.types import Id

__all__ = ["PORTION", "IdList", "driver_sql"]

PORTION = 500
# A shorter list is filled up by repeating its last id, which changes nothing.
_LENGTHS = (1, 10, 100, PORTION)


def driver_sql(statement: ClauseElement, dialect: Dialect) -> str:
    """Return *statement* as SQL for the driver, with named parameters."""
    return str(statement.compile(dialect=dialect.sa))


class IdList:
    """A statement with a condition that a column is one of some ids.

    Args:
        dialect: The database.
        column: What is compared with the ids.
        build: From that condition to the whole statement.
    """

    def __init__(
        self, dialect: Dialect, column: ColumnElement[Any], build: Callable[[ColumnElement[bool]], ClauseElement]
    ) -> None:
        self._dialect = dialect
        self._column = column
        self._build = build
        self._encode = CODECS[dialect.name].encode(PartType.ID)
        self._compiled: dict[int, str] = {}

    def portions(self, ids: Sequence[UUID]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield driver SQL and parameters for *ids*, at most `PORTION` at a time."""
        for start in range(0, len(ids), PORTION):
            yield self._portion(list(ids[start : start + PORTION]))

    def _portion(self, ids: list[Any]) -> tuple[str, dict[str, Any]]:
        if self._dialect.name == "postgresql":
            return self._sql(0), {"_ids": ids}
        length = next(length for length in _LENGTHS if length >= len(ids))
        encoded = ids if self._encode is None else [self._encode(each) for each in ids]
        encoded += encoded[-1:] * (length - len(encoded))
        return self._sql(length), {f"_id{at}": each for at, each in enumerate(encoded)}

    def _sql(self, length: int) -> str:
        """Return the statement for *length* ids; 0 for a database that takes the list as one parameter."""
        if length not in self._compiled:
            condition: ColumnElement[bool]
            if length:
                condition = self._column.in_([bindparam(f"_id{at}", type_=Id()) for at in range(length)])
            else:
                condition = self._column == func.any(bindparam("_ids", type_=ARRAY(Id())))
            self._compiled[length] = driver_sql(self._build(condition), self._dialect)
        return self._compiled[length]
