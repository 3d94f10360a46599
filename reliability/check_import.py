"""Imports: whatever kills them, nothing is lost or doubled; and what they say they did is what they did."""

from __future__ import annotations

import csv
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import attrs
from sqlalchemy.engine import make_url

from pycrm import CRM, Account, ImportRun, Product
from pycrm.exchange.importing import Progress
from pycrm.exchange.mapping import read_mapping_text
from pycrm.testing.postgres import fresh_database, new_server
from reliability.checks import NewDatabase, check
from reliability.workers import ADMINISTRATOR, Worker, migrated, opened, running

ACCOUNTS = """
version = 1
[[entity]]
entity = "account"
by = ["number"]
[entity.fields]
number = "No"
name = "Name"
country = "Country"
employee_count = "Staff"
"""

PRODUCTS = """
version = 1
[[custom_field]]
entity = "product"
name = "since_on"
kind = "date"
[[custom_field]]
entity = "product"
name = "amount"
kind = "decimal"
[[custom_field]]
entity = "product"
name = "rate"
kind = "decimal"
[[entity]]
entity = "product"
by = ["code"]
[entity.fields]
code = "编号"
name = "名称"
"custom.since_on" = { column = "日期", transforms = ["date(dmy)"] }
"custom.amount" = "数量"
"custom.rate" = { column = "比率", on_problem = "empty" }
"""


@check("import_killed", promise=18)
def import_killed(
    new_database: NewDatabase,
    seed: int,
    *,
    rows: int = 100_000,
    kills: int | None = None,
    batch_size: int = 500,
    seconds: float = 1.0,
) -> Mapping[str, Any]:
    """Kill an import *kills* times at random moments, resume it each time; in the end all is as if nothing had been.

    Unless told, it is killed 200 times on SQLite and 50 times on PostgreSQL, whose server is stopped in a check of its
    own. A batch is acknowledged when progress is told; what was acknowledged must be there after the kill, and at most
    one batch more.
    """
    if kills is None:
        kills = 200 if make_url(new_database()).get_backend_name() == "sqlite" else 50
    told: Counter[str] = Counter()
    while told["strikes"] < kills:
        told += _struck(new_database(), rows, batch_size, kills - told["strikes"], seconds, seed, Worker.kill)
    return _figure(told, rows, batch_size)


@check("import_server_stopped", promise=18)
def import_server_stopped(
    new_database: NewDatabase,
    seed: int,
    *,
    rows: int = 30_000,
    stops: int = 20,
    batch_size: int = 500,
    seconds: float = 2.0,
) -> Mapping[str, Any]:
    """Stop the database server at once, as its crash would, *stops* times during imports that are resumed each time.

    It is a server of our own, on PostgreSQL; SQLite has none.
    """
    if make_url(new_database()).get_backend_name() == "sqlite":
        return {"passed": True, "strikes": 0}
    told: Counter[str] = Counter()
    with new_server() as server:

        def strike(worker: Worker) -> None:
            server.stop(immediately=True)
            worker.join()  # of the error that it gets
            server.start()

        while told["strikes"] < stops:
            with fresh_database(server.url) as url:
                told += _struck(url, rows, batch_size, stops - told["strikes"], seconds, seed, strike)
    return _figure(told, rows, batch_size)


FAULTS = ("lost", "redone_too_much", "wrong_records", "wrong_counts", "not_equal")


def _figure(told: Counter[str], rows: int, batch_size: int) -> Mapping[str, Any]:
    passed = not any(told[fault] for fault in FAULTS)
    return {"passed": passed, "rows": rows, "batch_size": batch_size, **dict.fromkeys(FAULTS, 0), **told}


def _struck(
    url: str, rows: int, batch_size: int, strikes: int, seconds: float, seed: int, strike: Callable[[Worker], None]
) -> Counter[str]:
    """Run one import, struck at most so many times, each within some *seconds* of its start, and judge it."""
    chance = random.Random(seed + strikes)
    told: Counter[str] = Counter(imports=1)
    acknowledged, is_done = 0, False
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows.csv")
        wanted = _write_accounts(path, rows, chance)
        with migrated(url):
            pass
        while not is_done:
            with running(import_rows, [(url, str(path), batch_size)]) as (worker,):
                if told["strikes"] < strikes:
                    time.sleep(chance.uniform(0, seconds))
                    strike(worker)
                    told["strikes"] += 1
                    said = worker.rest()
                else:
                    said = [worker.hear()]
                    while said[-1] != "done":
                        said.append(worker.hear())
            acknowledged = max([acknowledged, *(each for each in said if isinstance(each, int))])
            stored, is_done = _standing(url)
            told["lost"] += stored < acknowledged
            told["redone_too_much"] += stored > acknowledged + batch_size
            acknowledged = stored
        return told + _against(url, wanted, rows)


