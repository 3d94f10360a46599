"""What a database still lacks when its rows have come from elsewhere: all that follows from them."""

from __future__ import annotations

from pycrm.storage.checkup import create_missing_indexes
from pycrm.storage.promotion import Promotion
from pycrm.workspace.context import UnitContext
from pycrm.workspace.indexing import queue_all

__all__ = ["complete_restored"]


def complete_restored(ctx: UnitContext) -> None:
    """Make the columns of promoted fields and the indexes of custom ones, and let all records wait to be indexed."""
    ctx.begin_writing()
    unit, tools = ctx.unit, ctx.tools
    for entity in tools.schema.entities.values():
        promoted = [field for field in entity.document_fields if field.promoted]
        table = tools.tables.table(entity.name)
        for field in promoted:
            Promotion(table, field, tools.dialect).prepare(unit)
        if promoted:
            name = tools.dialect.sa.identifier_preparer.format_table(table)
            unit.execute(f"UPDATE {name} SET doc = doc WHERE doc IS NOT NULL")  # which the triggers copy from
    create_missing_indexes(unit, tools.schema, tools.tables)
    queue_all(ctx)
