"""The two sorts of places for files: a folder of this machine, and whatever fsspec reaches by a URL.

Both keep a file under its digest, ``<place>/ab/abcdef…``, and take it in by one rename, so that what is there is whole.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import IO, Any, Protocol
from uuid import uuid4

from pycrm.errors import ConfigurationError, MissingExtraError

__all__ = ["FilePlace", "Folder", "Remote", "is_digest"]

INCOMING = "incoming"
MARK = "crm-"
IN_MEMORY = 8 * 2**20

is_digest = re.compile("[0-9a-f]{64}").fullmatch


def _path_of(digest: str) -> str:
    """Return where the file is below the place; a digest that is none never becomes a path."""
    if not is_digest(digest):
        raise ConfigurationError(f"{digest!r} is no SHA-256 in hexadecimal", value=digest)
    return f"{digest[:2]}/{digest}"


class FilePlace(Protocol):
    """Keeps files by digest. Its methods raise `OSError` where the place fails."""

    def scratch(self) -> Path:
        """Return the path of a local file that does not exist yet, to be written and then taken in."""

    def take_in(self, scratch: Path, digest: str) -> None:
        """Make the file at *scratch* the one of *digest*, in place of one that is there."""

    def open(self, digest: str) -> IO[bytes]:
        """Return the file, to read and seek in; `FileNotFoundError` where there is none."""

    def digests(self) -> Iterator[str]:
        """Yield the digest of every file."""

    def facts(self, digest: str) -> tuple[int, datetime]:
        """Return how large the file is and when it was taken in last; `FileNotFoundError` where there is none."""

    def remove(self, digest: str) -> None:
        """Remove the file, which may be gone already."""

    def clear_incoming(self, before: datetime) -> None:
        """Remove what was being taken in and last touched before then, left by a process that died."""

    def owners(self) -> set[str]:
        """Return the ids of the CRMs that have marked the place as theirs."""

    def mark(self, owner: str) -> None:
        """Mark the place as that of the CRM with id *owner*."""


class Folder:
    """A folder of this machine; made when the first file comes."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def __repr__(self) -> str:
        return str(self._root)

    def scratch(self) -> Path:
        # In the same file system as the files, so that taking one in is a rename.
        self._make()
        return self._root / INCOMING / uuid4().hex

    def take_in(self, scratch: Path, digest: str) -> None:
        target = self._root / _path_of(digest)
        target.parent.mkdir(exist_ok=True)
        os.utime(scratch)
        scratch.replace(target)
        _flush(target.parent)

    def open(self, digest: str) -> IO[bytes]:
        return (self._root / _path_of(digest)).open("rb")

    def digests(self) -> Iterator[str]:
        return (file.name for file in self._root.glob("[0-9a-f][0-9a-f]/*") if is_digest(file.name))

    def facts(self, digest: str) -> tuple[int, datetime]:
        found = (self._root / _path_of(digest)).stat()
        return found.st_size, datetime.fromtimestamp(found.st_mtime, UTC)

    def remove(self, digest: str) -> None:
        (self._root / _path_of(digest)).unlink(missing_ok=True)

    def clear_incoming(self, before: datetime) -> None:
        for file in self._root.glob(f"{INCOMING}/*"):
            with suppress(FileNotFoundError):  # it was taken in meanwhile
                if datetime.fromtimestamp(file.stat().st_mtime, UTC) < before:
                    file.unlink()

    def owners(self) -> set[str]:
        return {file.name.removeprefix(MARK) for file in self._root.glob(f"{MARK}*")}

    def mark(self, owner: str) -> None:
        self._make()
        (self._root / f"{MARK}{owner}").touch()

    def _make(self) -> None:
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self._root / INCOMING).mkdir(exist_ok=True)


class Remote:
    """Whatever fsspec reaches by a URL, as ``s3://bucket/files``.

    Args:
        url: Where.
        options: What the file system wants besides, such as credentials.
    Raises:
        MissingExtraError: fsspec, or its package for this sort of URL, is not installed.
    """

    def __init__(self, url: str, options: Mapping[str, Any]) -> None:
        try:
            fsspec: Any = import_module("fsspec")  # without type hints
        except ImportError as error:
            raise MissingExtraError(
                f"files at {url} need fsspec; run `pip install 'pycrm[files]'`", extra="files"
            ) from error
        self._url = url
        try:
            self._system, root = fsspec.core.url_to_fs(url, **options)
        except ImportError as error:
            raise MissingExtraError(f"files at {url}: {error}", extra="files") from error
        except ValueError as error:
            raise ConfigurationError(f"files at {url}: {error}", value=url) from error
        self._root = root.rstrip("/")

    def __repr__(self) -> str:
        return self._url

    def scratch(self) -> Path:
        return Path(tempfile.gettempdir()) / f"pycrm-{uuid4().hex}"

    def take_in(self, scratch: Path, digest: str) -> None:
        incoming, target = f"{self._root}/{INCOMING}/{uuid4().hex}", f"{self._root}/{_path_of(digest)}"
        for path in (incoming, target):
            self._system.makedirs(str(PurePosixPath(path).parent), exist_ok=True)
        # Not every file system writes a file at once, but each renames it at once, or copies it whole.
        self._system.put_file(str(scratch), incoming)
        self._system.mv(incoming, target)
        scratch.unlink()

    def open(self, digest: str) -> IO[bytes]:
        # The bytes are read twice, and far away they may even change between.
        here: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - the caller closes it
        try:
            with self._system.open(f"{self._root}/{_path_of(digest)}", "rb") as there:
                shutil.copyfileobj(there, here, 2**20)
        except BaseException:
            here.close()
            raise
        here.seek(0)
        return here

    def digests(self) -> Iterator[str]:
        names = (PurePosixPath(path).name for path in self._find(""))
        return (name for name in names if is_digest(name))

    def facts(self, digest: str) -> tuple[int, datetime]:
        path = f"{self._root}/{_path_of(digest)}"
        return self._system.size(path), _aware(self._system.modified(path))

    def remove(self, digest: str) -> None:
        path = f"{self._root}/{_path_of(digest)}"
        if self._system.exists(path):
            self._system.rm_file(path)

    def clear_incoming(self, before: datetime) -> None:
        for path in self._find(f"/{INCOMING}"):
            if _aware(self._system.modified(path)) < before:
                self._system.rm_file(path)

    def owners(self) -> set[str]:
        found = self._system.glob(f"{self._root}/{MARK}*")
        return {PurePosixPath(path).name.removeprefix(MARK) for path in found}

    def mark(self, owner: str) -> None:
        self._system.makedirs(self._root, exist_ok=True)
        self._system.pipe_file(f"{self._root}/{MARK}{owner}", b"")

    def _find(self, below: str) -> list[str]:
        self._system.invalidate_cache()  # another process may have written since this one last looked
        found: list[str] = self._system.find(f"{self._root}{below}")
        return found


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _flush(folder: Path) -> None:
    """Have the system write down that *folder* has a new file; Windows does so by itself."""
    if os.name == "posix":
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
