"""What plugins declare of roles, put together when a CRM is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import attrs

from pycrm.errors import ConfigurationError, NameClashError, Problem, nearest
from pycrm.policies.grants import EntityGrant
from pycrm.policies.role_check import RoleCheck, misplaced_parents
from pycrm.policies.roles import RoleDefinition, told
from pycrm.policies.separation import Separation, by_entity, unfit_steps
from pycrm.schema import Schema
from pycrm.values.principal import ADMINISTRATOR

__all__ = ["RoleDeclarations", "collect_roles", "collect_separations"]


@attrs.frozen
class RoleDeclarations:
    """What one owner says of roles.

    Attributes:
        owner: The plugin, or ``"core"``.
        roles: Those that it brings.
        grants: What it adds to roles, its own or those of others: name of the role and what it gives by entity.
        permissions: Rights that its own actions ask for, by their full names.
        separations: Steps that different people must make: name of the rule, record class or entity name, steps.
    """

    owner: str
    roles: tuple[RoleDefinition, ...] = ()
    grants: tuple[tuple[str, Mapping[str, EntityGrant]], ...] = ()
    permissions: tuple[str, ...] = ()
    separations: tuple[tuple[str, Any, tuple[str, ...]], ...] = ()


def collect_roles(
    declared: Sequence[RoleDeclarations], check: RoleCheck, lenient: Collection[str]
) -> dict[str, RoleDefinition]:
    """Return the roles of all owners by name, with what each owner grants them.

    Args:
        declared: In the order of plugins.
        check: Judges names by the schema that the code declares.
        lenient: Owners whose grants on entities that are not there are passed over: pycrm's own, which speak of each
            other's. Their rules are judged by tests, so that nobody waits for the parser.
    Raises:
        NameClashError: Two owners bring one role; both are named.
        ConfigurationError: A grant to a role that nobody brings, an entity, action or field that is not there, or a
            parent that is none.
    """
    roles: dict[str, RoleDefinition] = {}
    for owner in declared:
        for role in owner.roles:
            if role.name in roles:
                raise NameClashError(
                    f"role {role.name!r} is brought by {roles[role.name].owner!r} and by {owner.owner!r}; rename one, "
                    "or let the second grant rights to the first",
                    role=role.name,
                    owners=(roles[role.name].owner, owner.owner),
                )
            roles[role.name] = _judged(role, check, role.owner in lenient)
    for owner in declared:
        for name, grants in owner.grants:
            if name not in roles or name == ADMINISTRATOR:
                why = "may do all anyway" if name == ADMINISTRATOR else f"is no role here{nearest(name, roles)}"
                raise ConfigurationError(
                    f"plugin {owner.owner!r} grants rights to {name!r}, which {why}", role=name, owner=owner.owner
                )
            given = _judged(RoleDefinition(name, grants=grants, owner=owner.owner), check, owner.owner in lenient)
            roles[name] = roles[name].with_grants(given.grants)
    _refuse({name: [problem] for name, problem in misplaced_parents(roles)}, roles)
    return roles


def collect_separations(declared: Iterable[RoleDeclarations], schema: Schema) -> dict[str, tuple[Separation, ...]]:
    """Return the rules of all owners that separate duties, by the name of the entity.

    Raises:
        ConfigurationError: One is about an entity, or names a step, that is not there, or separates nothing.
    """
    found: list[Separation] = []
    for owner in declared:
        for name, target, steps in owner.separations:
            try:
                entity = schema.entity(target)
            except LookupError as error:
                raise ConfigurationError(f"plugin {owner.owner!r}: {error}", plugin=owner.owner) from error
            if problems := tuple(unfit_steps(entity, steps)):
                why = "; ".join(map(str, problems))
                raise ConfigurationError(
                    f"plugin {owner.owner!r}: separate({name!r}) {why}", plugin=owner.owner, problems=problems
                )
            found.append(Separation(name, entity.name, steps, owner.owner))
    return by_entity(found)


def _judged(role: RoleDefinition, check: RoleCheck, is_lenient: bool) -> RoleDefinition:
    """Return *role*, of a lenient owner without the entities that are not there.

    Custom fields belong to a database, so what code says of them is not judged here.
    """
    if is_lenient:
        known = {name: grant for name, grant in role.grants.items() if name in check.schema.entities}
        role = attrs.evolve(role, grants=known)
    found = [each for each in check.problems(role, rules=not is_lenient) if not _is_custom(each)]
    _refuse({role.name: found} if found else {}, {role.name: role})
    return role


def _is_custom(problem: Problem) -> bool:
    return problem.code == "role.unknown_field" and str(problem.facts["value"]).startswith("custom.")


def _refuse(problems: Mapping[str, Iterable[Problem]], roles: Mapping[str, RoleDefinition]) -> None:
    for name, found in problems.items():
        owner = roles[name].owner
        raise ConfigurationError(told(name, owner, found), role=name, owner=owner, problems=tuple(found))
