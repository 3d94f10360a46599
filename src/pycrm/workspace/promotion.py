"""Promoting a custom field to columns of its own while everybody goes on working, and demoting it.

A promotion takes several units: one makes the columns and lets the database keep them, many short ones fill them for
the records that were there, the last one tells all to ask the columns. Until that one is committed nothing depends on
them, so a promotion that is killed has done no harm, and goes on when it is called again: what is filled is not written
a second time.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import attrs

from pycrm.errors import ConfigurationError, ConflictError
from pycrm.fields.field import Field, Place
from pycrm.schema import Entity, Record
from pycrm.schema.kinds import AbsentKind
from pycrm.storage.field_sql import document_index
from pycrm.storage.promotion import Promotion, give_way
from pycrm.workspace.custom_fields import redefine
from pycrm.workspace.view import View

__all__ = ["Promoting", "demote_field", "drop_columns"]

FIRST = UUID(int=0)


class Promoting:
    """One promotion, unit by unit: `begin`, `fill` until it says so, `complete`.

    Args:
        entity: The record class.
        name: The custom field.
    """

    def __init__(self, entity: type[Record], name: str) -> None:
        self._entity = entity
        self._name = name
        self._after: UUID | None = FIRST
        self._field: Field | None = None
        self.done = 0

    def begin(self, ws: View) -> bool:
        """Make the columns and let the database keep them; return whether there is anything left to do."""
        ctx = ws._ctx
        # The columns come between writers, for whom the schema stays the same.
        ctx.begin_writing()
        ctx.stored_number(exclusive=True)
        entity, field = _promotable(ws, self._entity, self._name)
        if field.promoted:
            return False
        self._field = field
        give_way(ctx.unit)
        Promotion(ctx.tools.tables.table(entity.name), field, ctx.tools.dialect).prepare(ctx.unit)
        return True

    def fill(self, ws: View) -> tuple[UUID | None, int]:
        """Fill the columns of the next records; return where it stands, for `filled`, once that is committed."""
        ctx = ws._ctx
        ctx.begin_writing()
        entity, field = self._unchanged(ws)
        assert self._after is not None
        return Promotion(ctx.tools.tables.table(entity.name), field, ctx.tools.dialect).fill(ctx.unit, self._after)

    def filled(self, after: UUID | None, count: int) -> bool:
        """Note what a committed `fill` did; return whether there is more to fill."""
        self._after = after
        self.done += count
        return after is not None

    def complete(self, ws: View) -> Field:
        """Let everybody ask the columns, and give them the index that the field asks for."""
        ws._ctx.begin_writing()
        entity, field = self._unchanged(ws)
        return _switch(ws, entity, field, promoted=True)

    def _unchanged(self, ws: View) -> tuple[Entity, Field]:
        entity, field = _promotable(ws, self._entity, self._name)
        assert self._field is not None
        if (field.key, field.kind) != (self._field.key, self._field.kind):
            raise ConflictError(
                f"{entity.name}.{field.path} was changed while it was being promoted; promote it again",
                retryable=False,
                entity=entity.name,
                field=field.path,
            )
        return entity, field


def demote_field(ws: View, record_class: type[Record], name: str) -> Field:
    """Let everybody ask the document again; see `CRM.demote_field`."""
    ws._ctx.begin_writing()
    entity, field = _custom(ws, record_class, name)
    if not field.promoted:
        return field
    demoted = _switch(ws, entity, field, promoted=False)
    ctx = ws._ctx
    Promotion(ctx.tools.tables.table(entity.name), demoted, ctx.tools.dialect).stop(ctx.unit)
    return demoted


def drop_columns(ws: View, record_class: type[Record], name: str) -> Field:
    """Remove the columns of a field that was demoted; see `CRM.demote_field`."""
    ctx = ws._ctx
    ctx.begin_writing()
    ctx.stored_number(exclusive=True)
    entity, field = _custom(ws, record_class, name)
    if not field.promoted:
        give_way(ctx.unit)
        Promotion(ctx.tools.tables.table(entity.name), field, ctx.tools.dialect).drop(ctx.unit)
    return field


def _switch(ws: View, entity: Entity, field: Field, *, promoted: bool) -> Field:
    """Change what *field* is asked by, and its index with it, while no other unit writes."""
    changed = redefine(ws, entity, field.name, lambda each: attrs.evolve(each, promoted=promoted))
    give_way(ws._ctx.unit)
    if (field.indexed or field.unique) and not field.retired:
        ctx = ws._ctx
        table, dialect = ctx.tools.tables.table(entity.name), ctx.tools.dialect.name
        ctx.unit.execute(document_index(table, field, dialect).drop)
        ctx.unit.execute(document_index(table, changed, dialect).create)
    return changed


def _promotable(ws: View, record_class: type[Record], name: str) -> tuple[Entity, Field]:
    entity, field = _custom(ws, record_class, name)
    if field.place is not Place.DOCUMENT:
        raise ConfigurationError(
            f"{entity.name}.{field.path} holds several references, which have a table of their own already",
            entity=entity.name,
            field=field.path,
        )
    if isinstance(field.kind, AbsentKind):
        raise ConfigurationError(
            f"{entity.name}.{field.path} is of a kind that nobody brings; install its plugin first",
            entity=entity.name,
            field=field.path,
        )
    return entity, field


def _custom(ws: View, record_class: type[Record], name: str) -> tuple[Entity, Field]:
    entity: Any = ws._entity(record_class)
    ws._require("define_fields", entity)
    return entity, entity.field(f"custom.{name}")
