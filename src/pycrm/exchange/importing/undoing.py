"""Taking an import back: what it changed becomes what it was, what it created is removed, unless others went on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID, uuid5

import attrs

from pycrm.entities import ImportRun
from pycrm.exchange.importing.ports import Doors
from pycrm.exchange.importing.result import Left
from pycrm.exchange.importing.running import change_run, find_run, read_ledger
from pycrm.exchange.importing.searching import IndexedAfter
from pycrm.storage.changes import read_batch
from pycrm.storage.import_rows import ImportBatch, mark_undone
from pycrm.storage.search_rows import Waiting
from pycrm.values.principal import Principal
from pycrm.workspace.garbage import collection_paused
from pycrm.workspace.indexing import MOST_AT_ONCE
from pycrm.workspace.results import UndoResult
from pycrm.workspace.undo import take_back

__all__ = ["ImportUndone", "Left", "undo_run"]


@attrs.frozen
class ImportUndone:
    """What an undoing did.

    Attributes:
        run: The number of the run.
        removed: How many records were removed that the run had created, by this call.
        restored: How many were put back that it had changed, by this call.
        left: Those that others changed since, or that something else refers to by now; those of earlier calls first.
    """

    run: str
    removed: int = 0
    restored: int = 0
    left: Sequence[Left] = ()

    def to_data(self) -> dict[str, Any]:
        """Return it as JSON-able data."""
        return {
            "run": self.run,
            "removed": self.removed,
            "restored": self.restored,
            "left": [each.to_data() for each in self.left],
        }


def undo_run(
    doors: Doors,
    principal: Principal,
    which: str | UUID | ImportRun,
    *,
    on_progress: Callable[[int, int], object] | None = None,
) -> ImportUndone:
    """Take back a run, its batches one by one from the last; killed in between, the next call goes on."""
    with doors.acting(principal) as ws:
        run = find_run(ws, which)
        ledger = read_ledger(ws, run.id)
        change_run(ws, run, status="undoing")
    undone = ImportUndone(run.number, left=ledger.left)
    waiting = [batch for batch in reversed(ledger.batches) if batch.undone_at is None]
    with IndexedAfter(doors, again=len(waiting) < len(ledger.batches)) as indexed:
        for number, batch in enumerate(waiting, start=1):
            undone, left = _undo_batch(doors, principal, run, batch, undone)
            indexed.add(left)
            if on_progress is not None:
                on_progress(number, len(waiting))
        with doors.acting(principal) as ws:
            change_run(ws, run, status="undone")
            counts = {"removed": undone.removed, "restored": undone.restored, "left": len(undone.left)}
            ws._note("import_undone", entity="import_run", record_id=run.id, facts={"run": run.number, **counts})
    return undone


def _undo_batch(
    doors: Doors, principal: Principal, run: ImportRun, batch: ImportBatch, undone: ImportUndone
) -> tuple[ImportUndone, Waiting | None]:
    undo_id = uuid5(run.id, "undo")
    with collection_paused(run.batch_size), doors.acting(principal) as ws:
        ctx = ws._ctx
        ctx.begin_writing()
        ctx.call = undo_id
        tables = ctx.tools.tables
        rows = read_batch(ctx.unit, tables, run.id, after=batch.after_change, last=batch.last_change)
        ctx.queues_search = len(rows) > MOST_AT_ONCE
        before = len(undone.left)
        for kind, result in take_back(ws, rows, frozenset({run.id, undo_id})):
            undone = _with(undone, kind, result)
        left = [each.to_data() for each in undone.left[before:]]
        mark_undone(ctx.unit, tables, batch, ctx.services.clock(), {"left": left})
    return undone, ctx.left_waiting


def _with(undone: ImportUndone, kind: str, result: UndoResult) -> ImportUndone:
    count = len(result.records)
    left = [Left(result.entity, each.record_id, each.problems) for each in result.refused]
    return ImportUndone(
        undone.run,
        undone.removed + (count if kind == "create" else 0),
        undone.restored + (0 if kind == "create" else count),
        (*undone.left, *left),
    )
