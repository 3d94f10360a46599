"""Tags are words that records carry; a word used for the first time gets its `Tag` row."""

from __future__ import annotations

from collections.abc import Callable, Collection

from pycrm.entities import Tag
from pycrm.fields.tags import TagsKind
from pycrm.schema.diff import value_at
from pycrm.workspace.batch import Batch, OnProblem
from pycrm.workspace.unique import taken_keys
from pycrm.workspace.view import View

__all__ = ["ensure_tags", "ensure_words"]


def ensure_tags(batch: Batch, create_many: Callable[[View, list[Tag], OnProblem], object]) -> None:
    """Create, with *create_many*, the tags that records of *batch* carry and nobody used before."""
    fields = [field for field in batch.entity.fields.values() if isinstance(field.kind, TagsKind)]
    names = {name for field in fields for record in batch.records for name in value_at(record, field) or ()}
    if names:
        ensure_words(batch.ws, names, create_many)


def ensure_words(ws: View, words: Collection[str], create_many: Callable[[View, list[Tag], OnProblem], object]) -> None:
    """Create, with *create_many*, those of the tags *words* that nobody used before."""
    ctx = ws._ctx
    entity = ctx.tools.schema.entity(Tag)
    known = taken_keys(ctx, entity, (entity.fields["name"],), [(word,) for word in sorted(words)])
    new = [Tag(name=word) for word in sorted(words) if (word,) not in known]
    if new:
        create_many(ws._kernel(), new, "raise")
