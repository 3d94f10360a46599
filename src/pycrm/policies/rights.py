"""What one principal may do, worked out of his roles once: which records each action reaches, and which fields.

Everything that is known of him is put in first, so that what remains is a filter per action and entity over the record
alone: who owns it, whose team it is, whether it was shared with him. One interpreter applies these filters, the
database.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property, partial
from types import MappingProxyType
from typing import Any, TypeAlias
from uuid import UUID

import attrs

from pycrm.errors import PycrmError
from pycrm.fields.field import Field
from pycrm.fields.references import AnyRefKind, RefKind
from pycrm.policies.grants import GIVES_RIGHTS, EntityGrant, FieldRight, Reach, Rule, field_right, lifted
from pycrm.policies.masks import mask
from pycrm.query import And, Compare, In, Node, Not, Or, Path
from pycrm.query.bind import bind
from pycrm.query.prefixing import prefixed
from pycrm.query.row_rules import LedRule, RowRule, RowRules
from pycrm.schema import Entity, Schema
from pycrm.schema.sight import Mask, seen_schema

__all__ = [
    "EVERYTHING",
    "NOTHING",
    "People",
    "Reached",
    "Rights",
    "SeenSchemas",
    "Shared",
    "action_on_whole",
    "opened_by",
    "rights_source",
    "scope_node",
]

EVERYTHING = None
NOTHING: Node = Or(())

Reached: TypeAlias = RowRule | None
"""The records that an action reaches, as a settled filter over the whole schema; None for all."""

Shared: TypeAlias = Mapping[str, Mapping[str, Collection[UUID]]]
"""Entity name to level (``read``, ``write``) to the ids of the records that were shared so with somebody."""

_FOR_READING = frozenset({"read", "export"})
_WRITING = frozenset({"create", "write", "delete"})
_FOR_THE_WHOLE = frozenset({"unmask", "audit"})
_NONE = EntityGrant()


@attrs.frozen
class People:
    """Who somebody is and whom his scopes take in, by their ids.

    Attributes:
        me: Himself, and those whom he stands in for.
        teams: His teams and what is below them in the tree of teams, and theirs.
        colleagues: The members of these teams.
        subordinates: Everybody below him, at any depth, and below those whom he stands in for.
    """

    me: tuple[UUID, ...]
    teams: tuple[UUID, ...] = ()
    colleagues: tuple[UUID, ...] = ()
    subordinates: tuple[UUID, ...] = ()


class SeenSchemas:
    """Schemas as people with the same rights to fields see them, so that they share what is made for them."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._made: dict[object, Schema] = {}

    def of(self, readable: Mapping[str, frozenset[str]], masks: Mapping[str, Mapping[str, str]]) -> Schema:
        """Return the schema of whoever reads the fields *readable* and sees others through *masks*, named by path."""
        key = (
            frozenset(readable.items()),
            frozenset((name, frozenset(each.items())) for name, each in masks.items()),
        )
        if key not in self._made:
            functions: dict[str, dict[str, Mask]] = {
                name: {path: partial(mask, pattern) for path, pattern in each.items()} for name, each in masks.items()
            }
            self._made[key] = seen_schema(self._schema, readable, functions)
        return self._made[key]


