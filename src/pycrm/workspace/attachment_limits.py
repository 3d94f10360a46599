"""The files of attachment fields: whatever the field allows, asked once per batch."""

from __future__ import annotations

from uuid import UUID

from pycrm.entities import Attachment
from pycrm.errors import Problem
from pycrm.fields.attachment import AttachmentKind
from pycrm.fields.field import Field
from pycrm.fields.references import id_of
from pycrm.schema import Record
from pycrm.schema.diff import value_at
from pycrm.workspace.batch import Batch

__all__ = ["unfit_attachments"]


def unfit_attachments(batch: Batch) -> list[Problem]:
    """Return a problem for each attachment of the batch whose file its field does not allow."""
    fields = [field for field in batch.entity.references if isinstance(field.kind, AttachmentKind)]
    wanted: list[tuple[Record, Field, UUID]] = []
    for field in fields:
        for record in batch.sound():
            value = value_at(record, field)
            if value is not None and (batch.kind != "update" or field in batch.changed[record.id]):
                wanted.append((record, field, id_of(value)))
    if not wanted:
        return []
    ctx = batch.ws._ctx
    entity = ctx.tools.schema.entity(Attachment)
    found = {each.id: each for each in ctx.by_ids(entity, {id for _, _, id in wanted}, include_binned=True)}
    problems = []
    for record, field, id in wanted:
        assert isinstance(field.kind, AttachmentKind)
        try:
            if id in found:  # else it is reported as unknown
                field.kind.limits.check_size(found[id].size_bytes)
                field.kind.limits.check_type(found[id].content_type)
        except Problem as problem:
            problem.record, problem.field = record, field.path
            problems.append(problem)
    return problems
