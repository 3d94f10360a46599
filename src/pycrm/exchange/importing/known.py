"""Which record a row is about: found by the keys of the mapping, in the database and among the rows before."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any
from uuid import UUID

from pycrm.errors import Problem
from pycrm.exchange.importing import notes
from pycrm.exchange.importing.drafts import Draft, DraftMaker, bare
from pycrm.exchange.importing.matching import Key, Matcher
from pycrm.exchange.mapping import BoundEntity
from pycrm.fields.references import AnyRefKind
from pycrm.schema.diff import value_at
from pycrm.values.refs import Ref
from pycrm.workspace.view import View

__all__ = ["KnownRecords"]


class KnownRecords:
    """The records that the rows at *places* of a batch are about, as far as there are any.

    Keys are tried in their order; the first that finds a record tells which one it is.

    Args:
        bound: The entity, with its keys.
        maker: Makes the drafts.
        values: Of every row of the batch, in the order of the maker's fields.
        places: Of the rows that have such a record.
    """

    def __init__(
        self, bound: BoundEntity, maker: DraftMaker, values: Sequence[Sequence[Any]], places: Sequence[int]
    ) -> None:
        self._bound = bound
        self._maker = maker
        self._places = places
        paths = [field.path for field in maker.fields]
        self._parts = [[paths.index(path) for path in key] for key in bound.keys]
        self._keys = [self._complete(parts, values) for parts in self._parts]
        self._known: list[dict[Key, Draft | Problem]] = [{} for _ in self._parts]

    def look_up(self, ws: View, matcher: Matcher) -> None:
        """Find those that are stored."""
        entity, drafts = self._bound.entity, dict[UUID, Draft]()
        unknown: Sequence[int] = self._places
        for paths, keys, known in zip(self._bound.keys, self._keys, self._known, strict=True):
            wanted = list(dict.fromkeys(keys[place] for place in unknown if place in keys))
            for key, records in matcher.find(ws, entity, paths, wanted).items():
                if len(records) > 1:
                    known[key] = notes.several(entity.name, key, len(records))
                    continue
                if records[0].id not in drafts:
                    drafts[records[0].id] = self._maker.load(records[0])
                known[key] = drafts[records[0].id]
            unknown = [place for place in unknown if keys.get(place) not in known]

    def of(self, place: int) -> tuple[Draft | Problem | None, int]:
        """Return the draft of the row at *place*, or why it has none, and the number of the key that found it."""
        for number, (keys, known) in enumerate(zip(self._keys, self._known, strict=True)):
            key = keys.get(place)
            if key is not None and (found := known.get(key)) is not None:
                if isinstance(found, Problem):
                    return copy(found), number
                return self._disagreement(place, found, number) or found, number
        return None, 0

    def add(self, place: int, draft: Draft) -> None:
        """Let later rows with a key of the row at *place* find *draft*."""
        for keys, known in zip(self._keys, self._known, strict=True):
            if (key := keys.get(place)) is not None:
                known.setdefault(key, draft)

    def _complete(self, parts: Sequence[int], values: Sequence[Sequence[Any]]) -> dict[int, Key]:
        """Return the key of each row whose *parts* all have a value."""
        fields = self._maker.fields
        anywhere = {part for part in parts if isinstance(fields[part].kind, AnyRefKind)}
        keys: dict[int, Key] = {}
        for place in self._places:
            row = values[place]
            # A reference to any entity stays one, for its id alone is not asked for.
            key = tuple(each.id if type(each := row[part]) is Ref and part not in anywhere else each for part in parts)
            if all(part is not None and part != fields[at].kind.empty for part, at in zip(key, parts, strict=True)):
                keys[place] = key
        return keys

    def _disagreement(self, place: int, draft: Draft, number: int) -> Problem | None:
        """Return what is wrong where a key before *number* says that *draft* is another record."""
        fields = self._maker.fields
        for keys, parts in zip(self._keys[:number], self._parts[:number], strict=True):
            if (key := keys.get(place)) is None:
                continue
            stored = tuple(value_at(draft.record, fields[part]) for part in parts)
            if all(each not in (None, fields[part].kind.empty) for each, part in zip(stored, parts, strict=True)) and (
                tuple(map(bare, stored)) != tuple(map(bare, key))
            ):
                return notes.disagree(
                    self._bound.entity.name, self._bound.keys[number], [fields[part] for part in parts], key, stored
                )
        return None
