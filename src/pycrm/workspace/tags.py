"""Tags are words that records carry; a word used for the first time gets its `Tag` row."""

from __future__ import annotations

from pycrm.entities import Tag
from pycrm.fields.tags import TagsKind
from pycrm.schema.diff import value_at
from pycrm.workspace.batch import Batch
from pycrm.workspace.unique import taken_keys

__all__ = ["ensure_tags"]


def ensure_tags(batch: Batch) -> None:
    """Create the tags that records of *batch* carry and nobody used before."""
    fields = [field for field in batch.entity.fields.values() if isinstance(field.kind, TagsKind)]
    names = {name for field in fields for record in batch.records for name in value_at(record, field) or ()}
    if not names:
        return
    ctx = batch.ws._ctx
    entity = ctx.tools.schema.entity(Tag)
    known = taken_keys(ctx, entity, (entity.fields["name"],), [(name,) for name in sorted(names)])
    new = [Tag(name=name) for name in sorted(names) if (name,) not in known]
    if new:
        batch.ws._kernel().create_many(new)
