"""Tables as lines of text: CSV with any delimiter, TSV, and what spreadsheets make of them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Final

import attrs

from pycrm.errors import Problem, ReadError, ReadTooLargeError
from pycrm.exchange.formulas import MARK, original
from pycrm.exchange.reading.cell_limit import long_cells
from pycrm.exchange.reading.delimiters import Dialect, find_dialect
from pycrm.exchange.reading.encodings import TextEncoding, find_encoding
from pycrm.exchange.reading.headers import TOTALS, column_names, find_header
from pycrm.exchange.reading.limits import Limits
from pycrm.exchange.reading.sources import BLOCK_BYTES, FileState, OpenedSource
from pycrm.exchange.reading.suspicions import (
    LOST_DIGITS,
    digits_lost,
    has_lost_digits,
    nul_in_cell,
    repeated_header,
    total_line,
    undecodable,
    wrong_width,
)
from pycrm.exchange.reading.text_blocks import shown_bytes, text_blocks
from pycrm.exchange.rows import Row

__all__ = ["DelimitedTable", "open_delimited"]

_BATCH: Final = 512
_HEADER_ROWS: Final = 200
_MOST_BYTES: Final = 4  # of one character, in any encoding
# A line that no file has. Behind the last one it is a row of its own, unless a quote was left open.
_END: Final = "\x00end of the file\uffff"
_BROKEN: Final = re.compile("[\udc80-\udcff]")
_make_row = tuple.__new__
# A row that begins with one of these may be without any value.
_BLANKS: Final = frozenset({"", "\ufeff", *(chr(code) for code in range(0x3001) if chr(code).isspace())})


def open_delimited(
    path: Path,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    header_row: int | None = None,
    limits: Limits | None = None,
) -> OpenedSource:
    """Return the one table of the text file at *path*; `pycrm.exchange.reading.open_source` says what is what.

    Raises:
        ReadError: It is no table, or in no encoding that is known.
    """
    limits = limits or Limits()
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
        raise ReadError(f"a delimiter is one character and no quote, not {delimiter!r}", source=path.name)
    found = find_encoding(path, encoding)
    state = FileState.of(path)
    first = next(text_blocks(path, found, limits), None)
    dialect = find_dialect(first.text[: 1 << 16] if first else "", delimiter)
    table = DelimitedTable(path.stem, (), path, found, dialect, 0, limits, state)
    header_line, cells = _header(table, header_row)
    if len(cells) > limits.columns:
        raise ReadTooLargeError(
            f"{path.name}: the header has more than {limits.columns} cells; is the delimiter right?",
            source=path.name,
            limit=limits.columns,
        )
    table = attrs.evolve(table, columns=column_names(cells), header_line=header_line, header=tuple(cells))
    return OpenedSource(
        name=path.name,
        format="tsv" if dialect.delimiter == "\t" else "csv",
        tables=(table,),
        digest=found.digest,
        encoding=found.name,
        certainty=found.certainty,
    )


def _header(table: DelimitedTable, header_row: int | None) -> tuple[int, Sequence[str]]:
    """Return the line of the header and its cells; of a table without one a blank for each column."""
    rows = list(islice(_Lines(table, 0).raw(), _HEADER_ROWS))
    if not rows:
        raise ReadError(f"{table.path.name} is empty; there is nothing to import", source=table.path.name)
    if header_row == 0:
        return table.dialect.told_lines, [""] * max(len(cells) for _, cells in rows)
    if header_row is not None:
        for line, cells in _Lines(table, 0).raw():
            if line >= header_row:
                return line, cells
        raise ReadError(f"{table.path.name} has no line {header_row}", source=table.path.name, line=header_row)
    place = find_header([cells for _, cells in rows])
    if place < 0:
        raise ReadError(f"{table.path.name} has blank lines only", source=table.path.name)
    return rows[place]


@attrs.frozen
class DelimitedTable:
    """A `Table` in a file of text; an empty cell is an empty text.

    Attributes:
        name: The name of the file without its ending.
        columns: The headers.
        path: The file.
        encoding: How it is decoded.
        dialect: How its lines are parted.
        header_line: Where the header begins, 0 where there is none; rows stand below it.
        limits: What may be held in memory.
        state: That of the file when it was opened.
        header: The cells of the header as they stand.
    """

    name: str
    columns: tuple[str, ...]
    path: Path
    encoding: TextEncoding
    dialect: Dialect
    header_line: int
    limits: Limits
    state: FileState
    header: tuple[str, ...] = ()

    def rows(self, *, after: int = 0) -> Iterator[Row]:
        """Yield the rows that begin behind line *after*; see `pycrm.exchange.rows.Table`.

        Lines before are parted into cells, to know where quotes end, and thrown away.
        """
        self.state.check()
        return _Lines(self, max(after, self.header_line)).rows()

    def count_lines(self) -> int | None:
        """Return how many lines the file has, quickly; None in an encoding whose line ends are more than one byte."""
        if self.encoding.name.startswith(("utf-16", "utf-32", "utf_16", "utf_32")):
            return None
        with self.path.open("rb") as file:
            return sum(block.count(b"\n") for block in iter(lambda: file.read(BLOCK_BYTES), b""))


class _Lines:
    """One pass over the lines of a table.

    The work per row in Python is a tuple and a few comparisons. What calls for a closer look, a NUL or a mark against
    formulas, is searched for in a whole block of text at once; the rows of a block that has it are each looked at.
    """

    def __init__(self, table: DelimitedTable, after: int) -> None:
        self._table = table
        self._after = after
        self._begins = 1
        # As many blocks as a row may be long are looked at closely behind one that calls for it.
        self._close = 0
        delimiter = table.dialect.delimiter
        self._marked = tuple(before + MARK for before in (delimiter, '"', "\n", "\r", delimiter + " "))
        self._texts = self._pieces()
        self._reader = csv.reader(
            chain.from_iterable(self._texts),
            delimiter=delimiter,
            skipinitialspace=table.dialect.skips_blanks,
        )

    def rows(self) -> Iterator[Row]:
        """Yield the rows that have any value."""
        odd = frozenset((*TOTALS, *self._table.header[:1]))
        with closing(self._texts):  # which hold this pass, so that the file would stay open if it ended early
            while batch := self._batch(odd):
                yield from filter(None, batch)

    def raw(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each row as line and cells, before there are columns."""
        with closing(self._texts):
            while True:
                with self._reading():
                    line, cells = self._begins, next(self._reader)
                    self._begins = self._reader.line_num + 1
                if self._is_end(line, cells):
                    return
                yield line, [original(cell) for cell in cells]

    def _batch(self, odd: frozenset[str]) -> list[Row | None]:
        """Return the next rows, None for one without any value; an empty list at the end."""
        reader, after, width = self._reader, self._after, len(self._table.columns)
        rows: list[Row | None] = []
        with self._reading():
            for cells in islice(reader, _BATCH):
                line = self._begins
                self._begins = reader.line_num + 1
                if line <= after:
                    rows.append(None)
                elif (
                    len(cells) == width
                    and cells[0] not in odd
                    and cells[0][:1] not in _BLANKS
                    and not (self._close and _calls_for_a_look("".join(cells)))
                ):
                    rows.append(_make_row(Row, (line, tuple(cells), ())))
                elif self._close and self._is_end(line, cells):
                    break
                else:
                    rows.append(self._examined(line, cells))
        return rows

    @contextmanager
    def _reading(self) -> Iterator[None]:
        # A cell ends at the latest with the row, whose length `_pieces` watches over.
        with long_cells(self._table.limits.line_bytes + BLOCK_BYTES * _MOST_BYTES):
            try:
                yield
            except csv.Error as error:
                raise ReadError(
                    f"{self._table.path.name}: line {self._begins} cannot be parted into cells: {error}",
                    source=self._table.path.name,
                    line=self._begins,
                ) from error

    def _pieces(self) -> Generator[io.StringIO, None, None]:
        table = self._table
        seen = waited = 0
        text = ""
        for block in text_blocks(table.path, table.encoding, table.limits):
            text = block.text
            waited = waited + len(text) if self._begins == seen else 0
            seen = self._begins
            if waited > table.limits.line_bytes:
                raise self._open_quote(seen)
            if len(text) > BLOCK_BYTES:
                self._check_columns(text)
            self._close = self._close - 1 if self._close else 0
            if block.is_broken or (block.has_nul and "\x00" in text) or self._has_marks(text):
                self._close = 2 + table.limits.line_bytes // BLOCK_BYTES
            yield io.StringIO(text, newline="")
        self._close = 1
        ended = text.endswith(("\n", "\r")) or not text
        yield io.StringIO(_END if ended else "\n" + _END, newline="")

    def _has_marks(self, text: str) -> bool:
        # The one character first: it is found many times as fast as two.
        return ("+" in text and LOST_DIGITS in text) or (
            MARK in text and (text.startswith(MARK) or any(mark in text for mark in self._marked))
        )

    def _check_columns(self, text: str) -> None:
        """Refuse a long line that would become a million cells."""
        limit = self._table.limits.columns
        if text.count(self._table.dialect.delimiter) > limit * (text.count("\n") + text.count("\r") + 1):
            raise ReadTooLargeError(
                f"{self._table.path.name}: a line has more than {limit} cells; is the delimiter right?",
                source=self._table.path.name,
                limit=limit,
            )

    def _is_end(self, line: int, cells: list[str]) -> bool:
        if cells == [_END]:
            return True
        if cells and cells[-1].endswith(_END):
            raise self._open_quote(line)
        return False

    def _open_quote(self, line: int) -> ReadError:
        name = self._table.path.name
        return ReadError(
            f"{name}: a quote that is opened in the row of line {line} is never closed, and would swallow the rest; "
            "close it, or write two quotes where one is meant",
            source=name,
            line=line,
        )

    def _examined(self, line: int, cells: list[str]) -> Row | None:
        """Return the row with what is wrong with it; None without any value."""
        if not any(map(str.strip, cells)):
            return None
        width = len(self._table.columns)
        problems: list[Problem] = []
        if len(cells) != width:
            if len(cells) < width or any(map(str.strip, cells[width:])):
                problems.append(wrong_width(line, cells, width))
            cells = [*cells[:width], *[""] * (width - len(cells))]
        if tuple(cells) == self._table.header:
            problems.append(repeated_header(line))
        elif total := total_line(line, cells):
            problems.append(total)
        if self._close and _calls_for_a_look("".join(cells)):
            cells = [self._cell(line, *item, problems) for item in zip(self._table.columns, cells, strict=True)]
        return Row(line, tuple(cells), tuple(problems))

    def _cell(self, line: int, column: str, cell: str, problems: list[Problem]) -> str:
        if "\x00" in cell:
            problems.append(nul_in_cell(line, column, cell))
        if LOST_DIGITS in cell and has_lost_digits(cell):
            problems.append(digits_lost(line, column, cell))
        if _BROKEN.search(cell):
            shown = _BROKEN.sub("\ufffd", cell)
            problems.append(undecodable(line, column, self._table.encoding.name, shown_bytes(cell), shown))
            return shown
        return original(cell)


def _calls_for_a_look(text: str) -> bool:
    """Return whether a cell of the row whose cells are *text* may be other than it stands."""
    return MARK in text or "\x00" in text or LOST_DIGITS in text or _BROKEN.search(text) is not None
