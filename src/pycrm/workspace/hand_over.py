"""Handing over what somebody owns to somebody else: an ordinary update of each record, with its rights and hooks.

``ws`` is the `Workspace` that is called; its type is left open here, since it is made of these.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import attrs

from pycrm.entities import Team, User
from pycrm.errors import ConfigurationError
from pycrm.query import Condition, F, Where
from pycrm.schema import Entity, Record
from pycrm.storage.audit import AuditEntry, write_audit
from pycrm.values.refs import Ref
from pycrm.workspace.bulk import update_where
from pycrm.workspace.owned import find_user, owned_by, owned_entities
from pycrm.workspace.results import HandedOver, HandOver
from pycrm.workspace.trail import read_reason

__all__ = ["hand_over"]

_ASSIGNED = ("task", "assignee", "status = 'open'")
"""What people have to do, beside what they own: entity, field, and which records are still to be done."""


def hand_over(
    ws: Any,
    from_user: User | str,
    to_user: User | str,
    *,
    entities: Sequence[type[Record] | str] | None,
    where: Where,
    records: Sequence[Record] | None,
    team: Team | Ref[Team] | None,
    reason: str,
    limit: int,
    preview: bool,
) -> HandOver:
    """Make *to_user* the owner of what *from_user* owns; see `Workspace.hand_over`."""
    told = read_reason(reason)
    ws._ctx.begin_writing()
    giver, taker = find_user(ws, from_user), find_user(ws, to_user)
    if giver.id == taker.id or not taker.is_active:
        why = "is who hands over" if giver.id == taker.id else "is not active"
        raise ConfigurationError(f"{taker.key!r} {why}; name somebody else to hand over to", value=taker.key)
    call = _HandOver(ws, giver, taker, None if team is None else Ref(team.id, "team"), limit, preview)
    done: list[HandedOver] = []
    with ws._ctx.savepoint():
        for entity, condition in _wanted(ws, entities, where, records):
            done += call.carry_out(entity, condition, is_all=records is None)
        if not preview:
            _note(ws, giver, taker, done, told)
    return HandOver(giver.key, taker.key, tuple(done), owned_by(ws, giver))


@attrs.frozen
class _HandOver:
    """One call on its way.

    Attributes:
        ws: The door.
        giver: Who owns the records.
        taker: Who is to own them.
        team: The team that they get; None leaves theirs.
        limit: At most so many of each entity.
        preview: Only show what would be.
    """

    ws: Any
    giver: User
    taker: User
    team: Ref[Team] | None
    limit: int
    preview: bool

    def carry_out(self, entity: Entity, condition: Where, *, is_all: bool) -> Iterator[HandedOver]:
        """Yield what became of the records of *entity*, field by field."""
        if is_all:
            self.ws._require("bulk", entity)
        yield from self._moved(entity, "owner", F.owner == self.giver.id, condition)
        name, field, still = _ASSIGNED
        if entity.name == name and field in self.ws._reads.schema.entities[name].fields:
            yield from self._moved(entity, field, (F[field] == self.giver.id) & Condition.of(still), condition)

    def _moved(self, entity: Entity, field: str, is_his: Condition, condition: Where) -> Iterator[HandedOver]:
        where = _both(is_his, condition)
        changes: dict[str, Any] = {field: Ref(self.taker.id, "user")}
        if field == "owner" and self.team is not None:
            changes["team"] = self.team
        done = update_where(
            self.ws, entity.record_class, where, changes, limit=self.limit, on_problem="refuse", preview=self.preview
        )
        if done.records or done.refused:
            ids = tuple(record.id for record in done.records)
            yield HandedOver(entity.name, field, len(ids), done.refused, done.handle)


def _wanted(
    ws: Any, entities: Sequence[type[Record] | str] | None, where: Where, records: Sequence[Record] | None
) -> Iterator[tuple[Entity, Where]]:
    """Yield which entities the call is about, with the condition on the records of each.

    Raises:
        ConfigurationError: What is given does not go together.
    """
    if records is not None:
        if entities is not None or where is not None:
            raise ConfigurationError("records= names what is handed over; leave entities= and where= away")
        by_entity: dict[str, list[UUID]] = {}
        for record in records:
            by_entity.setdefault(ws._ctx.tools.schema.entity_of(record).name, []).append(record.id)
        for name, ids in by_entity.items():
            yield ws._ctx.tools.schema.entities[name], F.id.in_(ids)
        return
    if where is not None and (entities is None or len(entities) != 1):
        raise ConfigurationError("where= is about the fields of one entity; name it: entities=[Account]")
    if entities is not None:
        for each in entities:
            yield ws._ctx.tools.schema.entity(each), where
        return
    for entity in owned_entities(ws, "bulk") or owned_entities(ws, "read"):
        yield entity, None


def _both(one: Condition, other: Where) -> Condition:
    return one if other is None else one & Condition.of(other)


def _note(ws: Any, giver: User, taker: User, done: Sequence[HandedOver], reason: str) -> None:
    """Write into the audit trail, with the unit, who handed over what, and why."""
    ctx, principal = ws._ctx, ws.principal
    plugin = ctx.acting[-1] if ctx.acting else principal.plugin_name
    entries = [
        AuditEntry(
            "handed_over",
            principal.user,
            ctx.services.clock(),
            principal.origin,
            plugin,
            entity=each.entity,
            action="write",
            fields=(each.field,),
            reason=reason,
            facts={"from": giver.key, "to": taker.key, "count": each.count},
        )
        for each in done
        if each.count
    ]
    if entries:
        write_audit(ctx.unit, ctx.tools.tables, entries)
