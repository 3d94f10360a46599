"""Loading an archive into an empty database: all of it in one transaction, or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Final

from sqlalchemy import Table

from pycrm.errors import ArchiveError, UpgradeRefusedError
from pycrm.exchange.archive.container import Container
from pycrm.exchange.archive.forms import columns_of, driver_form
from pycrm.exchange.archive.manifest import FileMember, Manifest, TableMember
from pycrm.exchange.archive.table_rows import archived_tables, begin_loading, end_loading, load_rows
from pycrm.storage.files import FileStore
from pycrm.storage.migrator import Finish, Migrator
from pycrm.storage.tables import Tables
from pycrm.storage.unit import Unit

__all__ = ["load_archive"]

PORTION: Final = 2_000
OnProgress = Callable[[int, int], object]


def load_archive(
    path: Path,
    migrator: Migrator,
    files: FileStore | None,
    finish: Callable[[Manifest], Finish],
    *,
    on_progress: OnProgress | None = None,
) -> Manifest:
    """Load the archive *path* into the database of *migrator*, which has no tables of the CRM yet.

    The whole file is read and compared with its sums before anything is written.

    Args:
        path: The file.
        migrator: Makes the tables.
        files: Where attachments go.
        finish: Gives what else belongs into the transaction.
        on_progress: Called with how many rows are loaded, and of how many.
    Raises:
        ArchiveError: It is damaged, or was written by a newer release or an older one that has to be upgraded, or the
            database is not empty, or there is no place for files; with the cure.
    """
    with Container(path) as container:
        manifest = container.manifest
        if manifest.files and files is None:
            raise ArchiveError(
                f"{path} holds {len(manifest.files)} files of attachments and this CRM has no place for them; give "
                "CRM(database, files=…)",
                file=str(path),
            )
        container.verify()
        load = _Loading(container, files, on_progress)
        try:
            migrator.restore(container.installed(), manifest.installation, load.fill, finish(manifest))
        except UpgradeRefusedError as error:
            reasons = "\n".join(f"  {reason}" for reason in error.refusals)
            raise ArchiveError(
                f"{path} does not fit this code:\n{reasons}\nLoad it with the releases that wrote it "
                f"({', '.join(f'{name} {version}' for name, version in manifest.plugins.items())}) and upgrade then",
                file=str(path),
            ) from error
    return manifest


class _Loading:
    """One archive on its way into one database."""

    def __init__(self, container: Container, files: FileStore | None, on_progress: OnProgress | None) -> None:
        self._container = container
        self._files = files
        self._on_progress = on_progress
        self._total = container.manifest.report.rows
        self._done = 0

    def fill(self, unit: Unit, tables: Tables) -> int:
        """Write all rows and files; return the number of the schema."""
        targets = archived_tables(tables)
        begin_loading(unit)
        for member in self._container.manifest.tables:
            if member.name not in targets:
                raise self._container.wrong(f"it has a table {member.name!r} that nobody declares")
            self._load(unit, targets[member.name], member)
        end_loading(unit, tables)
        for file in self._container.manifest.files:
            self._keep(file)
        return self._container.manifest.schema_number

    def _load(self, unit: Unit, table: Table, member: TableMember) -> None:
        known = dict(columns_of(table))
        if len(dict(member.columns)) != len(member.columns) or not dict(member.columns).items() <= known.items():
            raise self._container.wrong(f"the columns of {member.name!r} are not those that its plugin declares")
        before = self._done
        forms = [driver_form(part_type, unit.dialect) for _, part_type in member.columns]
        load_rows(unit, table, member.columns, self._portions(member, forms))
        if self._done - before != member.rows:
            raise self._container.wrong(f"{member.name!r} has {self._done - before} rows instead of {member.rows}")

    def _portions(self, member: TableMember, forms: Sequence[Callable[[Any], Any]]) -> Iterator[list[tuple[Any, ...]]]:
        rows: list[tuple[Any, ...]] = []
        for line in self._container.lines(member.member):
            rows.append(self._row(member, forms, line))
            if len(rows) == PORTION:
                yield self._counted(rows)
                rows = []
        if rows:
            yield self._counted(rows)

    def _row(self, member: TableMember, forms: Sequence[Callable[[Any], Any]], line: bytes) -> tuple[Any, ...]:
        try:
            values = json.loads(line)
            return tuple(None if value is None else form(value) for form, value in zip(forms, values, strict=True))
        except (TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
            raise self._container.wrong(f"a row of {member.name!r} cannot be read") from error

    def _counted(self, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        self._done += len(rows)
        if self._on_progress is not None:
            self._on_progress(self._done, self._total)
        return rows

    def _keep(self, file: FileMember) -> None:
        """Bring one file into the store; where the transaction fails after that, it is an unused file."""
        assert self._files is not None
        with TemporaryFile() as spooled:
            for chunk in self._container.chunks(file.member):
                spooled.write(chunk)
            spooled.seek(0)
            with self._files.stage(spooled, file.content_type) as staged:
                self._files.keep(staged, self._container.manifest.installation)
