"""A copy of a SQLite file before it changes, made while the migrating unit holds the write lock."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from pycrm.storage.dialect import SQLITE
from pycrm.storage.unit import Unit

__all__ = ["back_up"]


def back_up(unit: Unit, version: str, at: datetime) -> Path | None:
    """Copy the database of *unit* beside itself, as ``shop.db.0.1.0-20260301T083000Z.bak``, and return the copy.

    Args:
        unit: A writing one that has written nothing: a reader beside it sees what was there before.
        version: Of what the database holds.
        at: The present instant, UTC.
    Returns:
        None for PostgreSQL, whose copies are its administrator's matter, and for a database in memory.
    """
    if unit.dialect is not SQLITE:
        return None
    files = [str(row[2]) for row in unit.rows("PRAGMA database_list") if row[1] == "main"]
    if not files or not files[0]:
        return None
    source = Path(files[0])
    target = _free_name(source.with_name(f"{source.name}.{version}-{at:%Y%m%dT%H%M%SZ}"))
    unfinished = target.with_name(f"{target.name}.part")
    # Whoever may not read the database may not read its copy either.
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, source.stat().st_mode & 0o777))
    with (
        closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as reader,
        closing(sqlite3.connect(unfinished)) as copy,
    ):
        reader.backup(copy)
    return unfinished.replace(target)


def _free_name(base: Path) -> Path:
    """Return *base* with ``.bak``, or with a number before that where somebody was as fast."""
    number, target = 1, base.with_name(f"{base.name}.bak")
    while target.exists() or target.with_name(f"{target.name}.part").exists():
        number += 1
        target = base.with_name(f"{base.name}-{number}.bak")
    return target
