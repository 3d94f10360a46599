"""`check_rows`: nobody learns of a record that is out of his reach, and nobody is refused one within it."""

from __future__ import annotations

from random import Random

from pycrm.testing.access.case import Case
from pycrm.testing.access.report import Report, check
from pycrm.testing.access.row_doors import ROW_DOORS
from pycrm.testing.access.world import World

__all__ = ["check_rows"]

_EVERYWHERE = ("list", "count", "aggregate", "iterate", "values", "fields", "include")


@check
def check_rows(world: World, report: Report, count: int, *, least: int = 0) -> None:
    """Ask every door for records, of everybody, and hold the answers against plain Python.

    Args:
        world: Where.
        report: What came of it.
        count: Cases in all, at least.
        least: Cases of each entity and each door that every entity has, at least.
    """
    chance = Random(report.seed)  # noqa: S311
    while report.cases < count or _fewest(report) < least:
        world.define_roles(chance)
        world.read()
        for principal in world.principals():
            sight = world.sight(principal)
            with world.crm.acting_as(principal) as ws:
                for declared in world.facts.declared.values():
                    case = Case(world, report, chance, ws, sight, declared)
                    for door in ROW_DOORS.values():
                        door(case)
            if report.cases >= count and not least:
                return


def _fewest(report: Report) -> int:
    """Return how often the least asked entity was asked through a door that each of them has."""
    return min((count for (door, _), count in report.asked.items() if door in _EVERYWHERE), default=0)
