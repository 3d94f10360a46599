"""The parts of a packed workbook, unpacked in flat memory; what the archive says of their sizes is not trusted."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from copy import copy
from pathlib import Path
from typing import Any, Final, Self
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile, ZipInfo

from pycrm.errors import ReadError, ReadTooLargeError
from pycrm.exchange.reading.limits import Limits
from pycrm.exchange.reading.sheet_facts import broken_workbook

__all__ = ["Parts", "elements"]

_CHUNK: Final = 1 << 20
_MOST_PARTS: Final = 10_000
_MOST_INDEX_BYTES: Final = 4 << 20


class Parts:
    """An open archive whose parts are read one after another.

    Raises:
        ReadError: It is damaged, encrypted, or a name in it is a path to elsewhere.
        ReadTooLargeError: Its parts are too many, or too large unpacked.
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        self.name = path.name
        self._limits = limits
        self._unpacked = 0
        try:
            self._archive = ZipFile(path)
        except (BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise broken_workbook(self.name, error) from error
        infos = self._archive.infolist()
        if len(infos) > _MOST_PARTS:
            raise self._too_large(f"has more than {_MOST_PARTS} parts", _MOST_PARTS)
        for info in infos:
            _check_name(self.name, info)
        self._infos = {info.filename: info for info in infos}
        if len(self._infos) != len(infos):
            raise broken_workbook(self.name, "two of its parts have one name")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def __contains__(self, name: str) -> bool:
        return name in self._infos

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each part."""
        return tuple(self._infos)

    def chunks(self, name: str, mark: bytes = b"<") -> Iterator[bytes]:
        """Yield the XML of a part, about a megabyte at a time, each piece but the first from *mark* or a ``<`` on."""
        rest = b""
        for block in self._blocks(name):
            data = rest + block
            if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
                raise ReadError(
                    f"{self.name}: {name} declares entities, which no spreadsheet writes; it is not read",
                    source=self.name,
                )
            end = data.rfind(mark)
            end = end if end > 0 else data.rfind(b"<")
            if end > 0:
                yield data[:end]
                data = data[end:]
            rest = data
            if len(rest) > self._limits.line_bytes:
                raise self._too_large("has a text longer than line_bytes", self._limits.line_bytes)
        if rest:
            yield rest

    def index(self, name: str) -> bytes:
        """Return a part that lists others, which is small."""
        data = bytearray()
        for chunk in self.chunks(name):
            data += chunk
            if len(data) > _MOST_INDEX_BYTES:
                raise self._too_large(f"has a list of parts longer than {_MOST_INDEX_BYTES} bytes", _MOST_INDEX_BYTES)
        return bytes(data)

    def _blocks(self, name: str) -> Iterator[bytes]:
        # The size that the archive tells would end reading there, while others read on.
        if name not in self._infos:
            raise broken_workbook(self.name, f"its part {name} is missing")
        info = copy(self._infos[name])
        info.file_size = self._limits.unpacked_bytes + 1
        try:
            with self._archive.open(info) as part:
                while block := part.read(_CHUNK):
                    self._unpacked += len(block)
                    if self._unpacked > self._limits.unpacked_bytes:
                        raise self._too_large(
                            f"unpacks to more than {self._limits.unpacked_bytes} bytes", self._limits.unpacked_bytes
                        )
                    yield block
        except (BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError, zlib.error) as error:
            if isinstance(error, ReadError):
                raise
            raise broken_workbook(self.name, error) from error

    def _too_large(self, told: str, limit: int) -> ReadTooLargeError:
        return ReadTooLargeError(
            f"{self.name} {told}; save the sheet as CSV, or raise the bound in Limits(…)", source=self.name, limit=limit
        )


def _check_name(source: str, info: ZipInfo) -> None:
    name = info.orig_filename
    if name.startswith(("/", "\\")) or ":" in name or ".." in name.replace("\\", "/").split("/"):
        raise ReadError(f"{source}: a part is named {name!r}, a path to elsewhere; it is not read", source=source)
    if info.flag_bits & 1:
        raise ReadError(f"{source} is protected by a password; save it without", source=source)


def elements(data: bytes) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield name, without prefix, and attributes of each element that begins in *data*, a small XML document."""
    found: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate()

    def begin(name: str, attributes: dict[str, Any]) -> None:
        found.append((name.rpartition(":")[2], attributes))

    parser.StartElementHandler = begin
    parser.Parse(data, True)
    yield from found
