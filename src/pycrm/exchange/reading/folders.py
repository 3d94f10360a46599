"""Folders: every file in one is a table or several."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs

from pycrm.errors import ReadError, ReadTooLargeError
from pycrm.exchange.reading.limits import Limits
from pycrm.exchange.reading.sources import OpenedSource
from pycrm.exchange.rows import Row, Source, Table

__all__ = ["open_folder"]


def open_folder(path: Path, open_file: Callable[[Path], Source], *, limits: Limits) -> OpenedSource:
    """Return the tables of all files in the folder at *path*, in the order of their names.

    Folders inside it, hidden files and links to elsewhere are left out. A file that cannot be read is an error, so that
    none is forgotten. Its encodings are told by the source of each file, opened alone; certainty is that of the least.

    Raises:
        ReadError: It has no files, or one cannot be read.
        ReadTooLargeError: It has more files than the limit.
    """
    files = sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
    files = [file for file in files if file.resolve().parent == path.resolve()]
    if not files:
        raise ReadError(f"the folder {path.name} has no files; there is nothing to import", source=path.name)
    if len(files) > limits.files:
        raise ReadTooLargeError(
            f"the folder {path.name} has more than {limits.files} files", source=path.name, limit=limits.files
        )
    sources = [open_file(file) for file in files]
    digest = hashlib.sha256("".join(f"{source.digest} {source.name}\n" for source in sources).encode())
    encodings = {source.encoding for source in sources if source.encoding}
    return OpenedSource(
        name=path.name,
        format="folder",
        tables=tuple(_named_tables(sources)),
        digest=digest.hexdigest(),
        encoding=encodings.pop() if len(encodings) == 1 else None,
        certainty=min(source.certainty for source in sources),
    )


def _named_tables(sources: list[Source]) -> Iterator[Table]:
    for source in sources:
        for table in source.tables:
            name = source.name if len(source.tables) == 1 else f"{source.name}/{table.name}"
            yield _NamedTable(name, table.columns, table)


@attrs.frozen
class _NamedTable:
    """A table under the name of its file."""

    name: str
    columns: tuple[str, ...]
    table: Table

    def rows(self, *, after: int = 0) -> Iterator[Row]:
        """Yield the rows of the table; see `pycrm.exchange.rows.Table`."""
        return self.table.rows(after=after)
