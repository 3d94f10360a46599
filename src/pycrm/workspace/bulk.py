"""Writing all records that a filter selects: the path of every batch, portion by portion, all of it or nothing.

The change rows of all portions carry one batch id. It is the handle by which the call is undone: the values before
stand in those rows, so nothing is kept twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

import attrs

from pycrm.errors import ConfigurationError, QueryError, ValidationError
from pycrm.query import Where
from pycrm.schema import Entity, Record
from pycrm.storage.bulk_calls import BulkCall, newest_change, write_bulk_call
from pycrm.values.ids import new_id
from pycrm.workspace.batch import OnProblem, check_on_problem, raise_problems
from pycrm.workspace.delete import delete_many
from pycrm.workspace.reader import Reader
from pycrm.workspace.reads import Moved
from pycrm.workspace.results import BatchResult, BulkResult, Refused
from pycrm.workspace.update import update_many

__all__ = ["delete_where", "update_where"]

E = TypeVar("E", bound=Record)
_Write: TypeAlias = Callable[[list[Any], UUID], BatchResult[Any]]

PORTION = 1000


class _Previewed(Exception):
    """Takes everything back at the end of a preview."""


def update_where(
    ws: Reader,
    entity: type[E],
    where: Where,
    changes: Mapping[str, Any],
    *,
    limit: int,
    on_problem: OnProblem,
    preview: bool,
    values: Mapping[str, Any] | None = None,
) -> BulkResult[E]:
    """Set the fields of *changes* in all records that *where* selects; see `Workspace.update_where`."""
    known = _opened(ws, entity, where)
    if not changes:
        raise ConfigurationError("changes is empty; name the fields to set, as in {'industry': 'textiles'}")
    paths = [path for path in changes if path != "custom"]
    paths += [f"custom.{name}" for name in changes.get("custom", ())]
    ws._require("write", known, [known.field(path) for path in paths])

    def write(records: list[Any], handle: UUID) -> BatchResult[Any]:
        return update_many(ws, records, "refuse", values=changes, batch_id=handle)

    call = _Bulk(ws, known, "update", where, values, limit, write)
    return call.carry_out(on_problem, preview=preview)


def delete_where(
    ws: Reader,
    entity: type[E],
    where: Where,
    *,
    limit: int,
    on_problem: OnProblem,
    preview: bool,
    values: Mapping[str, Any] | None = None,
) -> BulkResult[E]:
    """Put all records that *where* selects into the bin; see `Workspace.delete_where`."""
    known = _opened(ws, entity, where)
    ws._require("delete", known)

    def write(records: list[Any], handle: UUID) -> BatchResult[Any]:
        return _delete(ws, records, handle)

    call = _Bulk(ws, known, "delete", where, values, limit, write)
    return call.carry_out(on_problem, preview=preview)


@attrs.define(eq=False)
class _Bulk:
    """One call on its way."""

    ws: Reader
    entity: Entity
    kind: str
    where: Where
    values: Mapping[str, Any] | None
    limit: int
    write: _Write
    handle: UUID = attrs.field(factory=new_id)

    def carry_out(self, on_problem: OnProblem, *, preview: bool) -> BulkResult[Any]:
        """Write the records, or do it only to see what happens."""
        check_on_problem(on_problem)
        self._check_limit()
        done: BatchResult[Any] = BatchResult()
        try:
            with self.ws._ctx.savepoint():
                done = self._write_all(noted=not preview)
                if preview:
                    raise _Previewed
                if done.refused and on_problem == "raise":
                    problems = [problem for refused in done.refused for problem in refused.problems]
                    raise_problems(problems, self.entity.name)
        except _Previewed:
            pass
        handle = self.handle if done.updated and not preview else None
        return BulkResult(handle, done.updated, done.unchanged, done.refused)

    def _check_limit(self) -> None:
        record_class = self.entity.record_class
        if self.ws.count(record_class, where=self.where, cap=max(self.limit, 0) + 1, values=self.values) <= self.limit:
            return
        count = self.ws.count(record_class, where=self.where, values=self.values)
        raise QueryError(
            f"where= selects {count} {self.entity.plural}, more than limit={self.limit}; narrow it, or give "
            f"limit={count} if all of them are meant",
            entity=self.entity.name,
            count=count,
            limit=self.limit,
        )

    def _write_all(self, *, noted: bool) -> BatchResult[Any]:
        ctx = self.ws._ctx
        unit, tables = ctx.unit, ctx.tools.tables
        before = newest_change(unit, tables)
        done: BatchResult[Any] = BatchResult()
        position = 0
        for records in self._portions():
            done += _placed(self.write(records, self.handle), range(position, position + len(records)))
            position += len(records)
        if self.kind == "delete":
            done = self._once_more(done)
        if noted and done.updated:
            actor, at = self.ws.principal.user, ctx.services.clock()
            last = newest_change(unit, tables)
            write_bulk_call(unit, tables, BulkCall(self.handle, self.entity.name, self.kind, actor, at, before, last))
        return done

    def _portions(self) -> Iterator[list[Any]]:
        cursor: str | None = None
        while True:
            page = self.ws.list(
                self.entity.record_class, where=self.where, limit=PORTION, after=cursor, values=self.values
            )
            if page:
                yield list(page)
            if (cursor := page.next_cursor) is None:
                return

    def _once_more(self, done: BatchResult[Any]) -> BatchResult[Any]:
        """Try the records again that others held which are gone by now, until nothing moves."""
        while held := [refused for refused in done.refused if _is_held(refused)]:
            again = self.write([refused.record for refused in held], self.handle)
            if not again.updated:
                break
            others = tuple(refused for refused in done.refused if not _is_held(refused))
            placed = _placed(again, [refused.position for refused in held])
            refused = tuple(sorted((*others, *placed.refused), key=lambda each: each.position))
            done = BatchResult(updated=done.updated + again.updated, refused=refused)
        return done


def _opened(ws: Reader, entity: type[Record], where: Where) -> Entity:
    """Return the entity in a unit that is ready to write.

    Raises:
        QueryError: There is no filter, and so all records were meant by oversight.
    """
    ws._ctx.begin_writing()
    with suppress(Moved):
        ws._check_moved()  # fields are named before any statement could tell that rights have changed
    known = ws._readable(entity)
    if where is None:
        raise QueryError(
            f"where=None would select all {known.plural}; write F.id.is_not_null() if they are meant",
            entity=known.name,
        )
    return known


def _placed(done: BatchResult[Any], positions: Sequence[int]) -> BatchResult[Any]:
    """Return *done* with the places of refused records among all of the call."""
    refused = tuple(attrs.evolve(each, position=positions[each.position]) for each in done.refused)
    return attrs.evolve(done, refused=refused)


def _is_held(refused: Refused[Any]) -> bool:
    return all(problem.code == "record.referenced" for problem in refused.problems)


def _delete(ws: Reader, records: list[Any], handle: UUID) -> BatchResult[Any]:
    """Put *records* into the bin; one whose parts must stay is refused alone, found by halving."""
    try:
        with ws._ctx.savepoint():
            return delete_many(ws, records, "refuse", batch_id=handle)
    except ValidationError as error:
        if len(records) == 1:
            return BatchResult(refused=(Refused(0, records[0], error.problems),))
    middle = len(records) // 2
    first = _delete(ws, records[:middle], handle)
    return first + _placed(_delete(ws, records[middle:], handle), range(middle, len(records)))
