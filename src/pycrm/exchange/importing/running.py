"""Running an import: every batch in a unit of its own, with what it did noted in the same transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from decimal import Decimal
from typing import Any, TypeAlias, cast
from uuid import UUID

import attrs

from pycrm.entities import ImportRun
from pycrm.errors import ConfigurationError, ConflictError, NotFoundError
from pycrm.exchange.importing.applying import Applied, apply_rows, prepare_rows
from pycrm.exchange.importing.batches import in_batches, lines_of, table_of
from pycrm.exchange.importing.outcome import Counts, Outcome
from pycrm.exchange.importing.plan import NOTHING_DECIDED, decided
from pycrm.exchange.importing.ports import Doors
from pycrm.exchange.importing.progress import OnProgress, Stopwatch
from pycrm.exchange.importing.proof import Proof
from pycrm.exchange.importing.result import ImportResult, Left
from pycrm.exchange.importing.searching import IndexedAfter
from pycrm.exchange.importing.typed_cells import packed, storable
from pycrm.exchange.mapping import BoundMapping, Mapping, Prepared, bind_mapping, header_fingerprint, mapping_text
from pycrm.exchange.rows import Row, Source, Table
from pycrm.storage import UniqueViolation
from pycrm.storage.bulk_calls import newest_change
from pycrm.storage.import_rows import (
    ImportBatch,
    ImportedRow,
    read_import_batches,
    write_import_batch,
    write_imported_rows,
)
from pycrm.storage.search_rows import Waiting
from pycrm.values.principal import Principal
from pycrm.workspace import Reader, Workspace
from pycrm.workspace.create import create_many
from pycrm.workspace.indexing import MOST_AT_ONCE
from pycrm.workspace.update import update_many

__all__ = [
    "Ledger",
    "OnBegin",
    "change_run",
    "check_same",
    "find_run",
    "finish_run",
    "read_ledger",
    "start_run",
    "work_on",
]

ATTEMPTS = 5

OnBegin: TypeAlias = Callable[[ImportResult], object]


@attrs.frozen
class Ledger:
    """What the batches of a run have told so far.

    Attributes:
        batches: Those that were applied, in their order.
        counts: Of their rows.
        proof: What they compared.
        seconds: How long they took.
        planned: The digest over what was to become of the rows, where a plan was approved; else empty.
        decided: That over what has become of them, where there is such a plan.
        queued: How many of their rows wait for somebody's decision.
    """

    batches: Sequence[ImportBatch]
    counts: Counts = attrs.field(factory=Counts)
    proof: Proof = attrs.field(factory=Proof)
    seconds: float = 0.0
    planned: str = ""
    decided: str = NOTHING_DECIDED
    queued: int = 0

    @property
    def as_planned(self) -> bool | None:
        """Whether all rows became what the plan says, once all are through; None without a plan."""
        return self.decided == self.planned if self.planned else None

    @property
    def last_line(self) -> int:
        """Behind which the next batch begins."""
        return self.batches[-1].last_line if self.batches else 0

    @property
    def left(self) -> Sequence[Left]:
        """The records that undoing its batches left as they are, those of the last batch first."""
        told = (batch.told.get("left", ()) for batch in reversed(self.batches))
        return tuple(Left.from_data(each) for left in told for each in left)

    def result(self, run: ImportRun) -> ImportResult:
        """Return what there is to tell of *run*."""
        return ImportResult(
            run.number,
            run.id,
            run.status,
            self.counts,
            run.encoding,
            self.seconds,
            self.proof,
            self.as_planned if run.status == "done" else None,
            self.queued,
            self.left,
        )


def read_ledger(ws: Reader, run: UUID) -> Ledger:
    """Return what is noted of the batches of *run*."""
    ctx = ws._ctx
    batches = read_import_batches(ctx.unit, ctx.tools.tables, run)
    counts, proof, seconds, queued = Counts(), Proof(), 0.0, 0
    for batch in batches:
        counts += Counts(**batch.told["counts"])
        proof += Proof.from_data(batch.told["proof"])
        seconds += batch.told["seconds"]
        queued += batch.told.get("queued", 0)  # earlier code did not count them
    last = batches[-1].told if batches else {}
    planned, become = last.get("planned", ""), last.get("decided", NOTHING_DECIDED)
    return Ledger(batches, counts, proof, seconds, planned, become, queued)


def find_run(ws: Reader, run: str | UUID | ImportRun) -> ImportRun:
    """Return the run with this number or id, whole, if the principal may read it.

    Raises:
        NotFoundError: There is none, or none that he may read.
    """
    if isinstance(run, str):
        found = ws.find(ImportRun, number=run)
        if found is None:
            raise NotFoundError(
                f"there is no import {run!r}; `pycrm list import_run` shows those that you may see",
                entity="import_run",
            )
    else:
        found = ws.get(ImportRun, run if isinstance(run, UUID) else run.id)
    # Which of its fields he sees is one thing; what going on with it takes is another.
    (whole,) = ws._ctx.by_ids(ws._ctx.tools.schema.entity(ImportRun), [found.id])
    return cast("ImportRun", whole)


def change_run(ws: Workspace, run: ImportRun, **changes: Any) -> ImportRun:
    """Write what only imports write, and return the run as it is now."""
    (stored,) = ws._ctx.by_ids(ws._ctx.tools.schema.entity(ImportRun), [run.id])
    update_many(ws._kernel(), [stored], "raise", values=changes, with_read_only=True)
    return cast("ImportRun", stored)


def start_run(
    ws: Workspace, source: Source, table: Table, mapping: Mapping, place: str | None, batch_size: int
) -> ImportRun:
    """Note that a run begins, and return it.

    Raises:
        NotAllowedError: The principal may not import.
    """
    if not mapping.fingerprint:
        mapping = attrs.evolve(mapping, fingerprint=header_fingerprint(table.columns))
    run = ImportRun(
        source=source.name,
        place=place,
        table=table.name,
        format=source.format,
        encoding=source.encoding,
        certainty=Decimal(str(round(source.certainty, 2))),
        digest=source.digest,
        mapping=mapping_text(mapping),
        batch_size=batch_size,
        status="running",
    )
    ws._require("create", ws._entity(ImportRun))
    create_many(ws._kernel(), [run], "raise", with_read_only=True)
    return run


def work_on(
    doors: Doors,
    principal: Principal,
    run: ImportRun,
    source: Source,
    mapping: Mapping,
    ledger: Ledger,
    *,
    of: int | None,
    on_begin: OnBegin | None,
    on_progress: OnProgress | None,
) -> ImportResult:
    """Apply the rows behind those of *ledger*, and finish the run."""
    if on_begin is not None:
        on_begin(ledger.result(run))
    with _named(run):
        return _work_on(doors, principal, run, source, mapping, ledger, of, on_progress)


@contextmanager
def _named(run: ImportRun) -> Iterator[None]:
    """Add to whatever ends a run early which one that was, for nobody else may have told."""
    try:
        yield
    except BaseException as error:
        error.add_note(
            f"{run.number} is not through: `resume` goes on behind the last rows that went in, `undo` takes them back"
        )
        raise


def _work_on(
    doors: Doors,
    principal: Principal,
    run: ImportRun,
    source: Source,
    mapping: Mapping,
    ledger: Ledger,
    of: int | None,
    on_progress: OnProgress | None,
) -> ImportResult:
    with doors.reading(principal) as ws:
        ws._check_moved()
        schema = ws._reads.schema  # a field that he does not see is one that is not there
    table = table_of(source, mapping)
    bound = bind_mapping(mapping, table.columns, schema)
    lines = lines_of(table) if on_progress and of is None else None
    watch = Stopwatch(ledger.counts, of, line=ledger.last_line, lines=lines)
    batches = in_batches(table.rows(after=ledger.last_line), run.batch_size)
    with IndexedAfter(doors, again=bool(ledger.batches)) as indexed, closing(batches):
        for rows in batches:
            before = watch.seconds
            prepared = prepare_rows(bound, rows)
            ledger, left = _apply(doors, principal, run, bound, rows, prepared, ledger, watch, before)
            indexed.add(left)
            del rows, prepared  # before the next ones, see `in_batches`
            if on_progress is not None:
                on_progress(watch.progress(ledger.counts, ledger.last_line))
        return finish_run(doors, principal, run, ledger)


def _apply(
    doors: Doors,
    principal: Principal,
    run: ImportRun,
    bound: BoundMapping,
    rows: Sequence[Row],
    prepared: Sequence[Prepared],
    ledger: Ledger,
    watch: Stopwatch,
    before: float,
) -> tuple[Ledger, Waiting | None]:
    """Apply one batch, again where other units were in its way."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with doors.acting(principal) as ws:
                ctx = ws._ctx
                ctx.begin_writing()
                ctx.call, ctx.queues_search = run.id, len(rows) > MOST_AT_ONCE
                after = newest_change(ctx.unit, ctx.tools.tables)
                applied = apply_rows(ws, bound, rows, prepared)
                seconds = watch.seconds - before
                batch = _note(ws, run, applied, rows, ledger, after, seconds)
        except ConflictError as conflict:
            if not conflict.retryable or attempt == ATTEMPTS:
                raise
        else:
            counts = ledger.counts + Counts.of(applied.outcomes)
            done = attrs.evolve(
                ledger,
                batches=[*ledger.batches, batch],
                counts=counts,
                proof=ledger.proof + applied.proof,
                seconds=ledger.seconds + seconds,
                queued=ledger.queued + batch.told["queued"],
                decided=batch.told.get("decided", NOTHING_DECIDED),
            )
            return done, ctx.left_waiting
    raise AssertionError("the last attempt raises")


