"""Files of rows that were given back, known by the columns that these have: read as they were written."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import attrs

from pycrm.errors import ReadError
from pycrm.exchange.importing.typed_cells import read_back
from pycrm.exchange.mapping.model import KEPT_LINE
from pycrm.exchange.reading import open_source
from pycrm.exchange.reading.json_records import DECODER
from pycrm.exchange.rows import Row, Source, Table

__all__ = ["ADDED", "TYPES", "is_given_back", "open_given_back", "with_types"]

TYPES = "pycrm types"
"""The column that says which cells of a row were no texts: a JSON object of column to type."""

ADDED = (KEPT_LINE, "pycrm outcome", "pycrm reason", "pycrm record", TYPES)
"""Columns behind the original ones; an import leaves them aside."""

_KNOWN_BY = frozenset(ADDED) - {TYPES}
_HEADER_BYTES = 1 << 20
_delimiter = re.compile(rf'{ADDED[0]}"?([,;\t|])"?{ADDED[1]}'.encode()).search


def is_given_back(columns: Iterable[str]) -> bool:
    """Return whether a table of these *columns* holds rows that were given back."""
    return _KNOWN_BY.issubset(columns)


def open_given_back(path: str | os.PathLike[str]) -> Source | None:
    """Return the source in the file at *path* if it holds rows that were given back, else None.

    What a mapping says of reading is said of the first source: its encoding, its delimiter, the line of its header.
    """
    if not Path(path).is_file():
        return None
    with Path(path).open("rb") as file:
        found = _delimiter(file.read(_HEADER_BYTES))
    if found is None:
        return None
    try:
        source = open_source(path, format="csv", delimiter=found[1].decode(), header_row=1)
    except ReadError:  # the words stand in a file of another sort
        return None
    return source if is_given_back(source.tables[0].columns) else None


def with_types(source: Source) -> Source:
    """Return *source* with the cells of rows that were given back as what they were; any other one as it is."""
    if not any(TYPES in table.columns and is_given_back(table.columns) for table in source.tables):
        return source
    return _FedAgain(
        source.name,
        source.format,
        source.encoding,
        source.certainty,
        source.digest,
        tuple(_TypedTable(table) if TYPES in table.columns else table for table in source.tables),
    )


@attrs.frozen
class _FedAgain:
    """A `Source` of rows that were given back."""

    name: str
    format: str
    encoding: str | None
    certainty: float
    digest: str
    tables: tuple[Table, ...]


@attrs.frozen
class _TypedTable:
    """A `Table` of rows that were given back, with its cells as what they were."""

    table: Table

    @property
    def name(self) -> str:
        return self.table.name

    @property
    def columns(self) -> tuple[str, ...]:
        return self.table.columns

    def rows(self, *, after: int = 0) -> Iterator[Row]:
        """Yield the rows that begin behind line *after*."""
        place = self.columns.index(TYPES)
        for row in self.table.rows(after=after):
            types = _types(row.cells[place])
            yield (
                row
                if not types
                else row._replace(
                    cells=tuple(
                        read_back(cell, str(types[column])) if column in types and isinstance(cell, str) else cell
                        for column, cell in zip(self.columns, row.cells, strict=True)
                    )
                )
            )


def _types(cell: object) -> Mapping[str, object]:
    """Return the types that *cell* tells; none where somebody has changed it to something else."""
    try:
        types = DECODER.decode(cell) if isinstance(cell, str) and cell else {}
    except (ValueError, RecursionError):
        return {}
    return types if isinstance(types, dict) else {}