@attrs.frozen(eq=False)
class Rights:
    """The rights of one principal in one schema.

    Attributes:
        schema: The whole schema.
        roles: The names of his roles, those that he has for a time among them.
        grants: By entity name, what these allow and deny together.
        people: Who he is and whom he is responsible for.
        shared: What others have shared with him.
        number: The changes to rights that are in it.
        until: When it is no longer true by itself, or None.
        rules: By their text, the rules among the grants as settled filters; those that cannot be read are absent.
        seen_schemas: Where the schemas come from that people see.
        readable: Whether he may read at most so many records of an entity, by its name and that number, and when that
            was counted, by the monotonic clock.
        lifted: Entities to which a section with further rights gives some.
        made: What others have made of them and keep with them, by what it is.
    """

    schema: Schema
    roles: frozenset[str]
    grants: Mapping[str, EntityGrant]
    people: People
    shared: Shared
    number: int
    until: datetime | None
    rules: Mapping[str, Node]
    seen_schemas: SeenSchemas
    lifted: frozenset[str] = frozenset()
    readable: dict[tuple[str, int], tuple[bool, float]] = attrs.field(factory=dict, init=False, repr=False)
    made: dict[str, Any] = attrs.field(factory=dict, init=False, repr=False)
    _reached: dict[tuple[str, str], Reached] = attrs.field(factory=dict, init=False, repr=False)
    _rules: dict[tuple[str, str], RowRules | None] = attrs.field(factory=dict, init=False, repr=False)
    _closed: dict[str, frozenset[str]] = attrs.field(factory=dict, init=False, repr=False)
    _elevated: dict[object, Rights] = attrs.field(factory=dict, init=False, repr=False)

    def hold_at(self, now: datetime) -> bool:
        """Return whether time alone has not changed them by *now*."""
        return self.until is None or now < self.until

    def reach(self, action: str, entity: Entity) -> Reached:
        """Return the records of *entity* that *action* reaches.

        A part, whose reference says ``rights_from``, is read with what it is part of. To show what is masked in it, or
        the trail of it, takes the same right to that; all else that is done to it takes the right to write that.
        """
        key = action, entity.name
        if key not in self._reached:
            self._reached[key] = NOTHING  # what follows itself in a circle reaches nothing by that
            entity = self.schema.entities[entity.name]  # whole: what decides may be hidden from whom it is decided for
            source = rights_source(entity)
            self._reached[key] = self._own_reach(action, entity) if source is None else self._of_part(action, source)
        return self._reached[key]

    def allows(self, action: str, entity: Entity) -> bool:
        """Return whether *action* reaches anything of *entity* at all."""
        return self.reach(action, entity) is not NOTHING

    def grant(self, entity: Entity) -> EntityGrant:
        """Return what the roles say of *entity* together."""
        return self.grants.get(entity.name, _NONE)

    def field_right(self, entity: Entity, field: Field) -> FieldRight:
        """Return the right to a field, on the records that are reached at all."""
        if entity.name not in self.lifted and not self.allows("read", entity):
            return "none"
        may_write = self.allows("write", entity) or self.allows("create", entity)
        return field_right(self.grant(entity), field, may_write)

    def unwritable(self, entity: Entity, fields: Iterable[Field]) -> list[Field]:
        """Return those of *fields* that may not be written."""
        closed = self.closed(entity)
        return [field for field in fields if field.path in closed]

    def closed(self, entity: Entity) -> frozenset[str]:
        """Return the paths of the fields of *entity* that may not be written."""
        if entity.name not in self._closed:
            self._closed[entity.name] = frozenset(
                path for path, field in entity.fields.items() if self.field_right(entity, field) != "write"
            )
        return self._closed[entity.name]

    @cached_property
    def seen(self) -> Schema:
        """The schema without what is hidden from him."""
        readable: dict[str, frozenset[str]] = {}
        masks: dict[str, Mapping[str, str]] = {}
        for name, entity in self.schema.entities.items():
            if not self.allows("read", entity):
                continue
            rights = {path: self.field_right(entity, field) for path, field in entity.fields.items()}
            readable[name] = frozenset(path for path, right in rights.items() if right in ("read", "write"))
            grant = self.grant(entity)
            if masked := {path: grant.mask_of(path) for path, right in rights.items() if right == "masked"}:
                masks[name] = MappingProxyType(masked)
        return self.seen_schemas.of(readable, masks)

    @cached_property
    def row_rules(self) -> RowRules:
        """Which records he reads."""
        rules = {name: self.reach("read", entity) for name, entity in self.schema.entities.items()}
        return RowRules(
            self.schema, {name: rule for name, rule in rules.items() if rule is not EVERYTHING}, self.number
        )

    def rules_for(self, action: str, entity: Entity) -> RowRules | None:
        """Return the rules under which a statement finds what *action* reaches of *entity*; None where that is all."""
        key = action, entity.name
        if key not in self._rules:
            reached = self.reach(action, entity)
            self._rules[key] = (
                None if reached is EVERYTHING else RowRules(self.schema, {entity.name: reached}, self.number)
            )
        return self._rules[key]

    def elevated(self, may: Mapping[str, frozenset[str]]) -> Rights:
        """Return these rights and, beside them, those to *may*: entity name to actions, on all records and fields."""
        key = frozenset(may.items())
        if key not in self._elevated:
            grants = {name: lifted(self.grants.get(name, _NONE), actions) for name, actions in may.items()}
            made = attrs.evolve(self, grants={**self.grants, **grants}, lifted=self.lifted.union(may))
            made._reached.update({(action, name): EVERYTHING for name, actions in may.items() for action in actions})
            self._elevated[key] = made
        return self._elevated[key]

    # How reaches are made

    def _own_reach(self, action: str, entity: Entity) -> Reached:
        if action in _WRITING and entity.name in GIVES_RIGHTS and entity.name not in self.lifted:
            return NOTHING
        grant = self.grant(entity)
        reaches = grant.actions.get(action, ())
        if not reaches:
            return NOTHING
        allowed: list[Node] = []
        for reach in reaches:
            node = self.records(entity, reach, NOTHING)
            if node is EVERYTHING:
                allowed = []
                break
            if node is not NOTHING:
                allowed.append(node)
        else:
            allowed += self._shared_with(action, entity)
            if not allowed:
                return NOTHING
        denied = [self.records(entity, reach, EVERYTHING) for reach in grant.denied.get(action, ())]
        if any(node is EVERYTHING for node in denied):
            return NOTHING
        kept = [Not(node) for node in denied if node is not None and node is not NOTHING]
        whole = [Or(tuple(allowed))] if len(allowed) > 1 else allowed
        parts: list[Node] = [*whole, *kept]
        if not parts:
            return EVERYTHING
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _of_part(self, action: str, source: Field) -> Reached:
        of_whole = action_on_whole(action)
        if isinstance(source.kind, RefKind):
            target = self.schema.entities.get(str(source.kind.target))
            return NOTHING if target is None else behind(source.path, self.reach(of_whole, target))
        assert isinstance(source.kind, AnyRefKind)
        targets = [
            (name, self.reach(of_whole, entity))
            for name, entity in sorted(self.schema.entities.items())
            if source.kind.may_lead_to(name) and rights_source(entity) is not source
        ]
        reached = tuple((name, rule) for name, rule in targets if rule is not NOTHING)
        return LedRule(Path(tuple(source.path.split("."))), reached) if reached else NOTHING

    def records(self, entity: Entity, reach: Reach, broken: Node | None) -> Node | None:
        """Return the records that *reach* means; *broken* where it is a rule that means nothing any more."""
        if isinstance(reach, Rule):
            try:
                node = self.rules[reach.where]
                bind(self.schema, entity, node)
            except (KeyError, PycrmError):
                return broken  # it names what is gone, such as a field of a plugin that is not installed
            return node
        return EVERYTHING if reach == "all" else scope_node(entity, reach, self.people)

    def _shared_with(self, action: str, entity: Entity) -> list[Node]:
        levels = self.shared.get(entity.name, {})
        ids = {id for level, shared in levels.items() if opened_by(level, action) for id in shared}
        return [In(Path(("id",)), tuple(sorted(ids)))] if ids else []


