"""Writing through the door against the bare driver, and what one more hook adds."""

from __future__ import annotations

import gc
import resource
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import sqlalchemy as sa

from benchmarks.measure import CPU, WALL, Clock, Ratio, benchmark, from_pairs, seconds
from benchmarks.sample import (
    BOSS,
    accounts,
    count_from_environment,
    execute_many,
    insert_sql,
    opened,
    stored_rows,
    twin_of,
)
from pycrm import CRM, Account, Problem
from pycrm.plugin import ChangeSet, Plugin, Workspace
from tools.runs import databases

RECORDS = count_from_environment("PYCRM_BENCH_CREATE", 100_000)
PAIRS = 3
CREATES = 1_000
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
        ours = sa.create_engine(url)
        twin = twin_of(crm, ours, new_database())
        insert = insert_sql(crm, backend)
        timed = []
        for turn in range(PAIRS):
            records = accounts(RECORDS, first=turn * RECORDS)
            own = _collected(partial(_create, crm, records), WALL)
            rows = stored_rows(ours, crm, records[0], records[-1])
            del records
            timed.append((own, _collected(partial(execute_many, twin, insert, rows), WALL)))
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
        before = resource.getrusage(resource.RUSAGE_SELF)
        wall = seconds(lambda: _create_singly(crm, records), WALL)
        after = resource.getrusage(resource.RUSAGE_SELF)
    return Ratio(
        figure=(after.ru_utime - before.ru_utime) / CREATES,
        beside={"system_s": (after.ru_stime - before.ru_stime) / CREATES, "wall_s": wall / CREATES},
    )


@benchmark("one_more_hook", bar="<= 1.03", databases=())
def one_more_hook() -> Ratio:
    """CPU seconds of ``create_many`` with two plugins against the same with one of them, in memory.

    15 interleaved pairs. Both CRMs have a check hook that looks at every record. The other plugin has a derive hook
    that sets nothing, so that what the door itself spends on one more hook is what remains. It must be called once
    per batch.
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
        timed = []
        for turn in range(16):
            own, theirs = (
                _collected(partial(_create, crm, accounts(HOOKED, first=turn * HOOKED)), CPU)
                for crm in ((two, one) if turn % 2 else (one, two))
            )
            timed.append((own, theirs) if turn % 2 else (theirs, own))
    assert calls == [1] + [HOOKED] * 16, f"one call per batch, with all its records; got {calls}"
    return from_pairs(timed[1:], per=HOOKED)


def _create(crm: CRM, records: list[Account]) -> None:
    with crm.acting_as(BOSS) as ws:
        ws.create_many(records)


def _create_singly(crm: CRM, records: list[Account]) -> None:
    for record in records:
        with crm.acting_as(BOSS) as ws:
            ws.create(record)


def _collected(work: Callable[[], Any], clock: Clock) -> float:
    """Return the seconds of *work*, begun without garbage of what went before."""
    gc.collect()
    return seconds(work, clock)
