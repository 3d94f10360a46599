"""What the sheets of an XLSX workbook will take, and where their errors are."""

from __future__ import annotations

import posixpath
import re
from array import array
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final
from xml.parsers import expat

import attrs

from pycrm.exchange.reading.limits import Limits
from pycrm.exchange.reading.packed_parts import Parts, elements
from pycrm.exchange.reading.sheet_facts import (
    CELL_BYTES,
    MemoryBudget,
    SheetErrors,
    broken_workbook,
    column_number,
)

__all__ = ["scan_xlsx"]

# A cell with something in it; those that are only formatted end with "/>" and take nothing.
# None of the patterns looks beyond the next "<", so that what is no XML takes no longer than what is. What they begin
# with is searched for many times as fast where no name may stand before it; few workbooks have prefixes.
_PREFIXED: Final = re.compile(rb":(?:c|row|v)[\s/>]")
_REFERENCE: Final = re.compile(rb"\br\s*=\s*[\"']\s*([A-Za-z]{1,7}\d{1,9})[\"']")
_TEXT: Final = re.compile(rb">([^<]+)<")
_DIGITS: Final = b"0123456789"
_LETTERS: Final = bytes(range(ord("A"), ord("Z") + 1)) + bytes(range(ord("a"), ord("z") + 1))
_ITEM: Final = re.compile(rb"<(?:\w+:)?si[\s>/]")
_PLACE: Final = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]{1,3})(\d{1,7})[\"']")
_TEXT_TYPES: Final = (b"inlineStr", b'"str"', b"'str'")
_ROW_END: Final = b"</row"


def scan_xlsx(path: Path, limits: Limits) -> SheetErrors:
    """Return the error cells of the workbook at *path*, after making sure that it can be read.

    Raises:
        ReadError: It is damaged, or declares what no spreadsheet writes.
        ReadTooLargeError: It would take too much memory.
    """
    budget = MemoryBudget(path.name, limits.workbook_bytes)
    with Parts(path, limits) as parts:
        sheets = _sheet_parts(parts)
        for name in parts.names:
            # Whatever else is read of it is unpacked once, so that its size is known.
            if name.endswith((".xml", ".rels")) and name not in sheets.values() and "sharedStrings" not in name:
                for _ in parts.chunks(name):
                    pass
        lengths = _shared_lengths(parts, budget)
        return {sheet: _scan_sheet(parts, part, lengths, budget) for sheet, part in sheets.items()}


def _sheet_parts(parts: Parts) -> dict[str, str]:
    """Return the name of the part of each sheet by the sheet's name."""
    try:
        targets = {
            attributes.get("Id", ""): attributes.get("Target", "")
            for name, attributes in elements(parts.index("xl/_rels/workbook.xml.rels"))
            if name == "Relationship"
        }
        sheets = [attributes for name, attributes in elements(parts.index("xl/workbook.xml")) if name == "sheet"]
    except expat.ExpatError as error:
        raise broken_workbook(parts.name, error) from error
    found: dict[str, str] = {}
    for attributes in sheets:
        relation = next((value for name, value in attributes.items() if name.endswith(":id")), "")
        target = targets.get(relation, "")
        part = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))
        if part in parts:
            found[attributes.get("name", "")] = part
    return found


def _shared_lengths(parts: Parts, budget: MemoryBudget) -> array[int]:
    """Return the length of each shared text, its tags included, after taking room for all."""
    lengths = array("L")
    part = next((name for name in parts.names if name.lower().endswith("sharedstrings.xml")), None)
    if part is None:
        return lengths
    open_length = 0
    for chunk in parts.chunks(part):
        budget.take(len(chunk))
        places = [found.start() for found in _ITEM.finditer(chunk)]
        budget.take(CELL_BYTES * len(places))
        if not places:
            open_length += len(chunk)
            continue
        if lengths:
            lengths[-1] += open_length + places[0]
        lengths.extend(after - before for before, after in pairwise(places))
        lengths.append(0)
        open_length = len(chunk) - places[-1]
    if lengths:
        lengths[-1] += open_length
    return lengths


