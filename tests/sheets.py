"""Tables in memory for whoever maps rows, and what their fixtures are."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import attrs

from pycrm.exchange.mapping import BoundMapping, Prepared
from pycrm.exchange.rows import Row

__all__ = ["Bind", "Prepare", "Sheet"]

Bind: TypeAlias = Callable[..., BoundMapping]
"""``bind(text, columns)``"""
Prepare: TypeAlias = Callable[..., Prepared]
"""``prepare(text, columns, rows)``"""


@attrs.frozen
class Sheet:
    """A table in memory; its first row stands in line 2, below the headers."""

    name: str
    columns: tuple[str, ...]
    cells: tuple[tuple[Any, ...], ...] = ()

    def rows(self, *, after: int = 0) -> Iterator[Row]:
        for line, cells in enumerate(self.cells, start=2):
            if line > after:
                yield Row(line, cells)

    @classmethod
    def of_file(cls, path: Path, encoding: str = "utf-8-sig") -> Sheet:
        """Return the table of a small CSV file, without its empty lines."""
        with path.open(encoding=encoding, newline="") as file:
            header, *lines = csv.reader(file)
        return cls(path.name, tuple(header), tuple(tuple(line) for line in lines if any(line)))
