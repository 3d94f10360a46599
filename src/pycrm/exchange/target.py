"""Where an export or an archive goes: a file that is there whole or not at all, or a stream of the caller's."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TypeAlias

from pycrm.errors import ExportError

__all__ = ["Target", "opened"]

Target: TypeAlias = str | os.PathLike[str] | IO[bytes]


@contextmanager
def opened(target: Target) -> Iterator[IO[bytes]]:
    """Open *target* for writing bytes.

    A file is written beside its name and takes it at the end, on the disk by then, replacing what had it. Whoever is
    killed before leaves a file ``.NAME.….part``, which nobody takes for the whole. Only the user of this process may
    read it: it holds what he was allowed to see.

    Raises:
        ExportError: The folder is missing or may not be written, or the disk is full.
    """
    if not isinstance(target, (str, os.PathLike)):
        yield target
        return
    path = Path(target)
    with _as_ours(path):
        number, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    unfinished = Path(name)
    try:
        with _as_ours(path), os.fdopen(number, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        with _as_ours(path):
            unfinished.replace(path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise


@contextmanager
def _as_ours(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ExportError(
            f"cannot write {path}: {reason}; choose another place for the file", file=str(path)
        ) from error
