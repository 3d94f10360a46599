"""Which records somebody may take away, which is a right of its own, beside that of reading them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pycrm.exchange.exporting.columns import Column
from pycrm.fields.references import id_of
from pycrm.query import ResolvedPath
from pycrm.schema import Entity, Record
from pycrm.workspace import Reader

__all__ = ["ExportReach"]


class ExportReach:
    """What one reader may export.

    Args:
        ws: Who reads.
        entity: Whose records.
        columns: What is shown of them; what they show of other records is asked for, too.
    Raises:
        NotAllowedError: He may export nothing of the entity.
    """

    def __init__(self, ws: Reader, entity: Entity, columns: Sequence[Column]) -> None:
        self._ws = ws
        self._entity = ws._entity(entity.record_class)
        ws._require("export", self._entity)
        self._ways = _ways(ws, columns)

    def kept(self, records: Sequence[Record]) -> list[Record]:
        """Return those of *records*, which he reads, that he may export."""
        ids = [record.id for record in records]
        left_out = self._beyond(self._entity, ids)
        return [record for record in records if record.id not in left_out] if left_out else list(records)

    def withheld(self, records: Sequence[Record]) -> set[UUID]:
        """Return the ids of what *records* refer to, and whose values he may not export."""
        found: set[UUID] = set()
        for entity, read in self._ways:
            ids = [id_of(value) for record in records if (value := read.value(record)) is not None]
            found |= self._beyond(entity, list(dict.fromkeys(ids)))
        return found

    def _beyond(self, entity: Entity, ids: Sequence[UUID]) -> set[UUID]:
        if self._ws._rights is None or not ids:
            return set()

        def ask(reads: Any) -> set[UUID]:
            if reads.rights.reach("export", entity) == reads.rights.reach("read", entity):
                return set()
            if not reads.rights.allows("export", entity):
                return set(ids)
            reaching = reads.reaching("export", entity)
            return set() if reaching is None else set(ids) - reaching.existing_ids(entity, ids, include_binned=True)

        return self._ws._ask(ask)


def _ways(ws: Reader, columns: Sequence[Column]) -> list[tuple[Entity, Column]]:
    """Return the references that *columns* follow, each as a column of its own, with the entity that it leads to."""
    found: dict[tuple[str, ...], tuple[Entity, Column]] = {}
    for column in columns:
        hops = column.path.hops
        for count, hop in enumerate(hops):
            way = ResolvedPath(column.path.path, hops[:count], hop.entity, hop.field)
            names = tuple(each.field.path for each in hops[: count + 1])
            found[names] = ws._entity(hop.target.record_class), Column(way, "", hop.target)
    return list(found.values())
