"""What a file is, told by its first bytes: names lie, such as that of a table of HTML called ``report.xls``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile, ZipFile, is_zipfile

from pycrm.errors import ReadError
from pycrm.exchange.reading.json_records import DECODER

__all__ = ["FORMATS", "find_format"]

FORMATS: Final = ("csv", "tsv", "json", "jsonl", "vcard", "xlsx", "xls", "ods")
"""What `open_source` takes as the format of a file."""

_COMPOUND: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEAD_BYTES: Final = 1 << 16
_CARD: Final = re.compile(rb"\s*BEGIN:VCARD", re.IGNORECASE)
_PAGE: Final = re.compile(rb"\s*(<!doctype html|<html|<table|<\?xml|<!doctype|<!--)", re.IGNORECASE)
_JSON: Final = re.compile(rb"\s*[\[{]\s*[\[\]{}\"\d\-tfn]")
# What other files begin with, and what to do with them.
_OTHERS: Final = (
    (b"%PDF", "a PDF; export the table itself"),
    (b"PAR1", "a Parquet file; export it as CSV or JSONL"),
    (b"\x1f\x8b", "packed with gzip; unpack it first"),
    (b"7z\xbc\xaf", "an archive; unpack it and give the folder"),
    (b"Rar!", "an archive; unpack it and give the folder"),
    (b"SQLite format 3\x00", "a SQLite database; give its URL, sqlite:///…, and a query"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
)


def find_format(path: Path) -> str:
    """Return which of `FORMATS` the file at *path* is; text that is nothing else is ``"csv"``.

    Raises:
        ReadError: It is something that cannot be read; the message says what, and the cure.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    for sign, told in _OTHERS:
        if head.startswith(sign):
            raise ReadError(f"{path.name} is {told}", source=path.name)
    if head.startswith(_COMPOUND):
        return "xls"
    if head.startswith(b"PK\x03\x04") and is_zipfile(path):
        return _packed_format(path)
    # Without its mark, and as if it were of one byte per character: the signs looked for are ASCII.
    plain = head.lstrip(b"\xef\xbb\xbf\xff\xfe").replace(b"\x00", b"")
    if _CARD.match(plain):
        return "vcard"
    if _PAGE.match(plain):
        raise ReadError(
            f"{path.name} is a page of HTML or XML, whatever its name says; "
            "open it in a spreadsheet and save it as XLSX or CSV",
            source=path.name,
        )
    if path.suffix.lower() not in {".csv", ".tsv", ".tab", ".txt"} and _JSON.match(plain):
        is_lines = path.suffix.lower() in {".jsonl", ".ndjson"} or _first_line_is_record(plain)
        return "jsonl" if is_lines else "json"
    return "csv"


def _packed_format(path: Path) -> str:
    try:
        with ZipFile(path) as archive:
            names = set(archive.namelist())
    except (BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise ReadError(f"{path.name} is a damaged workbook or archive: {error}", source=path.name) from error
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "xl/workbook.bin" in names:
        raise ReadError(f"{path.name} is a binary workbook (XLSB); save it as XLSX", source=path.name)
    if "content.xml" in names:
        return "ods"
    raise ReadError(f"{path.name} is an archive and no workbook; unpack it and give the folder", source=path.name)


def _first_line_is_record(plain: bytes) -> bool:
    """Whether the first line is one whole object, and another one or nothing follows."""
    first, _, rest = plain.lstrip().partition(b"\n")
    rest = rest.strip()
    if rest and not rest.startswith(b"{"):
        return False
    try:
        value = DECODER.decode(first.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return first.rstrip().endswith(b"}") and rest != b""
    # One line with a list of objects in it is the answer of a web service.
    return isinstance(value, dict) and (rest != b"" or not any(map(_is_list_of_objects, value.values())))


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and value != [] and isinstance(value[0], dict)