def _standing(url: str) -> tuple[int, bool]:
    """Return how many rows the import has applied, and whether it is done."""
    with opened(url) as crm:
        with crm.reading_as(ADMINISTRATOR) as ws:
            runs = ws.list(ImportRun)
        if not runs:
            return 0, False
        return crm.imports.report(ADMINISTRATOR, runs[0].id).counts.rows, runs[0].status == "done"


def import_rows(pipe: Connection, url: str, path: str, batch_size: int) -> None:
    """Begin the import, or go on with it, until killed or done, telling how many rows are in; a worker."""
    crm = CRM(url, plugins=[], index_waiting="later")
    with crm.reading_as(ADMINISTRATOR) as ws:
        runs = ws.list(ImportRun)
    pipe.send("ready")

    def watch(progress: Progress) -> None:
        pipe.send(progress.counts.rows)

    if runs:
        crm.imports.resume(ADMINISTRATOR, runs[0].id, on_progress=watch)
    else:
        mapping = read_mapping_text(ACCOUNTS)
        crm.imports.run(ADMINISTRATOR, path, mapping, batch_size=batch_size, on_progress=watch)
    pipe.send("done")


def _write_accounts(path: Path, rows: int, chance: random.Random) -> dict[str, str]:
    """Write a file with new, repeated and bad rows, and return what must be there in the end: number to name."""
    wanted: dict[str, str] = {}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["No", "Name", "Country", "Staff"])
        for row in range(rows):
            number = f"A{chance.randrange(rows):07}" if chance.random() < 0.05 else f"B{row:07}"
            name = f"海晨 {chance.randrange(10**6)}"
            is_bad = chance.random() < 0.02
            writer.writerow([number, name, "XX" if is_bad else "CN", chance.randrange(1000)])
            if not is_bad:
                wanted[number] = name
    return wanted


def _against(url: str, wanted: Mapping[str, str], rows: int) -> Counter[str]:
    with opened(url) as crm:
        with crm.reading_as(ADMINISTRATOR) as ws:
            found = {account.number: account.name for account in ws.iterate(Account)}
            (run,) = ws.list(ImportRun)
        result = crm.imports.report(ADMINISTRATOR, run.id)
        kept = Counter(row.outcome for row in crm.imports.kept_rows(ADMINISTRATOR, run.id))
    counts_hold = result.counts.add_up and result.counts.rows == rows and kept["refused"] == result.counts.refused
    return Counter(
        wrong_records=int(found != wanted), wrong_counts=int(not counts_hold), not_equal=int(not result.proof.agrees)
    )


@attrs.frozen
class _Dirty:
    """A file that something is wrong with, and what must come of it: of `set_aside`, how many values by column."""

    path: Path
    stored: Mapping[str, tuple[str, date | None, Decimal | None]]
    refused: frozenset[int]
    set_aside: Mapping[str, int]
    rows: int


