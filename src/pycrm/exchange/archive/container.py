"""The zip of an archive, opened with mistrust: only members that belong there, no more bytes than they say."""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Self

from pycrm.errors import ArchiveError
from pycrm.exchange.archive.manifest import MANIFEST, SCHEMA, Manifest, Sum, damaged
from pycrm.storage.state import Installed

__all__ = ["Container"]

CHUNK: Final = 1 << 20
MOST_TOLD: Final = 64 << 20
"""Bytes of the manifest and of the schema, which are read whole."""
LONGEST_LINE: Final = 64 << 20
"""Bytes of one row."""

_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, UnicodeDecodeError, OSError)


class Container:
    """An opened archive. Use it as a context manager.

    Args:
        path: The file.
    Attributes:
        manifest: What it says of itself.
    Raises:
        ArchiveError: It is damaged, of a newer form, or holds what no archive holds.
    """

    manifest: Manifest

    def __init__(self, path: Path) -> None:
        self._name = str(path)
        try:
            self._zip = zipfile.ZipFile(path)
        except FileNotFoundError as error:
            raise ArchiveError(f"there is no file {path}", file=self._name) from error
        except _DAMAGE as error:
            raise damaged(self._name, "it is no zip, or its end is missing") from error
        try:
            self.manifest = Manifest.read(self._whole(MANIFEST).decode(), self._name)
            self._check_names()
        except UnicodeDecodeError as error:
            self._zip.close()
            raise damaged(self._name, "its manifest cannot be read") from error
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._zip.close()

    def verify(self) -> None:
        """Read everything and compare it with the manifest.

        Raises:
            ArchiveError: A byte differs.
        """
        for name in self.manifest.sums:
            for _ in self.chunks(name):
                pass

    def installed(self) -> dict[str, Installed]:
        """Return what the owners had declared, by name.

        Raises:
            ArchiveError: It cannot be read.
        """
        try:
            rows = json.loads(b"".join(self.chunks(SCHEMA, most=MOST_TOLD)))
            return {row["name"]: Installed(**row) for row in rows}
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            if isinstance(error, ArchiveError):
                raise
            raise damaged(self._name, "what it says of plugins cannot be read") from error

    def lines(self, member: str) -> Iterator[bytes]:
        """Yield the lines of a table, without their ends.

        Raises:
            ArchiveError: A byte differs from what was written, or a line is longer than any row.
        """
        rest = b""
        for chunk in self.chunks(member):
            *lines, rest = (rest + chunk).split(b"\n")
            yield from lines
            if len(rest) > LONGEST_LINE:
                raise damaged(self._name, f"{member} has a row of more than {LONGEST_LINE} bytes")
        if rest:
            raise damaged(self._name, f"{member} ends within a row")

    def chunks(self, member: str, *, most: int | None = None) -> Iterator[bytes]:
        """Yield the bytes of *member*, at most as many as the manifest says.

        Raises:
            ArchiveError: They are not those that were written, or more than *most*.
        """
        expected = self.manifest.sums[member]
        if most is not None and expected.size_bytes > most:
            raise damaged(self._name, f"{member} has {expected.size_bytes} bytes, more than {most}")
        digest, size = hashlib.sha256(), 0
        try:
            with self._zip.open(member) as file:
                while chunk := file.read(CHUNK):
                    size += len(chunk)
                    if size > expected.size_bytes:
                        break
                    digest.update(chunk)
                    yield chunk
        except _DAMAGE as error:
            raise damaged(self._name, f"{member} cannot be read") from error
        if Sum(size, digest.hexdigest()) != expected:
            raise damaged(self._name, f"{member} is not what was written")

    def wrong(self, why: str) -> ArchiveError:
        """Return the error that something in it cannot be."""
        return damaged(self._name, why)

    def _whole(self, member: str) -> bytes:
        try:
            info = self._zip.getinfo(member)
            if info.file_size > MOST_TOLD:
                raise damaged(self._name, f"{member} has {info.file_size} bytes, more than {MOST_TOLD}")
            with self._zip.open(info) as file:
                return file.read(MOST_TOLD + 1)
        except KeyError as error:
            raise damaged(self._name, f"it has no {member}") from error
        except _DAMAGE as error:
            raise damaged(self._name, f"{member} cannot be read") from error

    def _check_names(self) -> None:
        there = self._zip.namelist()
        expected: dict[str, Any] = {MANIFEST: None, **self.manifest.sums}
        if len(there) != len(set(there)) or set(there) != set(expected):
            strange = sorted(set(there) ^ set(expected)) or sorted(there)
            raise damaged(self._name, f"its members are not those of its manifest, as {strange[0][:100]!r}")
