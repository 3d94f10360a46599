"""The file store: the bytes of attachments, named by their digest, outside the database.

A file comes in two steps. `FileStore.stage` reads it, which may take long, and leaves it aside; `FileStore.keep` makes
it a file of the store, at once. A row that names a file is written after that, so that none is ever without its bytes.
A unit that rolls back may leave a file that no row names; `crm.remove_unused_files` removes it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any
from uuid import UUID, uuid4

import attrs

from pycrm.errors import ConfigurationError, FileLostError, StorageError
from pycrm.storage.dialect import SQLITE
from pycrm.storage.engine import Database
from pycrm.storage.file_places import FilePlace, Folder, Remote
from pycrm.values.file_limits import FileLimits

__all__ = ["FileStore", "StagedFile", "StoredFile", "store_for"]

CHUNK = 2**20
MAX_BYTES = 100 * 2**20
USUAL_PREFIX = "crm_"


@attrs.frozen
class StoredFile:
    """A file of the store: its digest, its size, and when it was last brought."""

    digest: str
    size_bytes: int
    modified_at: datetime


@attrs.frozen
class StagedFile:
    """A file that was read and is not yet one of the store."""

    path: Path
    digest: str
    size_bytes: int


class FileStore:
    """Where the bytes of attachments are; give it to `CRM` as ``files=``.

    Args:
        location: A folder, or a URL of fsspec such as ``"s3://bucket/files"``, which needs the extra ``files``. It
            belongs to one CRM alone.
        max_bytes: The largest file that is taken.
        content_types: The types that are taken, as ``("image/*", "application/pdf")``; none for all.
        options: What the file system of a URL wants besides, such as credentials.
    Raises:
        MissingExtraError: fsspec, or its package for this sort of URL, is not installed.
    """

    def __init__(
        self,
        location: str | os.PathLike[str],
        *,
        max_bytes: int | None = MAX_BYTES,
        content_types: Iterable[str] = (),
        options: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self.limits = FileLimits(max_bytes, content_types)
        is_url = isinstance(location, str) and "://" in location
        self._place: FilePlace = Remote(str(location), options) if is_url else Folder(Path(location).absolute())
        self._owner: UUID | None = None

    @classmethod
    def temporary(cls) -> FileStore:
        """Return a store in a folder that is removed with it, for a CRM in memory."""
        folder = Path(tempfile.gettempdir()) / f"pycrm-files-{uuid4().hex}"
        store = cls(folder)
        weakref.finalize(store, _remove_folder, folder, os.getpid())
        return store

    def __repr__(self) -> str:
        return f"FileStore({str(self._place)!r})"

    @contextmanager
    def stage(self, source: IO[bytes], content_type: str) -> Iterator[StagedFile]:
        """Read *source* to its end; what the block does not `keep` is thrown away.

        Raises:
            Problem: It is larger than the store takes, or of another type.
            StorageError: The place fails, as a full disk does.
        """
        self.limits.check_type(content_type)
        with self._as_ours("take in"):
            path = self._place.scratch()
        try:
            with self._as_ours("take in"), open(path, "xb", opener=_private) as target:
                digest, size = self._copy(source, target)
            yield StagedFile(path, digest, size)
        finally:
            path.unlink(missing_ok=True)

    def keep(self, file: StagedFile, owner: UUID) -> None:
        """Make *file* one of the store, in place of the same one if that is there.

        Raises:
            ConfigurationError: The store belongs to another CRM than that with the installation id *owner*.
        """
        self.claim(owner)
        with self._as_ours("take in"):
            self._place.take_in(file.path, file.digest)

    def open(self, digest: str) -> IO[bytes]:
        """Return the file, verified, to read and to seek in; close it after use.

        Raises:
            FileLostError: It is missing, or its bytes are not those that were stored.
        """
        with self._as_ours("read"):
            try:
                file = self._place.open(digest)
            except FileNotFoundError as error:
                raise FileLostError(
                    f"{self!r} has no file {digest}; restore it from a backup", digest=digest
                ) from error
            try:
                if _digest_of(file) != digest:
                    raise FileLostError(
                        f"{self!r}: the bytes of the file {digest} are not those that were stored; "
                        "restore it from a backup",
                        digest=digest,
                    )
                file.seek(0)
            except BaseException:
                file.close()
                raise
        return file

    def digests(self) -> list[str]:
        """Return the digest of every file."""
        with self._as_ours("look for"):
            return sorted(self._place.digests())

    def older(self, digests: Iterable[str], before: datetime) -> list[StoredFile]:
        """Return the files of *digests* that were last brought before then."""
        found = []
        with self._as_ours("look for"):
            for digest in digests:
                with suppress(FileNotFoundError):  # somebody else removed it
                    found.append(StoredFile(digest, *self._place.facts(digest)))
        return [file for file in found if file.modified_at < before]

    def remove(self, files: Iterable[StoredFile]) -> None:
        """Remove *files*, which no row may name."""
        with self._as_ours("remove"):
            for file in files:
                self._place.remove(file.digest)

    def clear_incoming(self, before: datetime) -> None:
        """Remove files that were being read and last touched before then, by processes that died over it."""
        with self._as_ours("remove"):
            self._place.clear_incoming(before)

    def claim(self, owner: UUID) -> None:
        """Mark the store as that of the CRM with the installation id *owner*.

        Raises:
            ConfigurationError: It is another CRM's.
        """
        if self._owner == owner:
            return
        self.refuse_others(owner)
        with self._as_ours("take in"):
            self._place.mark(str(owner))
        self.refuse_others(owner)  # of two that mark it at the same moment neither goes on
        self._owner = owner

    def refuse_others(self, owner: UUID) -> None:
        """Raise unless the store is that of the CRM with the installation id *owner*, or nobody's yet.

        Raises:
            ConfigurationError: It is another CRM's, whose files would look as if nobody needed them.
        """
        with self._as_ours("look for"):
            others = self._place.owners() - {str(owner)}
        if others:
            raise ConfigurationError(
                f"{self!r} holds the files of another CRM (installation {', '.join(sorted(others))}); "
                "give each CRM a place of its own",
                value=str(self._place),
            )

    def _copy(self, source: IO[bytes], target: IO[bytes]) -> tuple[str, int]:
        """Copy *source* to *target*, down to the disk, and return digest and size."""
        digest, size = hashlib.sha256(), 0
        while chunk := source.read(CHUNK):
            if not isinstance(chunk, bytes):
                raise ConfigurationError("an attachment is made of bytes; open the file in binary mode")
            size += len(chunk)
            self.limits.check_size(size)
            digest.update(chunk)
            target.write(chunk)
        target.flush()
        os.fsync(target.fileno())
        return digest.hexdigest(), size

    @contextmanager
    def _as_ours(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise StorageError(f"{self!r}: cannot {what} a file: {reason}; the cause is chained") from error


def store_for(files: str | os.PathLike[str] | FileStore | None, database: Database, prefix: str) -> FileStore | None:
    """Return the store that a CRM on *database* was given, or its own.

    That is the folder ``shop.db.files`` beside ``shop.db``, and a temporary one in memory; on PostgreSQL there is none.
    """
    if files is not None:
        return files if isinstance(files, FileStore) else FileStore(files)
    if database.dialect is not SQLITE:
        return None
    if database.in_memory:
        return FileStore.temporary()
    file = str(database.engine.url.database)
    if file.startswith("file:"):
        return None
    return FileStore(f"{file}.{'' if prefix == USUAL_PREFIX else prefix}files")


def _remove_folder(folder: Path, process: int) -> None:
    if os.getpid() == process:  # not a forked child, whose parent goes on
        shutil.rmtree(folder, ignore_errors=True)


def _private(path: str, flags: int) -> int:
    """Open a file that only the user of this process may read."""
    return os.open(path, flags, 0o600)


def _digest_of(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