def _note(
    ws: Workspace, run: ImportRun, applied: Applied, rows: Sequence[Row], ledger: Ledger, after: int, seconds: float
) -> ImportBatch:
    """Note what a batch did, in its own transaction."""
    unit, tables = ws._ctx.unit, ws._ctx.tools.tables
    told: dict[str, Any] = {
        "counts": attrs.asdict(Counts.of(applied.outcomes)),
        "proof": applied.proof.to_data(),
        "seconds": seconds,
        "queued": sum(map(_waits_for_decision, applied.outcomes)),
        "first_line": rows[0].line,
    }
    if ledger.planned:
        told |= {"planned": ledger.planned, "decided": decided(ledger.decided, applied.outcomes, run.id)}
    batch = ImportBatch(run.id, len(ledger.batches) + 1, rows[-1].line, after, newest_change(unit, tables), told)
    try:
        write_import_batch(unit, tables, batch)
    except UniqueViolation as error:
        raise ConflictError(
            f"somebody else is going on with {run.number} at the same moment; `report` tells how far it is",
            retryable=False,
            run=run.number,
        ) from error
    kept = [
        _kept(row, outcome)
        for row, outcome in zip(rows, applied.outcomes, strict=True)
        if outcome.word in ("refused", "skipped")
    ]
    if kept:
        write_imported_rows(unit, tables, run.id, kept)
    return batch


