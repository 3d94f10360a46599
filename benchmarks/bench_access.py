"""Lists, counts and writes of people who may not see everything, beside an administrator's."""

from __future__ import annotations

import itertools
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from typing import Any

import sqlalchemy as sa

from benchmarks import sales_force
from benchmarks.measure import CPU, WALL, Ratio, benchmark, pairs, seconds
from benchmarks.sales_force import VIEWERS
from benchmarks.sample import BOSS, opened
from pycrm import CRM, Account, Principal, Reader, Team, User

ROUNDS = 15
MANY = 10_000
CREATES = 200
PROCESSES, WARM, SECONDS = 8, 50, 10.0

Question = Callable[[Reader], Any]


def _list(**options: Any) -> Question:
    return lambda reader: reader.list(Account, **options)


FIRST = {"first": _list(), "by_name": _list(order_by="name"), "by_name_desc": _list(order_by="name DESC")}
INDEXED = {"country": _list(where="country = 'CN'"), "owner": _list(where="owner.key = 'mate0'")}
UNINDEXED = {
    "unselective": _list(where="industry = 'industry 7'"),
    "selective": _list(where="employee_count = 77"),
    "mixed_order": _list(order_by="country, name DESC"),
    "behind_reference": _list(order_by="owner.name"),
}


@benchmark("access_first_ms", bar="<= 5.0", data=sales_force.fill)
def first(url: str) -> Ratio:
    """Milliseconds of a first page of 50 without a filter, of the viewer and order that take longest."""
    return _slowest(url, FIRST)


@benchmark("access_indexed_ms", bar="<= 20.0", data=sales_force.fill)
def indexed(url: str) -> Ratio:
    """Milliseconds of a first page by an indexed filter, of the viewer and filter that take longest."""
    return _slowest(url, INDEXED)


@benchmark("access_unindexed_ms", bar="<= 100.0", data=sales_force.fill)
def unindexed(url: str) -> Ratio:
    """Milliseconds of a first page that no index serves, of the viewer and question that take longest."""
    return _slowest(url, UNINDEXED)


@benchmark("access_count_ms", bar="<= 300.0", data=sales_force.fill)
def count(url: str) -> Ratio:
    """Milliseconds of an exact count, of the viewer for whom it takes longest."""
    return _slowest(url, {"count": lambda reader: reader.count(Account)})


@benchmark("access_get_ms", bar="<= 1.0", data=sales_force.fill)
def get(url: str) -> Ratio:
    """Milliseconds to get one record, of the viewer for whom it takes longest."""
    crm = CRM(url, plugins=[sales_force.sales_force])
    taken: dict[str, float] = {}
    for name, viewer in VIEWERS.items():
        with crm.reading_as(viewer) as reader:
            id = reader.list(Account, limit=10)[-1].id
            taken[f"{name}_ms"] = _median(lambda reader=reader, key=id: reader.get(Account, key))  # type: ignore[misc]
    crm.close()
    return Ratio(figure=max(taken.values()), unit="ms", beside=taken)


@benchmark("access_create_many", bar="<= 1.35")
def create_many(url: str) -> Ratio:
    """CPU seconds to create 10,000 accounts under rights to records, beside an administrator's."""
    with _staffed(url) as crm:
        return pairs(lambda: _write(crm, _seller()), lambda: _write(crm, BOSS), rounds=5, clock=CPU)


@benchmark("access_create_cpu_ms", bar="<= 0.8")
def create_cpu(url: str) -> Ratio:
    """CPU milliseconds of the client to create one account under rights, with audit and search; the median."""
    with _staffed(url) as crm:

        def one(number: int) -> float:
            account = Account(name=f"青岛海晨贸易 {number}", phone="13800138000", country="CN")

            def work() -> None:
                with crm.acting_as(_seller()) as ws:
                    ws.create(account)

            return seconds(work, CPU) * 1_000

        for number in range(20):
            one(-number)
        return Ratio(figure=statistics.median(map(one, range(CREATES))), unit="ms")


@benchmark("access_create_together", bar=">= 1000", databases=("postgresql",))
def create_together(url: str) -> Ratio:
    """Accounts per second that 8 processes create under rights, each in a unit of its own, with asynchronous commit."""
    lax = sa.make_url(url).update_query_dict({"options": "-c synchronous_commit=off"})
    address = lax.render_as_string(hide_password=False)
    with _staffed(url):
        context = multiprocessing.get_context("spawn")
        start, made = context.Barrier(PROCESSES), context.Queue()
        workers = [context.Process(target=_create_on, args=(address, start, made)) for _ in range(PROCESSES)]
        for worker in workers:
            worker.start()
        counts = [made.get() for _ in workers]
        for worker in workers:
            worker.join()
    return Ratio(figure=sum(counts) / SECONDS, unit="accounts/s")


def _create_on(url: str, start: Barrier, made: Queue[int]) -> None:
    """Create accounts for `SECONDS` once all others are ready, and say how many; a process."""
    crm = CRM(url, plugins=[])
    numbers = itertools.count()

    def create() -> None:
        with crm.acting_as(_seller()) as ws:
            ws.create(Account(name=f"青岛海晨贸易 {next(numbers)}", phone="13800138000", country="CN"))

    for _ in range(WARM):
        create()
    start.wait()
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        create()
    crm.close()
    made.put(next(numbers) - WARM)


def _slowest(url: str, questions: dict[str, Question]) -> Ratio:
    crm = CRM(url, plugins=[sales_force.sales_force])
    taken: dict[str, float] = {}
    for name, viewer in VIEWERS.items():
        with crm.reading_as(viewer) as reader:
            for asked, question in questions.items():
                taken[f"{name}_{asked}_ms"] = _median(lambda r=reader, q=question: q(r))  # type: ignore[misc]
    crm.close()
    return Ratio(figure=max(taken.values()), unit="ms", beside=taken)


def _median(work: Callable[[], Any]) -> float:
    work()
    return statistics.median(seconds(work, WALL) for _ in range(ROUNDS)) * 1_000


def _seller() -> Principal:
    return Principal("mei", roles={"salesperson"})


@contextmanager
def _staffed(url: str) -> Iterator[CRM]:
    with opened(url) as crm:
        with crm.acting_as(BOSS) as ws:
            ws.create(Team(name="east", members=[ws.create(User(key="mei", name="Mei"))]))
        yield crm


def _write(crm: CRM, who: Principal) -> None:
    accounts = [Account(name=f"account {number}", country="CN") for number in range(MANY)]
    with crm.acting_as(who) as ws:
        ws.create_many(accounts)
