"""Hazards of the engine: versions with known faults, and settings under which a crash loses what was committed.

Sources: the release notes of SQLite 3.51.3 (the WAL-reset fault and its backports), the security pages and the
versioning policy of the PostgreSQL project. Versions are looked at, not what a distributor has patched.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sqlalchemy import Connection

from pycrm.errors import Problem
from pycrm.storage.dialect import SQLITE
from pycrm.storage.unit import Unit
from pycrm.values.versions import release_of

__all__ = ["find_hazards", "postgresql_version_hazards", "sqlite_version_hazards"]

SQLITE_NEEDED = (3, 35)  # RETURNING
WAL_RESET_FAULT = ((3, 7), (3, 51, 3))
WAL_RESET_FIXED = ((3, 44, 6), (3, 50, 7))

# The first minor releases, by major one, in which planner statistics no longer give away hidden rows.
STATISTICS = (
    ("CVE-2019-10130", {9: (9, 6, 13), 10: (10, 8), 11: (11, 3)}),
    ("CVE-2025-8713", {13: (13, 22), 14: (14, 19), 15: (15, 14), 16: (16, 10), 17: (17, 6)}),
)
END_OF_LIFE = {
    13: date(2025, 11, 13),
    14: date(2026, 11, 12),
    15: date(2027, 11, 11),
    16: date(2028, 11, 9),
    17: date(2029, 11, 8),
    18: date(2030, 11, 14),
}

_SYNCHRONOUS = ("OFF", "NORMAL", "FULL", "EXTRA")


def find_hazards(unit: Unit, today: date) -> Iterator[Problem]:
    """Yield what is risky about the engine of *unit* and its settings.

    Args:
        unit: A reading one, begun or not.
        today: To tell whether a version is still maintained.
    """
    connection = unit.connection
    if unit.dialect is SQLITE:
        yield from sqlite_version_hazards(_one(connection, "SELECT sqlite_version()"))
        yield from _sqlite_settings(connection)
    else:
        yield from postgresql_version_hazards(_one(connection, "SHOW server_version"), today)
        yield from _postgresql_settings(connection)


def sqlite_version_hazards(version: str) -> Iterator[Problem]:
    """Yield the known faults of a version of SQLite, ``"3.40.1"``."""
    release = release_of(version)
    if release < SQLITE_NEEDED:
        yield Problem(
            "engine.too_old",
            message="{engine} {version} is too old for pycrm; {needed} or newer is needed",
            engine="SQLite",
            version=version,
            needed=".".join(map(str, SQLITE_NEEDED)),
        )
    first, fixed = WAL_RESET_FAULT
    backported = any(release[:2] == other[:2] and release >= other for other in WAL_RESET_FIXED)
    if first <= release < fixed and not backported:
        yield Problem(
            "engine.wal_reset",
            level="warning",
            message="SQLite {version} can, rarely, lose commits or damage the file when two connections write and "
            "checkpoint at the same instant; use 3.51.3 or newer (3.50.7 and 3.44.6 are mended, too), above all where "
            "several processes write",
            version=version,
        )


def postgresql_version_hazards(version: str, today: date) -> Iterator[Problem]:
    """Yield the known faults of a version of PostgreSQL, ``"15.12 (Debian 15.12-0+deb12u2)"``."""
    number = version.partition(" ")[0]
    release = release_of(number)
    major = release[0] if release else 0
    for cve, fixed in STATISTICS:
        if major in fixed and release < fixed[major]:
            yield Problem(
                "engine.statistics_leak",
                level="warning",
                message="PostgreSQL {version} lets planner statistics give away rows that a user may not see ({cve}); "
                "upgrade to {fixed} or newer",
                version=number,
                cve=cve,
                fixed=".".join(map(str, fixed[major])),
            )
    end = END_OF_LIFE.get(major)
    if 0 < major < min(END_OF_LIFE) or (end is not None and end <= today):
        yield Problem(
            "engine.unmaintained",
            level="warning",
            message="PostgreSQL {major} gets no more security fixes; upgrade to a newer major release",
            major=major,
        )


def _sqlite_settings(connection: Connection) -> Iterator[Problem]:
    synchronous = int(_one(connection, "PRAGMA synchronous"))
    file = next((row[2] for row in connection.exec_driver_sql("PRAGMA database_list") if row[1] == "main"), "")
    if not file:
        return  # in memory nothing outlives the process
    if synchronous < _SYNCHRONOUS.index("FULL"):
        yield _not_durable("synchronous", _SYNCHRONOUS[synchronous], "FULL", "warning")
    if (mode := _one(connection, "PRAGMA journal_mode")) != "wal":
        yield Problem(
            "engine.not_wal",
            level="warning",
            message="the journal mode is {mode}, so that readers and the writer wait for each other; "
            "`pycrm migrate` switches to wal",
            mode=mode,
        )
    if _one(connection, "PRAGMA foreign_keys") != "1":
        yield Problem(
            "engine.no_foreign_keys",
            message="foreign keys are not enforced, not even when asked for; use a SQLite that is built with them",
        )


def _postgresql_settings(connection: Connection) -> Iterator[Problem]:
    for setting, level in (("fsync", "error"), ("full_page_writes", "error"), ("synchronous_commit", "warning")):
        value = _one(connection, f"SHOW {setting}")
        if value in ("off", "local"):
            yield _not_durable(setting, value, "on", level)


def _not_durable(setting: str, value: str, wanted: str, level: str) -> Problem:
    return Problem(
        "engine.not_durable",
        level=level,
        message="{setting} is {value}: a crash of the machine can lose what was committed; set it to {wanted}",
        setting=setting,
        value=value,
        wanted=wanted,
    )


def _one(connection: Connection, sql: str) -> str:
    found = connection.exec_driver_sql(sql).scalar_one_or_none()
    return "" if found is None else str(found)
