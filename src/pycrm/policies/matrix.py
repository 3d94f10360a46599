"""Roles × entities × actions in one table: what every role may do, for whoever reviews it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import attrs

from pycrm.fields.field import Field
from pycrm.fields.references import ANY_ENTITY, AnyRefKind, RefKind
from pycrm.policies.grants import ACTIONS, EntityGrant, FieldRight, Reach, Rule, field_right
from pycrm.policies.rights import rights_source
from pycrm.policies.role_check import RoleCheck
from pycrm.policies.roles import RoleDefinition
from pycrm.schema import Entity, Schema
from pycrm.values.principal import ADMINISTRATOR

__all__ = ["AccessMatrix", "AccessRow", "access_matrix"]


def _frozen(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(values))


@attrs.frozen
class AccessRow:
    """What one role may do with the records of one entity, if it is the only role of somebody.

    Attributes:
        role: Its name.
        entity: The entity's name.
        part_of: The entities that records are parts of and take their rights from; empty for one with rights of its
            own. A ``*`` stands for all.
        actions: Action to what it reaches, an action that reaches nothing being absent. Of a part it is empty.
        denied: Action to what it does not reach, whatever allows it.
        fields: Path to right, of every field.
    """

    role: str
    entity: str
    part_of: tuple[str, ...] = ()
    actions: Mapping[str, tuple[Reach, ...]] = attrs.field(factory=dict, converter=_frozen)
    denied: Mapping[str, tuple[Reach, ...]] = attrs.field(factory=dict, converter=_frozen)
    fields: Mapping[str, FieldRight] = attrs.field(factory=dict, converter=_frozen)

    def text(self, action: str) -> str:
        """Return what *action* reaches as text: ``"team"``, ``"own + (industry = 'x')"``, ``"all − own"``."""
        if self.part_of:
            return f"with {' | '.join(self.part_of)}"
        allowed = " + ".join(map(_reach_text, self.actions.get(action, ())))
        denied = "".join(f" − {_reach_text(reach)}" for reach in self.denied.get(action, ()))
        return f"{allowed}{denied}".strip()


@attrs.frozen
class AccessMatrix:
    """What roles may do: a row for each role and entity, roles in their order, entities by name.

    Attributes:
        rows: The rows.
        actions: The actions that any of them allows or denies, those of every entity first.
    """

    rows: tuple[AccessRow, ...]

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions that any row allows or denies, those that every entity has first."""
        found = {action for row in self.rows for action in (*row.actions, *row.denied)}
        return (*(action for action in ACTIONS if action in found), *sorted(found.difference(ACTIONS)))

    def of(self, *, role: str | None = None, entity: str | None = None) -> AccessMatrix:
        """Return the rows of one role, of one entity, or of both."""
        return AccessMatrix(
            tuple(row for row in self.rows if role in (None, row.role) and entity in (None, row.entity))
        )


def access_matrix(schema: Schema, roles: Iterable[RoleDefinition], check: RoleCheck) -> AccessMatrix:
    """Return what *roles* may do with every entity of *schema*.

    Args:
        schema: With custom fields.
        roles: As they count.
        check: Knows the actions of each entity.
    """
    return AccessMatrix(tuple(_rows(schema, roles, check.on(schema))))


def _rows(schema: Schema, roles: Iterable[RoleDefinition], check: RoleCheck) -> Iterator[AccessRow]:
    entities = [schema.entities[name] for name in sorted(schema.entities)]
    for role in roles:
        for entity in entities:
            if not entity.parked:
                yield _row(schema, role, entity, check)


def _row(schema: Schema, role: RoleDefinition, entity: Entity, check: RoleCheck) -> AccessRow:
    if role.name == ADMINISTRATOR:
        everything: dict[str, tuple[Reach, ...]] = dict.fromkeys(sorted(check.actions(entity)), ("all",))
        rights = {path: _capped(field, "write") for path, field in entity.fields.items()}
        return AccessRow(role.name, entity.name, actions=everything, fields=rights)
    grant, may_read = role.grants.get(entity.name, EntityGrant()), _gives(schema, role, entity, "read")
    may_write = _gives(schema, role, entity, "write") or _gives(schema, role, entity, "create")
    part_of = _part_of(entity)
    return AccessRow(
        role.name,
        entity.name,
        part_of,
        {} if part_of else grant.actions,
        {} if part_of else grant.denied,
        {
            path: _capped(field, field_right(grant, field, may_write)) if may_read else "none"
            for path, field in entity.fields.items()
        },
    )


def _capped(field: Field, right: FieldRight) -> FieldRight:
    """Return *right*, less what nobody may do: write what pycrm and plugins keep."""
    return "read" if field.read_only and right == "write" else right


def _part_of(entity: Entity) -> tuple[str, ...]:
    source = rights_source(entity)
    if source is None:
        return ()
    if isinstance(source.kind, RefKind):
        return (str(source.kind.target),)
    assert isinstance(source.kind, AnyRefKind), "rights come from a reference"
    return tuple(sorted(map(str, source.kind.targets)))


def _gives(
    schema: Schema, role: RoleDefinition, entity: Entity, action: str, above: frozenset[str] = frozenset()
) -> bool:
    """Return whether *role* gives *action* on any record of *entity*, a part by way of what it belongs to."""
    part_of = _part_of(entity)
    if not part_of:
        grant = role.grants.get(entity.name, EntityGrant())
        reaches = set(grant.actions.get(action, ())) - {"none"}
        return bool(reaches) and "all" not in grant.denied.get(action, ())
    if entity.name in above:
        return False
    names = schema.entities if ANY_ENTITY in part_of else part_of
    needed = "read" if action == "read" else "write"
    wholes = [schema.entities[name] for name in names if name in schema.entities]
    return any(_gives(schema, role, whole, needed, above | {entity.name}) for whole in wholes)


def _reach_text(reach: Reach) -> str:
    return f"({reach.where})" if isinstance(reach, Rule) else reach
