"""JSON in flat memory: the lines of JSONL, or the objects of one array, each as soon as it is complete."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pycrm.errors import ReadError, ReadTooLargeError
from pycrm.exchange.reading.encodings import TextEncoding
from pycrm.exchange.reading.json_records import DECODER, has_too_many_items, is_too_deep
from pycrm.exchange.reading.limits import Limits
from pycrm.exchange.reading.text_blocks import text_blocks

__all__ = ["array_records", "json_lines"]

_CHUNK: Final = 1 << 16
_BLANK: Final = re.compile(r"[ \t\r\n]*")


def json_lines(path: Path, encoding: TextEncoding, limits: Limits) -> Iterator[tuple[int, str]]:
    """Yield number and text of each line that is not blank."""
    line = 0
    for block in text_blocks(path, encoding, limits):
        # Not splitlines(), which also parts at signs that may stand in a JSON text.
        for text in block.text.split("\n"):
            line += 1
            if text.strip():
                yield line, text
        # What follows the last line end of a block is nothing, except at the end of the file.
        line -= 1


def array_records(path: Path, encoding: TextEncoding, limits: Limits) -> Iterator[Any]:
    """Yield the elements of the array in the file at *path*: the outermost, or the first one with objects in an object.

    Raises:
        ReadError: It is no JSON from there on, or has no such array.
    """
    with path.open("r", encoding=encoding.codec, errors="surrogateescape", newline="") as file:
        yield from _Stream(file, path, limits).records()


class _Stream:
    """A buffer over the characters of a file, from whose beginning whole values are taken."""

    def __init__(self, file: Any, path: Path, limits: Limits) -> None:
        self._file = file
        self._name = path.name
        self._limits = limits
        self._text = ""
        self._place = 0
        self._count = 0
        self._fill(_CHUNK)
        self._text = self._text.removeprefix("\ufeff")

    def records(self) -> Iterator[Any]:
        """Yield the elements of the array that has the records."""
        if self._next() == "{":
            self._enter_member()
        if self._next() != "[":
            raise self._refused("it has no list of objects")
        yield from self._elements()

    def _enter_member(self) -> None:
        """Go to the value of the first member that is a list of objects, as the answers of web services have."""
        self._place += 1
        while self._next() == '"':
            self._value()
            self._expect(":")
            if self._next() == "[" and self._begins_objects():
                return
            self._value()
            if self._next() == ",":
                self._place += 1
        raise self._refused("it has no list of objects")

    def _begins_objects(self) -> bool:
        place = self._place
        self._place += 1
        found = self._next() == "{"
        # `_next` throws away nothing while the buffer is this short.
        self._place = place
        return found

    def _elements(self) -> Iterator[Any]:
        self._place += 1
        if self._next() == "]":
            return
        while True:
            self._count += 1
            yield self._value()
            if self._next() == "]":
                return
            self._expect(",")

    def _value(self) -> Any:
        """Return the value that begins here, after reading as much as it needs."""
        self._next()
        wanted = _CHUNK
        while True:
            if has_too_many_items(self._text, self._place):
                raise self._too_large("has more values than fit line_bytes", self._limits.line_bytes)
            try:
                value, end = DECODER.raw_decode(self._text, self._place)
            except json.JSONDecodeError as error:
                # Perhaps the rest of it has not been read; twice as much each time, so that it stays linear.
                if len(self._text) - self._place > self._limits.line_bytes:
                    raise self._too_large("is longer than line_bytes", self._limits.line_bytes) from error
                if not self._fill(wanted):
                    raise self._refused(error.msg) from error
                wanted *= 2
            except RecursionError as error:
                raise self._too_large("has lists in lists deeper than depth", self._limits.depth) from error
            except ValueError as error:
                raise self._refused(str(error)) from error
            else:
                # A number that ends with the buffer may go on behind it.
                if end < len(self._text) or self._text[end - 1] in '}]"' or not self._fill(_CHUNK):
                    break
        opened = self._text.count("[", self._place, end) + self._text.count("{", self._place, end)
        if opened > self._limits.depth and is_too_deep(value, self._limits.depth):
            raise self._too_large("has lists in lists deeper than depth", self._limits.depth)
        self._place = end
        return value

    def _next(self) -> str:
        """Return the next character that is not blank, ``""`` at the end; it stays where it is."""
        while True:
            found = _BLANK.match(self._text, self._place)
            self._place = found.end() if found else self._place
            if self._place < len(self._text):
                return self._text[self._place]
            if not self._fill(_CHUNK):
                return ""

    def _expect(self, character: str) -> None:
        if self._next() != character:
            raise self._refused(f"expecting {character!r}")
        self._place += 1

    def _fill(self, wanted: int) -> bool:
        """Read *wanted* characters more, and forget those behind; return whether there were any."""
        try:
            more = self._file.read(wanted)
        except UnicodeDecodeError as error:
            raise self._refused(f"it is not in the encoding {error.encoding}") from error
        if self._place > _CHUNK:
            self._text = self._text[self._place :]
            self._place = 0
        self._text += more
        return bool(more)

    def _refused(self, told: str) -> ReadError:
        return ReadError(
            f"{self._name} is no JSON that can be read, at record {self._count}: {told}; mend it",
            source=self._name,
            line=self._count,
        )

    def _too_large(self, told: str, limit: int) -> ReadTooLargeError:
        return ReadTooLargeError(
            f"{self._name}: record {self._count} {told}={limit} allows; raise it in Limits(…) if that is right",
            source=self._name,
            line=self._count,
            limit=limit,
        )
