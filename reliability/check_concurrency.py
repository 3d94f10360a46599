"""Nothing is lost or broken when several processes write the same records at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from typing import Any

from pycrm import CRM, Account, ConflictError, F, Principal, Workspace
from reliability.checks import NewDatabase, check
from reliability.workers import ADMINISTRATOR, await_ready, go, migrated, running, wait_for_go


@check("no_lost_update", promise=13)
def no_lost_update(new_database: NewDatabase, seed: int, *, processes: int = 4, times: int = 250) -> Mapping[str, Any]:
    """Have *processes* increment one number *times* each, in three ways; every increment must be in the sum.

    Each way has a record of its own: `CRM.run`, an update that is repeated by hand on a conflict, and `lock`.
    """
    url = new_database()
    with migrated(url) as crm:
        with crm.acting_as(ADMINISTRATOR) as ws:
            records = {way: ws.create(Account(name=way, employee_count=0)) for way in WAYS}
        ids = {way: str(record.id) for way, record in records.items()}
        with running(increment, [(url, ids, times, f"worker-{number}") for number in range(processes)]) as workers:
            for _ in WAYS:
                go(workers)
                await_ready(workers)
            outcomes = [worker.hear() for worker in workers]
        with crm.reading_as(ADMINISTRATOR) as reader:
            counted = {way: reader.get(Account, record.id).employee_count or 0 for way, record in records.items()}
    lost = {way: processes * times - count for way, count in counted.items()}
    unnamed = sum(outcome["unnamed"] for outcome in outcomes)
    return {
        "passed": not any(lost.values()) and unnamed == 0,
        "processes": processes,
        "times": times,
        "lost": lost,
        "repeated": {way: sum(outcome["conflicts"][way] for outcome in outcomes) for way in WAYS},
        "conflicts_without_names": unnamed,
    }


def increment(pipe: Connection, url: str, ids: dict[str, str], times: int, user: str) -> None:
    """Increment the number of each record in its way; a worker."""
    crm = CRM(url, plugins=[])
    who = Principal(user, roles={"administrator"})
    conflicts: dict[str, list[ConflictError]] = {way: [] for way in WAYS}
    for way, record_id in ids.items():
        wait_for_go(pipe)
        for _ in range(times):
            WAYS[way](crm, who, record_id, conflicts[way])
    pipe.send("ready")
    # What a conflict of fields must tell; one of the database itself has no field.
    told = [each.facts for of_way in conflicts.values() for each in of_way if "field" in each.facts]
    unnamed = [facts for facts in told if not _is_named(facts, user)]
    counts = {way: len(of_way) for way, of_way in conflicts.items()}
    pipe.send({"conflicts": counts, "unnamed": len(unnamed)})
    crm.close()


def _is_named(facts: Mapping[str, Any], user: str) -> bool:
    """Whether a conflict names both values and both actors."""
    if not {"ours", "theirs", "actor", "other_actor"} <= facts.keys():
        return False
    return facts["actor"] == user and str(facts["other_actor"]).startswith("worker-")


def _by_run(crm: CRM, who: Principal, record_id: str, conflicts: list[ConflictError]) -> None:
    def work(ws: Workspace) -> None:
        record = ws.get(Account, record_id)
        try:
            ws.update(record, employee_count=(record.employee_count or 0) + 1)
        except ConflictError as conflict:
            conflicts.append(conflict)
            raise

    crm.run(who, work, attempts=1000)


def _by_hand(crm: CRM, who: Principal, record_id: str, conflicts: list[ConflictError]) -> None:
    while True:
        try:
            with crm.acting_as(who) as ws:
                record = ws.get(Account, record_id)
                ws.update(record, employee_count=(record.employee_count or 0) + 1)
        except ConflictError as conflict:
            conflicts.append(conflict)
        else:
            return


def _by_lock(crm: CRM, who: Principal, record_id: str, conflicts: list[ConflictError]) -> None:
    with crm.acting_as(who) as ws:
        record = ws.get(Account, record_id)
        ws.lock([record])
        ws.update(record, employee_count=(record.employee_count or 0) + 1)


WAYS: dict[str, Callable[[CRM, Principal, str, list[ConflictError]], None]] = {
    "run": _by_run,
    "hand": _by_hand,
    "lock": _by_lock,
}


@check("no_write_skew", promise=14)
def no_write_skew(new_database: NewDatabase, seed: int, *, trials: int = 1_000) -> Mapping[str, Any]:
    """Of two guards on duty one may leave if the other stays; two processes try at once, *trials* times.

    Each reads both records and writes only one, so that no version tells it of the other.
    """
    url = new_database()
    with migrated(url) as crm:
        with crm.acting_as(ADMINISTRATOR) as ws:
            pairs = [
                [ws.create(Account(name=str(trial), industry=str(trial), employee_count=1)) for _ in "ab"]
                for trial in range(trials)
            ]
        with running(
            leave, [(url, [[str(pair[side].id), pair[side].name] for pair in pairs]) for side in (0, 1)]
        ) as both:
            for _ in range(trials):
                go(both)
                await_ready(both)
            left = sum(worker.hear() for worker in both)
        with crm.reading_as(ADMINISTRATOR) as reader:
            groups = reader.aggregate(Account, measures=["sum(employee_count)"], group_by="industry")
    broken = sum(1 for group in groups if group["sum(employee_count)"] < 1)
    return {"passed": broken == 0 and left == trials, "trials": trials, "broken": broken, "left": left}


def leave(pipe: Connection, url: str, records: list[tuple[str, str]]) -> None:
    """Leave duty where somebody else is on it, once per go; a worker."""
    crm = CRM(url, plugins=[])
    left = 0
    for record_id, group in records:

        def work(ws: Workspace, record_id: str = record_id, group: str = group) -> bool:
            on_duty = ws.count(Account, where=(F.industry == group) & (F.employee_count == 1))
            if on_duty < 2:
                return False
            ws.update(ws.get(Account, record_id), employee_count=0)
            return True

        wait_for_go(pipe)
        left += crm.run(ADMINISTRATOR, work, attempts=100)
    pipe.send("ready")
    pipe.send(left)
    crm.close()
