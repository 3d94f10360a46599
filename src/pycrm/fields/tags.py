"""Tags: free words on a record."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs

from pycrm.errors import Problem
from pycrm.fields.kind import PRESENCE, Fit, Kind, Part, PartType
from pycrm.fields.text import take_several, take_text

MAX_TAGS = 100
MAX_TAG_LENGTH = 100


@attrs.frozen
class TagsKind(Kind):
    """Names of tags: a tuple without repetition, in the order of code points."""

    name: ClassVar[str] = "tags"
    python_type: ClassVar[type] = tuple
    parts: ClassVar[tuple[Part, ...]] = (Part(PartType.JSON),)
    operators: ClassVar[frozenset[str]] = PRESENCE
    sortable: ClassVar[bool] = False
    empty: ClassVar[Any] = ()
    replaces: ClassVar[frozenset[str]] = frozenset({"multi_choice"})

    def fit(self, old: Kind) -> Fit:
        return Fit.SOME if old.name in self.replaces else super().fit(old)

    def parse(self, value: Any) -> tuple[str, ...]:
        tags = tuple(sorted({self._one(each) for each in take_several(value)}))
        if len(tags) > MAX_TAGS:
            raise Problem(
                "tags.too_many", message="has {value} tags; at most {limit} fit", value=len(tags), limit=MAX_TAGS
            )
        return tags

    @staticmethod
    def _one(value: Any) -> str:
        tag = take_text(value)
        if not 1 <= len(tag) <= MAX_TAG_LENGTH:
            raise Problem(
                "tags.bad_length",
                message="holds a tag of {length} characters; give each 1 to {limit}",
                length=len(tag),
                limit=MAX_TAG_LENGTH,
                value=value,
            )
        return tag

    def dump(self, value: tuple[str, ...]) -> list[str]:
        return list(value)

    def to_parts(self, value: tuple[str, ...]) -> tuple[list[str]]:
        return (list(value),)

    def from_parts(self, *parts: Any) -> tuple[str, ...]:
        return tuple(parts[0])

    def json_schema(self) -> dict[str, Any]:
        item = {"type": "string", "minLength": 1, "maxLength": MAX_TAG_LENGTH}
        return {"type": "array", "items": item, "uniqueItems": True, "maxItems": MAX_TAGS}
