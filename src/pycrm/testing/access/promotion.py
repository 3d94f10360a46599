"""`check_promotion`: nobody comes to a right that he lacks, by whatever he does in whatever order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from random import Random
from typing import Any

from pycrm.entities import Cover, RoleAssignment, Share
from pycrm.errors import PycrmError
from pycrm.testing.access.facts import Facts, Row
from pycrm.testing.access.oracle import Sight
from pycrm.testing.access.report import Report, check
from pycrm.testing.access.world import World
from pycrm.values.principal import Principal
from pycrm.workspace import Workspace

__all__ = ["check_promotion"]

LONGEST = 6
SEQUENCES_PER_ROLES = 40
_ACTIONS = ("read", "write", "delete", "create")
_DECIDING = ("role", "role_assignment", "cover", "team", "user", "share")


@check
def check_promotion(world: World, report: Report, count: int) -> None:
    """Let people do what might bring them rights, up to six things in a row, and compare what they reach.

    Args:
        world: Where; each sequence is taken back.
        report: What came of it.
        count: Sequences.
    """
    chance, done = Random(report.seed), 0  # noqa: S311
    while done < count:
        if done % SEQUENCES_PER_ROLES == 0:
            world.define_roles(chance)
            world.read()
        done += 1
        principal = chance.choice(world.principals())
        _walk(world, report, chance, principal)


def _walk(world: World, report: Report, chance: Random, principal: Principal) -> None:
    before, roles = world.sight(principal), world.roles
    names, done = sorted(STEPS), []
    with world.taken_back(principal) as ws:
        for _ in range(chance.choice((1, 1, 2, 3, LONGEST))):
            name = chance.choice(names)
            try:
                with ws.savepoint():
                    STEPS[name](world, chance, ws, before)
            except PycrmError:
                report.note(name, "all", "refused")
            else:
                report.note(name, "all", "done")
                done.append(name)
        if not done:
            return
        is_all = bool({"take over", "move a part"} & set(done))
        after = world.rows_in(ws, None if is_all else _DECIDING)
        _compare(world, report, principal, done, before, after, roles)


def _compare(
    world: World, report: Report, principal: Principal, done: list[str], before: Sight, after: Facts, roles: Any
) -> None:
    now = Sight(after, {**roles, **_stored(after)}, world.rules, principal, world.crm.clock())
    gained = next(_gained(world, before, now), None)
    if gained is not None and any(map(world.decides_elsewhere, _written(world, after))):
        # Who may write what a rule asks for may make it true, as whoever wrote the rule meant.
        report.outcomes["by a rule about what he may write"] += 1
    elif gained is not None:
        report.fail(done[-1], "all", f"{principal.user} comes to {gained} by {', '.join(done)}")


def _stored(facts: Facts) -> dict[str, Any]:
    """Return the roles as they are by now."""
    return {row["name"]: json.loads(row["rights"]) for row in facts.outside_bin("role") if row["is_active"]}


def _written(world: World, after: Facts) -> set[str]:
    """Return the entities of the records that are no longer what they were."""
    before = world.facts.rows
    return {row.entity for row in after.rows.values() if row.id not in before or row.values != before[row.id].values}


def _gained(world: World, before: Sight, now: Sight) -> Iterator[str]:
    """Yield what is reached now and was not before, of the records that were there before."""
    for row in world.facts.rows.values():
        if row.entity not in _DECIDING:
            for action in _ACTIONS:
                if now.reaches(action, row) and not before.reaches(action, row):
                    yield f"{action} {row.entity} {row.id}"


# Steps


def _share(world: World, chance: Random, ws: Workspace, sight: Sight) -> None:
    """Share a record that he reads with himself, to be written."""
    rows = [row for row in world.facts.rows.values() if row.entity not in _DECIDING and sight.reads(row)]
    row = _chosen(chance, rows)
    ws.create(Share(record=f"{row.entity}:{row.id}", grantee=f"user:{sight.me}", level="write"))


def _raise_share(world: World, chance: Random, ws: Workspace, sight: Sight) -> None:
    row = _chosen(chance, world.facts.outside_bin("share"))
    ws.update(ws.get(Share, row.id), level="write", grantee=f"user:{sight.me}", ends_at=None)


def _assign(world: World, chance: Random, ws: Workspace, sight: Sight) -> None:
    ws.create(RoleAssignment(user=sight.me, role=chance.choice(sorted(world.roles))))


def _define(world: World, chance: Random, ws: Workspace, sight: Sight) -> None:
    ws.define_role(chance.choice(sorted(sight.roles)), {"rights": {"account": {"read": "all", "write": "all"}}})


def _cover(world: World, chance: Random, ws: Workspace, sight: Sight) -> None:
    today = world.crm.clock().date()
    user = chance.choice([user for user in world.users if user.id != sight.me])
    ws.create(Cover(user=user, substitute=sight.me, starts_on=today, ends_on=today + timedelta(days=9)))


def _join(world: World, chance: Random, ws: Workspace, sight: Sight) -> None:
    team = ws.get(type(world.teams[0]), chance.choice(world.teams).id)
    ws.update(team, members=[*(each.id for each in team.members), sight.me])


def _manage(world: World, chance: Random, ws: Workspace, sight: Sight) -> None:
    user = ws.get(type(world.users[0]), chance.choice(world.users).id)
    ws.update(user, manager=sight.me)


def _take(world: World, chance: Random, ws: Workspace, sight: Sight) -> None:
    """Make a record that he reads his own."""
    rows = [row for row in world.facts.rows.values() if "owner" in row.values and sight.reads(row)]
    row = _chosen(chance, rows)
    ws.update(ws.get(world.entity(row.entity).record_class, row.id), owner=sight.me)


def _move_part(world: World, chance: Random, ws: Workspace, sight: Sight) -> None:
    """Hang a part that he reads below another whole."""
    parts = [row for row in world.facts.rows.values() if sight.declared(row.entity).part_of and sight.reads(row)]
    row = _chosen(chance, parts)
    path, wholes = sight.declared(row.entity).part_of or ("", frozenset())
    other = _chosen(chance, [each for each in world.facts.rows.values() if each.entity in wholes and sight.reads(each)])
    value: Any = f"{other.entity}:{other.id}" if isinstance(row[path], tuple) else other.id
    ws.update(ws.get(world.entity(row.entity).record_class, row.id), **{path: value})


def _chosen(chance: Random, rows: list[Row]) -> Row:
    if not rows:
        raise PycrmError("there is none")
    return chance.choice(rows)


STEPS: dict[str, Callable[[World, Random, Workspace, Sight], None]] = {
    "share": _share,
    "raise a share": _raise_share,
    "assign a role": _assign,
    "define a role": _define,
    "stand in": _cover,
    "join a team": _join,
    "manage": _manage,
    "take over": _take,
    "move a part": _move_part,
}
