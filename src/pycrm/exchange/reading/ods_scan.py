"""What the sheets of an ODS workbook will take, and where their errors are."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final
from xml.parsers import expat

from pycrm.exchange.reading.limits import Limits
from pycrm.exchange.reading.packed_parts import Parts
from pycrm.exchange.reading.sheet_facts import CELL_BYTES, MemoryBudget, SheetErrors, broken_workbook

__all__ = ["scan_ods"]

_ERROR_TEXTS: Final = ("#", "Err:")


def scan_ods(path: Path, limits: Limits) -> SheetErrors:
    """Return the error cells of the workbook at *path*, after making sure that it can be read.

    Raises:
        ReadError: It is damaged, or declares what no spreadsheet writes.
        ReadTooLargeError: It would take too much memory.
    """
    budget = MemoryBudget(path.name, limits.workbook_bytes)
    scan = _Scan(budget)
    with Parts(path, limits) as parts:
        try:
            for chunk in parts.chunks("content.xml"):
                scan.feed(chunk)
        except expat.ExpatError as error:
            raise broken_workbook(path.name, error) from error
    return scan.errors


class _Scan:
    """Follows the rows and cells of a document, each of which may stand for thousands alike."""

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self.errors: dict[str, dict[int, dict[int, str]]] = {}
        self._sheet: dict[int, dict[int, str]] = {}
        self._row = self._rows = self._column = self._columns = 0
        self._width = self._taken = self._row_end = 0
        self._has_value = self._is_error = False
        self._text: list[str] = []
        self._text_length = 0
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters

    def feed(self, chunk: bytes) -> None:
        """Read on."""
        self._parser.Parse(chunk, False)

    def _begin(self, tag: str, attributes: dict[str, Any]) -> None:
        if tag in {"table:table-cell", "table:covered-table-cell"}:
            self._columns = _repeated(attributes, "table:number-columns-repeated")
            kind = attributes.get("calcext:value-type") or attributes.get("office:value-type")
            self._has_value = kind is not None
            self._is_error = kind == "error"
            self._text.clear()
            self._text_length = 0
        elif tag == "table:table-row":
            self._rows = _repeated(attributes, "table:number-rows-repeated")
            self._column = self._row_end = 0
        elif tag == "table:table":
            self._sheet = self.errors.setdefault(str(attributes.get("table:name", "")), {})
            self._row = self._width = self._taken = 0

    def _characters(self, text: str) -> None:
        self._has_value = True
        self._text_length += len(text)
        if self._text_length <= 40:
            self._text.append(text)

    def _end(self, tag: str) -> None:
        if tag in {"table:table-cell", "table:covered-table-cell"}:
            self._end_cell()
        elif tag == "table:table-row":
            self._row += self._rows
            if self._row_end:
                self._width = max(self._width, self._row_end)
                taken = self._row * self._width * CELL_BYTES
                self._budget.take(taken - self._taken)
                self._taken = taken

    def _end_cell(self) -> None:
        text = "".join(self._text)
        if self._has_value:
            self._row_end = self._column + self._columns
            self._budget.take(4 * self._text_length * self._columns * self._rows)
            if self._is_error or (text.startswith(_ERROR_TEXTS) and text.endswith(("!", "?", "/A", "/0!"))):
                self._budget.note_error(self._sheet, self._row + 1, self._column, text)
        self._column += self._columns
        self._has_value = False


def _repeated(attributes: dict[str, Any], name: str) -> int:
    text = str(attributes.get(name, "1"))
    # Longer than any sheet, whatever it says.
    return max(int(text), 1) if text.isdecimal() and len(text) < 10 else 1 << 30 if text.isdecimal() else 1
