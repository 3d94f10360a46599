"""How every writing call begins and ends: the batch is opened, and what was written is told to hooks and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from pycrm.errors import ConfigurationError, PluginError
from pycrm.schema import Record
from pycrm.schema.diff import loaded_value
from pycrm.schema.dump import dump_value
from pycrm.schema.record import FrozenRecordError
from pycrm.storage.changes import ChangeRow, write_changes
from pycrm.values.ids import new_id
from pycrm.workspace.batch import Batch
from pycrm.workspace.indexing import index_batch
from pycrm.workspace.rights import note_access_change
from pycrm.workspace.view import View

__all__ = ["changes_of", "finish", "open_batch"]


def open_batch(ws: View, kind: str, records: Sequence[Record], id: UUID | None = None) -> Batch:
    """Return the batch of *records* in a unit that is ready to write, with an *id* of its own unless one is given.

    Raises:
        ConfigurationError: Records of several entities, one record twice, or a call from a derive or check hook.
        PluginError: Records of an entity whose plugin is not installed.
    """
    ctx = ws._ctx
    ctx.begin_writing()
    if ctx.judging:
        # What it wrote would stay even where the batch that it judges is refused.
        raise ConfigurationError(f"{ctx.judging} judges and may not write; let an after_write hook do that")
    entity = ctx.tools.schema.entity_of(records[0])
    if entity.parked and not ws._trusted:
        raise PluginError(
            f"{entity.name} is parked: the plugin {entity.owner!r} is not installed; its records stay readable, "
            "install it to write them",
            plugin=entity.owner,
            entity=entity.name,
        )
    positions = {record.id: position for position, record in enumerate(records)}
    for record in records:
        if type(record) is not record.__record_class__:
            raise FrozenRecordError(
                f"{record!r} is being written by the call that this hook belongs to; a derive hook sets fields with "
                f"changes.set, any other hook reads its own copy with ws.get({type(record).__name__}, record.id)",
                entity=entity.name,
            )
        if record.__record_class__ is not entity.record_class:
            raise ConfigurationError(
                f"a batch holds records of one entity; got {entity.name} and {record!r}. Make one call per entity.",
                entity=entity.name,
            )
    if len(positions) != len(records):
        raise ConfigurationError(f"a batch of {entity.name} holds the same record twice", entity=entity.name)
    return Batch(
        ws=ws,
        entity=entity,
        kind=kind,
        records=list(records),
        positions=positions,
        actor=ctx.actor(ws.principal),
        at=ctx.services.clock(),
        id=id or ctx.call or new_id(),
    )


def changes_of(batch: Batch, kind: str) -> list[ChangeRow]:
    """Return the small change rows of *batch*; take them before the records forget what was loaded."""
    plugin = batch.ws._ctx.chain[-1].partition(":")[0] if batch.ws._ctx.chain else None
    name, actor, told_of = batch.entity.name, batch.ws.principal.user, batch.ws._ctx.told_of
    if not batch.changed:
        rows = [
            ChangeRow(name, record.id, record.version, kind, actor, batch.at, batch.id, plugin=plugin)
            for record in batch.records
        ]
        for row in rows if told_of else ():
            row.facts = told_of.get(row.record_id, row.facts)
        return rows
    rows = []
    for record in batch.records:
        fields = batch.changed.get(record.id, ())
        old = {
            field.path: dump_value(loaded_value(batch.entity, record, field), field.kind)
            for field in fields
            if loaded_value(batch.entity, record, field) not in (None, field.kind.empty)
        }
        rows.append(
            ChangeRow(
                name,
                record.id,
                record.version,
                kind,
                actor,
                batch.at,
                batch.id,
                changed=tuple(field.path for field in fields),
                old=old,
                plugin=plugin,
                facts=_facts(batch, record, told_of),
            )
        )
    return rows


def _facts(batch: Batch, record: Record, told_of: Mapping[UUID, Mapping[str, Any]]) -> Mapping[str, Any]:
    told = told_of.get(record.id, {})
    return {**told, "move": move} if (move := batch.moves.get(record.id)) else told


def finish(batch: Batch, fact: Any, *consequences: Any, rows: list[ChangeRow] | None = None) -> None:
    """After the rows are written: change rows, search index, outbox, after_write hooks, facts for after the commit.

    Args:
        batch: What was written.
        fact: What happened; it alone gets an outbox row, so that there is one per batch and entity.
        consequences: What listeners of this process hear besides, such as moves.
        rows: The change rows where they were taken before; else they are made here.
    """
    ctx = batch.ws._ctx
    # Facts are announced before after_write hooks run, so that listeners hear of a cause before its effects.
    write_changes(ctx.unit, ctx.tools.tables, changes_of(batch, batch.kind) if rows is None else rows)
    note_access_change(ctx, batch.entity.name)
    index_batch(batch, purged=getattr(fact, "purged", False))
    ctx.announce([fact])
    for consequence in consequences:
        ctx.unit.announce(consequence)
    hooks = ctx.services.hooks
    if hooks.wants("after_write", batch.entity):
        with batch.handed_over(batch.records) as changes:
            hooks.after_write(batch.ws, changes)
