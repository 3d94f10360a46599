"""Reading everything there is: how fast, and in how much memory."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import sqlalchemy as sa

from benchmarks.measure import Ratio, benchmark
from benchmarks.sample import BOSS, account_table, accounts, count_from_environment, opened
from pycrm import CRM

MANY = count_from_environment("PYCRM_BENCH_ITERATE", 1_000_000)
FEW = 10_000
ITERATED = """
import json, re, sys, time
from pathlib import Path
from pycrm import CRM, Account, Principal

url, limit = sys.argv[1], int(sys.argv[2])
with CRM(url, plugins=[]).reading_as(Principal("boss", roles={"administrator"})) as reader:
    start, cpu, count = time.perf_counter(), time.process_time(), 0
    for account in reader.iterate(Account):
        count += 1
        if count == limit:
            break
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
print(json.dumps({"count": count, "rows_per_s": count / seconds, "rows_per_cpu_s": count / cpu, "peak_kib": peak}))
"""


@benchmark("iterate_memory", bar="<= 1.1")
def memory(url: str) -> Ratio:
    """Peak memory (KiB) of a process that iterates over 1,000,000 accounts against one that stops after 10,000.

    Both open the same database. Linux's ``VmHWM`` is read, for ``ru_maxrss`` begins with that of the parent process.
    ``PYCRM_BENCH_ITERATE`` sets another number of rows.
    """
    with opened(url) as crm:
        _fill(crm, url)
        few, many = _iterated(url, FEW), _iterated(url, MANY)
    return Ratio(
        figure=many["peak_kib"],
        baseline=few["peak_kib"],
        unit="KiB",
        beside={name: many[name] for name in ("rows_per_s", "rows_per_cpu_s")},
    )


@benchmark("iterate", bar=">= 80000", databases=("sqlite",))
def rows_per_second(url: str) -> Ratio:
    """Rows per wall second of ``iterate`` over 1,000,000 accounts, records in order of their ids; an absolute bar."""
    with opened(url) as crm:
        _fill(crm, url)
        result = _iterated(url, MANY)
    return Ratio(figure=result["rows_per_s"], unit="rows/s", beside={"rows_per_cpu_s": result["rows_per_cpu_s"]})


def _iterated(url: str, limit: int) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-c", ITERATED, url, str(limit)], capture_output=True, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    assert result["count"] == limit, result
    return result


def _fill(crm: CRM, url: str) -> None:
    """Store `MANY` accounts: some through the door, the others as copies of these that the database makes itself.

    As in a CRM that has grown, ids ascend with the order of insertion.
    """
    with crm.acting_as(BOSS) as ws:
        ws.create_many(accounts(FEW - 1))
    table = account_table(crm)
    engine = sa.create_engine(url)
    copied = [column.name for column in table.columns if column.name not in ("id", "number")]
    place = f"row_number() OVER (ORDER BY id) + copy * {FEW}"
    is_sqlite = engine.dialect.name == "sqlite"
    id = f"late_id({place})" if is_sqlite else f"('ff' || lpad(to_hex({place}), 30, '0'))::uuid"
    names = ", ".join(copied)
    statement = (
        "WITH RECURSIVE copies(copy) AS (SELECT 1 UNION ALL SELECT copy + 1 FROM copies WHERE copy < :n) "
        f"INSERT INTO {table.name} (id, number, {names}) "
        f"SELECT {id}, number || '-' || copy, {names} FROM copies, {table.name}"
    )
    with engine.begin() as connection:
        if is_sqlite:
            driver: Any = connection.connection.driver_connection
            driver.create_function("late_id", 1, lambda n: b"\xff" + n.to_bytes(15, "big"), deterministic=True)
        connection.execute(sa.text(statement), {"n": MANY // FEW - 1})
        connection.exec_driver_sql(f"ANALYZE {table.name}")  # as a server does by itself after a while
    engine.dispose()