def action_on_whole(action: str) -> str:
    """Return the right to the whole that *action* on a part of it takes."""
    if action in _FOR_THE_WHOLE:
        return action
    return "read" if action in _FOR_READING else "write"


def opened_by(level: str, action: str) -> bool:
    """Return whether a record that was shared with *level* is open to *action*, for whom a role gives that at all."""
    return action in _FOR_READING or (level == "write" and action in ("write", "share"))


def rights_source(entity: Entity) -> Field | None:
    """Return the reference whose target the rights to *entity* follow; None where it has its own."""
    for field in entity.fields.values():
        if isinstance(field.kind, (RefKind, AnyRefKind)) and field.kind.rights_from:
            return field
    return None


def behind(path: str, reached: Reached) -> Reached:
    """Return what is reached of those whose reference at *path* leads to what is *reached*."""
    if reached is EVERYTHING or reached is NOTHING:
        return reached
    names = tuple(path.split("."))
    if isinstance(reached, LedRule):
        return LedRule(Path((*names, *reached.path.names)), reached.targets)
    return prefixed(reached, names)


def scope_node(entity: Entity, scope: str, people: People) -> Node:
    """Return the records of *entity* in *scope*, any but ``all``.

    Whose a record is says its owner; of entities without one, who created it; a user is his own.
    """
    who: Sequence[UUID] = people.me
    if scope in ("team", "subordinates"):
        who = (*who, *people.colleagues)
    if scope == "subordinates":
        who = (*who, *people.subordinates)
    if scope == "none" or not who:
        return NOTHING
    owned = _among(_owner_path(entity), who)
    if scope != "own" and "team" in entity.fields and people.teams:
        return Or((owned, _among("team", people.teams)))
    return owned


def _owner_path(entity: Entity) -> str:
    if entity.name == "user":
        return "id"
    return "owner" if "owner" in entity.fields else "created_by"


def _among(path: str, ids: Sequence[UUID]) -> Node:
    distinct = tuple(dict.fromkeys(ids))
    return Compare("=", Path((path,)), distinct[0]) if len(distinct) == 1 else In(Path((path,)), distinct)
