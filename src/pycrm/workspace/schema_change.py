"""Changing what a schema has beside its code: one unit does it while no other writes, and the number tells the others.

Indexes over several fields follow by themselves: one whose fields are asked by other expressions from now on, as after
a promotion or a conversion, is made anew, and one whose field is retired goes until the field is back.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from pycrm.entities import CustomIndex
from pycrm.schema import Entity, Schema
from pycrm.schema.list_index import read_list_index
from pycrm.storage.field_sql import DocumentIndex
from pycrm.storage.list_index_sql import drop_sql, list_index
from pycrm.storage.state import write_schema_number
from pycrm.workspace.context import UnitContext
from pycrm.workspace.update import update_many
from pycrm.workspace.view import View

__all__ = ["change_schema", "settle_indexes"]


def change_schema(ws: View, change: Callable[[View], object]) -> Schema:
    """Make *change* to the rows of custom fields or indexes, and hold and return the schema that results."""
    ctx = ws._ctx
    ctx.begin_writing()
    number = ctx.stored_number(exclusive=True) + 1
    before = ctx.tools.schema
    change(ws._kernel())
    write_schema_number(ctx.unit, ctx.tools.tables, number)
    ctx.load_schema(number)
    after: Schema = ctx.tools.schema
    for name, entity in after.entities.items():
        old, new = _indexes(ctx, before.entities[name]), _indexes(ctx, entity)
        for index in old.keys() - new.keys():
            ctx.unit.execute(old[index].drop)
        for index in new.keys() - old.keys():
            ctx.unit.execute(new[index].create)
    return after


def settle_indexes(ws: View) -> None:
    """Bring custom indexes in line with what an upgrade has made of the fields that they are over."""
    ctx = ws._ctx
    rows: list[CustomIndex] = ctx.matching(ctx.tools.schema.entity(CustomIndex))
    if not rows:
        return
    ctx.begin_writing()
    renamed = [row for row in rows if _rename(ctx, row)]
    if renamed:
        change_schema(ws, lambda kernel: update_many(kernel, renamed, "raise"))
    for entity in ctx.tools.schema.entities.values():
        for index in _indexes(ctx, entity).values():
            ctx.unit.execute(index.create)


def _indexes(ctx: UnitContext, entity: Entity) -> dict[str, DocumentIndex]:
    """Return the custom indexes of *entity* that can be used, by name."""
    if not entity.custom_indexes:
        return {}
    table, dialect = ctx.tools.tables.table(entity.name), ctx.tools.dialect.name
    found = (list_index(table, entity.fields, index, dialect) for index in entity.custom_indexes)
    return {index.name: index for index in found}


def _rename(ctx: UnitContext, row: CustomIndex) -> bool:
    """Let *row* name its fields as they are called now, drop what was over the former names; whether there was any."""
    entity = ctx.tools.schema.entities.get(row.entity)
    former = read_list_index(row.keys)
    now = {} if entity is None else {path: entity.renamed[path] for path in former.paths if path in entity.renamed}
    if entity is None or not now:
        return False
    row.keys = former.renamed(now).text
    fields = dict(entity.fields)
    for old, new in now.items():
        fields[old] = attrs.evolve(fields[new], path=old, name=old.rpartition(".")[2])
    if former.fields(fields) is not None:
        ctx.unit.execute(drop_sql(ctx.tools.tables.table(entity.name), fields, former, ctx.tools.dialect.name))
    return True
