"""CSV as RFC 4180 has it: commas, quotes where needed, lines that end in CR LF, formulas neutral."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import IO, Any, Final

from pycrm.exchange.exporting.cells import OutColumn
from pycrm.exchange.exporting.rows import Row
from pycrm.exchange.formulas import neutral

__all__ = ["ENCODINGS", "DelimitedWriter"]

ENCODINGS: Final = ("utf-8", "gb18030")
"""Those that hold every character."""


class DelimitedWriter:
    """Writes a CSV file.

    Args:
        file: Where to; stays open.
        columns: Of the file.
        encoding: One of `ENCODINGS`.
        bom: Begin with the mark by which Excel knows UTF-8.
    """

    def __init__(self, file: IO[bytes], columns: Sequence[OutColumn], *, encoding: str, bom: bool) -> None:
        self._text = io.TextIOWrapper(file, encoding="utf-8-sig" if bom else encoding, newline="", write_through=True)
        self._writer = csv.writer(self._text)
        self._texts = [_TEXTS[column.sort] for column in columns]
        self._writer.writerow([neutral(column.head) for column in columns])

    def write(self, rows: Sequence[Row]) -> None:
        texts = self._texts
        self._writer.writerows(
            [None if cell is None else text(cell) for text, cell in zip(texts, row, strict=True)] for row in rows
        )

    def close(self) -> None:
        self._text.flush()
        self.abandon()

    def abandon(self) -> None:
        self._text.detach()


def _instant(value: datetime) -> str:
    return value.isoformat(" ", "seconds") if value.tzinfo is None else value.isoformat().replace("+00:00", "Z")


_TEXTS: dict[str, Callable[[Any], str]] = {
    "text": neutral,
    "integer": str,
    "decimal": "{:f}".format,
    "boolean": lambda value: "true" if value else "false",
    "date": lambda value: str(value.isoformat()),
    "instant": _instant,
}
