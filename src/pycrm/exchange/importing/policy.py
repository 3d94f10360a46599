"""What a row may change of a record that is there already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pycrm.exchange.mapping import BoundEntity
from pycrm.schema.diff import value_at

__all__ = ["Policy", "is_older"]


class Policy:
    """Which fields of a match a row may change."""

    def __init__(self, bound: BoundEntity, paths: Sequence[str]) -> None:
        self.on_match = bound.map.on_match
        keys = set(bound.by)
        self._fields = [bound.entity.field(path) for path in paths]
        self._places = [place for place, path in enumerate(paths) if path in bound.update_fields and path not in keys]
        self._only_empty = {place for place, path in enumerate(paths) if path in bound.only_empty}

    def places_for(self, record: Any) -> Sequence[int]:
        """Return the places of the fields that may change in *record*."""
        if not self._only_empty:
            return self._places
        return [place for place in self._places if place not in self._only_empty or self._is_empty(record, place)]

    def _is_empty(self, record: Any, place: int) -> bool:
        field = self._fields[place]
        return value_at(record, field) in (None, field.kind.empty)


def is_older(changed_at: Any, record: Any) -> bool:
    """Return whether the row was *changed_at* a time before *record* was."""
    return changed_at is not None and changed_at <= record.updated_at
