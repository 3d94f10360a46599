"""Nothing is lost or broken when several processes write the same records at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from pycrm import CRM, Account, ConflictError, F, Principal, Workspace
from reliability.checks import NewDatabase, check
from reliability.workers import go, results, running, wait_for_go

ADMINISTRATOR = Principal("check", roles={"administrator"})


@check("no_lost_update", promise=13)
def no_lost_update(
    new_database: NewDatabase, seed: int, *, processes: int = 4, times: int = 250
) -> Mapping[str, Any]:
    """Have *processes* increment one number *times* each, in three ways; every increment must be in the sum.

    Each way has a record of its own: `CRM.run`, an update that is repeated by hand on a conflict, and `lock`.
    """
    figure: dict[str, Any] = {"processes": processes, "times": times}
    for way in WAYS:
        url = new_database()
        crm = CRM(url, plugins=[])
        crm.migrate()
        with crm.acting_as(ADMINISTRATOR) as ws:
            record = ws.create(Account(name="counter", employee_count=0))
        work = [(url, str(record.id), way, times, f"worker-{number}") for number in range(processes)]
        with running(increment, work) as workers:
            go(workers)
            outcomes = results(workers)
        with crm.reading_as(ADMINISTRATOR) as reader:
            found = reader.get(Account, record.id)
        crm.close()
        figure[f"lost_{way}"] = processes * times - (found.employee_count or 0)
        figure[f"repeated_{way}"] = sum(outcome["conflicts"] for outcome in outcomes)
        figure[f"unnamed_{way}"] = sum(outcome["unnamed"] for outcome in outcomes)
    lost = sum(value for name, value in figure.items() if name.startswith(("lost_", "unnamed_")))
    return {"passed": lost == 0, **figure}


def increment(url: str, record_id: str, way: str, times: int, user: str) -> None:
    """Increment the number of one record; a worker."""
    crm = CRM(url, plugins=[])
    who = Principal(user, roles={"administrator"})
    with crm.acting_as(who) as ws:
        ws.create(Account(name="warm"))
    conflicts: list[ConflictError] = []
    wait_for_go()
    for _ in range(times):
        WAYS[way](crm, who, record_id, conflicts)
    # What a conflict of fields must tell; one of the database itself has no field.
    told = [conflict.facts for conflict in conflicts if "field" in conflict.facts]
    unnamed = sum(1 for facts in told if not {"ours", "theirs", "actor", "other_actor"} <= facts.keys())
    wrong = sum(1 for facts in told if facts["actor"] != user or not facts["other_actor"].startswith("worker-"))
    print(json.dumps({"conflicts": len(conflicts), "unnamed": unnamed + wrong}), flush=True)


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
def no_write_skew(new_database: NewDatabase, seed: int, *, trials: int = 250) -> Mapping[str, Any]:
    """Of two guards on duty one may leave if the other stays; two processes try at once, *trials* times.

    Each reads both records and writes only one, so that no version tells it of the other.
    """
    url = new_database()
    crm = CRM(url, plugins=[])
    crm.migrate()
    with crm.acting_as(ADMINISTRATOR) as ws:
        pairs = [
            [ws.create(Account(name=f"{trial}", industry=f"{trial}", employee_count=1)) for _ in "ab"]
            for trial in range(trials)
        ]
    work = [(url, [[str(pair[side].id), pair[side].name] for pair in pairs]) for side in (0, 1)]
    with running(leave, work) as workers:
        for trial in range(trials):
            go(workers)
            for worker in workers:
                assert worker.stdout is not None
                worker.stdout.readline()
            del trial
        left = sum(results(workers))
    with crm.reading_as(ADMINISTRATOR) as reader:
        groups = reader.aggregate(Account, measures=["sum(employee_count)"], group_by="industry")
    crm.close()
    empty = sum(1 for group in groups if group["sum(employee_count)"] < 1)
    return {"passed": empty == 0 and left == trials, "trials": trials, "broken": empty, "left": left}


def leave(url: str, records: list[tuple[str, str]]) -> None:
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

        wait_for_go()
        left += crm.run(ADMINISTRATOR, work, attempts=100)
    print("ready", flush=True)
    print(json.dumps(left), flush=True)
