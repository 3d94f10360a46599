"""The walls behind the door stand: shapes of statements past it, hidden columns by hand, and what the walls cost."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import create_engine

from pycrm import CRM, Account, Money, Principal, SideDoorError
from pycrm.plugin import Plugin
from pycrm.storage.walls.tripwire import Tripwire
from pycrm.testing import access, find_side_doors
from pycrm.testing.access import hidden_reads, side_doors
from reliability.check_access import MOMENT
from reliability.checks import NewDatabase, check
from reliability.workers import ADMINISTRATOR

CLERK = Principal("ann", roles={"clerk"})
ROLES = Plugin("clerks")
ROLES.role("clerk", {"account": {"read": "all", "fields": {"*": "read", "annual_revenue": "none"}}})

# By what the lint must tell of each shape that the tripwire cannot see.
FLAGS = {"driver.cursor_by_hand": "sqlite3", "engine.second": "create_engine", "token.lifted": "pycrm.storage.walls"}
ROUNDS, EACH = 15, 400


@contextmanager
def _opened(url: str) -> Iterator[CRM]:
    crm = CRM(url, plugins=[ROLES], files=tempfile.mkdtemp())
    try:
        crm.migrate()
        with crm.acting_as(ADMINISTRATOR) as ws:
            ws.create(Account(name="Elbe", annual_revenue=Money(7, "CNY")))
        yield crm
    finally:
        crm.close()


@check("side_doors_are_walled", promise=8)
def side_doors_are_walled(new_database: NewDatabase, seed: int, *, statements: int = 5_000) -> Mapping[str, Any]:
    """Run every shape, read a hidden column in every way, and do both at random on every entity."""
    from pycrm.testing import FixedClock

    with _opened(new_database()) as crm:
        side = side_doors.Side(crm, CLERK, crm.table(Account), "name")
        stopped = [name for name, shape in side_doors.SHAPES.items() if _is_refused(partial(shape, side))]
        told = [found.reason for found in find_side_doors(str(side_doors.__file__))]
        flagged = [name for name in side_doors.BEYOND if any(FLAGS[name] in reason for reason in told)]
        denied = _denied_on_sqlite(crm) if side.is_sqlite else _denied_on_postgresql(crm)
        figure = {
            "shapes": len(side_doors.SHAPES) + len(side_doors.BEYOND),
            "stopped": len(stopped),
            "flagged_by_lint": len(flagged),
            "reads": len(hidden_reads.READS),
            "denied": denied,
        }
    url = new_database()
    report = access.check_walls(lambda: CRM(url, clock=FixedClock(MOMENT)), seed=seed, count=statements)
    passed = (
        report.passed
        and figure["stopped"] + figure["flagged_by_lint"] == figure["shapes"]
        and figure["denied"] == figure["reads"]
    )
    return {**figure, "at_random": report.figure(), "passed": passed, **_cost(new_database())}


def _is_refused(run: Callable[[], object]) -> bool:
    try:
        run()
    except SideDoorError:
        return True
    return False


def _denied_on_sqlite(crm: CRM) -> int:
    """Return how many reads of a hidden column SQLite denies, each prepared before by somebody who may."""
    denied = 0
    for shape in hidden_reads.READS.values():
        sql = shape.format(t="crm_account", c="annual_revenue")
        with crm.reading_as(ADMINISTRATOR) as reader:
            _by_hand(reader, sql)
        with crm.reading_as(CLERK) as reader:
            reader.count(Account)
            try:
                _by_hand(reader, sql)
            except sqlite3.DatabaseError:
                denied += 1
    return denied


def _by_hand(reader: Any, sql: str) -> None:
    sqlite3.Cursor(reader._ctx.unit.connection.connection.driver_connection).execute(sql).fetchall()


def _denied_on_postgresql(crm: CRM) -> int:
    """Return how many reads of a hidden column PostgreSQL denies to a role with column grants."""
    import psycopg

    role, denied = f"reports_{uuid4().hex[:8]}", 0
    url = crm._database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as driver:
        driver.execute(f"CREATE ROLE {role}")
        crm.column_grants("clerk", role, apply=True)
        driver.execute(f"SET ROLE {role}")
        for sql in hidden_reads.READS.values():
            try:
                driver.execute(sql.format(t="crm_account", c="annual_revenue").encode())
            except psycopg.errors.InsufficientPrivilege:
                denied += 1
        driver.execute("RESET ROLE")
        driver.execute(f"DROP OWNED BY {role}")
        driver.execute(f"DROP ROLE {role}")
    return denied


def _cost(url: str) -> Mapping[str, float]:
    """Return microseconds: of a host's statement without and with the tripwire, and of a look at an unknown text."""
    sql = "SELECT id, note FROM (SELECT 1 AS id, 'crm_account' AS note) AS host WHERE id = 1 ORDER BY note"
    engine = create_engine(url)
    with _opened(url):
        pass
    found: dict[str, float] = {}
    for name, walled in (("host_statement_us", False), ("host_statement_walled_us", True)):
        crm = CRM(engine, plugins=[ROLES], files=Path(tempfile.mkdtemp()), walled=walled)
        with engine.connect() as connection:
            found[name] = _best(lambda connection=connection: connection.exec_driver_sql(sql).all())  # type: ignore[misc]
        crm.close()
    engine.dispose()
    tripwire = Tripwire("sqlite", owned=False)
    tripwire.keep("crm_", None, lambda: ["crm_account"])
    numbers = iter(range(10**9))
    found["unknown_text_us"] = _best(lambda: tripwire.look(f"{sql} LIMIT {next(numbers)}"))
    found["known_text_us"] = _best(lambda: tripwire.look(sql))
    return found


def _best(run: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(EACH):
            run()
        best = min(best, (time.perf_counter() - start) / EACH)
    return round(best * 1e6, 2)
