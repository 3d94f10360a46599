"""What a row may change of a record that is there already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pycrm.exchange.mapping import BoundEntity
from pycrm.schema.diff import value_at

__all__ = ["Policy", "is_older"]


class Policy:
    """Which fields of a match a row may change.

    The key that found the record stays, one tried before it is filled in where the record has none, and one that was
    not tried any more is a field like others.
    """

    def __init__(self, bound: BoundEntity, paths: Sequence[str]) -> None:
        self.on_match = bound.map.on_match
        self._fields = [bound.entity.field(path) for path in paths]
        self._places: list[Sequence[int]] = []
        self._only_empty: list[set[int]] = []
        for number, key in enumerate(bound.keys):
            before = {path for each in bound.keys[:number] for path in each}
            wanted = [path in bound.update_fields and path not in key for path in paths]
            self._places.append([place for place, is_wanted in enumerate(wanted) if is_wanted])
            only = bound.only_empty | before
            self._only_empty.append({place for place, path in enumerate(paths) if path in only})

    def places_for(self, record: Any, key: int) -> Sequence[int]:
        """Return the places of the fields that may change in *record*, which was found by key number *key*."""
        places, only_empty = self._places[key], self._only_empty[key]
        if not only_empty:
            return places
        return [place for place in places if place not in only_empty or self._is_empty(record, place)]

    def _is_empty(self, record: Any, place: int) -> bool:
        field = self._fields[place]
        return value_at(record, field) in (None, field.kind.empty)


def is_older(changed_at: Any, record: Any) -> bool:
    """Return whether the row was *changed_at* a time before *record* was."""
    return changed_at is not None and changed_at <= record.updated_at
