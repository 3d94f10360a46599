"""Taking back a call that wrote all records of a filter, or a run of an import, unless others went on.

The way back is an ordinary update or restore, with its rights, hooks, checks and change rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any
from uuid import UUID

import attrs

from pycrm.errors import NotFoundError, Problem, ValidationError
from pycrm.fields.field import Field
from pycrm.schema import Entity, Record
from pycrm.schema.diff import value_at
from pycrm.schema.dump import dump_value
from pycrm.storage.bulk_calls import BulkCall, read_bulk_call
from pycrm.storage.changes import ChangeRow, read_batch, read_changes_of
from pycrm.workspace.delete import purge_many, restore_many
from pycrm.workspace.reader import Reader
from pycrm.workspace.results import BatchResult, NotUndone, UndoResult
from pycrm.workspace.update import set_values, update_many

__all__ = ["take_back", "undo"]

PORTION = 5_000


def undo(ws: Reader, handle: UUID | str) -> UndoResult:
    """Take back the call with this *handle*; see `Workspace.undo`."""
    ctx = ws._ctx
    ctx.begin_writing()
    rights = ws._rights
    if not (ctx.chain or ws._trusted) and (rights is None or not rights.grants):
        # Which entity it is about shows only when the call is found, and whether there is one is not for everybody.
        ws._require_actor("undo")
    call = _call_of(ws, handle)
    entity = ctx.tools.schema.entity(call.entity)
    ws._readable(entity.record_class)
    ws._require("delete" if call.kind == "delete" else "write", entity)
    rows = read_batch(ctx.unit, ctx.tools.tables, call.id, after=call.after_change, last=call.last_change)
    work: _Work = _Restoring(ws, entity) if call.kind == "delete" else _PuttingBack(ws, entity)
    # What went last comes back first, so that a parent is there before what lies below it.
    rows.reverse()
    for start in range(0, len(rows), PORTION):
        work.take_back(rows[start : start + PORTION])
    work.finish()
    return UndoResult(entity.name, tuple(work.records), tuple(work.unchanged), tuple(work.refused))


def take_back(ws: Reader, rows: Sequence[ChangeRow], own: AbstractSet[UUID]) -> list[tuple[str, UndoResult]]:
    """Take back the changes of *rows*, the newest first: what was created is removed, what was changed put back.

    Args:
        ws: The door, of a unit that is ready to write.
        rows: Oldest first, of any entities.
        own: The batches that are being taken back, and those that do it: their changes are nobody else's.
    Returns:
        One per run of changes of the same entity and kind, with the kind, in the order that they were taken back.
    """
    makers = {"create": _Removing, "update": _PuttingBack, "delete": _Restoring}
    done: list[tuple[str, UndoResult]] = []
    reversed_rows = list(reversed(rows))
    start = 0
    while start < len(reversed_rows):
        first = reversed_rows[start]
        end = start
        while end < len(reversed_rows) and _goes_with(first, reversed_rows[end]):
            end += 1
        entity = ws._ctx.tools.schema.entity(first.entity)
        work = makers.get(first.kind, _Leaving)(ws, entity, own=own)
        for at in range(start, end, PORTION):
            work.take_back(reversed_rows[at : min(at + PORTION, end)])
        work.finish()
        result = UndoResult(entity.name, tuple(work.records), tuple(work.unchanged), tuple(work.refused))
        done.append((first.kind, result))
        start = end
    return done


def _goes_with(first: ChangeRow, other: ChangeRow) -> bool:
    return (first.entity, first.kind, first.at) == (other.entity, other.kind, other.at)


def _call_of(ws: Reader, handle: UUID | str) -> BulkCall:
    ctx = ws._ctx
    try:
        id = handle if isinstance(handle, UUID) else UUID(str(handle))
    except ValueError:
        id = None
    call = None if id is None else read_bulk_call(ctx.unit, ctx.tools.tables, id)
    # Whoever has rights to some records takes back what he did himself, as far as these rights still go.
    if call is None or (ws._rights is not None and call.actor != ws.principal.user):
        raise NotFoundError(
            f"no call with the handle {handle!r}; update_where and delete_where give one as result.handle, but for a "
            "preview and for a call that changed nothing",
            id=handle,
        )
    return call


@attrs.define(eq=False)
class _Work:
    """What both kinds of call share: sorting the records into put back, unchanged and refused."""

    ws: Reader
    entity: Entity
    own: AbstractSet[UUID] = frozenset()
    records: list[Any] = attrs.field(factory=list)
    unchanged: list[UUID] = attrs.field(factory=list)
    refused: list[NotUndone] = attrs.field(factory=list)

    def take_back(self, rows: Sequence[ChangeRow]) -> None:
        """Take back the changes of *rows*, one per record."""
        raise NotImplementedError

    def finish(self) -> None:
        """Do what is left when all rows are through."""

    def later(self, rows: Sequence[ChangeRow]) -> dict[UUID, list[ChangeRow]]:
        """Return the changes that the records of *rows* have seen since."""
        ctx = self.ws._ctx
        versions = {row.record_id: row.version for row in rows}
        found: dict[UUID, list[ChangeRow]] = {}
        for row in read_changes_of(ctx.unit, ctx.tools.tables, self.entity.name, list(versions)):
            if row.version > versions[row.record_id] and row.batch not in self.own:
                found.setdefault(row.record_id, []).append(row)
        return found

    def refuse(self, record_id: UUID, *problems: Problem) -> None:
        """Note why a record stays as it is."""
        self.refused.append(NotUndone(record_id, problems))

    def refuse_gone(self, record_id: UUID) -> None:
        """Note that a record is out of reach."""
        self.refuse(record_id, Problem("undo.gone", message="is in the bin or gone; restore it first"))

    def note(self, done: BatchResult[Any]) -> None:
        """Take over what a batch call says."""
        self.records += done.updated
        self.unchanged += [record.id for record in done.unchanged]
        self.refused += [NotUndone(each.record.id, each.problems) for each in done.refused]


class _PuttingBack(_Work):
    """Takes back an update: each changed field gets the value that the change row remembers."""

    def take_back(self, rows: Sequence[ChangeRow]) -> None:
        found = {record.id: record for record in self._readable([row.record_id for row in rows])}
        later = self.later(rows)
        ready = []
        for row in rows:
            record = found.get(row.record_id)
            if record is None:
                self.refuse_gone(row.record_id)
            elif self._is_as_before(record, row):
                self.unchanged.append(record.id)
            elif problems := list(self._objections(record, row, later.get(record.id, ()))):
                self.refuse(record.id, *problems)
            else:
                set_values(self.entity, record, dict(self._before(row)))
                ready.append(record)
        self.note(update_many(self.ws, ready, "refuse", with_read_only=True))

    def _readable(self, ids: Sequence[UUID]) -> list[Any]:
        """Return the records outside the bin that the principal may read, with what he sees of them."""
        return self.ws._ask(lambda reads: reads.by_ids(reads.schema.entity(self.entity.name), ids))

    def _is_as_before(self, record: Record, row: ChangeRow) -> bool:
        known = {self._today(path) for path in row.changed} <= self.entity.fields.keys()
        return known and all(
            _dumped(record, self.entity.fields[path]) == _plain(value, self.entity.fields[path])
            for path, value in self._before(row)
        )

    def _objections(self, record: Record, row: ChangeRow, later: Sequence[ChangeRow]) -> Iterator[Problem]:
        """Yield a problem for each changed field that others changed since, or that is no more."""
        since = {self._today(path): each for each in later for path in each.changed}
        for path in map(self._today, row.changed):
            if path not in self.entity.fields:
                yield Problem(
                    "undo.unknown_field",
                    record,
                    path,
                    message="is no field of {entity} any more; define it again, or leave the record as it is",
                    entity=self.entity.name,
                )
            elif path in since:
                yield _changed_since(record, path, since[path])

    def _before(self, row: ChangeRow) -> Iterator[tuple[str, Any]]:
        for noted in row.changed:
            path = self._today(noted)
            yield path, row.old.get(noted, self.entity.fields[path].kind.empty)

    def _today(self, path: str) -> str:
        return self.entity.renamed.get(path, path)


@attrs.define(eq=False)
class _Restoring(_Work):
    """Takes back a deletion: the records come out of the bin, with the parts that went with them."""

    _waiting: list[Any] = attrs.field(factory=list)

    def take_back(self, rows: Sequence[ChangeRow]) -> None:
        ids = [row.record_id for row in rows]
        stored = {record.id: record for record in self.ws._ctx.by_ids(self.entity, ids, include_binned=True)}
        later = self.later(rows)
        ready = []
        for row in rows:
            record = stored.get(row.record_id)
            again = [each for each in later.get(row.record_id, ()) if each.kind in ("delete", "restore")]
            if record is None:
                self.refuse_gone(row.record_id)
            elif record.deleted_at is None:
                self.unchanged.append(record.id)
            elif again:
                self.refuse(record.id, _changed_since(record, None, again[-1]))
            else:
                ready.append(record)
        self._restore(ready)

    def finish(self) -> None:
        """Try the records again that needed others which are back by now, until nothing moves."""
        while self._waiting:
            before, waiting = len(self.records), self._waiting
            self._waiting = []
            self._restore(waiting)
            if len(self.records) == before:
                break

    def _restore(self, records: Sequence[Any]) -> None:
        done = restore_many(self.ws, records, "refuse")
        self._waiting += [each.record for each in done.refused]
        again = {record.id for record in records}
        self.refused = [each for each in self.refused if each.record_id not in again]
        self.note(done)


class _Removing(_Work):
    """Takes back a creation: the records are removed for good, unless others went on with them."""

    def take_back(self, rows: Sequence[ChangeRow]) -> None:
        ids = [row.record_id for row in rows]
        stored = {record.id: record for record in self.ws._ctx.by_ids(self.entity, ids, include_binned=True)}
        later = self.later(rows)
        ready = []
        for row in rows:
            record = stored.get(row.record_id)
            if record is None:
                self.unchanged.append(row.record_id)
            elif row.record_id in later:
                self.refuse(record.id, _changed_since(record, None, later[record.id][-1], later[record.id]))
            else:
                ready.append(record)
        while ready:
            try:
                with self.ws._ctx.savepoint():
                    self.records += purge_many(self.ws, ready).updated
                ready = []
            except ValidationError as error:
                held: dict[UUID, list[Problem]] = {}
                for problem in error.problems:
                    held.setdefault(problem.record.id, []).append(problem)
                self.refused += [NotUndone(id, tuple(problems)) for id, problems in held.items()]
                ready = [record for record in ready if record.id not in held]


class _Leaving(_Work):
    """What was removed for good does not come back."""

    def take_back(self, rows: Sequence[ChangeRow]) -> None:
        for row in rows:
            self.refuse(row.record_id, Problem("undo.purged", message="was removed for good; a backup has it"))


def _changed_since(record: Record, path: str | None, row: ChangeRow, all_of: Sequence[ChangeRow] = ()) -> Problem:
    return Problem(
        "undo.changed_since",
        record,
        path,
        message="was changed by {actor} since; set it by hand if it shall still go back",
        actor=row.actor,
        at=row.at,
        paths=", ".join(dict.fromkeys(path for each in all_of for path in each.changed)) or None,
    )


def _dumped(record: Record, field: Field) -> Any:
    return _plain(dump_value(value_at(record, field), field.kind), field)


def _plain(value: Any, field: Field) -> Any:
    """Return a dumped *value* in the form that it has after a way through JSON; nothing is None."""
    if value is None or value == field.kind.empty or value == []:
        return None
    return list(value) if isinstance(value, tuple) else value