def _waits_for_decision(outcome: Outcome) -> bool:
    return outcome.word == "skipped" and any(problem.code == "import.queued" for problem in outcome.problems)


def _kept(row: Row, outcome: Outcome) -> ImportedRow:
    return ImportedRow(
        row.line,
        outcome.word,
        outcome.entity,
        outcome.record_id if outcome.word == "skipped" else None,
        [storable(packed(cell)) for cell in row.cells],
        [storable(problem.to_data()) for problem in outcome.problems],
    )


def finish_run(doors: Doors, principal: Principal, run: ImportRun, ledger: Ledger) -> ImportResult:
    """Note that all rows of *run* were applied, and leave a trace of it."""
    counts = ledger.counts
    with doors.acting(principal) as ws:
        stored = change_run(
            ws,
            run,
            status="done",
            **attrs.asdict(counts),
            seconds=Decimal(str(round(ledger.seconds, 3))),
            finished_at=ws.now(),
            proof=json.dumps(ledger.proof.to_data(), ensure_ascii=False),
        )
        ws._note(
            "imported",
            entity="import_run",
            record_id=stored.id,
            facts={"run": stored.number, **attrs.asdict(counts), "source": stored.source},
        )
    return ledger.result(stored)


def check_same(source: Source, run: ImportRun) -> None:
    """Make sure that *source* is what *run* began with.

    Raises:
        ConfigurationError: It is another one, or was changed since.
    """
    if source.digest != run.digest:
        raise ConfigurationError(
            f"{source.name} is not the file that {run.number} began with ({run.source}), or was changed since; give "
            "the former one to resume, or begin a new import, which skips what is there already"
        )
