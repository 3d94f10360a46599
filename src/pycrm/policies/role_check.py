"""Roles against the schema: are entities, actions and fields there that they name, and do their rules mean anything?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, tzinfo
from types import MappingProxyType
from typing import Any
from uuid import UUID

import attrs

from pycrm.errors import Problem, QueryError, UnknownNameError, nearest
from pycrm.policies.grant_data import read_rule
from pycrm.policies.grants import ACTIONS, EVERY_FIELD, EntityGrant, Rule
from pycrm.policies.roles import RoleDefinition
from pycrm.query.ast import Linked, My, Path, children
from pycrm.query.bind import bind
from pycrm.query.paths import resolve, resolve_link
from pycrm.query.settle import settle
from pycrm.schema import Entity, Schema

__all__ = ["RoleCheck", "misplaced_parents"]


@attrs.frozen
class RoleCheck:
    """Judges roles by the names that there are.

    Attributes:
        schema: Has the entities and fields.
        permissions: The permissions that plugins declare, which count on every entity.
        asked: By entity name, the rights that its actions ask for.
    """

    schema: Schema
    permissions: frozenset[str] = frozenset()
    asked: Mapping[str, frozenset[str]] = attrs.field(factory=lambda: MappingProxyType({}))

    def on(self, schema: Schema) -> RoleCheck:
        """Return the check by the names of *schema*, which may have custom fields."""
        return attrs.evolve(self, schema=schema)

    def problems(self, definition: RoleDefinition, *, rules: bool = True) -> Iterator[Problem]:
        """Yield what *definition* names and is not there.

        Args:
            definition: What a role says.
            rules: Judge its rules too, which loads the parser of filters.
        """
        for name, grant in definition.grants.items():
            entity = self.schema.entities.get(name)
            if entity is None:
                yield Problem(
                    "role.unknown_entity",
                    message="{at} names no entity here{hint}",
                    at=f"rights.{name}",
                    hint=nearest(name, self.schema.entities),
                    value=name,
                )
                continue
            yield from self._actions(entity, grant)
            yield from self._fields(entity, grant)
            if rules:
                yield from self._rules(entity, grant)

    def actions(self, entity: Entity) -> frozenset[str]:
        """Return every action that a role can allow on *entity*."""
        moves = [move for field in entity.statuses for move in _moves(field.kind)]
        return frozenset(ACTIONS).union(
            self.permissions,
            self.asked.get(entity.name, ()),
            (move.name for move in moves),
            (move.may for move in moves if move.may),
        )

    def _actions(self, entity: Entity, grant: EntityGrant) -> Iterator[Problem]:
        known = self.actions(entity)
        for table, actions in (("", grant.actions), (".deny", grant.denied)):
            for action in actions:
                if action not in known:
                    yield Problem(
                        "role.unknown_action",
                        message="{at} names no action of {entity}; it has {actions}{hint}",
                        at=f"rights.{entity.name}{table}.{action}",
                        entity=entity.name,
                        actions=", ".join(sorted(known)),
                        hint=nearest(action, known),
                        value=action,
                    )

    def _fields(self, entity: Entity, grant: EntityGrant) -> Iterator[Problem]:
        for table, paths in (("fields", grant.fields), ("deny.fields", sorted(grant.denied_fields))):
            for path in paths:
                if path != EVERY_FIELD and path not in entity.fields:
                    now = entity.renamed.get(path)
                    yield Problem(
                        "role.unknown_field",
                        message="{at} names no field of {entity}{hint}",
                        at=f"rights.{entity.name}.{table}.{path}",
                        entity=entity.name,
                        hint=f"; it is called {now!r} now" if now else nearest(path, entity.fields),
                        value=path,
                    )

    def _rules(self, entity: Entity, grant: EntityGrant) -> Iterator[Problem]:
        for table, actions in (("", grant.actions), (".deny", grant.denied)):
            for action, reaches in actions.items():
                for rule in (reach for reach in reaches if isinstance(reach, Rule)):
                    try:
                        self._judge(entity, rule)
                    except (QueryError, UnknownNameError) as error:
                        yield Problem(
                            "role.unreadable_rule",
                            message="{at} cannot be read: {told}",
                            at=f"rights.{entity.name}{table}.{action}",
                            told=error.message,
                            value=rule.where,
                        )

    def _judge(self, entity: Entity, rule: Rule) -> None:
        """Raise what is wrong with *rule*.

        What ``MY.…`` will be is not known, so of a rule with one only the names are judged.
        """
        node = read_rule(rule.where)
        if any(isinstance(part, My) for part in _parts(node)):
            _resolve(self.schema, entity, node)
        else:
            bind(self.schema, entity, settle(node, _Anybody()))


_NOBODY = UUID(int=0)


@attrs.frozen
class _Anybody:
    """Somebody who asks, to judge a rule by; the day and the zone do not matter. Fulfils `Asker`."""

    today: date = date(2026, 1, 1)
    zone: tzinfo = UTC
    zone_name: str = "UTC"
    fiscal_start: int = 1
    base_currency: str = ""
    me: UUID = _NOBODY
    teams: tuple[UUID, ...] = (_NOBODY,)
    attributes: Mapping[str, Any] = MappingProxyType({})


def _moves(kind: Any) -> Iterable[Any]:
    moves: Iterable[Any] = kind.lifecycle.moves.values()
    return moves


def _parts(node: Any) -> Iterator[Any]:
    """Yield *node* and everything that it consists of."""
    yield node
    if isinstance(node, tuple):
        inner: Iterable[Any] = node
    else:
        inner = [getattr(node, each.name) for each in attrs.fields(type(node))] if attrs.has(type(node)) else ()
    for each in inner:
        yield from _parts(each)


def _resolve(schema: Schema, entity: Entity, node: Any) -> None:
    """Raise where a path of *node* leads nowhere from *entity*."""
    if isinstance(node, Path):
        try:
            resolve(schema, entity, node)
        except QueryError:
            resolve_link(schema, entity, node)  # as in `contacts HAS MY.contact`
    elif isinstance(node, Linked):
        target = resolve_link(schema, entity, node.link).target
        if target is not None:
            _resolve(schema, target, children(node))
    elif isinstance(node, tuple):
        for each in node:
            _resolve(schema, entity, each)
    elif attrs.has(type(node)):
        for attribute in attrs.fields(type(node)):
            _resolve(schema, entity, getattr(node, attribute.name))


def misplaced_parents(roles: Mapping[str, RoleDefinition]) -> Iterator[tuple[str, Problem]]:
    """Yield, with the name of the role, each parent that is no role of *roles*, or lies below its child."""
    for name, definition in roles.items():
        parent = definition.parent
        if parent is None:
            continue
        if parent not in roles:
            yield (
                name,
                Problem(
                    "role.unknown_parent",
                    message="parent {value} is no role here{hint}",
                    hint=nearest(parent, roles),
                    value=parent,
                ),
            )
        elif name in _above(roles, parent):
            yield name, Problem("role.parent_below", message="parent {value} lies below this role", value=parent)


def _above(roles: Mapping[str, RoleDefinition], name: str) -> set[str]:
    """Return *name* and every role above it."""
    seen: set[str] = set()
    here: str | None = name
    while here is not None and here in roles and here not in seen:
        seen.add(here)
        here = roles[here].parent
    return seen
