"""The id of a record."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

import attrs

from pycrm.errors import Problem
from pycrm.fields.kind import EQUALITY, Part, PartType
from pycrm.fields.scalar import ScalarKind


@attrs.frozen
class IdKind(ScalarKind):
    """A UUID; the common field `id` of every record."""

    name: ClassVar[str] = "id"
    python_type: ClassVar[type] = UUID
    parts: ClassVar[tuple[Part, ...]] = (Part(PartType.ID),)
    operators: ClassVar[frozenset[str]] = EQUALITY

    def parse(self, value: Any) -> UUID:
        if isinstance(value, UUID):
            return value
        if isinstance(value, str):
            try:
                return UUID(value)
            except ValueError:
                pass
        raise Problem("id.invalid", message="is no id; give a UUID, or its text", value=value)

    def dump(self, value: UUID) -> str:
        return str(value)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "uuid"}

    def parse_source(self, value: str) -> str:
        return f"(type({value}) is UUID)"
