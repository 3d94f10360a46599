"""Bringing a file in, with checks, matching, proof and the way back, against the bare driver with the same rows."""

from __future__ import annotations

import csv
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks.company import GENERATOR
from benchmarks.measure import WALL, Ratio, benchmark, seconds
from benchmarks.sample import (
    BOSS,
    account_table,
    count_from_environment,
    execute_many,
    insert_sql,
    opened,
    twin_of,
)
from pycrm import CRM, Account, Problem, field
from pycrm.exchange.importing import ImportResult
from pycrm.exchange.mapping import read_mapping_text
from pycrm.plugin import ChangeSet, Plugin, Workspace
from pycrm.storage.types import Document, Json
from tools.runs import databases

ROWS = count_from_environment("PYCRM_BENCH_IMPORT", 1_000_000)
EXISTING = ROWS // 10
PREPARED = 2_000
"""So many at once of what is there already: less than the import takes, whose memory is measured."""
SHARE_EXISTING = 20
"""One row in so many is of an account that is there already."""

CUSTOM = ("name_en", "legal_form", "province", "city", "postcode", "tier", "source", "former_status")

MAPPING = """
version = 1
[[entity]]
entity = "account"
by = ["number"]
[entity.fields]
number = "account_id"
name = "name"
tax_number = "credit_code"
country = "country"
phone = "phone"
website = "website"
industry = "industry"
employee_count = "employees"
annual_revenue = { columns = ["currency", "annual_revenue"], join = " " }
language = "language"
description = "address"
tags = { column = "tags", split = "|" }
"custom.name_en" = "name_en"
"custom.legal_form" = "legal_form"
"custom.province" = "province"
"custom.city" = "city"
"custom.postcode" = "postcode"
"custom.tier" = "tier"
"custom.source" = "source"
"custom.former_status" = "status"
"""

judge = Plugin("judge")


@judge.check(Account)
def known_level(ws: Workspace, changes: ChangeSet[Account]) -> Iterator[Problem]:
    """Look at every account, as a plugin of somebody's would."""
    for account in changes:
        if account.level == "Z":
            yield Problem("account.level", account, "level", message="is no level; choose one")


@benchmark("data_import", bar="<= 4.0")
def data_import(url: str) -> Ratio:
    """Wall seconds per row of a generated file of accounts with 12 fields and 8 custom ones, 2 % of the rows spoilt.

    Ours: read, mapped, checked, matched by number with 100,000 accounts that are there, of which 5 % of the rows are,
    written through the door with one plugin's hook in batches of 5,000, read back and compared. Search is queued.
    Baseline: the rows that came of it, by one ``executemany`` (SQLite) or COPY (PostgreSQL) into a twin table.

    ``rows_per_s`` is ours; ``drain_per_s`` how fast search takes the queue afterwards; ``undo_s`` and ``import_s``
    the whole of both; ``peak_mib`` the process's memory at the end of the import.
    """
    backend = sa.make_url(url).get_backend_name()
    with opened(url, [judge]) as crm, _generated(ROWS) as path, databases(backend) as twins:
        mapping = read_mapping_text(MAPPING)
        _prepare(crm, path)
        crm.index_waiting()
        done: list[ImportResult] = []
        own = seconds(lambda: done.append(crm.imports.run(BOSS, path, mapping)), WALL)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        baseline = _bare(crm, url, twins())
        drained: list[int] = []
        drain = seconds(lambda: drained.append(crm.index_waiting()), WALL)
        undo = seconds(lambda: crm.imports.undo(BOSS, done[0].run), WALL)
    rows = done[0].counts.rows
    assert done[0].agrees, "what is stored is not what was read"
    return Ratio(
        figure=own / rows,
        baseline=baseline / rows,
        beside={
            "rows_per_s": rows / own,
            "drain_per_s": drained[0] / drain,
            "import_s": own,
            "undo_s": undo,
            "peak_mib": peak,
        },
    )


