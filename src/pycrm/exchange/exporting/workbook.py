"""XLSX, written row by row: text is always text, numbers and days are what they are, and nothing is a formula."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from importlib import import_module
from typing import IO, Any, Final

from pycrm.errors import ExportError, MissingExtraError
from pycrm.exchange.exporting.cells import Cell, OutColumn
from pycrm.exchange.exporting.rows import Row
from pycrm.exchange.formulas import neutral

__all__ = ["WorkbookWriter"]

MOST_ROWS: Final = 1_048_576
MOST_UNITS: Final = 32_767
"""UTF-16 code units that a cell holds."""
MOST_DIGITS: Final = 15
"""Of a number; a spreadsheet rounds others, so longer ones are written as text."""
# Days before are off by one: for spreadsheets 1900 is a leap year.
_FIRST_DAY: Final = date(1900, 3, 1)
_LONGEST_NAME: Final = 31
_forbidden = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


class WorkbookWriter:
    """Writes a workbook with one sheet, or as many as the rows need.

    Args:
        file: Where to; stays open.
        columns: Of each sheet.
        name: Of the sheet.
    Raises:
        MissingExtraError: XlsxWriter is not installed.
    """

    def __init__(self, file: IO[bytes], columns: Sequence[OutColumn], *, name: str) -> None:
        self._columns = columns
        self._name = _forbidden.sub(" ", name).strip(" '") or "Sheet"
        self._folder = tempfile.TemporaryDirectory(prefix="pycrm-export-")
        try:
            options = {"constant_memory": True, "use_zip64": True, "tmpdir": self._folder.name}
            self._workbook = _library().Workbook(file, options)
            self._bold = self._workbook.add_format({"bold": True})
            self._whole = self._workbook.add_format()
            self._day = self._workbook.add_format({"num_format": "yyyy-mm-dd"})
            self._instant = self._workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
            self._sheets: list[Any] = []
            self._begin_sheet()
        except BaseException:
            self._folder.cleanup()
            raise

    def write(self, rows: Sequence[Row]) -> None:
        for row in rows:
            if self._row == MOST_ROWS:
                self._begin_sheet()
            for place, cell in enumerate(row):
                if cell is not None:
                    self._put(place, cell)
            self._row += 1

    def close(self) -> None:
        self._workbook.close()
        self._folder.cleanup()

    def abandon(self) -> None:
        for sheet in self._sheets:
            sheet.row_data_fh.close()
        self._folder.cleanup()

    def _begin_sheet(self) -> None:
        number = len(self._sheets) + 1
        end = f" {number}" if number > 1 else ""
        self._sheet = self._workbook.add_worksheet(f"{self._name[: _LONGEST_NAME - len(end)]}{end}")
        self._sheets.append(self._sheet)
        self._sheet.freeze_panes(1, 0)
        for place, column in enumerate(self._columns):
            self._sheet.set_column(place, place, min(max(len(column.head) + 2, 10), 40))
        self._row = 0
        for place, column in enumerate(self._columns):
            self._put_text(place, neutral(column.head), self._bold)
        self._row = 1

    def _put(self, place: int, cell: Cell) -> None:
        if isinstance(cell, str):
            self._put_text(place, neutral(cell))
        elif isinstance(cell, bool):
            self._sheet.write_boolean(self._row, place, cell)
        elif isinstance(cell, (int, Decimal)):
            if _is_exact(cell):
                self._sheet.write_number(self._row, place, cell)
            else:
                self._put_text(place, f"{cell:f}" if isinstance(cell, Decimal) else str(cell))
        elif isinstance(cell, datetime):
            self._put_instant(place, cell)
        elif isinstance(cell, date):
            if cell >= _FIRST_DAY:
                self._sheet.write_datetime(self._row, place, cell, self._day)
            else:
                self._put_text(place, cell.isoformat())

    def _put_instant(self, place: int, cell: datetime) -> None:
        """Write an instant that people read as such; one with a time zone as text, which loses nothing of it."""
        if cell.tzinfo is not None:
            self._put_text(place, cell.isoformat().replace("+00:00", "Z"))
        elif cell.date() >= _FIRST_DAY:
            self._sheet.write_datetime(self._row, place, cell.replace(microsecond=0), self._instant)
        else:
            self._put_text(place, cell.isoformat(" ", "seconds"))

    def _put_text(self, place: int, text: str, cell_format: Any = None) -> None:
        if len(text) * 2 > MOST_UNITS and (count := len(text.encode("utf-16-le")) // 2) > MOST_UNITS:
            raise ExportError(
                f"{self._columns[place].head}: a text of {count} characters does not fit into a cell, which takes "
                f"{MOST_UNITS}; export as CSV or JSONL, or without this column",
                column=self._columns[place].head,
                row=self._row + 1,
            )
        if text.startswith("<r>") and text.endswith("</r>"):
            # Taken for marked-up text, unless it is told to be one of two pieces.
            plain = cell_format or self._whole
            self._sheet.write_rich_string(self._row, place, text[0], plain, text[1:])
        else:
            self._sheet.write_string(self._row, place, text, cell_format)


def _is_exact(number: int | Decimal) -> bool:
    """Return whether a spreadsheet keeps *number*, whose cells hold binary fractions told with 16 digits."""
    if isinstance(number, int):
        return abs(number) < 10**MOST_DIGITS
    if len(number.as_tuple().digits) > MOST_DIGITS:
        return False
    return Decimal(repr(float(f"{float(number):.16G}"))) == number


def _library() -> Any:
    try:
        return import_module("xlsxwriter")
    except ImportError as error:
        raise MissingExtraError(
            "XLSX is written by XlsxWriter; run `pip install 'pycrm[xlsx]'`", extra="xlsx"
        ) from error
