"""What speaks for and against an action on a record: roles, shares, covers, and what a part belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import attrs

from pycrm.entities import Cover, Role, Share
from pycrm.fields.references import RefKind, id_of, target_of
from pycrm.policies.grants import EntityGrant, Reach
from pycrm.policies.rights import (
    EVERYTHING,
    NOTHING,
    Rights,
    action_on_whole,
    opened_by,
    rights_source,
    scope_node,
)
from pycrm.query import And, Compare, F, Node, Path
from pycrm.schema import Entity
from pycrm.schema.diff import value_at
from pycrm.values.refs import Ref
from pycrm.workspace.view import View
from pycrm.workspace.why_teller import Teller

__all__ = ["RecordReasons"]

MOST_WHOLES = 8


@attrs.frozen
class RecordReasons:
    """Finds the reasons of one principal whose rights come of roles.

    Attributes:
        subject: His view.
        rights: His rights.
        teller: Tells them.
    """

    subject: View
    rights: Rights
    teller: Teller

    def of(self, action: str, entity: Entity, record: Any, depth: int = 0) -> Iterator[str]:
        """Yield what speaks for and against *action* on *record*, a whole one; on any of *entity* where it is None."""
        if entity.name in self.rights.lifted and self.rights.reach(action, entity) is EVERYTHING:
            yield self.teller.say("section")
        source = rights_source(entity)
        if source is None:
            yield from self._of_roles(action, entity, record)
        elif depth < MOST_WHOLES:
            yield from self._of_whole(action, entity, record, depth)

    # Roles

    def _of_roles(self, action: str, entity: Entity, record: Any) -> Iterator[str]:
        grants = self._grants(entity)
        granting = [(name, grant) for name, grant in grants if grant.actions.get(action)]
        if not granting:
            yield self._nothing_allows()
        for name, grant in granting:
            for reach in grant.actions[action]:
                yield self._told("allows", name, entity, reach, self._covers(entity, reach, record, NOTHING))
        if record is not None and granting:
            yield from self._covering(action, entity, record, granting)
            yield from self._shares(action, entity, record)
        for name, grant in grants:
            for reach in grant.denied.get(action, ()):
                is_one = self._covers(entity, reach, record, EVERYTHING)
                if is_one is not False:
                    yield self._told("denies", name, entity, reach, is_one)

    def _grants(self, entity: Entity) -> list[tuple[str, EntityGrant]]:
        """Return what each of his roles says of *entity*, by the name of the role."""
        known = self.teller.grounds.definitions
        return [
            (name, known[name].grants[entity.name])
            for name in sorted(self.rights.roles & known.keys())
            if entity.name in known[name].grants
        ]

    def _nothing_allows(self) -> str:
        known = self.teller.grounds.definitions
        roles = [self.teller.role(name, known) for name in sorted(self.rights.roles & known.keys())]
        if not roles:
            return self.teller.say("no role", who=self.teller.who)
        return self.teller.say("none allows", roles=self.teller.say("list").join(roles))

    def _told(self, key: str, role: str, entity: Entity, reach: Reach, is_one: bool | None) -> str:
        """Return what *role* says, and whether the record is among those: None where it is about no single one."""
        told = self.teller.reach(entity, reach, is_broken=self.rights.records(entity, reach, NOTHING) is NOTHING)
        named = self.teller.role(role, self.teller.grounds.definitions)
        if is_one is None or reach in ("all", "none"):
            return self.teller.say(key, role=named, reach=told)
        return self.teller.say(f"{key} this" if is_one else f"{key} others", role=named, reach=told)

    def _covers(self, entity: Entity, reach: Reach, record: Any, broken: Node | None) -> bool | None:
        """Return whether *reach* has *record* in it; None where that is none."""
        return None if record is None else self._holds(entity, self.rights.records(entity, reach, broken), record.id)

    def _holds(self, entity: Entity, node: Node | None, id: UUID) -> bool:
        if node is EVERYTHING or node is NOTHING:
            return node is EVERYTHING
        assert node is not None, "everything is told apart above"
        one = And((Compare("=", Path(("id",)), id), node))
        return bool(self.subject._ctx.matching(entity, one, include_binned=True))

    # What opens single records

    def _covering(
        self, action: str, entity: Entity, record: Any, granting: list[tuple[str, EntityGrant]]
    ) -> Iterator[str]:
        """Yield for whom he stands in, where the record is within reach only by that."""
        covers = self.teller.grounds.covers
        scopes = {str(each) for _, grant in granting for each in grant.actions[action] if isinstance(each, str)}
        if not covers or "all" in scopes:
            return
        within = [scope for scope in scopes if self._covers(entity, scope, record, NOTHING)]  # type: ignore[arg-type]
        alone = self.teller.grounds.alone
        if within and not any(self._holds(entity, scope_node(entity, scope, alone), record.id) for scope in within):
            user = self.subject._ctx.tools.schema.entity(Cover).fields["user"]
            for cover in covers:
                other = self.teller.title("user", id_of(value_at(cover, user)))
                yield self.teller.say("stands in", who=self.teller.who, other=other, until=str(cover.ends_on))

    def _shares(self, action: str, entity: Entity, record: Any) -> Iterator[str]:
        levels = self.rights.shared.get(entity.name, {})
        if not any(record.id in ids for ids in levels.values()):
            return
        ctx, teller = self.subject._ctx, self.teller
        share_entity, now = ctx.tools.schema.entity(Share), ctx.services.clock()
        for share in ctx.matching(share_entity, F.record == Ref(record.id, entity.name)):
            is_now = share.ends_at is None or now < share.ends_at
            grantee = self._grantee(share.grantee) if is_now and opened_by(share.level, action) else None
            if grantee is None:
                continue
            level = teller.option(share_entity, "level", share.level)
            if share.ends_at is None:
                yield teller.say("shared", grantee=grantee, level=level)
            else:
                yield teller.say("shared until", grantee=grantee, level=level, until=teller.moment(share.ends_at))

    def _grantee(self, grantee: Ref[Any]) -> str | None:
        """Return what whom a record is shared with is called, if the principal is among them."""
        people, ctx = self.rights.people, self.subject._ctx
        if grantee.entity == "role":
            (role,) = ctx.by_ids(ctx.tools.schema.entity(Role), [grantee.id], include_binned=True)
            if role.name not in self.teller.grounds.sharing:
                return None
            return self.teller.role(role.name, self.teller.grounds.definitions)
        if grantee.id not in (people.me if grantee.entity == "user" else people.teams):
            return None
        return self.teller.title(str(grantee.entity), grantee.id)

    # Parts

    def _of_whole(self, action: str, entity: Entity, record: Any, depth: int) -> Iterator[str]:
        source = rights_source(entity)
        assert source is not None, "asked of parts"
        entities, of_whole = self.subject._ctx.tools.schema.entities, action_on_whole(action)
        if record is None:
            whole = entities.get(str(source.kind.target)) if isinstance(source.kind, RefKind) else None
            if whole is None:
                yield self.teller.say("part of any", action=self.teller.action(entity, of_whole))
                return
            above = None
        else:
            found = self._whole(source.kind, value_at(record, source))
            if found is None:
                yield self.teller.say("part of nothing")
                return
            whole, above = found
        action_told = self.teller.action(whole, of_whole)
        yield self.teller.say("part", action=action_told, what=self.teller.what(whole, above))
        yield from self.of(of_whole, whole, above, depth + 1)

    def _whole(self, kind: Any, value: Any) -> tuple[Entity, Any] | None:
        """Return what the reference *value* leads to, and its entity."""
        ctx = self.subject._ctx
        entity = None if value is None else ctx.tools.schema.entities.get(target_of(kind, value))
        found = [] if entity is None else ctx.by_ids(entity, [id_of(value)], include_binned=True)
        return (entity, found[0]) if entity is not None and found else None
