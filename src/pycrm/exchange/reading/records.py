"""Tables of JSON objects: JSONL, an array, or the array in what a web service has answered."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import attrs

from pycrm.errors import Problem, ReadError, ReadTooLargeError
from pycrm.exchange.reading.encodings import TextEncoding, find_encoding
from pycrm.exchange.reading.headers import sound_name
from pycrm.exchange.reading.json_records import DECODER, flattened, has_too_many_items, invalid_record, is_too_deep
from pycrm.exchange.reading.json_streams import array_records, json_lines
from pycrm.exchange.reading.limits import Limits
from pycrm.exchange.reading.sources import FileState, OpenedSource
from pycrm.exchange.reading.suspicions import nul_in_cell
from pycrm.exchange.reading.text_blocks import shown_bytes
from pycrm.exchange.rows import Row

__all__ = ["RecordTable", "open_records"]

_BROKEN: Final = re.compile("[\udc80-\udcff]")


def open_records(
    path: Path, *, is_lines: bool, encoding: str | None = None, limits: Limits | None = None
) -> OpenedSource:
    """Return the one table of the file of JSON at *path*, which is read once to know its columns.

    Args:
        path: The file.
        is_lines: Whether each line is a record; otherwise they are the elements of an array.
        encoding: Told, or else found.
        limits: How much may be held in memory.

    Raises:
        ReadError: It has no records, or an array is broken.
    """
    limits = limits or Limits()
    found = find_encoding(path, encoding)
    table = RecordTable(path.stem, (), path, found, is_lines, limits, FileState.of(path))
    table = attrs.evolve(table, columns=tuple(_names(table)))
    if not table.columns:
        raise ReadError(f"{path.name} has no records; there is nothing to import", source=path.name)
    return OpenedSource(
        name=path.name,
        format="jsonl" if is_lines else "json",
        tables=(table,),
        digest=found.digest,
        encoding=found.name,
        certainty=found.certainty,
    )


def _names(table: RecordTable) -> dict[str, None]:
    names: dict[str, None] = {}
    for _, cells, _ in table.records(0):
        names.update(dict.fromkeys(cells))
        if len(names) > table.limits.columns:
            raise ReadTooLargeError(
                f"{table.path.name}: its records have more than {table.limits.columns} names; "
                "are there values where names belong?",
                source=table.path.name,
                limit=table.limits.columns,
            )
    return names


@attrs.frozen
class RecordTable:
    """A `Table` of JSON objects; rows count as lines of JSONL, as elements of an array.

    Attributes:
        name: The name of the file without its ending.
        columns: Every name that any record has, in the order of their first appearance.
        path: The file.
        encoding: How it is decoded.
        is_lines: Whether it is JSONL.
        limits: What may be held in memory.
        state: That of the file when it was opened.
    """

    name: str
    columns: tuple[str, ...]
    path: Path
    encoding: TextEncoding
    is_lines: bool
    limits: Limits
    state: FileState

    def rows(self, *, after: int = 0) -> Iterator[Row]:
        """Yield the records behind *after*; see `pycrm.exchange.rows.Table`."""
        self.state.check()
        columns = self.columns
        for line, cells, problems in self.records(after):
            if problems or any(value is not None and value != "" for value in cells.values()):
                yield Row(line, tuple(map(cells.get, columns)), problems)

    def records(self, after: int) -> Iterator[tuple[int, dict[str, Any], tuple[Problem, ...]]]:
        """Yield line, values by name, and problems of each record behind *after*."""
        if not self.is_lines:
            for number, value in enumerate(array_records(self.path, self.encoding, self.limits), 1):
                if number > after:
                    yield number, *_examined(number, value)
            return
        for line, text in json_lines(self.path, self.encoding, self.limits):
            if line > after:
                yield line, *self._parsed(line, text)

    def _parsed(self, line: int, text: str) -> tuple[dict[str, Any], tuple[Problem, ...]]:
        if has_too_many_items(text):
            return {}, (invalid_record(line, "it has too many values", text),)
        try:
            value = DECODER.decode(text)
        except json.JSONDecodeError as error:
            return {}, (invalid_record(line, f"{error.msg} at character {error.colno}", text),)
        except (ValueError, RecursionError) as error:
            told = "lists in lists too deep" if isinstance(error, RecursionError) else str(error)
            return {}, (invalid_record(line, told, text),)
        if text.count("[") + text.count("{") > self.limits.depth and is_too_deep(value, self.limits.depth):
            return {}, (invalid_record(line, "lists in lists too deep", text),)
        return _examined(line, value)


def _examined(line: int, value: Any) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """Return the values by name of a record, and what is wrong with them."""
    if not isinstance(value, dict):
        return {}, (invalid_record(line, "it is no object", str(value)),)
    cells: dict[str, Any] = {}
    problems = []
    for name, cell in ((sound_name(name) or "column", cell) for name, cell in flattened(value)):
        if name in cells:
            problems.append(invalid_record(line, f"{name!r} stands twice in it"))
        cells[name] = cell
        if isinstance(cell, str):
            if "\x00" in cell:
                problems.append(nul_in_cell(line, name, cell))
            elif not cell.isascii() and _BROKEN.search(cell):
                problems.append(invalid_record(line, f"{name!r} has bytes that are no text: {shown_bytes(cell)}"))
                cells[name] = _BROKEN.sub("\ufffd", cell)
    return cells, tuple(problems)
