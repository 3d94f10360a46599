"""Damage in the file of a SQLite database: asked of the engine, which reads all of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pycrm.errors import Problem
from pycrm.storage.dialect import SQLITE
from pycrm.storage.unit import Unit

__all__ = ["find_damage"]


def find_damage(unit: Unit) -> Iterator[Problem]:
    """Yield what is broken in the file, and references that lead nowhere. PostgreSQL has tools of its own for this."""
    if unit.dialect is not SQLITE:
        return
    for (told,) in unit.connection.exec_driver_sql("PRAGMA integrity_check"):
        if told != "ok":
            yield Problem("damage.file", message="the file is damaged: {told}; restore it from a backup", told=told)
    broken = Counter((row[0], row[2]) for row in unit.connection.exec_driver_sql("PRAGMA foreign_key_check"))
    for (table, target), count in sorted(broken.items()):
        yield Problem(
            "damage.reference",
            message="{count} rows of {table} refer to rows of {target} that are not there",
            count=count,
            table=table,
            target=target,
        )
