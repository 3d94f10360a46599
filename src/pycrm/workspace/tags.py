"""Tags are words that records carry; a word used for the first time gets its `Tag` row."""

from __future__ import annotations

from collections.abc import Callable

from pycrm.entities import Tag
from pycrm.fields.tags import TagsKind
from pycrm.schema.diff import value_at
from pycrm.workspace.batch import Batch, OnProblem
from pycrm.workspace.unique import taken_keys
from pycrm.workspace.view import View

__all__ = ["ensure_tags"]


def ensure_tags(batch: Batch, create_many: Callable[[View, list[Tag], OnProblem], object]) -> None:
    """Create, with *create_many*, the tags that records of *batch* carry and nobody used before."""
    fields = [field for field in batch.entity.fields.values() if isinstance(field.kind, TagsKind)]
    names = {name for field in fields for record in batch.records for name in value_at(record, field) or ()}
    if not names:
        return
    ctx = batch.ws._ctx
    entity = ctx.tools.schema.entity(Tag)
    known = taken_keys(ctx, entity, (entity.fields["name"],), [(name,) for name in sorted(names)])
    new = [Tag(name=name) for name in sorted(names) if (name,) not in known]
    if new:
        create_many(batch.ws._kernel(), new, "raise")
