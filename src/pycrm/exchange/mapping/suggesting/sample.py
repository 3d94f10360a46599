"""The first rows of a table, column by column: what a suggestion looks at."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from itertools import islice
from typing import Any

import attrs

from pycrm.errors import Problem
from pycrm.exchange.mapping.cells import is_empty, text_of
from pycrm.exchange.rows import Table

__all__ = ["ROWS", "Column", "Sample"]

ROWS = 500
LONGEST = 500
"""Characters of a text that are looked at: what a longer one holds its beginning shows, and patterns take long."""


@attrs.define(eq=False, slots=False)
class Column:
    """What a sample has of one column.

    Attributes:
        name: Its header.
        cells: Of all rows of the sample, of long texts the beginning.
    """

    name: str
    cells: tuple[Any, ...]

    @cached_property
    def filled(self) -> tuple[Any, ...]:
        """The cells that hold something."""
        return tuple(cell for cell in self.cells if not is_empty(cell))

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The filled cells as text, of long lists too the beginning, without those that have lost digits."""
        texts = []
        for cell in self.filled:
            try:
                texts.append(text_of(cell).strip()[:LONGEST])
            except Problem:
                continue
        return tuple(texts)

    @property
    def is_distinct(self) -> bool:
        """Whether it tells the rows apart: all filled, each another."""
        return len(self.filled) == len(self.cells) and len(set(self.texts)) == len(self.cells) > 1


@attrs.frozen
class Sample:
    """The first rows of a table.

    Attributes:
        columns: By header, in the order of the source.
        rows: How many there are.
    """

    columns: Mapping[str, Column]
    rows: int

    @classmethod
    def of(cls, table: Table, rows: int = ROWS) -> Sample:
        """Return the first *rows* of *table*."""
        cells = [tuple(map(_beginning, row.cells)) for row in islice(table.rows(), rows)]
        by_column = list(zip(*cells, strict=True)) if cells else [()] * len(table.columns)
        named = zip(table.columns, by_column, strict=True)
        return cls({name: Column(name, tuple(each)) for name, each in named}, len(cells))


def _beginning(cell: Any) -> Any:
    return cell[:LONGEST] if isinstance(cell, str) else cell
