"""`check_revocation`: what was taken away is gone with the next statement, in every CRM open on the database."""

from __future__ import annotations

from random import Random
from typing import Any

from pycrm.app import CRM
from pycrm.errors import NotAllowedError, NotFoundError, PycrmError, UnknownNameError
from pycrm.testing.access.oracle import Sight
from pycrm.testing.access.report import Report, check
from pycrm.testing.access.world import World
from pycrm.workspace import Workspace

__all__ = ["check_revocation"]


@check
def check_revocation(world: World, report: Report, count: int, *, other: CRM | None = None) -> None:
    """Change somebody's rights and ask as him at once: by list, count, get, a field, a search and a write.

    Args:
        world: Where rights are changed.
        report: What came of it.
        count: Changes.
        other: One more CRM on the same database, as another process has it; asked besides.
    """
    chance = Random(report.seed)  # noqa: S311
    asked = [world.crm] if other is None else [world.crm, other]
    for _ in range(count):
        if chance.random() < 0.7 or not world.roles:
            world.define_roles(chance)
            change = "roles"
        else:
            change = _change_people(world, chance)
        world.read()
        principal = chance.choice(world.principals())
        sight = world.sight(principal)
        for crm in asked:
            for _ in range(3):
                name = chance.choice(sorted(world.facts.declared))
                with crm.acting_as(principal) as ws:
                    _ask(world, report, chance, ws, sight, name, change)


def _change_people(world: World, chance: Random) -> str:
    """Move somebody to another manager or out of a team, end a share, or give the team of a role to somebody else."""
    with world.crm.acting_as(world.root) as ws:
        match chance.randrange(3):
            case 0:
                team = ws.get(type(world.teams[0]), chance.choice(world.teams).id)
                ws.update(team, members=chance.sample(world.users, 3))
                return "team"
            case 1:
                user = ws.get(type(world.users[0]), chance.choice(world.users[6:]).id)
                ws.update(user, manager=chance.choice(world.users[:3]))
                return "manager"
            case _:
                for row in world.facts.outside_bin("share")[:1]:
                    ws.delete(ws.get(world.entity("share").record_class, row.id))
                return "share"


def _ask(world: World, report: Report, chance: Random, ws: Workspace, sight: Sight, name: str, change: str) -> None:
    cls, rows = world.entity(name).record_class, sight.rows(name) if sight.allows("read", name) else []
    fields = world.entity(name).fields
    path = chance.choice([path for path in sorted(fields) if "is null" in fields[path].kind.operators])
    may = sight.allows("read", name)
    due: dict[str, Any] = {
        "list": {row.id for row in rows} if may else NotAllowedError,
        "count": len(rows) if may else NotAllowedError,
        "field": NotAllowedError if not may else path in {p for p in sight.declared(name).paths if sight.asks(name, p)},
        "ask": NotAllowedError if not may else None if sight.asks(name, path) else UnknownNameError,
    }
    asks: dict[str, Any] = {
        "list": lambda: {record.id for record in ws.list(cls, limit=10_000)},
        "count": lambda: ws.count(cls),
        "field": lambda: path in ws.fields(cls),
        "ask": lambda: ws.count(cls, where=f"{path} IS NULL OR {path} IS NOT NULL") * 0 or None,
    }
    if world.facts.by_entity[name]:
        row = chance.choice(world.facts.by_entity[name])
        is_there = may and not row.is_binned and sight.reads(row)
        due["get"] = row.id if is_there else NotFoundError if may else NotAllowedError
        asks["get"] = lambda: ws.get(cls, row.id).id
        # Which of both a write is refused with is of no matter here, nor what rules make of it where it is not.
        (record,) = ws._ctx.by_ids(world.entity(name), [row.id], include_binned=True)
        if not sight.reaches("delete", row):
            due["delete"] = (NotAllowedError, NotFoundError)
            asks["delete"] = lambda: ws.delete(record)
    door = chance.choice(sorted(asks))
    try:
        found = asks[door]()
    except (NotAllowedError, NotFoundError, UnknownNameError) as error:
        if not isinstance(due[door], (type, tuple)) or not isinstance(error, due[door]):
            report.fail(door, name, f"after a change of {change} {ws.principal.user} is refused: {error}")
    except PycrmError as error:
        report.fail(door, name, f"after a change of {change}: {type(error).__name__}: {error}")
    else:
        if found != due[door]:
            report.fail(door, name, f"after a change of {change} {ws.principal.user} is still told {str(found)[:100]}")
    report.note(door, name, change)
