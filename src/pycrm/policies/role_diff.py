"""What would change if roles were as somebody wants them, and how little of that has to be kept as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from pycrm.policies.grants import ACTIONS, EntityGrant
from pycrm.policies.roles import STORED, RoleDefinition, role_data

__all__ = ["RoleDifference", "role_differences", "to_store"]

_NOTHING = EntityGrant()


@attrs.frozen
class RoleDifference:
    """One part of a role that is wanted to be another.

    Attributes:
        role: Its name.
        path: Which part: ``rights.account.read``; empty for a role that there is not.
        now: What it is, as plain data; None for nothing.
        wanted: What it shall be; None for nothing.
    """

    role: str
    path: str
    now: Any
    wanted: Any


def role_differences(
    now: Mapping[str, RoleDefinition], wanted: Mapping[str, RoleDefinition]
) -> tuple[RoleDifference, ...]:
    """Return what *wanted* changes of the roles as they are *now*.

    Only the roles, and in each the entities, that *wanted* names are compared; of labels, help and parent only those
    that it has.
    """
    return tuple(difference for name, role in wanted.items() for difference in _of_role(name, now.get(name), role))


def _of_role(name: str, now: RoleDefinition | None, wanted: RoleDefinition) -> Iterator[RoleDifference]:
    if now is None:
        yield RoleDifference(name, "", None, role_data(wanted))
        return
    compared = attrs.evolve(
        now,
        label={language: text for language, text in now.label.items() if language in wanted.label},
        help={language: text for language, text in now.help.items() if language in wanted.help},
        grants={entity: now.grants.get(entity, _NOTHING) for entity in wanted.grants},
        parent=None if wanted.parent is None else now.parent,
    )
    before, after = _flat(role_data(compared)), _flat(role_data(wanted))
    # Entity by entity, whatever either side has of it.
    for path in sorted(before.keys() | after.keys(), key=lambda path: _place(path, wanted)):
        if before.get(path) != after.get(path):
            yield RoleDifference(name, path, before.get(path), after.get(path))


def _place(path: str, role: RoleDefinition) -> tuple[str, int, str]:
    """Return where *path* is told: labels before rights, and of an entity its actions as they are usually listed."""
    for entity in role.grants:
        if path.startswith(f"rights.{entity}."):
            part = path.removeprefix(f"rights.{entity}.")
            return f"rights.{entity}", ACTIONS.index(part) if part in ACTIONS else len(ACTIONS), part
    return path, 0, ""


def _flat(data: Mapping[str, Any], way: str = "") -> dict[str, Any]:
    """Return *data* as path to value; a rule is a value."""
    found: dict[str, Any] = {}
    for key, value in data.items():
        path = f"{way}.{key}" if way else key
        if isinstance(value, Mapping) and value.keys() != {"where"}:
            found |= _flat(value, path)
        else:
            found[path] = value
    return found


def to_store(code: RoleDefinition | None, stored: RoleDefinition | None, wanted: RoleDefinition) -> RoleDefinition:
    """Return what has to be kept as data so that a role becomes as *wanted*: what code does not say anyway.

    So what a later release of a plugin grants counts for all that nobody has changed.

    Args:
        code: The role as the code declares it, if it does.
        stored: What is kept of it already; stays as it is where *wanted* says nothing.
        wanted: What it shall be, in the parts that are named.
    """
    base = code or RoleDefinition(wanted.name)
    kept = stored or RoleDefinition(wanted.name)
    parent = wanted.parent or kept.parent
    grants = {**kept.grants, **wanted.grants}
    return RoleDefinition(
        wanted.name,
        label=_unlike(base.label, {**kept.label, **wanted.label}),
        help=_unlike(base.help, {**kept.help, **wanted.help}),
        grants={entity: grant for entity, grant in grants.items() if grant != base.grants.get(entity, _NOTHING)},
        owner=STORED,
        parent=None if parent == base.parent else parent,
    )


def _unlike(base: Mapping[str, str], texts: Mapping[str, str]) -> dict[str, str]:
    return {language: text for language, text in texts.items() if base.get(language) != text}
