"""What the sheets of an XLS workbook will take, and where their errors are.

Source of the records: MS-XLS, sections 2.3 and 2.5.293 (XLUnicodeRichExtendedString).
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from pycrm.errors import MissingExtraError, ReadError, ReadTooLargeError
from pycrm.exchange.reading.limits import Limits
from pycrm.exchange.reading.sheet_facts import CELL_BYTES, MemoryBudget, SheetErrors, broken_workbook

__all__ = ["scan_xls"]

_FORMULA, _CONTINUE, _SHEET, _MULTIPLE, _STRINGS, _SHARED = 0x06, 0x3C, 0x85, 0xBD, 0xFC, 0xFD
_NUMBER, _LABEL, _ERROR, _STRING, _PACKED, _BEGIN, _LOCKED = 0x203, 0x204, 0x205, 0x207, 0x27E, 0x809, 0x2F
_CELLS: Final = frozenset((_FORMULA, _MULTIPLE, _SHARED, _NUMBER, _LABEL, _ERROR, _PACKED))
_DIMENSIONS, _MOST_ROWS, _MOST_COLUMNS = 0x200, 1 << 16, 1 << 8
_MOST_RECORDS: Final = 5_000_000
_ERRORS: Final = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
_HEAD = struct.Struct("<HH")
_PLACE = struct.Struct("<HH")


def scan_xls(path: Path, limits: Limits) -> SheetErrors:
    """Return the error cells of the workbook at *path*, after making sure that it can be read.

    Raises:
        ReadError: It is damaged or protected.
        ReadTooLargeError: It would take too much memory.
        MissingExtraError: The package olefile is not installed.
    """
    data = _stream(path, limits)
    try:
        return _scan(path.name, data, limits)
    except (struct.error, IndexError) as error:
        raise broken_workbook(path.name, error) from error


def _stream(path: Path, limits: Limits) -> bytes:
    try:
        olefile: Any = import_module("olefile")  # by name, as it has no types
    except ImportError:
        raise MissingExtraError(
            "reading XLS needs the package olefile; run `pip install 'pycrm[import]'`", extra="import"
        ) from None
    if path.stat().st_size > limits.workbook_bytes:
        raise ReadTooLargeError(
            f"{path.name} is longer than {limits.workbook_bytes} bytes; save its sheets as CSV",
            source=path.name,
            limit=limits.workbook_bytes,
        )
    try:
        with olefile.OleFileIO(path) as compound:
            name = next(name for name in ("Workbook", "Book") if compound.exists(name))
            with compound.openstream(name) as stream:
                content: bytes = stream.read()
    except StopIteration:
        raise ReadError(f"{path.name} has no workbook in it; save it as XLSX", source=path.name) from None
    except Exception as error:
        # Of damage this package raises whatever occurs to it.
        raise broken_workbook(path.name, error) from error
    return content


def _records(name: str, data: bytes, limit: int) -> Iterator[tuple[int, int, int]]:
    """Yield kind, place and length of each record."""
    place = 0
    for _ in range(_MOST_RECORDS):
        if place + 4 > len(data):
            return
        kind, length = _HEAD.unpack_from(data, place)
        yield kind, place + 4, length
        place += 4 + length
    raise ReadTooLargeError(
        f"{name} has more than {_MOST_RECORDS} records; save its sheets as CSV", source=name, limit=limit
    )


def _scan(name: str, data: bytes, limits: Limits) -> SheetErrors:
    budget = MemoryBudget(name, limits.workbook_bytes, used=len(data))
    starts: dict[int, str] = {}
    errors: dict[str, dict[int, dict[int, str]]] = {}
    sheet: dict[int, dict[int, str]] = {}
    lengths = array("L")
    rows = columns = 0
    in_strings = False
    parts: list[tuple[int, int]] = []
    for kind, place, length in _records(name, data, limits.workbook_bytes):
        if kind == _LOCKED:
            raise ReadError(f"{name} is protected by a password; save it without", source=name)
        if kind == _SHEET:
            starts[struct.unpack_from("<I", data, place)[0]] = _sheet_name(data, place, length)
        elif kind == _STRINGS or (kind == _CONTINUE and in_strings):
            parts.append((place, length))
        elif kind == _BEGIN:
            budget.take(rows * columns * CELL_BYTES)
            rows = columns = 0
            lengths = lengths or _text_lengths(data, parts)
            sheet = errors.setdefault(starts.get(place - 4, ""), {})
        elif kind == _DIMENSIONS:
            _check_dimensions(name, data, place)
        elif kind in _CELLS:
            row, column = _PLACE.unpack_from(data, place)
            last = struct.unpack_from("<H", data, place + length - 2)[0] if kind == _MULTIPLE else column
            rows, columns = max(rows, row + 1), max(columns, last + 1)
            if kind == _SHARED:
                number = struct.unpack_from("<I", data, place + 6)[0]
                budget.take(lengths[number] if number < len(lengths) else 0)
            elif (text := _error_text(kind, data, place)) is not None:
                budget.note_error(sheet, row + 1, column, text)
        in_strings = kind == _STRINGS or (kind == _CONTINUE and in_strings)
    budget.take(rows * columns * CELL_BYTES)
    return errors


def _check_dimensions(name: str, data: bytes, place: int) -> None:
    """Refuse a sheet said to be larger than sheets of this format are; room is made for what is said."""
    _, rows, _, columns = struct.unpack_from("<IIHH", data, place)
    if rows > _MOST_ROWS or columns > _MOST_COLUMNS:
        raise broken_workbook(name, f"a sheet of {rows} rows and {columns} columns cannot be")


def _sheet_name(data: bytes, place: int, length: int) -> str:
    count, is_wide = data[place + 6], data[place + 7] & 1
    raw = data[place + 8 : min(place + 8 + count * (1 + is_wide), place + length)]
    return raw.decode("utf-16-le" if is_wide else "latin-1", "replace")


def _error_text(kind: int, data: bytes, place: int) -> str | None:
    if kind == _ERROR and data[place + 7] == 1:
        return _ERRORS.get(data[place + 6], "#ERROR")
    if kind == _FORMULA and data[place + 12 : place + 14] == b"\xff\xff" and data[place + 6] == 2:
        return _ERRORS.get(data[place + 8], "#ERROR")
    return None


def _text_lengths(data: bytes, parts: list[tuple[int, int]]) -> array[int]:
    """Return how many bytes each shared text takes at most; *parts* are the records that hold them all."""
    lengths = array("L")
    if parts:
        texts = _SharedTexts(data, parts)
        (wanted,) = texts.unpack("<4xI")
        lengths.extend(texts.skip_text() for _ in range(min(wanted, len(data))))
    return lengths


class _SharedTexts:
    """Walks over the shared texts, which run on from record to record."""

    def __init__(self, data: bytes, parts: list[tuple[int, int]]) -> None:
        self._data = data
        self._parts = iter(parts)
        self._place = self._end = 0
        self._next_part()

    def skip_text(self) -> int:
        """Go behind the next text and return how many bytes it takes at most."""
        if self._place >= self._end:
            self._next_part()
        count, flags = self.unpack("<HB")
        runs = self.unpack("<H")[0] if flags & 8 else 0
        extra = self.unpack("<I")[0] if flags & 4 else 0
        left, width = count, 1 + (flags & 1)
        while left > (here := (self._end - self._place) // width):
            left -= here
            self._next_part()
            # Behind a border the text says anew whether its characters have one byte or two.
            width = 1 + (self.unpack("<B")[0] & 1)
        self._place += left * width
        self._skip(runs * 4 + extra)
        return 3 * int(count)

    def unpack(self, form: str) -> tuple[int, ...]:
        """Return the numbers that stand here, and go behind them."""
        found = struct.unpack_from(form, self._data, self._place)
        self._place += struct.calcsize(form)
        return found

    def _skip(self, count: int) -> None:
        while count > self._end - self._place:
            count -= self._end - self._place
            self._next_part()
        self._place += count

    def _next_part(self) -> None:
        self._place, length = next(self._parts, (-1, 0))
        if self._place < 0:
            raise IndexError("the shared texts end too early")
        self._end = self._place + length
