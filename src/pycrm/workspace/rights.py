"""What a principal may do, read from the database and kept until somebody changes it."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from datetime import time as time_of_day
from typing import Any
from uuid import UUID

import attrs

from pycrm.errors import PycrmError
from pycrm.policies.grants import GIVES_RIGHTS, EntityGrant, Rule
from pycrm.policies.rights import People, Rights
from pycrm.policies.roles import STORED, RoleDefinition, effective, merge_stored, parse_role, told
from pycrm.query import F, Node, Statement
from pycrm.query.settle import settle
from pycrm.query.ways import FEW, SOME, Readable
from pycrm.schema import Entity
from pycrm.storage.state import count_access_change, read_access_number
from pycrm.values.principal import Principal
from pycrm.values.refs import Ref
from pycrm.workspace.asker import UnitAsker
from pycrm.workspace.context import UnitContext
from pycrm.workspace.reads import PORTION, Reads, RightsMoved
from pycrm.workspace.shown import show_rights
from pycrm.workspace.tools import SchemaTools

__all__ = ["Grounds", "SeenReads", "grounds_of", "note_access_change", "reads_of"]

_log = logging.getLogger(__name__)

COUNT_AGAIN = 600.0
"""Seconds."""

# What decides about rights, beside the roles in code.
_DECIDING = GIVES_RIGHTS | {"share"}


class SeenReads(Reads):
    """Reads what one principal may read."""

    def __init__(self, ctx: UnitContext, rights: Rights, tools: SchemaTools | None = None) -> None:
        self._ctx = ctx
        self.rights = rights
        self.known_ids: dict[str, set[UUID]] = {}
        self._tools = tools
        self._reaching: dict[tuple[str, str], SeenReads | None] = {}

    @property
    def reading(self) -> SchemaTools:
        """The tools of what he sees."""
        if self._tools is None:
            self._tools = self._ctx.tools.seen_by(self.rights.seen, self.rights.row_rules)
        return self._tools

    def how_many(self, entity: Entity, closely: bool = False) -> Readable | None:
        """See `Reads.how_many`. It decides how a list is asked for, not what is in it, so it may be minutes old."""
        if entity.name not in self.rights.row_rules.rules:
            return None
        if self._has_at_most(FEW, entity):
            return "few"
        return "some" if closely and self._has_at_most(SOME, entity) else "many"

    def _has_at_most(self, most: int, entity: Entity) -> bool:
        known, key = self.rights.readable, (entity.name, most)
        answer, at = known.get(key, (None, 0.0))
        if answer is None or time.monotonic() - at > COUNT_AGAIN:
            statement = self.reading.compiler.count(entity, cap=most + 1)
            ((count,),) = self.run(statement.sql, statement.params)
            answer = count <= most
            known[key] = answer, time.monotonic()
        return answer

    def reaching(self, action: str, entity: Entity) -> SeenReads | None:
        """Return what finds those records of *entity*, with all their fields, that *action* reaches; None for all."""
        key = action, entity.name
        if key not in self._reaching:
            rules, tools = self.rights.rules_for(action, entity), self._ctx.tools
            self._reaching[key] = (
                None if rules is None else SeenReads(self._ctx, self.rights, tools.seen_by(tools.schema, rules))
            )
        return self._reaching[key]

    def run(self, sql: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """See `Reads.run`. A statement whose rights are outdated finds nothing, so only then is asked."""
        rows = self._ctx.unit.rows(sql, params)
        if not rows:
            self.check()
        return rows

    def rows(self, statement: Statement) -> list[tuple[Any, ...]]:
        """See `Reads.rows`."""
        return self._ctx.without_number(self.run(statement.sql, statement.params))

    def check(self) -> None:
        """Raise `RightsMoved` if who may do what has changed since."""
        if read_access_number(self._ctx.unit, self._ctx.tools.tables) != self.rights.number:
            self._ctx.forget_rights()
            raise RightsMoved


def note_access_change(ctx: UnitContext, entity: str) -> None:
    """Note that records of *entity* were written, in case these decide about rights."""
    if entity in _DECIDING:
        count_access_change(ctx.unit, ctx.tools.tables)
        ctx.has_changed_access = True
        ctx.forget_rights()


def reads_of(ctx: UnitContext, principal: Principal) -> SeenReads:
    """Return how *principal*, who is no administrator, reads in this unit.

    His rights are those of now or of a moment ago. Statements carry the number of what they were made by, which is
    compared with the present when they run.
    """
    held = ctx.seen_by.get(principal)
    if isinstance(held, SeenReads) and _hold(held.rights, ctx):
        return held
    made = ctx.seen_by[principal] = SeenReads(ctx, _rights_of(ctx, principal))
    show_rights(ctx, principal, made.rights)
    return made


def _rights_of(ctx: UnitContext, principal: Principal) -> Rights:
    # What this unit has not committed is nobody else's matter.
    kept = None if ctx.has_changed_access else ctx.services.rights
    held = None if kept is None else kept.get(principal)
    if held is not None and _hold(held, ctx):
        return held
    made = _Reader(ctx, principal).read()
    if kept is not None:
        kept.put(principal, made)
    return made


def _hold(rights: Rights, ctx: UnitContext) -> bool:
    return rights.schema is ctx.tools.schema and rights.hold_at(ctx.services.clock())


@attrs.frozen
class Grounds:
    """What the rights of a principal rest on, for whoever asks why they are as they are.

    Attributes:
        definitions: Every role by name, as it counts.
        assigned: The assignments of roles to him that hold now.
        covers: The covers by which he stands in for others now.
        alone: Who he is and whom his scopes take in without these covers.
        sharing: Those of his roles, and those above them, with which records may be shared.
    """

    definitions: Mapping[str, RoleDefinition]
    assigned: tuple[Any, ...]
    covers: tuple[Any, ...]
    alone: People
    sharing: frozenset[str]


def grounds_of(ctx: UnitContext, principal: Principal) -> Grounds:
    """Return what the rights of *principal*, who is no administrator and no plugin, rest on."""
    return _Reader(ctx, principal).grounds()


class _Reader:
    """Reads what the rights of one principal are worked out of."""

    def __init__(self, ctx: UnitContext, principal: Principal) -> None:
        self._ctx = ctx
        self._principal = principal
        self._asker = UnitAsker(ctx, principal)
        self._now = ctx.services.clock()
        self._until: list[datetime] = []

    def read(self) -> Rights:
        ctx = self._ctx
        # First, so that a change in between makes the number that statements carry too small.
        number = read_access_number(ctx.unit, ctx.tools.tables)
        definitions = self._definitions()
        roles = self._principal.roles.union(each.role for each in self._assignments())
        grants = effective(definitions[name] for name in sorted(roles) if name in definitions)
        rules = self._rules(grants)
        people = self._people(self._covers())
        shared = self._shared(people, _with_those_above(roles, definitions))
        return Rights(
            schema=ctx.tools.schema,
            roles=frozenset(roles),
            grants=grants,
            people=people,
            shared=shared,
            number=number,
            until=min(self._until, default=None),
            rules=rules,
            seen_schemas=ctx.tools.seen_schemas,
        )

    def grounds(self) -> Grounds:
        definitions = self._definitions()
        assigned = self._assignments()
        roles = self._principal.roles.union(each.role for each in assigned)
        return Grounds(
            definitions,
            tuple(assigned),
            tuple(self._covers()),
            self._people(()),
            frozenset(_with_those_above(roles, definitions)),
        )

    def _definitions(self) -> dict[str, RoleDefinition]:
        """Return all roles by name. One whose stored form is broken gives nothing: who knows what it denied."""
        stored: dict[str, RoleDefinition] = {}
        broken: set[str] = set()
        for row in self._matching("role", F.is_active == True):  # noqa: E712
            definition, problems = parse_role(row.name, json.loads(row.rights), STORED)
            stored[row.name] = definition
            if problems:
                broken.add(row.name)
                _log.error("%s", told(row.name, STORED, problems))
        merged = merge_stored(self._ctx.services.roles, stored)
        return {name: definition for name, definition in merged.items() if name not in broken}

    def _rules(self, grants: Mapping[str, EntityGrant]) -> dict[str, Node]:
        """Return the rules among *grants* by their text; one that cannot be read is left out."""
        rules: dict[str, Node] = {}
        for grant in grants.values():
            for reaches in (*grant.actions.values(), *grant.denied.values()):
                for reach in reaches:
                    if isinstance(reach, Rule) and reach.where not in rules:
                        with suppress(PycrmError):
                            rules[reach.where] = self._rule(reach.where)
        return rules

    def _rule(self, text: str) -> Node:
        from pycrm.query.reading import read_filter  # with a parser, which not every process needs

        node = read_filter(text)
        settled = settle(node, self._asker)
        if settled != node:
            # It may name a day, and tomorrow is another one.
            self._until.append(self._midnight())
        return settled

    def _midnight(self) -> datetime:
        zone = self._asker.zone
        return datetime.combine(self._asker.today + timedelta(days=1), time_of_day(), zone)

    def _assignments(self) -> list[Any]:
        if self._principal.is_anonymous:
            return []
        assigned = self._matching("role_assignment", F.user == self._asker.me)
        return [each for each in assigned if self._is_now(each.starts_at, each.ends_at)]

    def _people(self, covers: Iterable[Any]) -> People:
        if self._principal.is_anonymous:
            return People(())
        me = (self._asker.me, *sorted(cover.user.id for cover in covers))
        teams = self._teams(me)
        below = self._below("user", "manager", me)
        members = {each.id for team in teams.values() for each in team.members}
        return People(
            me=me,
            teams=tuple(sorted(teams)),
            colleagues=tuple(sorted(members.difference(me))),
            subordinates=tuple(sorted(below.keys() - members)),
        )

    def _covers(self) -> list[Any]:
        """Return the covers by which he stands in for somebody now."""
        if self._principal.is_anonymous:
            return []
        found = []
        for cover in self._matching("cover", F.substitute == self._asker.me):
            zone = self._asker.zone
            starts = datetime.combine(cover.starts_on, time_of_day(), zone) if cover.starts_on else None
            ends = datetime.combine(cover.ends_on + timedelta(days=1), time_of_day(), zone) if cover.ends_on else None
            if self._is_now(starts, ends):
                found.append(cover)
        return found

    def _teams(self, me: Sequence[UUID]) -> dict[UUID, Any]:
        own = F.members.has_any(list(me)) | F.name.in_(sorted(self._principal.teams))
        teams = {team.id: team for team in self._matching("team", own)}
        return teams | self._below("team", "parent", list(teams))

    def _below(self, entity: str, parent: str, ids: Sequence[UUID]) -> dict[UUID, Any]:
        """Return the records of *entity* below those with *ids* in the tree that *parent* makes."""
        found: dict[UUID, Any] = {}
        above = list(ids)
        while above:
            below = {record.id: record for record in self._matching(entity, F[parent].in_(above))}
            above = [id for id in below if id not in found and id not in ids]
            found |= {id: below[id] for id in above}
        return found

    def _shared(self, people: People, roles: Iterable[str]) -> dict[str, dict[str, set[UUID]]]:
        entities = self._ctx.tools.schema.entities
        if self._principal.is_anonymous or "share" not in entities:
            return {}
        role_ids = [role.id for role in self._matching("role", F.name.in_(sorted(roles)))]
        grantees: list[Ref[Any]] = [Ref(id, "user") for id in people.me]
        grantees += [Ref(id, "team") for id in people.teams]
        grantees += [Ref(id, "role") for id in role_ids]
        shared: dict[str, dict[str, set[UUID]]] = {}
        for start in range(0, len(grantees), PORTION):
            for share in self._matching("share", F.grantee.in_(grantees[start : start + PORTION])):
                if self._is_now(None, share.ends_at):
                    shared.setdefault(share.record.entity, {}).setdefault(share.level, set()).add(share.record.id)
        return shared

    def _is_now(self, starts: datetime | None, ends: datetime | None) -> bool:
        """Whether something holds at present that begins and ends then; notes when that changes."""
        for at in (starts, ends):
            if at is not None and at > self._now:
                self._until.append(at)
        return (starts is None or starts <= self._now) and (ends is None or self._now < ends)

    def _matching(self, entity: str, where: Any) -> list[Any]:
        return self._ctx.matching(self._ctx.tools.schema.entities[entity], where)


def _with_those_above(roles: Iterable[str], definitions: Mapping[str, RoleDefinition]) -> set[str]:
    """Return *roles* and all above them: what is shared with a role is shared with those below it."""
    found: set[str] = set()
    for name in roles:
        at: str | None = name
        while at is not None and at not in found:
            found.add(at)
            at = definitions[at].parent if at in definitions else None
    return found
