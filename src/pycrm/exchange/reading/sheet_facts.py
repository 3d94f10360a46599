"""What is known of the sheets of a workbook before it is read: how much memory they will take, and their error cells.

The package that reads workbooks holds a sheet in memory as a rectangle, repeats every shared text in each cell that has
it, and gives nothing for a cell with an error. So each format is scanned first, in flat memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from pycrm.errors import ReadError, ReadTooLargeError

__all__ = ["CELL_BYTES", "MemoryBudget", "SheetErrors", "broken_workbook", "cell_name", "column_number"]

CELL_BYTES: Final = 32
_MOST_ERRORS: Final = 50_000

SheetErrors = Mapping[str, Mapping[int, Mapping[int, str]]]
"""By name of the sheet, row from 1 and column from 0: what stands in each cell with an error."""


@attrs.define
class MemoryBudget:
    """How much of what a workbook may take is left.

    Attributes:
        name: Of the file, for the message.
        limit: In bytes.
        used: In bytes.
        errors: How many cells with errors were noted.
    """

    name: str
    limit: int
    used: int = 0
    errors: int = 0

    @property
    def left(self) -> int:
        """Bytes that may still be taken."""
        return self.limit - self.used

    def take(self, count: int) -> None:
        """Count *count* bytes.

        Raises:
            ReadTooLargeError: It is too much.
        """
        self.used += count
        if self.used > self.limit:
            raise ReadTooLargeError(
                f"{self.name} would take more than {self.limit >> 20} MiB of memory, as workbooks are read as a whole; "
                "save the sheet as CSV (UTF-8), which is read row by row, or raise Limits(workbook_bytes=…)",
                source=self.name,
                limit=self.limit,
            )

    def note_error(self, errors: dict[int, dict[int, str]], row: int, column: int, text: str) -> None:
        """Keep what stands in a cell with an error in *errors*.

        Raises:
            ReadError: There are tens of thousands of them.
        """
        self.errors += 1
        if self.errors > _MOST_ERRORS:
            raise ReadError(
                f"{self.name} has more than {_MOST_ERRORS} cells with errors such as {text}; mend the formulas",
                source=self.name,
            )
        errors.setdefault(row, {})[column] = text


def broken_workbook(name: str, told: object) -> ReadError:
    """Return the error for a workbook that is damaged; *told* says how."""
    return ReadError(f"{name} is a damaged workbook: {told}; open it in a spreadsheet and save it anew", source=name)


def cell_name(row: int, column: int) -> str:
    """Return the name of the cell in *row*, from 1, and *column*, from 0, as ``"AB12"``."""
    letters = ""
    number = column + 1
    while number:
        number, letter = divmod(number - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row}"


def column_number(letters: str) -> int:
    """Return the place of the column *letters* from 0."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