@benchmark("data_update", bar="<= 4.0")
def data_update(url: str) -> Ratio:
    """Wall seconds per row of a file that changes one field of 100,000 accounts, against a bare UPDATE of the same."""
    backend = sa.make_url(url).get_backend_name()
    count = min(ROWS, 100_000)
    text = (
        'version = 1\n[[entity]]\nentity = "account"\nby = ["number"]\n[entity.fields]\n'
        'number = "No"\nindustry = "Industry"\n'
    )
    with opened(url, [judge]) as crm, tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows.csv")
        for industry in ("textiles", "tools"):
            with path.open("w", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(["No", "Name", "Industry"])
                writer.writerows((f"A{n}", f"Account {n}", industry) for n in range(count))
            mapping = read_mapping_text(text if industry == "tools" else f'{text}name = "Name"\n')
            own = seconds(lambda: crm.imports.run(BOSS, path, mapping), WALL)  # noqa: B023 - called at once
        baseline = _bare_update(url, crm, count, backend)
    return Ratio(figure=own / count, baseline=baseline / count, beside={"rows_per_s": count / own})


@contextmanager
def _generated(rows: int) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        sizes = ["--accounts", str(rows), "--contacts", "1000", "--activities", "1000", "--opportunities", "1000"]
        command = [sys.executable, str(GENERATOR), "--out", folder, *sizes, "--dirty-rate", "0.02", "--format", "csv"]
        subprocess.run(command, check=True, capture_output=True)
        yield Path(folder, "accounts.csv")


def _prepare(crm: CRM, path: Path) -> None:
    """Define the custom fields, and make the accounts that are there already; every so many of them is in the file."""
    with crm.acting_as(BOSS) as ws:
        for name in CUSTOM:
            ws.define_field(Account, name, field.text())
    numbers: list[str] = []
    with path.open(encoding="utf-8", newline="") as file:
        for place, row in enumerate(csv.DictReader(file)):
            if place % SHARE_EXISTING == 0:
                numbers.append(row["account_id"])
    numbers = numbers[:EXISTING] + [f"X{number}" for number in range(EXISTING - len(numbers))]
    for start in range(0, len(numbers), PREPARED):
        with crm.acting_as(BOSS) as ws:
            ws.create_many([Account(number=number, name=number) for number in numbers[start : start + PREPARED]])


def _bare(crm: CRM, url: str, twin_url: str) -> float:
    """Return the seconds in which the driver writes the rows of the account table into that of a twin database."""
    ours, table = sa.create_engine(url), account_table(crm)
    twin = twin_of(crm, ours, twin_url)
    json_types = () if ours.dialect.name == "sqlite" else (Document, Json)
    columns = ", ".join(
        f"{column.name}::text" if isinstance(column.type, json_types) else column.name for column in table.columns
    )
    with ours.connect() as connection:
        rows = [tuple(row) for row in connection.exec_driver_sql(f"SELECT {columns} FROM {table.name}")]
    if ours.dialect.name == "sqlite":
        taken = seconds(lambda: execute_many(twin, insert_sql(crm, "sqlite"), rows), WALL)
    else:
        taken = seconds(lambda: _copy(twin, table, rows), WALL)
    ours.dispose()
    twin.dispose()
    return taken


def _copy(engine: sa.Engine, table: sa.Table, rows: list[tuple[Any, ...]]) -> None:
    with closing(engine.raw_connection()) as connection:
        cursor: Any = connection.cursor()
        with cursor.copy(f"COPY {table.name} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        connection.commit()


def _bare_update(url: str, crm: CRM, count: int, backend: str) -> float:
    mark = "?" if backend == "sqlite" else "%s"
    sql = f"UPDATE {account_table(crm).name} SET industry = {mark} WHERE number = {mark} AND deleted_at IS NULL"
    engine = sa.create_engine(url)
    rows = [("bare", f"A{n}") for n in range(count)]
    taken = seconds(lambda: execute_many(engine, sql, rows), WALL)
    engine.dispose()
    return taken
