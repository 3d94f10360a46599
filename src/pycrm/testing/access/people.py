"""The people of a world: a tree of managers, and teams of which some lie below others."""

from __future__ import annotations

from random import Random

from pycrm.entities import Team, User
from pycrm.workspace import Workspace

__all__ = ["make_people"]


def make_people(ws: Workspace, chance: Random, count: int) -> tuple[list[User], list[Team]]:
    """Make *count* users below each other in a tree, and three teams of them; return both."""
    users: list[User] = []
    for number in range(count):
        manager = chance.choice(users[: number // 2 + 1]) if users and chance.random() < 0.85 else None
        users.append(ws.create(User(key=f"w{number}", name=f"Worker {number}", manager=manager)))
    teams: list[Team] = []
    for name in ("east", "west", "east coast"):
        parent = teams[0] if len(teams) == 2 else None
        members = chance.sample(users, chance.randint(2, 4))
        teams.append(ws.create(Team(name=name, parent=parent, members=members)))
    return users, teams
