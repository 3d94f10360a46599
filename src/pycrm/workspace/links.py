"""Multi-references of a batch: written as rows of the link table after the records themselves."""

from __future__ import annotations

from pycrm.fields.references import id_of
from pycrm.schema.diff import loaded_value, value_at
from pycrm.storage.links import LinkChange
from pycrm.storage.links import write_links as write_link_rows
from pycrm.workspace.batch import Batch

__all__ = ["write_links"]


def write_links(batch: Batch) -> None:
    """Bring the link rows of the batch's multi-references in line with its records."""
    changes = []
    for field in batch.entity.link_fields:
        for record in batch.records:
            if batch.kind == "update" and field not in batch.changed[record.id]:
                continue
            before = tuple(loaded_value(batch.entity, record, field) or ())
            now = tuple(value_at(record, field) or ())
            if [id_of(each) for each in before] != [id_of(each) for each in now]:
                changes.append(LinkChange(field, record.id, before, now))
    if changes:
        write_link_rows(batch.ws._ctx.unit, batch.ws._ctx.tools.tables, batch.entity, changes)
