"""`check_tenants`: two CRMs in one server, or in one folder, share nothing but code."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from pycrm.errors import PycrmError
from pycrm.search import SearchResult
from pycrm.testing.access.answers import answer
from pycrm.testing.access.report import Enough, Report
from pycrm.testing.access.values import token
from pycrm.testing.access.world import OpenCRM, World
from pycrm.workspace import Workspace

__all__ = ["check_tenants"]

ALL = 10_000


def check_tenants(one: OpenCRM, other: OpenCRM, *, seed: int = 1, count: int = 1_000) -> Report:
    """Put words into the records of one CRM that are nowhere else, and ask every door of the other one for them.

    Args:
        one: Opens the one: a schema, or a file.
        other: Opens the other.
        seed: Repeats it.
        count: Calls.
    """
    report, chance = Report("check_tenants", seed), Random(seed)  # noqa: S311
    worlds = World(one, seed, per_entity=8), World(other, seed + 1, per_entity=8)
    try:
        canaries = [_canaries(world) for world in worlds]
        facts: list[Any] = []
        for fact in _facts(worlds[0]):
            worlds[1].crm.on(fact, facts.extend)
        while report.cases < count:
            side = chance.randrange(2)
            _call(worlds[side], canaries[1 - side], worlds[1 - side], report, chance)
            if side == 0 and facts and any(str(id) in repr(facts) for id in list(worlds[0].facts.rows)[:50]):
                report.fail("CRM.on", "all", "hears what the other CRM announces")
            facts.clear()
    except Enough:
        pass
    finally:
        for world in worlds:
            world.close()
    return report


def _canaries(world: World) -> frozenset[str]:
    """Return what only this world holds: its ids, and the words of its records."""
    words = {
        text
        for row in world.facts.rows.values()
        for text in row.values.values()
        if isinstance(text, str) and len(text) == 14 and text.isalpha()
    }
    return frozenset(words | {str(id) for id in world.facts.rows})


def _facts(world: World) -> list[type[Any]]:
    from pycrm.signals import RecordsCreated, RecordsDeleted, RecordsUpdated

    return [RecordsCreated, RecordsUpdated, RecordsDeleted]


def _call(world: World, canaries: frozenset[str], other: World, report: Report, chance: Random) -> None:
    """Make one call in *world* about what *other* holds; nothing of that may be in the answer."""
    name = chance.choice(sorted(set(world.facts.declared) & set(other.facts.declared)))
    cls = world.entity(name).record_class
    rows = other.facts.by_entity[name]
    foreign = chance.choice(rows) if rows else None
    word = chance.choice(sorted(canaries))
    calls: dict[str, Callable[[Workspace], Any]] = {
        "list": lambda ws: ws.list(cls, limit=ALL),
        "search": lambda ws: _with_all_terms(ws.search(word)),
        "search all": lambda ws: ws.search(token(chance)[:1]),
        "recent": lambda ws: [ws.recent(), ws.favourites()],
        "views": lambda ws: [(view.record, view.columns) for view in ws.views()],
        "fields": lambda ws: sorted(ws.fields(cls)),
        "aggregate": lambda ws: ws.aggregate(cls, measures=["count()"], group_by="created_by"),
    }
    if foreign is not None:
        calls |= {
            "get": lambda ws: ws.get(cls, foreign.id).version,
            "get_binned": lambda ws: ws.get_binned(cls, foreign.id),
            "count": lambda ws: ws.count(cls, where=f"id = '{foreign.id}'"),
            "create": lambda ws: ws.create_many([made] if (made := world.maker.draw(world.entity(name), 0.3)) else []),
            "bookmark": lambda ws: ws.add_favourite(other.record(foreign)),
        }
    door = chance.choice(sorted(calls))
    report.note(door, name)
    with world.taken_back() as ws:
        try:
            told = answer(world, ws, calls[door])
        except (PycrmError, AssertionError) as error:
            told = str(error)
        asked = {word, str(foreign.id) if foreign is not None else ""}
        if found := [canary for canary in canaries - asked if canary in told]:
            report.fail(door, name, f"one CRM tells {found[0]}, which only the other one holds")
        if door in ("get", "count", "search") and told != "0" and '"Not' not in told and "[[], " not in told:
            report.fail(door, name, f"one CRM finds what only the other one holds: {told[:100]}")


def _with_all_terms(found: SearchResult) -> list[Any]:
    """Return what was found; nothing where only parts of the text were, which other records may hold by chance."""
    return [list(found) if found.all_terms else [], found.is_capped]
