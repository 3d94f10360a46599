"""`crm.imports`: from a file that somebody has to records that can be believed, and back again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from collections.abc import Mapping as AnyMappingOf
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias
from uuid import UUID

import attrs

from pycrm.entities import ImportRun
from pycrm.errors import ConfigurationError, MappingError
from pycrm.exchange.importing.batches import BATCH_SIZE, define_missing_fields, table_of
from pycrm.exchange.importing.fed_again import open_given_back, with_types
from pycrm.exchange.importing.plan import ImportPlan
from pycrm.exchange.importing.planning import make_plan
from pycrm.exchange.importing.ports import Doors
from pycrm.exchange.importing.progress import OnProgress
from pycrm.exchange.importing.result import ImportResult
from pycrm.exchange.importing.rows_back import kept_rows, write_rows_back
from pycrm.exchange.importing.running import Ledger, OnBegin, check_same, find_run, read_ledger, start_run, work_on
from pycrm.exchange.importing.undoing import ImportUndone, undo_run
from pycrm.exchange.mapping import (
    Mapping,
    Suggestion,
    bind_mapping,
    header_fingerprint,
    read_mapping,
    read_mapping_text,
    suggest,
)
from pycrm.exchange.reading import open_source
from pycrm.exchange.rows import Source
from pycrm.storage.import_rows import ImportedRow
from pycrm.values.money import Money
from pycrm.values.principal import Principal
from pycrm.workspace import Reader

__all__ = ["Imports"]

AnySource: TypeAlias = str | os.PathLike[str] | Source
AnyMapping: TypeAlias = str | os.PathLike[str] | Mapping
MOST_SAVED = 200
"""So many runs are asked for a mapping of the same headers."""

AnyRun: TypeAlias = str | UUID | ImportRun


class Imports:
    """Imports of one CRM. Everything runs for a principal, through the one door, under his rights.

    A source is the path of a file or folder, or what `pycrm.exchange.reading.open_source` opened; a mapping is the
    path of its file or a `Mapping`; a run is known by its number, as ``"IMP-2026-0001"``, or its id.
    """

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def suggest(
        self,
        principal: Principal,
        source: AnySource,
        *,
        entity: str | None = None,
        language: str = "en",
        currency: str = "",
        reading: AnyMappingOf[str, Any] | None = None,
    ) -> Suggestion:
        """Return a mapping for *source*, with how sure each column of it is.

        A mapping that was used for the same headers before comes first, then that of the product whose export it is,
        then what headers, in English or Chinese, and values tell.

        Args:
            principal: Whose earlier imports are looked at.
            source: What is to be imported.
            entity: What the rows are; the likeliest where left out.
            language: That headers are likely to be in.
            currency: Of amounts that do not say, as ``"USD"``.
            reading: How the source is read, as ``{"sheet": "客户"}``.
        Raises:
            ReadError: The source cannot be read.
            MoneyError: There is no such currency.
        """
        if currency:
            Money(0, currency)  # refuses what is none
        opened = self._open(source, Mapping(reading=dict(reading or {})))
        table = table_of(opened, Mapping(reading=dict(reading or {})))
        with self._doors.reading(principal) as ws:
            schema = ws._reads.schema
            saved = list(_saved_mappings(ws, header_fingerprint(table.columns)))
        found = suggest(
            table,
            schema,
            entity=entity,
            language=language,
            labels=self._doors.labels,
            currency=currency,
            saved=saved,
        )
        kept = {**found.mapping.reading, **(reading or {})}
        return attrs.evolve(found, mapping=attrs.evolve(found.mapping, reading=kept))

    def plan(
        self,
        principal: Principal,
        source: AnySource,
        mapping: AnyMapping,
        *,
        batch_size: int = BATCH_SIZE,
        of: int | None = None,
        on_progress: OnProgress | None = None,
    ) -> ImportPlan:
        """Return what a run would do: it is the run itself, in one unit, rolled back.

        Args:
            principal: Who imports.
            source: What.
            mapping: How.
            batch_size: How many rows are applied at once.
            of: How many rows there are, if somebody has counted them; for the time left.
            on_progress: Called after each batch.
        Raises:
            ReadError: The source cannot be read.
            MappingError: The mapping does not go with the source or the CRM; everything wrong is told.
            NotAllowedError: The principal may not import.
        """
        chosen = _mapping_of(mapping)
        opened = self._open(source, chosen)
        return make_plan(self._doors, principal, opened, chosen, batch_size=batch_size, of=of, on_progress=on_progress)

    def run(
        self,
        principal: Principal,
        source: AnySource,
        mapping: AnyMapping | None = None,
        *,
        plan: ImportPlan | None = None,
        batch_size: int = BATCH_SIZE,
        on_begin: OnBegin | None = None,
        on_progress: OnProgress | None = None,
    ) -> ImportResult:
        """Apply all rows of *source*, batch by batch, each in a transaction of its own, and return what was done.

        A process that is killed loses the batch that it was at; `resume` goes on behind the last one. A row with a
        problem is refused with all that is wrong with it, whole; the others go in.

        Args:
            principal: Who imports, and to whom the run belongs.
            source: What.
            mapping: How; left out where a plan is given.
            plan: One that was approved: its mapping is used, and another source is refused. Where rows become
                something else than it says, `ImportResult.as_planned` tells.
            batch_size: How many rows are applied at once.
            on_begin: Called before the first row, with the number of the run in what it has done so far: nothing.
            on_progress: Called after each batch.
        Raises:
            ReadError: The source cannot be read.
            MappingError: The mapping does not go with the source or the CRM.
            ConfigurationError: The source is not the one that was planned.
            NotAllowedError: The principal may not import.
        """
        chosen = _mapping_of(mapping) if mapping is not None else _planned(plan)
        opened = self._open(source, chosen)
        if plan is not None and plan.digest != opened.digest:
            raise ConfigurationError(
                f"{opened.name} is not the file that was planned, or was changed since; plan again"
            )
        table = table_of(opened, chosen)
        with self._doors.acting(principal) as ws:
            run = start_run(ws, opened, table, chosen, _place_of(source), batch_size)
            define_missing_fields(ws, chosen)
            bind_mapping(chosen, table.columns, ws._reads.schema)  # before there is a run of what cannot run
        of = None if plan is None else plan.counts.rows
        ledger = Ledger((), planned="" if plan is None else plan.decisions)
        return work_on(
            self._doors, principal, run, opened, chosen, ledger, of=of, on_begin=on_begin, on_progress=on_progress
        )

    def resume(
        self,
        principal: Principal,
        run: AnyRun,
        *,
        source: AnySource | None = None,
        on_begin: OnBegin | None = None,
        on_progress: OnProgress | None = None,
    ) -> ImportResult:
        """Go on with a run that was interrupted, behind the last batch that was applied.

        Args:
            principal: Who imports.
            run: Which. One that is done is told as it is.
            source: Where what it began with is by now; the same place where left out.
            on_begin: Called before the first row that is left, with what the run has done so far.
            on_progress: Called after each batch.
        Raises:
            NotFoundError: There is no such run, or none that he may read.
            ConfigurationError: The source is another one by now, or the run was taken back.
            ReadError: The source cannot be read.
        """
        with self._doors.reading(principal) as ws:
            found = find_run(ws, run)
            ledger = read_ledger(ws, found.id)
        if found.status == "done":
            return ledger.result(found)
        if found.status != "running":
            raise ConfigurationError(f"{found.number} was taken back; begin a new import")
        where = _where(found, source)
        mapping = read_mapping_text(found.mapping)
        opened = self._open(where, mapping)
        check_same(opened, found)
        return work_on(
            self._doors, principal, found, opened, mapping, ledger, of=None, on_begin=on_begin, on_progress=on_progress
        )

    def report(self, principal: Principal, run: AnyRun) -> ImportResult:
        """Return what a run has done so far.

        Raises:
            NotFoundError: There is no such run, or none that he may read.
        """
        with self._doors.reading(principal) as ws:
            found = find_run(ws, run)
            ledger = read_ledger(ws, found.id)
        return ledger.result(found)

    def kept_rows(
        self, principal: Principal, run: AnyRun, *, outcome: str | None = None, limit: int | None = None
    ) -> list[ImportedRow]:
        """Return the rows of a run that were refused or skipped, with their cells and why, in the order of their lines.

        Args:
            principal: Who asks.
            run: Which.
            outcome: Only ``"refused"`` or ``"skipped"`` ones.
            limit: At most so many.
        Raises:
            NotFoundError: There is no such run, or none that he may read.
        """
        with self._doors.reading(principal) as ws:
            rows = kept_rows(ws, find_run(ws, run))
            return list(islice((row for row in rows if outcome in (None, row.outcome)), limit))

    def write_rows_back(
        self,
        principal: Principal,
        run: AnyRun,
        path: str | os.PathLike[str],
        *,
        source: AnySource | None = None,
        skipped: bool = False,
        language: str = "en",
    ) -> int:
        """Write the rows of a run that were refused to a CSV file, ready to be fed again once they are mended.

        It has the columns of the source and, behind them, the line, what became of the row, why, the record that it
        hit, and which cells were no texts; an import leaves these aside. Lists and mappings are written as JSON. By
        these columns an import knows the file, and reads it as it was written, whatever the mapping says of reading.

        Args:
            principal: Who imports.
            run: Which.
            path: Of the file.
            source: Where what it began with is by now, for the names of its columns.
            skipped: Write those that were skipped, too.
            language: Of the reasons.
        Returns:
            How many rows were written; where there are none, the file has the names of the columns only.
        Raises:
            ConfigurationError: The source is not known, or is the file that would be written.
        """
        with self._doors.reading(principal) as ws:
            found = find_run(ws, run)
            mapping = read_mapping_text(found.mapping)
            where = _where(found, source)
            _check_not_replaced(where, path)
            columns = table_of(self._open(where, mapping), mapping).columns
            outcomes = frozenset({"refused", "skipped"} if skipped else {"refused"})
            labels = self._doors.labels
            rows = kept_rows(ws, found)
            return write_rows_back(rows, columns, path, outcomes=outcomes, labels=labels, language=language)

    def undo(
        self, principal: Principal, run: AnyRun, *, on_progress: Callable[[int, int], object] | None = None
    ) -> ImportUndone:
        """Take a run back: records that it created are removed for good, those that it changed are as before.

        A record that somebody changed since, or that something else refers to by now, stays as it is and is told. It
        goes from the last batch to the first, each in a transaction of its own; killed in between, the next call goes
        on. Change rows and the audit trail stay.

        Args:
            principal: Who may delete and write what the run wrote.
            run: Which; one that is not through, too.
            on_progress: Called after each batch with how many are done, and of how many.
        Raises:
            NotFoundError: There is no such run, or none that he may read.
        """
        return undo_run(self._doors, principal, run, on_progress=on_progress)

    def _open(self, source: AnySource, mapping: Mapping) -> Source:
        if not isinstance(source, (str, os.PathLike)):
            return with_types(source)
        reading: dict[str, Any] = {name: value for name, value in mapping.reading.items() if name != "time_zone"}
        return with_types(open_given_back(source) or open_source(source, **reading))


def _where(run: ImportRun, source: AnySource | None) -> AnySource:
    """Return where the rows of *run* can be read again."""
    where = source if source is not None else run.place
    if where is None:
        raise ConfigurationError(
            f"{run.number} began with {run.source}, which is no file that could be opened again; give it as source=, "
            "on the command line as --source"
        )
    return where


def _check_not_replaced(source: AnySource, path: str | os.PathLike[str]) -> None:
    """Make sure that writing *path* leaves *source* as it is."""
    if not isinstance(source, (str, os.PathLike)):
        return
    read, written = Path(source).resolve(), Path(path).resolve()
    # A hard link is the same file under another path; in a folder that is read every file is a table.
    if written.is_relative_to(read) or (read.is_file() and written.exists() and read.samefile(written)):
        raise ConfigurationError(
            f"{os.fspath(path)!r} belongs to what the rows were read from, and would be replaced; name another file"
        )


def _saved_mappings(ws: Reader, fingerprint: str) -> Iterator[Mapping]:
    """Yield the mappings that the last runs for these headers used, the latest first."""
    if not ws._may("read", ws._entity(ImportRun)):
        return
    ids = [run.id for run in ws.list(ImportRun, order_by="created_at DESC", limit=MOST_SAVED)]
    whole = {run.id: run for run in ws._ctx.by_ids(ws._ctx.tools.schema.entity(ImportRun), ids)}
    for id in ids:
        if fingerprint in whole[id].mapping:
            with suppress(MappingError):  # of an older release
                yield read_mapping_text(whole[id].mapping)


def _mapping_of(mapping: AnyMapping) -> Mapping:
    return mapping if isinstance(mapping, Mapping) else read_mapping(mapping)


def _planned(plan: ImportPlan | None) -> Mapping:
    if plan is None:
        raise ConfigurationError("an import needs a mapping, or a plan that has one; `suggest` proposes one")
    return read_mapping_text(plan.mapping)


def _place_of(source: AnySource) -> str | None:
    """Return where *source* can be found again, if it is named by a path."""
    is_path = isinstance(source, (str, os.PathLike)) and Path(source).exists()
    return str(Path(os.fspath(source)).resolve()) if is_path else None  # type: ignore[arg-type]
