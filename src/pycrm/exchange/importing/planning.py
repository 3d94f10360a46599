"""Finding out what a run would do: the run itself, all batches in one unit, rolled back."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from uuid import UUID

from pycrm.exchange.importing.applying import apply_rows, prepare_rows
from pycrm.exchange.importing.batches import define_missing_fields, in_batches, lines_of, table_of
from pycrm.exchange.importing.plan import Decisions, ImportPlan
from pycrm.exchange.importing.ports import Doors
from pycrm.exchange.importing.progress import OnProgress, Stopwatch
from pycrm.exchange.importing.proof import Proof
from pycrm.exchange.importing.running import start_run
from pycrm.exchange.mapping import BoundMapping, Mapping, bind_mapping, mapping_text
from pycrm.exchange.rows import Source, Table
from pycrm.values.principal import Principal
from pycrm.workspace import Workspace

__all__ = ["make_plan"]


class _TakenBack(Exception):
    """Rolls the unit of a plan back."""


def make_plan(
    doors: Doors,
    principal: Principal,
    source: Source,
    mapping: Mapping,
    *,
    batch_size: int,
    of: int | None,
    on_progress: OnProgress | None,
) -> ImportPlan:
    """Return what a run of *mapping* over *source* would do; the database is as before.

    Others wait where they would wait for the run, on SQLite with every write, until it is through.
    """
    table = table_of(source, mapping)
    try:
        with doors.acting(principal) as ws:
            # The right to import is asked as by a run.
            work = _Planning(start_run(ws, source, table, mapping, None, batch_size).id)
            defined = define_missing_fields(ws, mapping)
            bound = bind_mapping(mapping, table.columns, ws._reads.schema)
            work.carry_out(ws, bound, table, batch_size, of, on_progress)
            raise _TakenBack
    except _TakenBack:
        pass
    return work.plan(source, mapping, defined, bound.unmapped)


class _Planning:
    """One plan being made, by a *run* that will not have been."""

    def __init__(self, run: UUID) -> None:
        self._decisions = Decisions(run)
        self._proof = Proof()
        self._seconds = 0.0

    def carry_out(
        self,
        ws: Workspace,
        bound: BoundMapping,
        table: Table,
        batch_size: int,
        of: int | None,
        on_progress: OnProgress | None,
    ) -> None:
        """Apply all rows in the unit of *ws*."""
        lines = lines_of(table) if on_progress and of is None else None
        watch, unit = Stopwatch(self._decisions.counts, of, lines=lines), ws._ctx.unit
        mark = unit.mark()
        with closing(in_batches(table.rows(), batch_size)) as batches:
            for rows in batches:
                applied = apply_rows(ws, bound, rows, prepare_rows(bound, rows))
                self._decisions.add(applied.outcomes)
                self._proof += applied.proof
                # Nobody looks at these records again, and there may be millions.
                unit.forget_since(mark)
                ws._ctx.forget_known()
                if on_progress is not None:
                    on_progress(watch.progress(self._decisions.counts, rows[-1].line))
        self._seconds = watch.seconds

    def plan(self, source: Source, mapping: Mapping, defined: Sequence[str], unmapped: Sequence[str]) -> ImportPlan:
        """Return what was found out."""
        return ImportPlan(
            source=source.name,
            digest=source.digest,
            encoding=source.encoding,
            certainty=source.certainty,
            mapping=mapping_text(mapping),
            counts=self._decisions.counts,
            rows=self._decisions.rows,
            decisions=self._decisions.digest,
            proof=self._proof,
            seconds=self._seconds,
            defined=list(defined),
            unmapped=list(unmapped),
        )
