"""A plugin that brings field kinds of its own: one part with names for its source, two parts, and JSON.

The kinds are small and mean little; each has what one rule of the seam needs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import attrs

from pycrm import Account
from pycrm.plugin import (
    EQUALITY,
    PRESENCE,
    Extension,
    Kind,
    Part,
    PartType,
    Plugin,
    Problem,
    Record,
    ScalarKind,
    field,
)

mill = Plugin("mill", version="1.0")

GRADES = frozenset({"00", "405", "550"})


@mill.field_kind
@attrs.frozen
class GradeKind(ScalarKind):
    """The type number of a flour; its generated source uses a name of its own."""

    name: ClassVar[str] = "mill.grade"
    python_type: ClassVar[type] = str
    operators: ClassVar[frozenset[str]] = EQUALITY
    source_names: ClassVar[Mapping[str, Any]] = {"mill_grade_known": GRADES}

    def parse(self, value: Any) -> str:
        if str(value) not in GRADES:
            raise Problem("mill.grade", message="is no type of flour; take one of {known}", known=sorted(GRADES))
        return str(value)

    def json_schema(self) -> dict[str, Any]:
        return {"enum": sorted(GRADES)}

    def parse_source(self, value: str) -> str:
        return f"(type({value}) is str and {value} in mill_grade_known)"


@mill.field_kind
@attrs.frozen
class SpanKind(Kind):
    """Two numbers, given as a pair; the second may be missing."""

    name: ClassVar[str] = "mill.span"
    python_type: ClassVar[type] = tuple
    parts: ClassVar[tuple[Part, ...]] = (Part(PartType.INTEGER), Part(PartType.INTEGER, "_until"))
    operators: ClassVar[frozenset[str]] = EQUALITY

    widest: int = 100

    def parse(self, value: Any) -> tuple[int, int | None]:
        since, until = value
        if until is not None and until - since > self.widest:
            raise Problem("mill.span", message="is wider than {widest}", widest=self.widest, value=value)
        return since, until

    def dump(self, value: tuple[int, int | None]) -> list[int | None]:
        return list(value)

    def to_parts(self, value: tuple[int, int | None]) -> tuple[int, int | None]:
        return value

    def from_parts(self, *parts: Any) -> tuple[int, int | None]:
        return parts[0], parts[1]

    def json_schema(self) -> dict[str, Any]:
        return {"type": "array"}


@mill.field_kind
@attrs.frozen
class RecipeKind(Kind):
    """Whatever JSON holds, except nothing; a mapping is read-only."""

    name: ClassVar[str] = "mill.recipe"
    python_type: ClassVar[type] = object
    parts: ClassVar[tuple[Part, ...]] = (Part(PartType.JSON),)
    operators: ClassVar[frozenset[str]] = PRESENCE
    sortable: ClassVar[bool] = False

    def parse(self, value: Any) -> Any:
        return self.from_parts(dict(value) if isinstance(value, Mapping) else value)

    def dump(self, value: Any) -> Any:
        return dict(value) if isinstance(value, Mapping) else value

    def to_parts(self, value: Any) -> tuple[Any]:
        return (self.dump(value),)

    def from_parts(self, *parts: Any) -> Any:
        return MappingProxyType(parts[0]) if isinstance(parts[0], dict) else parts[0]

    def json_schema(self) -> dict[str, Any]:
        return {}


def recipes() -> list[Any]:
    """Return values that a database could mix up with each other, or take apart."""
    texts = ['{"a": {"b": null, "c": [1.5, null, {"d": null}]}, "大": "\\"x\\""}', '[{"a": null}, ["b"], "c"]']
    return [*map(json.loads, texts), "text", '"quoted"', '["a"]', ["a", "大"], 0, 1, -2.5, True, False, {}, [], ""]


@mill.entity(title="name")
class Flour(Record):
    """Has a column of each kind."""

    name: str = field.text()
    grade: str | None = field.of_kind(GradeKind(), indexed=True)
    span: tuple[int, int | None] | None = field.of_kind(SpanKind(widest=50))
    recipe: Any | None = field.of_kind(RecipeKind())


@mill.extend(Account)
class MillTerms(Extension):
    """Has a field of each kind in the document of accounts."""

    grade: str | None = field.of_kind(GradeKind(), indexed=True)
    span: tuple[int, int | None] | None = field.of_kind(SpanKind())
    recipe: Any | None = field.of_kind(RecipeKind())