@check("import_says_what_it_did", promise=45)
def import_says_what_it_did(
    new_database: NewDatabase, seed: int, *, files: int = 50, rows: int = 200
) -> Mapping[str, Any]:
    """Dirty files: every row is accounted for, totals hold, nothing is changed or left out silently, and an undoing is
    whole.
    """
    chance = random.Random(seed)
    told: Counter[str] = Counter()
    first: list[str] = []
    with tempfile.TemporaryDirectory() as folder, migrated(new_database()) as crm:
        with crm.acting_as(ADMINISTRATOR) as ws:
            ws.create_many([Product(code=f"00{n}", name=f"old {n}") for n in range(20)])
        mapping = read_mapping_text(PRODUCTS)
        before: Any = None
        for number in range(files):
            dirty = _dirty_file(Path(folder, f"{number}.csv"), rows, chance)
            result = crm.imports.run(ADMINISTRATOR, dirty.path, mapping, batch_size=chance.choice([7, 64, 1000]))
            refused = {row.line for row in crm.imports.kept_rows(ADMINISTRATOR, result.run) if row.outcome == "refused"}
            found = dict(_products(crm))
            told["rows"] += dirty.rows
            told["wrong_counts"] += not result.counts.add_up or result.counts.rows != dirty.rows
            told["not_equal"] += not result.agrees
            told["wrong_refusals"] += refused != dirty.refused
            told["silent_changes"] += any(found.get(code) != values for code, values in dirty.stored.items())
            total = sum((amount for _, _, amount in dirty.stored.values() if amount), Decimal(0))
            told["wrong_totals"] += total != sum((found[code][2] or Decimal(0) for code in dirty.stored), Decimal(0))
            undone = crm.imports.undo(ADMINISTRATOR, result.run)
            after = dict(_products(crm))
            aside = {each.column: each.count for each in result.proof.set_aside}
            told["left_out_untold"] += aside != dirty.set_aside
            told["undo_left"] += len(undone.left)
            told["undo_wrong"] += after != (before or after)
            before = after
            if not first and any(told[fault] for fault in told if fault != "rows"):
                first.append(str(dirty.path.name))
    faults = (
        "wrong_counts",
        "not_equal",
        "wrong_refusals",
        "silent_changes",
        "wrong_totals",
        "left_out_untold",
        "undo_left",
        "undo_wrong",
    )
    return {
        "passed": not any(told[fault] for fault in faults),
        "files": files,
        **dict.fromkeys(faults, 0),
        **told,
    }


def _products(crm: CRM) -> Iterator[tuple[str, tuple[str, Any, Any]]]:
    with crm.reading_as(ADMINISTRATOR) as ws:
        known = ws.fields(Product)
        for product in ws.iterate(Product):
            custom = [product.custom[name] if f"custom.{name}" in known else None for name in ("since_on", "amount")]
            yield product.code, (product.name, *custom)


def _dirty_file(path: Path, rows: int, chance: random.Random) -> _Dirty:
    encoding = chance.choice(["utf-8", "utf-8-sig", "gb18030", "utf-16"])
    delimiter = chance.choice([",", ";", "\t", "|"])
    stored: dict[str, tuple[str, date | None, Decimal | None]] = {}
    refused: set[int] = set()
    aside: Counter[str] = Counter()
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, quoting=chance.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
        writer.writerow(["编号", "名称", "日期", "数量", "比率", "备注"])
        line = 2
        for _ in range(rows):
            code, name, day, amount, is_bad, values = _dirty_row(chance)
            rate, remark = chance.choice(["1.5", "", "n/a", "??"]), chance.choice(["", " ", "稍后联系"])
            writer.writerow([code, name, day, amount, rate, remark])
            if is_bad:
                refused.add(line)
            else:
                aside += Counter({"比率": rate in ("n/a", "??"), "备注": bool(remark.strip())})
                earlier = stored.get(code, ("", None, None))
                stored[code] = (values[0], values[1] or earlier[1], values[2] if values[2] is not None else earlier[2])
            line += 1 + name.count("\n")
    return _Dirty(path, stored, frozenset(refused), +aside, rows)


def _dirty_row(
    chance: random.Random,
) -> tuple[str, str, str, str, bool, tuple[str, date | None, Decimal | None]]:
    """Return the cells of a row, whether it must be refused, and what must be stored else."""
    code = chance.choice(
        [
            f"{chance.randrange(20):03}",  # leading zeros; some are there already
            str(chance.randrange(10**17, 10**18)),  # 18 digits
            f"9.{chance.randrange(100, 999)}E+17" if chance.random() < 0.1 else f"X-{chance.randrange(10**6)}",
        ]
    )
    name = chance.choice(["海晨", "O'Brien; “x”", "=2+2", "two\nlines", "ｆｕｌｌ　ｗｉｄｔｈ", "🙂", "03/04/2024"])
    day, on = chance.choice([("03/04/2024", date(2024, 4, 3)), ("31/12/2023", date(2023, 12, 31)), ("", None)])
    amount, number = chance.choice([("12.50", Decimal("12.50")), ("-3", Decimal(-3)), ("0", Decimal(0)), ("", None)])
    is_bad = code.startswith("9.")  # what a spreadsheet has made of a long number
    if chance.random() < 0.1:
        is_bad = True
        day, amount = chance.choice([("32/01/2024", amount), (day, "n/a"), ("13/13/2024", "1.2.3")])
    return code, name, day, amount, is_bad, (name, on, number)
