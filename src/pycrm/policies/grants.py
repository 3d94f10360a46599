"""Grants: what one role may do with the records of one entity, and what several roles together may."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args

import attrs

from pycrm.fields.field import Field
from pycrm.policies.masks import MASKS

__all__ = [
    "ACTIONS",
    "COMMON",
    "FIELD_RIGHTS",
    "GIVES_RIGHTS",
    "SCOPES",
    "EntityGrant",
    "FieldRight",
    "Reach",
    "Rule",
    "Scope",
    "combined",
    "field_right",
    "is_open",
    "lifted",
    "union_of",
    "united",
]

Scope = Literal["none", "own", "team", "subordinates", "all"]
"""Whose records; each includes those of the ones before it."""

FieldRight = Literal["none", "masked", "read", "write"]
"""What may be done with a field, each with what the ones before it allow."""

SCOPES: tuple[Scope, ...] = get_args(Scope)
FIELD_RIGHTS: tuple[FieldRight, ...] = get_args(FieldRight)

ACTIONS = (
    "read",
    "create",
    "write",
    "delete",
    "share",
    "export",
    "bulk",
    "unmask",
    "audit",
    "set_state",
    "define_fields",
)
"""The actions that every entity has; moves, and the permissions of plugins, come to these."""

COMMON = frozenset(
    {"id", "version", "created_at", "created_by", "updated_at", "updated_by", "deleted_at", "owner", "team"}
)
"""Fields that whoever reads a record reads: without them it cannot be told apart, opened or followed."""

GIVES_RIGHTS = frozenset({"role", "role_assignment", "cover", "team", "user", "duty_separation"})
"""Entities whose records say who may do what. Whoever wrote them could give himself anything, so that no role allows
it; administrators do."""

EVERY_FIELD = "*"


@attrs.frozen
class Rule:
    """Records that a filter holds for: ``Rule("account_team HAS ME")``.

    Attributes:
        where: Text of the filter language; ``ME``, ``MY_TEAM`` and ``MY.region`` are those of who acts.
    """

    where: str


Reach: TypeAlias = "Scope | Rule"
"""Records that something reaches: those of a scope, or those of a rule."""


def _frozen(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(values))


@attrs.frozen
class EntityGrant:
    """What a role, or all roles of somebody, allow and deny on one entity.

    Attributes:
        actions: What each action reaches, together; an action that is missing reaches nothing.
        denied: What it does not reach, whatever allows it.
        fields: Right by path; ``"*"`` speaks of every field that is not named.
        denied_fields: Paths that nobody gets any right to, whatever allows it.
        masks: By path, the mask of a field whose right is ``"masked"``; ``"all"`` where none is named.
        defaulted: Paths among *fields* of which another of somebody's roles says nothing, so that what
            `field_right` gives by itself counts too. Empty in the grant of one role.
    """

    actions: Mapping[str, tuple[Reach, ...]] = attrs.field(factory=dict, converter=_frozen)
    denied: Mapping[str, tuple[Reach, ...]] = attrs.field(factory=dict, converter=_frozen)
    fields: Mapping[str, FieldRight] = attrs.field(factory=dict, converter=_frozen)
    denied_fields: frozenset[str] = frozenset()
    masks: Mapping[str, str] = attrs.field(factory=dict, converter=_frozen)
    defaulted: frozenset[str] = frozenset()

    @property
    def allows(self) -> bool:
        """Whether it gives anything, and does not only deny."""
        return bool(self.actions or self.fields)

    def named(self, path: str) -> str | None:
        """Return under which name `fields` has the right to the field at *path*: its own, ``"*"``, or None."""
        if path in self.fields:
            return path
        return EVERY_FIELD if EVERY_FIELD in self.fields else None

    def mask_of(self, path: str) -> str:
        """Return the name of the mask for the field at *path*, where that is masked."""
        return self.masks.get(path) or self.masks.get(EVERY_FIELD) or "all"


def united(reaches: Iterable[Reach]) -> tuple[Reach, ...]:
    """Return *reaches* as one: the widest scope, unless that is none beside others, then each rule once.

    With the scope ``"all"`` rules have nothing to add.
    """
    scopes: set[Scope] = set()
    rules: dict[Rule, None] = {}
    for reach in reaches:
        if isinstance(reach, Rule):
            rules[reach] = None
        else:
            scopes.add(reach)
    widest = max(scopes, key=SCOPES.index, default=None)
    if widest == "all":
        return ("all",)
    if widest is None or (widest == "none" and rules):
        return tuple(rules)
    return (widest, *rules)


def union_of(grants: Iterable[EntityGrant]) -> EntityGrant:
    """Return what *grants* of one entity are together.

    Allowed is what any of them allows, denied what any denies. A field's right is the highest that one of them gives,
    of those that allow anything; one that does not name the field gives it what `field_right` gives by itself.
    """
    each = tuple(grants)
    if len(each) == 1:
        return each[0]
    giving = [grant for grant in each if grant.allows]
    fields: dict[str, FieldRight] = {}
    defaulted: set[str] = set()
    for path in dict.fromkeys(path for grant in giving for path in grant.fields):
        named = [grant.named(path) for grant in giving]
        given = [grant.fields[name] for grant, name in zip(giving, named, strict=True) if name is not None]
        fields[path] = max(given, key=FIELD_RIGHTS.index)
        if any(name is None or name in grant.defaulted for grant, name in zip(giving, named, strict=True)):
            defaulted.add(path)
    return EntityGrant(
        actions=_union_of_reaches(grant.actions for grant in each),
        denied=_union_of_reaches(grant.denied for grant in each),
        fields=fields,
        denied_fields=frozenset().union(*(grant.denied_fields for grant in each)),
        masks=_union_of_masks(each, fields),
        defaulted=frozenset(defaulted),
    )


def combined(grants: Iterable[EntityGrant]) -> EntityGrant:
    """Return what several declarations give one role on one entity.

    Other than between roles a field that one of them names has the right that it says, whether others name it or not.
    """
    each = tuple(grants)
    fields: dict[str, FieldRight] = {}
    masks: dict[str, str] = {}
    for grant in each:
        for path, right in grant.fields.items():
            fields[path] = max(fields.get(path, "none"), right, key=FIELD_RIGHTS.index)
        masks |= grant.masks
    return EntityGrant(
        actions=_union_of_reaches(grant.actions for grant in each),
        denied=_union_of_reaches(grant.denied for grant in each),
        fields=fields,
        denied_fields=frozenset().union(*(grant.denied_fields for grant in each)),
        masks={path: name for path, name in masks.items() if fields[path] == "masked"},
    )


def _union_of_reaches(several: Iterable[Mapping[str, tuple[Reach, ...]]]) -> dict[str, tuple[Reach, ...]]:
    found: dict[str, list[Reach]] = {}
    for reaches in several:
        for action, reach in reaches.items():
            found.setdefault(action, []).extend(reach)
    return {action: united(reach) for action, reach in found.items()}


def _union_of_masks(grants: Iterable[EntityGrant], rights: Mapping[str, FieldRight]) -> dict[str, str]:
    """Return by path the mask that shows most, of the grants that mask the field."""
    order = list(MASKS)
    masks: dict[str, str] = {}
    for grant in grants:
        for path, right in rights.items():
            name = grant.named(path)
            if right == "masked" and name is not None and grant.fields[name] == "masked":
                masks[path] = max(masks.get(path, order[0]), grant.mask_of(path), key=order.index)
    return masks


def field_right(grant: EntityGrant, field: Field, may_write: bool) -> FieldRight:
    """Return the right to *field* of somebody with *grant* on its entity.

    What no role names is open where the entity declares the field itself, or it is declared with ``open=True``, and
    its kind is not sensitive: to be written by those who may write the record, to be read by others. Fields of
    plugins on the entities of others, custom fields and sensitive ones are closed until a role names them, or ``"*"``.
    Fields that every record has are always read.

    Args:
        grant: What the roles of somebody allow together.
        field: A field of the entity that *grant* is about.
        may_write: Whether he may write or create records at all; without that no field is written.
    """
    right = _given_right(grant, field)
    if field.path in COMMON:
        right = max(right, "read", key=FIELD_RIGHTS.index)
    return "read" if right == "write" and not may_write else right


def _given_right(grant: EntityGrant, field: Field) -> FieldRight:
    if field.path in grant.denied_fields or EVERY_FIELD in grant.denied_fields:
        return "none"
    default: FieldRight = "write" if is_open(field) else "none"
    name = grant.named(field.path)
    if name is None:
        return default
    right = grant.fields[name]
    return max(right, default, key=FIELD_RIGHTS.index) if name in grant.defaulted else right


def lifted(grant: EntityGrant, actions: frozenset[str]) -> EntityGrant:
    """Return *grant* with *actions* on all records, whatever it denies, and what they need of all fields."""
    reaches: dict[str, tuple[Reach, ...]] = {**grant.actions, **dict.fromkeys(actions, ("all",))}
    denied = {action: reach for action, reach in grant.denied.items() if action not in actions}
    right: FieldRight | None = "write" if actions & {"write", "create"} else "read" if "read" in actions else None
    if right is None:
        return attrs.evolve(grant, actions=reaches, denied=denied)
    fields, defaulted = dict(grant.fields), grant.defaulted
    if EVERY_FIELD not in fields:
        defaulted |= {EVERY_FIELD}  # what is open stays so
    if EVERY_FIELD in grant.denied_fields:
        fields, defaulted = {}, frozenset()
    fields = {path: max(given, right, key=FIELD_RIGHTS.index) for path, given in fields.items()}
    fields.setdefault(EVERY_FIELD, right)
    fields |= dict.fromkeys(grant.denied_fields, right)
    return attrs.evolve(
        grant,
        actions=reaches,
        denied=denied,
        fields=fields,
        denied_fields=frozenset(),
        masks={},
        defaulted=defaulted - grant.denied_fields,
    )


def is_open(field: Field) -> bool:
    """Return whether those who read or write a record read or write *field* of it without a role that names it."""
    return field.open or ("." not in field.path and not field.kind.sensitive)
