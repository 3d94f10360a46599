"""Locking records for the rest of the unit."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from pycrm.errors import NotFoundError
from pycrm.schema import Record
from pycrm.schema.sight import conceal
from pycrm.workspace.row_rights import require_records
from pycrm.workspace.view import View

__all__ = ["lock"]


def lock(ws: View, records: Sequence[Record]) -> None:
    """Keep others from writing *records*, and give each its present values; see `Workspace.lock`."""
    ctx = ws._ctx
    ctx.begin_writing()
    by_entity: dict[str, list[Record]] = {}
    for record in records:
        by_entity.setdefault(ctx.tools.schema.entity_of(record).name, []).append(record)
    for name in sorted(by_entity):
        entity = ctx.tools.schema.entity(name)
        ws._require("write", entity)
        tools = ctx.of(entity)
        require_records(ws, "write", entity, by_entity[name])
        current = {row.id: row for row in tools.writer.lock(ctx.unit, [record.id for record in by_entity[name]])}
        for record in by_entity[name]:
            fresh = current.get(record.id)
            if fresh is None or fresh.deleted_at is not None:
                raise NotFoundError(f"{name} {record!r} is gone or in the bin", entity=name, id=record.id)
            ctx.unit.on_rollback(partial(tools.put_back, record, tools.keep(record)))
            tools.take_over(record, fresh)
            tools.remember(record)
        conceal(ws._reads.schema.entities.get(name, entity), by_entity[name])