def _scan_sheet(parts: Parts, part: str, lengths: array[int], budget: MemoryBudget) -> dict[int, dict[int, str]]:
    errors: dict[int, dict[int, str]] = {}
    size = _Size()
    for chunk in parts.chunks(part, _ROW_END):
        tags = _tags(chunk)
        size.add(chunk, tags)
        if size.memory > budget.left:
            break
        for row, column, text in _errors(chunk, tags):
            budget.note_error(errors, row, column, text)
    budget.take(size.memory)
    # Which texts the cells share is looked up only where it could matter.
    if lengths and size.cells * max(lengths) > budget.left:
        for chunk in parts.chunks(part, _ROW_END):
            for text in _tags(chunk).shared.findall(chunk):
                place = int(text)
                budget.take(lengths[place] if place < len(lengths) else 0)
    return errors


@attrs.frozen
class _Tags:
    """Patterns of the tags of a sheet: a cell that has a value, what is shared by one, a row, its number, an error.

    Cells that are only formatted end with ``/>`` and take nothing.
    """

    cell: re.Pattern[bytes]
    shared: re.Pattern[bytes]
    row: re.Pattern[bytes]
    row_number: re.Pattern[bytes]
    error: re.Pattern[bytes]

    @classmethod
    def of(cls, prefix: bytes) -> _Tags:
        """Return the patterns of tags that have *prefix*, a pattern, before their names."""
        begin = b"<" + prefix
        close = b"(?:</" + prefix + b"f>)?"
        return cls(
            re.compile(begin + rb"c(?:\s[^<>]*)?(?<!/)>"),
            re.compile(begin + rb"c\s[^<>]*?\bt\s*=\s*[\"']s[\"'][^<>]*>\s*" + begin + rb"v>\s*(\d{1,9})"),
            re.compile(begin + rb"row[\s>]"),
            re.compile(begin + rb"row\s[^<>]*?\br\s*=\s*[\"']\s*(\d{1,9})[\"']"),
            re.compile(
                begin
                + rb"c\s([^<>]*?\bt\s*=\s*[\"']e[\"'][^<>]*)>\s*(?:"
                + (begin + rb"f(?:\s[^<>]*)?>[^<]*" + close + rb")?\s*" + begin + rb"v>([^<]{1,40})<")
            ),
        )


_PLAIN: Final = _Tags.of(b"")
_ANY: Final = _Tags.of(rb"(?:[\w.-]+:)?")


def _tags(chunk: bytes) -> _Tags:
    return _ANY if _PREFIXED.search(chunk) else _PLAIN


@attrs.define
class _Size:
    """How large a rectangle the cells of a sheet span, as far as it was read, and how long the texts inside are."""

    cells: int = 0
    rows: int = 0
    columns: int = 0
    unnamed_rows: int = 0
    unnamed_columns: int = 0
    open_columns: int = 0
    text_bytes: int = 0

    @property
    def memory(self) -> int:
        """What all that takes."""
        rows, columns = self.rows + self.unnamed_rows, self.columns + self.unnamed_columns
        return max(rows * columns, self.cells) * CELL_BYTES + self.text_bytes

    def add(self, chunk: bytes, tags: _Tags) -> None:
        """Count the cells of *chunk*."""
        found = tags.cell.findall(chunk)
        named = b" ".join(_REFERENCE.findall(b"".join(found)))
        if named:
            self.columns = max(self.columns, *map(_column, set(named.translate(None, _DIGITS).split())))
            self.rows = max(self.rows, *map(int, set(named.translate(None, _LETTERS).split())))
        if len(found) > named.count(b" ") + bool(named):
            self._add_unnamed(chunk, tags)
        self.cells += len(found)
        if any(sign in chunk for sign in _TEXT_TYPES):
            self.text_bytes += sum(map(len, _TEXT.findall(chunk)))

    def _add_unnamed(self, chunk: bytes, tags: _Tags) -> None:
        """Count cells that do not say where they are: behind the one before, in a row that may say its number."""
        counts = [len(tags.cell.findall(row)) for row in tags.row.split(chunk)]
        counts[0] += self.open_columns
        self.open_columns = counts[-1]
        self.unnamed_rows += len(counts)
        self.unnamed_columns = max(self.unnamed_columns, *counts)
        self.rows = max(self.rows, *map(int, set(tags.row_number.findall(chunk))), 0)


def _column(letters: bytes) -> int:
    return column_number(letters.decode()) + 1


def _errors(chunk: bytes, tags: _Tags) -> Iterator[tuple[int, int, str]]:
    if b"'e'" not in chunk and b'"e"' not in chunk:
        return
    for found in tags.error.finditer(chunk):
        if place := _PLACE.search(found[1]):
            yield int(place[2]), column_number(place[1].decode()), found[2].decode("utf-8", "replace").strip()
