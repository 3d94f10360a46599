"""What search costs: indexing beside the bare insert, bringing in what waits, and searches of rare and common pairs."""

from __future__ import annotations

import random
import statistics
import time
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import sqlalchemy as sa

from benchmarks import company
from benchmarks.measure import WALL, Ratio, benchmark, seconds
from benchmarks.sample import BOSS, accounts, count_from_environment, opened
from pycrm import CRM
from pycrm.workspace import finish
from pycrm.workspace.indexing import PORTION, index_of, queue_all

BATCH = 1_000
INDEXED = count_from_environment("PYCRM_BENCH_INDEXED", 10_000)
SEARCHES = 100
SEED = 20_260_101
RARE_MS, COMMON_MS = 5.0, 20.0


@benchmark("search_indexing", bar="<= 0.5")
def index_with_writes(url: str) -> Ratio:
    """Seconds that indexing adds to writing 10,000 accounts in batches of 1,000: the median of five pairs."""
    with opened(url) as crm:
        first = iter(range(0, 100 * INDEXED, INDEXED))
        added, bare = [], []
        for _ in range(5):
            bare.append(_without_index(lambda: _write(crm, next(first))))
            added.append(_write(crm, next(first)) - bare[-1])
    return Ratio(figure=statistics.median(added), beside={"bare_s": statistics.median(bare)})


@benchmark("search_drain", bar=">= 20000", data=company.fill_small)
def index_what_waits(url: str) -> Ratio:
    """Records per second that come in: accounts, contacts and opportunities, which were written in large batches.

    The better of two rounds. Beside it what the database takes for the same rows, ready made and in transactions of
    the same size: nobody can be faster than that by a single connection.
    """
    crm, rates = CRM(url, plugins=[], index_waiting="later"), []
    try:
        for _ in range(2):
            start = time.perf_counter()
            count = crm.index_waiting()
            rates.append(count / (time.perf_counter() - start))
            bare = _bare_rate(crm, url)
            with crm.acting_as(BOSS) as ws:
                queue_all(ws._ctx)
    finally:
        crm.close()
    return Ratio(figure=max(rates), unit="records/s", beside={"records": float(count), "bare_per_s": bare})


@benchmark("search", bar="<= 1.0", data=company.fill)
def search_pairs(url: str) -> Ratio:
    """How much of its bar the slowest third of 300 seeded searches takes: 95 % within 5 ms, 20 ms for common pairs.

    The whole company is brought in first, accounts, contacts and opportunities; what that took stands beside.
    """
    crm = CRM(url, plugins=[])
    try:
        start = time.perf_counter()
        brought_in = crm.index_waiting()
        taken = time.perf_counter() - start
        names = _names(url)
        found = {kind: _slow_search(crm, pairs) for kind, pairs in _pairs_by_frequency(names).items()}
    finally:
        crm.close()
    bars = {"rare": RARE_MS, "medium": RARE_MS, "common": COMMON_MS}
    return Ratio(
        figure=max(found[kind][1] / bar for kind, bar in bars.items()),
        unit="of the bar",
        beside={f"{kind}_p95_ms": again for kind, (_, again) in found.items()}
        | {f"{kind}_first_p95_ms": first for kind, (first, _) in found.items()}
        | {"names": float(len(names)), "brought_in_per_s": brought_in / taken},
    )


def _bare_rate(crm: CRM, url: str) -> float:
    """Empty the index, and return how many of its rows per second come back out of a copy by SQL alone."""
    engine = sa.create_engine(url)
    copy, back, end = _COPY_AND_BACK[engine.dialect.name]
    with engine.connect() as connection:
        connection.exec_driver_sql(copy)
        connection.exec_driver_sql("CREATE INDEX bare_rows_n ON bare_rows (n)")
        last = connection.exec_driver_sql("SELECT max(n) FROM bare_rows").scalar_one()
        connection.commit()
        with crm.acting_as(BOSS) as ws:
            index_of(ws._ctx).clear(ws._ctx.unit)
        start, count = time.perf_counter(), 0
        for first in range(1, last + 1, PORTION):
            for statement in back:
                written = connection.exec_driver_sql(f"{statement} WHERE n >= {first} AND n < {first + PORTION}")
            count += written.rowcount
            connection.commit()
        connection.exec_driver_sql(end)
        connection.commit()
        taken = time.perf_counter() - start
        connection.exec_driver_sql("DROP TABLE bare_rows")
        connection.commit()
    engine.dispose()
    return count / taken


