"""Which records are there already: found by the values of their keys, among those that the importer may read.

The seam for finding what is merely similar: a `Matcher` answers for a whole batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from pycrm.fields.field import Place
from pycrm.schema import Entity
from pycrm.schema.diff import FieldReader
from pycrm.workspace.reads import Reads
from pycrm.workspace.unique import CHUNK, key_conditions, key_of, taken_keys
from pycrm.workspace.view import View

__all__ = ["Key", "KeyMatcher", "Matcher"]

Key: TypeAlias = tuple[Any, ...]
"""Inside values of the key's fields, references as ids."""


class Matcher(Protocol):
    """Finds the records that rows are about."""

    def find(self, ws: View, entity: Entity, paths: Sequence[str], keys: Sequence[Key]) -> Mapping[Key, list[Any]]:
        """Return the records outside the bin whose fields at *paths* have one of *keys*, by key."""
        ...


class KeyMatcher:
    """Finds records by equal values; what kinds normalise, such as phone numbers and countries, is equal so."""

    def find(self, ws: View, entity: Entity, paths: Sequence[str], keys: Sequence[Key]) -> Mapping[Key, list[Any]]:
        """See `Matcher.find`."""
        whole = ws._ctx.tools.schema.entity(entity.name)
        asked = [whole.field(path) for path in paths]
        if len(keys) > CHUNK and len(asked) == 1 and asked[0].place is Place.COLUMN and len(asked[0].kind.parts) == 1:
            # Most rows of a file are new, and whether a key is there is quicker to ask than what records have it.
            keys = list(taken_keys(ws._ctx, whole, asked, keys))
        if not keys:
            return {}

        def ask(reads: Reads) -> dict[Key, list[Any]]:
            seen = reads.schema.entity(entity.name)
            fields = [seen.field(path) for path in paths]
            reader, wanted = FieldReader(fields), set(keys)
            found: dict[Key, list[Any]] = {}
            for where in key_conditions(fields, list(wanted)):
                for record in reads.matching(seen, where):
                    if (key := key_of(record, reader)) in wanted:
                        found.setdefault(key, []).append(record)
            return found

        return ws._ask(ask)
