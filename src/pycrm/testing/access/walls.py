"""`check_walls`: SQL past the door is refused, and SQLite denies what somebody does not see to whoever asks it."""

from __future__ import annotations

import sqlite3
from random import Random
from typing import Any

from sqlalchemy import Text

from pycrm.errors import SideDoorError
from pycrm.schema.sight import ALWAYS_SEEN
from pycrm.testing.access.hidden_reads import READS
from pycrm.testing.access.report import Report, check
from pycrm.testing.access.side_doors import SHAPES, Side
from pycrm.testing.access.world import World

__all__ = ["check_walls"]


@check
def check_walls(world: World, report: Report, count: int) -> None:
    """Run the shapes of statements past the door on the tables of every entity, and read hidden columns by hand.

    Args:
        world: Where; its CRM has an engine of its own.
        report: What came of it.
        count: Statements.
    """
    chance = Random(report.seed)  # noqa: S311
    names = sorted(name for name in world.facts.declared if _text_column(world, name))
    shapes = sorted(SHAPES)
    for number in range(count):
        if number % 2 and world.crm._database.dialect.name == "sqlite":
            _read_by_hand(world, report, chance)
            continue
        name, shape = chance.choice(names), shapes[number // 2 % len(shapes)]
        table = world.crm.table(world.entity(name).record_class)
        principal = chance.choice(world.principals())
        try:
            SHAPES[shape](Side(world.crm, principal, table, str(_text_column(world, name))))
        except SideDoorError:
            report.note(shape, name, "refused")
        else:
            report.fail(shape, name, "is run past the door")


def _text_column(world: World, name: str) -> str | None:
    table = world.crm.table(world.entity(name).record_class)
    return next((column.name for column in table.columns if isinstance(column.type, Text)), None)


def _read_by_hand(world: World, report: Report, chance: Random) -> None:
    """Read a column that somebody does not see on the connection of his unit, past door and tripwire."""
    principal = chance.choice(world.principals())
    sight = world.sight(principal)
    hidden = [
        (name, field)
        for name in sorted(world.facts.declared)
        for field in world.entity(name).column_fields
        if field.name not in ALWAYS_SEEN and not (sight.allows("read", name) and sight.asks(name, field.path))
    ]
    if not hidden:
        return
    name, field = chance.choice(hidden)
    shape = chance.choice(sorted(READS.keys() - {"having", "union"}))  # which take a column `name` for granted
    entity = world.entity(name)
    sql = READS[shape].format(t=f'"{world.crm.table(entity.record_class).name}"', c=f'"{field.part_names[0]}"')
    with world.crm.reading_as(principal) as reader:
        if sight.allows("read", name):
            reader.count(entity.record_class)  # from here on the unit knows what he may see
        driver: Any = reader._ctx.unit.connection.connection.driver_connection
        try:
            sqlite3.Cursor(driver).execute(sql)
        except sqlite3.DatabaseError as error:
            if "prohibited" not in str(error):
                raise
            report.note(f"hand.{shape}", name, "denied")
        else:
            report.fail(f"hand.{shape}", name, f"shows {field.path}, which {principal.user} does not see")
