"""Random roles as plain data, in the form that `Workspace.define_role` takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, TypeAlias

from pycrm.testing.access.facts import Declared
from pycrm.testing.access.questions import random_question
from pycrm.testing.access.scene import Scene

__all__ = ["Rights", "random_roles", "rules_in"]

Rights: TypeAlias = dict[str, dict[str, Any]]
"""By entity name what a role gives there."""

SCOPES = ("none", "own", "team", "subordinates", "all")
_LIKELY = (1, 6, 6, 4, 4)
_ACTIONS = {"read": 1.0, "create": 0.7, "write": 0.7, "delete": 0.5}
# What everybody needs to know for anything to be created at all.
_COMMON = ("user", "team", "pipeline", "stage")


def random_roles(world: Scene, chance: Random, count: int) -> dict[str, dict[str, Any]]:
    """Return *count* roles for the CRM of *world*: name to data. Some lie below others."""
    roles: dict[str, dict[str, Any]] = {}
    for number in range(count):
        data: dict[str, Any] = {"rights": _rights(world, chance)}
        if roles and chance.random() < 0.5:
            data["parent"] = chance.choice(sorted(roles))
        roles[f"wr{number}"] = data
    return roles


def rules_in(data: Any) -> Iterator[str]:
    """Yield the texts of the rules in what roles, or a part of them, are made of."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            if key == "where":
                yield value
            else:
                yield from rules_in(value)
    elif isinstance(data, list):
        for each in data:
            yield from rules_in(each)


def _rights(world: Scene, chance: Random) -> Rights:
    rights: Rights = {}
    for name, declared in world.declared.items():
        if chance.random() < 0.15:
            continue
        grant: dict[str, Any] = {}
        if declared.part_of is None:
            for action, likely in _ACTIONS.items():
                if chance.random() < likely:
                    grant[action] = _reach(world, chance, declared)
            if chance.random() < 0.2:
                action = chance.choice(sorted(_ACTIONS))
                grant["deny"] = {action: _denied(world, chance, declared)}
        grant |= _field_rights(chance, declared, grant)
        if grant:
            rights[name] = grant
    for name in _COMMON:
        if name in world.declared and chance.random() < 0.7:
            rights.setdefault(name, {})["read"] = "all"
    return rights


def _reach(world: Scene, chance: Random, declared: Declared) -> Any:
    match chance.randrange(10):
        case 0:
            return _rule(world, chance, declared)
        case 1:
            return [chance.choice(("own", "team")), _rule(world, chance, declared)]
    return chance.choices(SCOPES, _LIKELY)[0]


def _denied(world: Scene, chance: Random, declared: Declared) -> Any:
    if chance.random() < 0.5:
        return chance.choice(("own", "team", "subordinates"))
    return _rule(world, chance, declared)


def _rule(world: Scene, chance: Random, declared: Declared) -> dict[str, str]:
    """Return a rule as data; the world keeps what it means."""
    question = random_question(world, chance, declared.name, for_rule=True)
    world.rules[question.text] = question
    return {"where": question.text}


def _field_rights(chance: Random, declared: Declared, grant: dict[str, Any]) -> dict[str, Any]:
    paths = sorted(declared.paths - {"id", "version"})
    chosen = chance.sample(paths, min(len(paths), chance.randint(0, 6)))
    fields = {path: chance.choice(("none", "masked", "read", "write")) for path in chosen}
    if chance.random() < 0.25:
        fields["*"] = chance.choice(("none", "masked", "read", "write"))
    found: dict[str, Any] = {"fields": fields} if fields else {}
    masked = [path for path, right in fields.items() if right == "masked"]
    if masked and chance.random() < 0.7:
        found["masks"] = {path: chance.choice(("all", "last4", "domain", "first_last")) for path in masked}
    if chance.random() < 0.2:
        found["deny"] = {**grant.get("deny", {}), "fields": chance.sample(paths, 2)}
    return found
