"""Workbooks: XLSX, XLS and ODS, each sheet a table; read by the package python-calamine (extra ``import``)."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from pycrm.errors import MissingExtraError, Problem, ReadError, nearest
from pycrm.exchange.formulas import MARK, original
from pycrm.exchange.reading.headers import column_names, find_header
from pycrm.exchange.reading.limits import Limits
from pycrm.exchange.reading.ods_scan import scan_ods
from pycrm.exchange.reading.sheet_facts import SheetErrors, broken_workbook, cell_name
from pycrm.exchange.reading.sources import FileState, OpenedSource, digest_of
from pycrm.exchange.reading.suspicions import (
    LOST_DIGITS,
    digits_lost,
    has_lost_digits,
    nul_in_cell,
    repeated_header,
    total_line,
)
from pycrm.exchange.reading.xls_scan import scan_xls
from pycrm.exchange.reading.xlsx_scan import scan_xlsx
from pycrm.exchange.rows import Row

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

__all__ = ["SheetTable", "open_workbook"]

_SCANS: Final[Mapping[str, Callable[[Path, Limits], SheetErrors]]] = {
    "xlsx": scan_xlsx,
    "xls": scan_xls,
    "ods": scan_ods,
}
_HEADER_ROWS: Final = 200


def open_workbook(
    path: Path,
    format: str,
    *,
    sheet: str | None = None,
    header_row: int | None = None,
    limits: Limits | None = None,
) -> OpenedSource:
    """Return the sheets of the workbook at *path*, empty ones left out, and hidden ones unless *sheet* names one.

    Values are taken as they were stored when the workbook was saved; nothing is worked out or run. A value of merged
    cells stands in the first of them, the others are empty.

    Raises:
        ReadError: It is damaged, protected or has no such sheet.
        ReadTooLargeError: It would take too much memory.
        MissingExtraError: The package that reads workbooks is not installed.
    """
    limits = limits or Limits()
    calamine = _calamine()
    state, digest = FileState.of(path), digest_of(path)
    errors = _SCANS[format](path, limits)
    tables, hidden = [], []
    with _told_damage(calamine, path), _loaded(calamine, path, format) as book:
        for found in book.sheets_metadata:
            if found.typ != calamine.SheetTypeEnum.WorkSheet or sheet not in {None, found.name}:
                continue
            if found.visible != calamine.SheetVisibleEnum.Visible and sheet is None:
                hidden.append(found.name)
            elif table := _table(book.get_sheet_by_name(found.name), header_row, errors, state):
                tables.append(table)
        names = book.sheet_names
    if not tables:
        raise _nothing(path, sheet, names, hidden)
    return OpenedSource(name=path.name, format=format, tables=tuple(tables), digest=digest, hidden=tuple(hidden))


@contextmanager
def _told_damage(calamine: Any, path: Path) -> Iterator[None]:
    """Make one error of ours of all that the package says about a damaged workbook."""
    try:
        yield
    except (calamine.CalamineError, calamine.PasswordError, calamine.XmlError, calamine.ZipError, OSError) as error:
        raise broken_workbook(path.name, error) from error
    except BaseException as error:
        # It is written in Rust, and what it did not think of arrives outside of `Exception`, by a name without a class.
        if type(error).__module__ == "pyo3_runtime":
            raise broken_workbook(path.name, error) from error
        raise


def _loaded(calamine: Any, path: Path, format: str) -> Any:
    """Return the open workbook; by path the ending of the name decides what it is taken for, and names lie."""
    if path.suffix.lower() == f".{format}":
        return calamine.load_workbook(str(path))
    return calamine.load_workbook(io.BytesIO(path.read_bytes()))


def _calamine() -> Any:
    try:
        import python_calamine
    except ImportError:
        raise MissingExtraError(
            "reading workbooks needs the package python-calamine; run `pip install 'pycrm[import]'`, "
            "or save the sheet as CSV",
            extra="import",
        ) from None
    return python_calamine


def _nothing(path: Path, sheet: str | None, names: Sequence[str], hidden: Sequence[str]) -> ReadError:
    if sheet is not None and sheet not in names:
        return ReadError(f"{path.name} has no sheet {sheet!r}{nearest(sheet, names)}", source=path.name, sheet=sheet)
    told = f"; hidden sheets are read when they are named: {', '.join(hidden)}" if hidden else ""
    return ReadError(f"{path.name} is empty; there is nothing to import{told}", source=path.name)


def _table(sheet: CalamineSheet, header_row: int | None, errors: SheetErrors, state: FileState) -> SheetTable | None:
    table = SheetTable(sheet.name, (), 0, sheet, errors.get(sheet.name, {}), state)
    if sheet.start is None:
        return None
    if header_row == 0:
        width = len(next(table.grid(), ()))
        return attrs.evolve(table, columns=column_names([""] * width))
    rows = list(islice(table.grid(), max(header_row or 0, _HEADER_ROWS)))
    place = find_header(rows) if header_row is None else header_row - 1
    if place >= len(rows):
        raise ReadError(f"the sheet {sheet.name} has no row {header_row}", source=state.path.name, line=header_row)
    if place < 0:
        return None
    return attrs.evolve(table, columns=column_names(rows[place]), header_row=place + 1, header=tuple(rows[place]))


@attrs.frozen
class SheetTable:
    """A `Table` in a workbook; the line of a row is its number in the sheet.

    Attributes:
        name: The name of the sheet.
        columns: The headers.
        header_row: Where the header stands, from 1; 0 where there is none.
        sheet: What was read.
        errors: What stands in cells with errors, by row and column.
        state: That of the file when it was opened.
        header: The cells of the header as they stand.
    """

    name: str
    columns: tuple[str, ...]
    header_row: int
    sheet: CalamineSheet = attrs.field(repr=False, eq=False)
    errors: Mapping[int, Mapping[int, str]] = attrs.field(repr=False)
    state: FileState
    header: tuple[Any, ...] = ()

    def grid(self) -> Iterator[list[Any]]:
        """Yield the cells of every row from the first, from column A on; ``""`` where there is nothing."""
        left = self.sheet.start[1] if self.sheet.start else 0
        return (["" for _ in range(left)] + cells for cells in self.sheet.iter_rows())

    def rows(self, *, after: int = 0) -> Iterator[Row]:
        """Yield the rows behind row *after*; see `pycrm.exchange.rows.Table`."""
        after = max(after, self.header_row)
        for line, cells in enumerate(islice(self.grid(), after, None), after + 1):
            problems: list[Problem] = []
            read = tuple(
                cell if cell is True or cell is False else self._cell(line, column, cell, problems)
                for column, cell in zip(self.columns, chain(cells, repeat("")), strict=False)
            )
            if line in self.errors:
                problems += self._error_cells(line)
            if not problems and not any(cell is not None and cell != "" for cell in read):
                continue
            if tuple(cells) == self.header:
                problems.append(repeated_header(line))
            elif read and (total := total_line(line, read)):
                problems.append(total)
            yield Row(line, read, tuple(problems))

    def _cell(self, line: int, column: str, cell: Any, problems: list[Problem]) -> Any:
        if isinstance(cell, str):
            if cell == "" or cell.isspace():
                return None
            if "\x00" in cell:
                problems.append(nul_in_cell(line, column, cell))
            if LOST_DIGITS in cell and has_lost_digits(cell):
                problems.append(digits_lost(line, column, cell))
            return original(cell) if cell[0] == MARK else cell
        if isinstance(cell, float):
            if has_lost_digits(cell):
                problems.append(digits_lost(line, column, int(cell)))
            # Excel shows 15 digits of a number and whole ones without a point.
            return int(cell) if cell.is_integer() else float(f"{cell:.15g}")
        return cell

    def _error_cells(self, line: int) -> Iterator[Problem]:
        for place, text in self.errors[line].items():
            if place < len(self.columns):
                yield Problem(
                    "read.error_cell",
                    message="the cell {cell} has the error {value} of a formula; mend it in the spreadsheet",
                    line=line,
                    column=self.columns[place],
                    cell=cell_name(line, place),
                    value=text,
                )
