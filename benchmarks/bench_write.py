"""Writing through the door against the bare driver, and what one more hook adds."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import sqlalchemy as sa

from benchmarks.measure import CPU, WALL, Ratio, benchmark, from_pairs, pairs, seconds
from benchmarks.sample import BOSS, account_table, accounts, count_from_environment, opened, stored_rows
from pycrm import CRM, Account, Problem
from pycrm.plugin import ChangeSet, Plugin, Workspace
from tools.runs import databases

RECORDS = count_from_environment("PYCRM_BENCH_CREATE", 100_000)
PAIRS = 3
CREATES = 500
HOOKED = 5_000


def judging(name: str) -> Plugin:
    """Return a plugin whose check hook looks at every record."""
    plugin = Plugin(name)

    @plugin.check(Account)
    def known_country(ws: Workspace, changes: ChangeSet[Account]) -> Iterator[Problem]:
        for account in changes:
            if account.country == "XX":
                yield Problem("account.country", account, "country", message="is no country; give its ISO code")

    return plugin


@benchmark("create_many", bar="<= 2.5")
def create_many(url: str) -> Ratio:
    """Wall seconds per record of 100,000 accounts written in one transaction, its commit included.

    Ours: ``create_many`` of ready records with one plugin whose check hook looks at each of them; it also writes a
    change row per record. Baseline: one ``executemany`` of the driver with ready tuples of the very same column
    values, into the same table with the same indexes and foreign keys of a twin database. Both tables grow alike.
    """
    backend = sa.make_url(url).get_backend_name()
    with opened(url, [judging("countries")]) as crm, databases(backend) as new_database:
        ours, twin = sa.create_engine(url), _twin(crm, url, new_database())
        insert = _insert_sql(crm, backend)
        timed = []
        for turn in range(PAIRS):
            records = accounts(RECORDS, first=turn * RECORDS)
            own = _collected(partial(_create, crm, records))
            rows = stored_rows(ours, crm, records[0], records[-1])
            del records
            timed.append((own, _collected(partial(_execute_many, twin, insert, rows))))
        ours.dispose()
        twin.dispose()
        return from_pairs(timed, per=RECORDS)


@benchmark("create", bar="<= 0.0005")
def create_one(url: str) -> Ratio:
    """User CPU seconds of this process per ``create``, each in a unit of its own; the bar is an absolute one.

    ``system_s`` is the kernel's CPU beside it, on SQLite with its writes and fsync; ``wall_s`` is the whole time.
    """
    with opened(url) as crm:
        _create_singly(crm, accounts(50))
        records = accounts(CREATES, first=50)
        before = os.times()
        _create_singly(crm, records)
        after = os.times()
    return Ratio(
        figure=(after.user - before.user) / CREATES,
        beside={
            "system_s": (after.system - before.system) / CREATES,
            "wall_s": (after.elapsed - before.elapsed) / CREATES,
        },
    )


@benchmark("one_more_hook", bar="<= 1.03", databases=("sqlite",))
def one_more_hook(url: str) -> Ratio:
    """CPU seconds of ``create_many`` with two plugins against the same with one of them, 15 interleaved pairs.

    Both have a check hook that looks at every record. The other plugin has a derive hook that sets nothing, so that
    what the door itself spends on one more hook is what remains. It must be called once per batch.
    """
    calls = []
    other = Plugin("other")

    @other.derive(Account)
    def nothing(ws: Workspace, changes: ChangeSet[Account]) -> None:
        calls.append(len(changes))

    with (
        opened("sqlite://", [judging("countries"), other]) as two,
        opened("sqlite://", [judging("countries")]) as one,
    ):
        calls.clear()
        result = pairs(lambda: _undone(two), lambda: _undone(one), rounds=15, clock=_collected_cpu(), per=HOOKED)
    assert calls == [HOOKED] * 16, f"one call per batch, with all its records; got {calls}"
    return result


def _create(crm: CRM, records: list[Account]) -> None:
    with crm.acting_as(BOSS) as ws:
        ws.create_many(records)


def _create_singly(crm: CRM, records: list[Account]) -> None:
    for record in records:
        with crm.acting_as(BOSS) as ws:
            ws.create(record)


def _collected(work: Callable[[], Any]) -> float:
    """Return the wall seconds of *work*, begun without garbage of what went before."""
    gc.collect()
    return seconds(work, WALL)


def _twin(crm: CRM, url: str, twin_url: str) -> sa.Engine:
    """Return an engine to the tables of *crm* in another database, with the same users and PRAGMAs."""
    other = CRM(twin_url, plugins=[])
    other.migrate()
    other.close()
    engine = sa.create_engine(twin_url)
    return engine
