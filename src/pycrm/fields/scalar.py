"""The base of kinds whose inside value is stored as it is, in one part."""

from __future__ import annotations

import attrs

from pycrm.fields.kind import Kind


@attrs.frozen
class ScalarKind(Kind):
    """A kind with one part that equals the inside value, so that generated code copies it."""

    def load_source(self, *parts: str) -> str:
        return parts[0]

    def dump_source(self, value: str) -> tuple[str, ...]:
        return (value,)
