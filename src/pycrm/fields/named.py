"""Kinds called by their name, for whoever declares a field of a kind that a plugin brings without importing it."""

from __future__ import annotations

import attrs

from pycrm.fields.kind import Kind

__all__ = ["NamedKind"]


@attrs.frozen
class NamedKind(Kind):
    """Stands for the kind called *name*, without options, until a schema is put together, which knows all kinds."""

    name: str  # type: ignore[misc]  # of the class in every other kind