_COLUMNS = "n, entity, record_id, tokenizer, head"
_COPY_AND_BACK = {
    "sqlite": (
        f"CREATE TABLE bare_rows AS SELECT {_COLUMNS}, g.grams FROM crm_search_doc JOIN crm_search_grams g "
        "ON g.rowid = n ORDER BY n",
        (
            f"INSERT INTO crm_search_doc ({_COLUMNS}) SELECT {_COLUMNS} FROM bare_rows",
            "INSERT INTO crm_search_grams (rowid, grams) SELECT n, grams FROM bare_rows",
        ),
        "SELECT 1",
    ),
    "postgresql": (
        f"CREATE TABLE bare_rows AS SELECT {_COLUMNS}, grams FROM crm_search_doc ORDER BY n",
        (
            f"INSERT INTO crm_search_doc ({_COLUMNS}, grams) OVERRIDING SYSTEM VALUE "
            f"SELECT {_COLUMNS}, grams FROM bare_rows",
        ),
        "SELECT gin_clean_pending_list('crm_search_doc_grams_idx')",
    ),
}


def _write(crm: CRM, first: int) -> float:
    """Return the seconds of writing `INDEXED` accounts whose numbers begin at *first*."""
    made = accounts(INDEXED, first)
    start = time.perf_counter()
    for at in range(0, INDEXED, BATCH):
        with crm.acting_as(BOSS) as ws:
            ws.create_many(made[at : at + BATCH])
    return time.perf_counter() - start


def _without_index(work: Callable[[], float]) -> float:
    """Return what *work* returns where nothing that is written is indexed."""
    door: Any = finish
    usual, door.index_batch = door.index_batch, lambda batch, *, purged: None
    try:
        return work()
    finally:
        door.index_batch = usual


def _names(url: str) -> list[str]:
    """Return the names of what is searched."""
    engine = sa.create_engine(url)
    names: list[str] = []
    with engine.connect() as connection:
        for table in ("crm_account", "crm_contact", "crm_opportunity"):
            names += connection.exec_driver_sql(f"SELECT name FROM {table}").scalars()
    engine.dispose()
    return names


def _pairs_by_frequency(names: list[str]) -> dict[str, list[str]]:
    """Return pairs of characters to search for: the commonest, those that few names hold, and those between."""
    counted = Counter(one + other for name in names for one, other in pairwise(name) if min(one, other) >= "\u4e00")
    ordered = [pair for pair, _ in counted.most_common()]
    draw, middle = random.Random(SEED), len(ordered) // 4
    thirds = {
        "rare": ordered[-max(SEARCHES, len(ordered) // 3) :],
        "medium": ordered[middle : middle + max(SEARCHES, len(ordered) // 4)],
        "common": ordered[: SEARCHES // 2],
    }
    return {kind: draw.choices(pairs, k=SEARCHES) for kind, pairs in thirds.items()}


def _slow_search(crm: CRM, texts: list[str]) -> tuple[float, float]:
    """Return the 95th percentile, in milliseconds, of searching for each of *texts* in a unit of its own: twice.

    The first time, the database may have to fetch what it needs from the disk, which says more of the disk and of how
    much memory there is beside the data; the second time it has it at hand.
    """

    def once(text: str) -> None:
        with crm.reading_as(BOSS) as ws:
            ws.search(text)

    for text in texts[:5]:
        once(text)
    taken = [[seconds(lambda text=text: once(text), WALL) for _ in range(2)] for text in texts]  # type: ignore[misc]
    first, second = (sorted(times) for times in zip(*taken, strict=True))
    at = int(0.95 * len(texts))
    return first[at] * 1_000, second[at] * 1_000
