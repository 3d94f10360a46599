"""Creating records: one batch through the door."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, TypeVar

from pycrm.errors import ConfigurationError
from pycrm.schema import Record
from pycrm.signals import RecordsCreated
from pycrm.workspace.autonumber import give_numbers
from pycrm.workspace.batch import Batch, OnProblem
from pycrm.workspace.finish import finish, open_batch
from pycrm.workspace.judge import fill_defaults, judge, refuse_read_only
from pycrm.workspace.links import write_links
from pycrm.workspace.results import BatchResult
from pycrm.workspace.row_rights import require_new_state, require_writable_fields, seen_whole
from pycrm.workspace.tags import ensure_tags
from pycrm.workspace.view import View

__all__ = ["create_many"]

E = TypeVar("E", bound=Record)


def create_many(
    ws: View,
    records: Sequence[E],
    on_problem: OnProblem,
    *,
    with_read_only: bool = False,
    judged: Collection[str] = (),
) -> BatchResult[E]:
    """Create *records*, all of one entity; see `Workspace.create_many`.

    Args:
        ws: The door.
        records: None of them stored.
        on_problem: What a problem of one record does to the others.
        with_read_only: Whether read-only fields may have values, as where the kernel has worked them out.
        judged: Paths of fields whose kinds have parsed the values already, as where a file was read.
    """
    if not records:
        return BatchResult()
    batch = open_batch(ws, "create", records)
    ws._require("create", batch.entity, () if ws._is_ruled else batch.entity.own_fields)
    for record in records:
        if record._loaded is not None:
            raise ConfigurationError(
                f"{batch.entity.name} {record!r} is stored already; change it with ws.update, or make a new record",
                entity=batch.entity.name,
                id=record.id,
            )
    with batch.guarded():
        if not with_read_only:
            refuse_read_only(batch)
        fill_defaults(batch)
        # What the door itself filled in is yet to be parsed.
        sure = frozenset(path for path in judged if not batch.defaulted.get(path))
        parse, problems = batch.tools.parse_others(sure), batch.problems
        for record in records:
            parse(record, problems)
        require_writable_fields(batch, "create")
        with seen_whole(batch):
            judge(batch)
            batch.settle(on_problem)
            _write(batch)
    return BatchResult(created=tuple(batch.records), refused=tuple(batch.refused))


def _write(batch: Batch) -> None:
    if not batch.records:
        return
    ctx, records = batch.ws._ctx, batch.records
    give_numbers(batch)
    ensure_tags(batch, create_many)
    at, actor = batch.at, batch.actor
    for record in records:
        record.version, record.created_at, record.updated_at = 1, at, at
        record._created_by = record._updated_by = actor
        record._entity = batch.entity
    batch.written = True
    batch.tools.writer.insert(ctx.unit, records)
    write_links(batch)
    require_new_state(batch, "create")
    remember = batch.tools.remember
    for record in records:
        remember(record)
    finish(batch, _created_fact(batch, records))


def _created_fact(batch: Batch, records: Sequence[Any]) -> RecordsCreated:
    return RecordsCreated(batch.entity.name, tuple(record.id for record in records), batch.ws.principal.user)
