"""Roles: what a group of people may do, declared by plugins in code and kept by administrators as data.

A role is a name with a grant per entity. In plain data, which TOML, JSON and Python write alike::

    [salesperson]
    label = { zh = "销售" }
    parent = "sales_manager"
    [salesperson.rights.account]
    read = "team"
    create = "own"
    write = ["own", { where = "account_team HAS ME" }]
    fields = { credit_limit = "read", phone = "masked", "*" = "write" }
    masks = { phone = "last4" }
    deny = { delete = "all", fields = ["tax_number"] }
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import attrs

from pycrm.errors import ConfigurationError, Problem, nearest
from pycrm.policies.grant_data import GrantReader, grant_data
from pycrm.policies.grants import (
    EntityGrant,
    FieldRight,
    Rule,
    Scope,
    combined,
    field_right,
    union_of,
)

__all__ = [
    "STORED",
    "EntityGrant",
    "FieldRight",
    "RoleDefinition",
    "Rule",
    "Scope",
    "effective",
    "field_right",
    "merge_stored",
    "parse_role",
    "read_rights",
    "read_role",
    "role_data",
    "told",
]

STORED = "stored"
"""The owner of what administrators define."""

MOST_CHARACTERS = 100
_KEYS = ("label", "help", "parent", "rights")


def _frozen(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(values))


@attrs.frozen
class RoleDefinition:
    """One role: what those who have it may do.

    Attributes:
        name: What principals and assignments call it: ``"salesperson"``.
        label: Language to label; the English one derives from the name where absent.
        help: Language to what it is for.
        grants: By entity name.
        owner: The plugin that declares it, ``"core"`` or ``"stored"``.
        parent: The role above it: what is shared with that one and those below it is shared with this one.
    """

    name: str
    label: Mapping[str, str] = attrs.field(factory=dict, converter=_frozen)
    help: Mapping[str, str] = attrs.field(factory=dict, converter=_frozen)
    grants: Mapping[str, EntityGrant] = attrs.field(factory=dict, converter=_frozen)
    owner: str = STORED
    parent: str | None = None

    def with_grants(self, grants: Mapping[str, EntityGrant]) -> RoleDefinition:
        """Return this role with further *grants*: what both say of an entity counts together."""
        both = dict(self.grants)
        for entity, grant in grants.items():
            both[entity] = combined((both[entity], grant)) if entity in both else grant
        return attrs.evolve(self, grants=both)


def read_role(name: str, data: Any, owner: str) -> RoleDefinition:
    """Return the role *name* that *data* describes.

    Raises:
        ConfigurationError: With everything that is wrong: role, entity, action or field, value and cure.
    """
    definition, problems = parse_role(name, data, owner)
    if problems:
        raise ConfigurationError(told(name, owner, problems), role=name, owner=owner, problems=tuple(problems))
    return definition


def read_rights(role: str, rights: Any, owner: str) -> Mapping[str, EntityGrant]:
    """Return the grants by entity that *rights* give *role*.

    Raises:
        ConfigurationError: As `read_role`.
    """
    return read_role(role, {"rights": rights}, owner).grants


def parse_role(name: str, data: Any, owner: str) -> tuple[RoleDefinition, list[Problem]]:
    """Return the role *name* without what is wrong with *data*, and what that is."""
    reader = GrantReader()
    problems = reader.problems
    if not name or name != name.strip() or len(name) > MOST_CHARACTERS:
        problems.append(
            Problem(
                "role.no_name",
                message="is no name of a role; give a text of at most {limit} characters, without blanks around it",
                limit=MOST_CHARACTERS,
                value=name,
            )
        )
    table = reader.table("the role", data)
    for key in table.keys() - set(_KEYS):
        problems.append(
            Problem(
                "role.unknown_key",
                message="{at} is none of {keys}{hint}",
                at=key,
                keys=", ".join(_KEYS),
                hint=nearest(key, _KEYS),
                value=table[key],
            )
        )
    parent = table.get("parent")
    if parent is not None and (not isinstance(parent, str) or parent == name):
        problems.append(Problem("role.no_parent", message="parent is not the name of another role", value=parent))
        parent = None
    definition = RoleDefinition(
        name=name,
        label=_texts(reader, "label", table.get("label", {})),
        help=_texts(reader, "help", table.get("help", {})),
        grants={
            entity: reader.read(f"rights.{entity}", grant)
            for entity, grant in reader.table("rights", table.get("rights", {})).items()
        },
        owner=owner,
        parent=parent,
    )
    return definition, problems


def _texts(reader: GrantReader, at: str, data: Any) -> dict[str, str]:
    texts: dict[str, str] = {}
    for language, text in reader.table(at, data).items():
        if isinstance(text, str) and text.strip():
            texts[language] = text
            continue
        reader.problems.append(
            Problem(
                "role.no_text",
                message='{at} is no text; write {{ {language} = "…" }}',
                at=f"{at}.{language}",
                language=language,
                value=text,
            )
        )
    return texts


def told(name: str, owner: str, problems: Iterable[Problem]) -> str:
    """Return what is wrong with the role *name* as text: one line per problem, with the value."""
    lines = [f"  {problem} (got {problem.facts.get('value')!r})" for problem in problems]
    whose = "" if owner == STORED else f" of {owner!r}"
    return "\n".join([f"role {name!r}{whose} cannot work:", *lines])


def role_data(definition: RoleDefinition) -> dict[str, Any]:
    """Return *definition* as plain data without its name and owner: the inverse of `read_role`."""
    data: dict[str, Any] = {}
    if definition.label:
        data["label"] = dict(sorted(definition.label.items()))
    if definition.help:
        data["help"] = dict(sorted(definition.help.items()))
    if definition.parent is not None:
        data["parent"] = definition.parent
    if definition.grants:
        data["rights"] = {entity: grant_data(grant) for entity, grant in sorted(definition.grants.items())}
    return data


def merge_stored(code: Mapping[str, RoleDefinition], stored: Mapping[str, RoleDefinition]) -> dict[str, RoleDefinition]:
    """Return the roles of *code* as *stored* ones change them, and those that only *stored* has.

    Of a role in both, the stored grant on an entity takes the place of the code's; entities that the stored role does
    not name keep theirs. Labels, help and parent are the stored role's where it has any.
    """
    merged = dict(code)
    for name, change in stored.items():
        base = code.get(name)
        merged[name] = change if base is None else _changed(base, change)
    return merged


def _changed(base: RoleDefinition, change: RoleDefinition) -> RoleDefinition:
    return attrs.evolve(
        base,
        label={**base.label, **change.label},
        help={**base.help, **change.help},
        grants={**base.grants, **change.grants},
        parent=change.parent or base.parent,
    )


def effective(definitions: Iterable[RoleDefinition]) -> dict[str, EntityGrant]:
    """Return by entity what somebody with the roles *definitions* may do: their union, less what any of them denies.

    Of a part, which takes its rights from another record, only the roles that name it say something of its fields.
    """
    found: dict[str, list[EntityGrant]] = {}
    for definition in definitions:
        for entity, grant in definition.grants.items():
            found.setdefault(entity, []).append(grant)
    return {entity: union_of(grants) for entity, grants in found.items()}
