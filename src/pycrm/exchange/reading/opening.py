"""The one way in: what somebody names becomes a `Source`."""

from __future__ import annotations

import os
from pathlib import Path

from pycrm.errors import ReadError, nearest
from pycrm.exchange.reading.cards import open_cards
from pycrm.exchange.reading.delimited import open_delimited
from pycrm.exchange.reading.folders import open_folder
from pycrm.exchange.reading.formats import FORMATS, find_format
from pycrm.exchange.reading.limits import Limits
from pycrm.exchange.reading.queries import is_url, open_query
from pycrm.exchange.reading.records import open_records
from pycrm.exchange.reading.sources import OpenedSource
from pycrm.exchange.reading.workbooks import open_workbook
from pycrm.exchange.rows import Source

__all__ = ["open_source"]


def open_source(
    path_or_url: str | os.PathLike[str],
    *,
    format: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
    header_row: int | None = None,
    query: str | None = None,
    limits: Limits | None = None,
) -> Source:
    """Return what is to be imported, opened: its tables, and how it is read.

    Args:
        path_or_url: A file; a folder, of which each file is a table; or the URL of a database, with *query*.
        format: One of `FORMATS`; otherwise the first bytes of the file tell.
        encoding: Of text files; otherwise it is found.
        delimiter: Of text files; otherwise it is found.
        sheet: The only one of a workbook that is read; it may be hidden.
        header_row: The line that names the columns, from 1; 0 where none does. Otherwise it is found.
        query: One SELECT, of which the answer is read.
        limits: How much may be held in memory.

    Raises:
        ReadError: There is no such file, or it cannot be read.
        ReadTooLargeError: It would take too much memory.
        MissingExtraError: A package is needed; the message says which.
    """
    limits = limits or Limits()
    if is_url(os.fspath(path_or_url)):
        return open_query(os.fspath(path_or_url), query)
    path = Path(path_or_url)
    if header_row is not None and header_row < 0:
        raise ReadError(
            f"header_row={header_row} is no line; count from 1, or give 0 where no line names the columns",
            source=path.name,
        )
    if format is not None and format not in FORMATS:
        raise ReadError(
            f"{format!r} is no format that is read{nearest(format, FORMATS)}; take one of {', '.join(FORMATS)}",
            source=path.name,
        )

    def open_file(file: Path) -> OpenedSource:
        return _open_file(file, format, encoding, delimiter, sheet, header_row, limits)

    if path.is_dir():
        return open_folder(path, open_file, limits=limits)
    if not path.is_file():
        raise ReadError(f"there is no file {str(path)!r}", source=str(path))
    return open_file(path)


def _open_file(
    path: Path,
    format: str | None,
    encoding: str | None,
    delimiter: str | None,
    sheet: str | None,
    header_row: int | None,
    limits: Limits,
) -> OpenedSource:
    match format or find_format(path):
        case "xlsx" | "xls" | "ods" as kind:
            return open_workbook(path, kind, sheet=sheet, header_row=header_row, limits=limits)
        case "json" | "jsonl" as kind:
            return open_records(path, is_lines=kind == "jsonl", encoding=encoding, limits=limits)
        case "vcard":
            return open_cards(path, encoding=encoding, limits=limits)
        case kind:
            delimiter = delimiter or ("\t" if kind == "tsv" else None)
            return open_delimited(path, encoding=encoding, delimiter=delimiter, header_row=header_row, limits=limits)
