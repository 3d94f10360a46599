"""What every reader of outside data gives: tables of rows, each with the line that it stands on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from pycrm.errors import Problem

__all__ = ["Row", "Source", "Table"]


class Row(NamedTuple):
    """One row as it was read.

    Attributes:
        line: Where it begins, from 1: the line of a text file, the row of a sheet, the number of a card or record.
        cells: As many as the table has columns. Texts as they stand, or what the format itself types: numbers, truth
            values, days and instants of a workbook, lists and mappings of JSON; None where there is nothing.
        problems: What is wrong with it already, such as a cell too many; such a row is refused, not lost.
    """

    line: int
    cells: tuple[Any, ...]
    problems: tuple[Problem, ...] = ()


class Table(Protocol):
    """One table of a source: a file of lines, a sheet, the cards of a file, the answer of a query.

    Attributes:
        name: As people know it: the name of the sheet or file.
        columns: The headers, unique; what has none is named by its place, as ``"column 3"``.
    """

    @property
    def name(self) -> str: ...
    @property
    def columns(self) -> tuple[str, ...]: ...

    def rows(self, *, after: int = 0) -> Iterator[Row]:
        """Yield the rows that begin behind line *after*, in their order, in flat memory; may be called again.

        Rows without any value are left out.

        Raises:
            ReadError: The source cannot be read any further, and why.
        """
        ...


class Source(Protocol):
    """What somebody wants to import: a file, a folder, the answer of a query.

    Attributes:
        name: The file's name, or what else tells it from others.
        format: ``"csv"``, ``"xlsx"``, ``"jsonl"`` and so on.
        encoding: Of a text file, as Python calls it, such as ``"gb18030"``; None of others.
        certainty: Of the encoding, 0 to 1; 1 where it was told or there is none to guess.
        digest: Of all bytes, hexadecimal; what is read again must have the same.
        tables: At least one.
    """

    @property
    def name(self) -> str: ...
    @property
    def format(self) -> str: ...
    @property
    def encoding(self) -> str | None: ...
    @property
    def certainty(self) -> float: ...
    @property
    def digest(self) -> str: ...
    @property
    def tables(self) -> Sequence[Table]: ...
