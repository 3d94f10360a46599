"""Reading the audit trail, for administrators and for those whose role grants ``audit`` on an entity.

``ws`` is the `Reader` or `Workspace` that asks; its type is left open here, since the reader itself is made of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import attrs

from pycrm.errors import ConfigurationError, QueryError, nearest
from pycrm.schema import Entity, Record
from pycrm.schema.sight import SeenEntity
from pycrm.storage.audit import KINDS, AuditEntry, place_of_entry, read_audit
from pycrm.values.refs import Ref
from pycrm.workspace.results import Entries
from pycrm.workspace.rights import SeenReads

__all__ = ["audit", "check_limit"]

MOST_ENTRIES = 1_000
PORTION = 200


def audit(
    ws: Any,
    *,
    actor: str | None,
    kind: str | None,
    entity: type[Record] | str | None,
    record: Record | Ref[Any] | UUID | None,
    since: datetime | None,
    limit: int,
    after: str | None,
) -> Entries[AuditEntry]:
    """Return entries of the trail, the newest first; see `Reader.audit`."""
    check_limit(limit)
    if kind is not None and kind not in KINDS:
        raise ConfigurationError(f"kind={kind!r}: choose one of {', '.join(KINDS)}{nearest(kind, KINDS)}", value=kind)
    ctx = ws._ctx
    ctx.unit.check_usable()
    schema = ctx.tools.schema
    if entity is None and isinstance(record, (Record, Ref)):
        entity = record.__record_class__ if isinstance(record, Record) else record.entity
    known = None if entity is None else schema.entity(entity)
    equal: dict[str, Any] = {"actor": actor, "kind": kind, "entity": None if known is None else known.name}
    equal["record_id"] = record if isinstance(record, UUID) else getattr(record, "id", None)
    reach = _Reach(ws, _readable(ws, known))
    conditions = {name: value for name, value in equal.items() if value is not None}
    place = None if after is None else _place(ws, after)
    found: list[AuditEntry] = []
    portion = max(limit + 1, PORTION)
    while len(found) <= limit:
        rows = read_audit(
            ctx.unit, ctx.tools.tables, equal=conditions, entities=reach.names, since=since, before=place, limit=portion
        )
        found += reach.shown([entry for _, entry in rows])
        if len(rows) < portion:
            break
        place = rows[-1][0]
    return Entries.of(found[:limit], str(found[limit - 1].id) if len(found) > limit else None)


def check_limit(limit: int) -> None:
    """Refuse a number of entries that nobody reads.

    Raises:
        ConfigurationError: It is out of bounds.
    """
    if not 1 <= limit <= MOST_ENTRIES:
        raise ConfigurationError(f"limit={limit} is out of bounds; choose 1 to {MOST_ENTRIES}", value=limit)


def _readable(ws: Any, asked: Entity | None) -> list[Entity] | None:
    """Return the entities whose entries may be read; None for everything.

    Raises:
        NotAllowedError: There are none, or the one that is asked for is not among them.
    """
    if ws.principal.is_administrator:
        return None
    if asked is not None:
        ws._require("audit", asked)
        return [asked]
    names = [entity for entity in ws._ctx.tools.schema.entities.values() if ws._may("audit", entity)]
    if not names:
        ws._require_actor("audit")
    return names


def _place(ws: Any, after: str) -> int:
    try:
        place = place_of_entry(ws._ctx.unit, ws._ctx.tools.tables, UUID(after))
    except ValueError:
        place = None
    if place is None:
        raise QueryError(f"after={after!r} is no cursor of the audit trail; start again without it", value=after)
    return place


@attrs.define(eq=False)
class _Reach:
    """Which entries somebody reads, and what of them."""

    ws: Any
    entities: list[Entity] | None

    @property
    def names(self) -> list[str] | None:
        """The entities that entries must be about; None for any, and for entries about none."""
        return None if self.entities is None else [entity.name for entity in self.entities]

    def shown(self, entries: Sequence[AuditEntry]) -> list[AuditEntry]:
        """Return those of *entries* about records within reach, without the names of hidden fields."""
        reads = self.ws._reads
        if self.entities is None or not isinstance(reads, SeenReads):
            return list(entries)
        within = {entity.name: self._within(reads, entity, entries) for entity in self.entities}
        seen = reads.schema.entities
        return [
            attrs.evolve(entry, fields=_seen_fields(seen, entry))
            for entry in entries
            if entry.entity is not None and (within[entry.entity] is None or entry.record_id in within[entry.entity])
        ]

    def _within(self, reads: SeenReads, entity: Entity, entries: Sequence[AuditEntry]) -> Any:
        """Return the records that *entries* of *entity* are about and that are within reach; None for all there are."""
        reaching = reads.reaching("audit", entity)
        if reaching is None:
            return None
        ids = {entry.record_id for entry in entries if entry.entity == entity.name and entry.record_id is not None}
        return reaching.existing_ids(entity, sorted(ids), include_binned=True) if ids else set()


def _seen_fields(seen: Mapping[str, Entity], entry: AuditEntry) -> tuple[str, ...]:
    entity = seen.get(entry.entity or "")
    if entity is None:
        return ()
    masked = entity.masks if isinstance(entity, SeenEntity) else {}
    return tuple(path for path in entry.fields if path in entity.fields or path in masked)
