"""A source that has been opened, and what all readers do with a file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import attrs

from pycrm.errors import ReadError
from pycrm.exchange.rows import Table

__all__ = ["BLOCK_BYTES", "FileState", "OpenedSource", "digest_of"]

BLOCK_BYTES = 1 << 18


@attrs.frozen(kw_only=True)
class OpenedSource:
    """A `Source` whose facts are all known; the attributes are those of the protocol, and one more.

    Attributes:
        hidden: The names of sheets that the workbook does not show, and that are read only if asked for by name.
    """

    name: str
    format: str
    tables: Sequence[Table]
    digest: str
    encoding: str | None = None
    certainty: float = 1.0
    hidden: tuple[str, ...] = ()


@attrs.frozen
class FileState:
    """By what one sees without reading that a file is no longer the one that was opened."""

    path: Path
    size: int
    changed_at: int

    @classmethod
    def of(cls, path: Path) -> FileState:
        """Return the state of the file at *path* now."""
        found = path.stat()
        return cls(path, found.st_size, found.st_mtime_ns)

    def check(self) -> None:
        """Make sure that the file is still the same.

        Raises:
            ReadError: It was changed or removed.
        """
        try:
            same = FileState.of(self.path) == self
        except OSError as error:
            raise ReadError(f"{self.path.name} is gone; put it back", source=self.path.name) from error
        if not same:
            raise ReadError(f"{self.path.name} was changed since it was opened; open it again", source=self.path.name)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of all bytes of the file at *path*, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
