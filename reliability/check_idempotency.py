"""A call under an idempotency key has one effect, however often it is made, by whomever at once, whatever dies."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

import attrs

from pycrm import CRM, Account, ConflictError, F, KeyReusedError, NotFoundError, Workspace
from pycrm.plugin import Plugin
from reliability.checks import NewDatabase, check
from reliability.workers import ADMINISTRATOR, await_ready, go, running, wait_for_go

counter = Plugin("counter")


@counter.action(Account)
def hire(ws: Workspace, account: Account, *, people: int) -> int:
    """Do what another time would do once more."""
    ws.update(account, employee_count=(account.employee_count or 0) + people)
    return account.employee_count or 0


@attrs.frozen
class Job:
    """One call.

    Attributes:
        verb: Which.
        name: Of the account that it is about, or makes; also the key.
        id: Of the account, as text; empty where the call makes it.
    """

    verb: str
    name: str
    id: str = ""

    def do(self, ws: Workspace, payload: int = 1) -> str:
        """Make the call with what is read anew, and return what shows that its outcome is the same."""
        key: Any = {"idempotency_key": self.name}
        if self.verb == "create":
            return str(ws.create(Account(name=self.name, employee_count=payload), **key).id)
        if self.verb == "create_many":
            made = ws.create_many([Account(name=self.name, employee_count=payload)], **key)
            return str(made.created[0].id)
        if self.verb == "update_where":
            done = ws.update_where(Account, F.name == self.name, {"employee_count": payload}, **key)
            return str(done.handle)
        return _VERBS[self.verb](ws, _known(ws, self.id), payload, key)


def _known(ws: Workspace, id: str) -> Account:
    """Return the account, which another process may put into the bin between two statements, and does not take out."""
    with suppress(NotFoundError):
        return ws.get(Account, id)
    binned = ws.get_binned(Account, id)
    assert binned is not None, "it is there or in the bin"
    return binned


def _update(ws: Workspace, account: Account, payload: int, key: Any) -> str:
    return str(ws.update(account, employee_count=payload, **key).version)


def _update_many(ws: Workspace, account: Account, payload: int, key: Any) -> str:
    account.employee_count = payload
    return str(ws.update_many([account], **key).updated[0].version)


def _delete(ws: Workspace, account: Account, payload: int, key: Any) -> str:
    # Which record is all that a deletion is given, so another payload is another record.
    ws.delete(account if payload == 1 else ws.create(Account(name="another")), **key)
    return str(account.deleted_at)


def _run(ws: Workspace, account: Account, payload: int, key: Any) -> str:
    return str(ws.run(hire(account, people=payload), **key))


_VERBS: Mapping[str, Callable[[Workspace, Account, int, Any], str]] = {
    "update": _update,
    "update_many": _update_many,
    "delete": _delete,
    "run": _run,
}
VERBS = ("create", "create_many", "update_where", *_VERBS)


@check("exactly_once", promise=15)
def exactly_once(
    new_database: NewDatabase, seed: int, *, calls: int = 1_000, crashes: int = 1_000
) -> Mapping[str, Any]:
    """Make *calls* of all verbs in each of four ways, *crashes* of them in the third; each must have one effect.

    The ways: made twice; made by two processes at once, every other one serialisable; the process killed after the
    commit and before it says so, then made again; the first try undone as by a serialisation failure. After the first
    way each key is tried with another payload, which must be refused.
    """
    url = new_database()
    crm = CRM(url, plugins=[counter])
    try:
        crm.migrate()
        jobs = {way: _jobs(crm, way, crashes if way == "crashed" else calls) for way in WAYS}
        differing = sum(way(crm, url, jobs[name]) for name, way in WAYS.items())
        refused = sum(_is_refused(crm, job) for job in jobs["repeated"])
        wrong = _wrong_effects(crm, [job for of_way in jobs.values() for job in of_way])
    finally:
        crm.close()
    made = sum(len(of_way) for of_way in jobs.values())
    return {
        "passed": wrong == differing == 0 and refused == len(jobs["repeated"]),
        "calls": {way: len(of_way) for way, of_way in jobs.items()},
        "verbs": len(VERBS),
        "one_effect": made - wrong,
        "other_effects": wrong,
        "other_answers": differing,
        "other_payloads_refused": refused,
    }


def _jobs(crm: CRM, way: str, count: int) -> list[Job]:
    """Return *count* calls, with the accounts that they are about."""
    verbs = [VERBS[number % len(VERBS)] for number in range(count)]
    accounts = {
        number: Account(name=f"{way}-{number}", employee_count=0)
        for number, verb in enumerate(verbs)
        if not verb.startswith("create")
    }
    with crm.acting_as(ADMINISTRATOR) as ws:
        ws.create_many(list(accounts.values()))
    return [
        Job(verb, f"{way}-{number}", str(accounts[number].id) if number in accounts else "")
        for number, verb in enumerate(verbs)
    ]


def _repeated(crm: CRM, url: str, jobs: Sequence[Job]) -> int:
    return sum(_once(crm, job) != _once(crm, job) for job in jobs)


def _together(crm: CRM, url: str, jobs: Sequence[Job]) -> int:
    with running(do_together, [(url, jobs)] * 2) as both:
        for _ in jobs:
            go(both)
            await_ready(both)
        first, second = (worker.hear() for worker in both)
    return sum(one != other for one, other in zip(first, second, strict=True))


def do_together(pipe: Connection, url: str, jobs: Sequence[Job]) -> None:
    """Make each call at the moment when another process does; a worker."""
    crm = CRM(url, plugins=[counter])
    answers = []
    for number, job in enumerate(jobs):
        wait_for_go(pipe)
        # A serialisable unit that waited for the other's key cannot go on, and is run again.
        answers.append(crm.run(ADMINISTRATOR, job.do, attempts=100) if number % 2 else _once(crm, job))
    pipe.send("ready")
    pipe.send(answers)
    crm.close()


def _crashed(crm: CRM, url: str, jobs: Sequence[Job]) -> int:
    differing = 0
    for job in jobs:
        with running(do_and_die, [(url, job)]) as (worker,):
            go([worker])
            told = worker.rest()  # until it is dead
        differing += bool(told) or _once(crm, job) != _once(crm, job)
    return differing


def do_and_die(pipe: Connection, url: str, job: Job) -> None:
    """Make the call and end, without a word, as soon as it is committed; a worker."""
    crm = CRM(url, plugins=[counter])
    wait_for_go(pipe)
    with crm.acting_as(ADMINISTRATOR) as ws:
        job.do(ws)
    os._exit(9)


def _undone(crm: CRM, url: str, jobs: Sequence[Job]) -> int:
    return sum(_after_failures(crm, job) != _once(crm, job) for job in jobs)


def _after_failures(crm: CRM, job: Job) -> str:
    tries: Iterator[int] = iter(range(3))

    def work(ws: Workspace) -> str:
        answer = job.do(ws)
        if next(tries) < 2:
            raise ConflictError("concurrent units could not be put in an order")
        return answer

    return crm.run(ADMINISTRATOR, work)


WAYS: Mapping[str, Callable[[CRM, str, Sequence[Job]], int]] = {
    "repeated": _repeated,
    "together": _together,
    "crashed": _crashed,
    "undone": _undone,
}
"""Each makes the calls and returns how many gave another answer the second time."""


def _once(crm: CRM, job: Job) -> str:
    with crm.acting_as(ADMINISTRATOR) as ws:
        return job.do(ws)


def _is_refused(crm: CRM, job: Job) -> bool:
    with suppress(KeyReusedError), crm.acting_as(ADMINISTRATOR) as ws:
        job.do(ws, payload=2)
        return False
    return True


def _wrong_effects(crm: CRM, jobs: Sequence[Job]) -> int:
    """Return how many of *jobs* have left more or less behind than one account, written once by the call."""
    with crm.reading_as(ADMINISTRATOR) as reader:
        rows = reader._ctx.unit.rows("SELECT name, version FROM crm_account")
    found = Counter(map(tuple, rows))
    return sum(
        found[job.name, 1 if job.verb.startswith("create") else 2] != 1
        or sum(found[job.name, version] for version in range(5)) != 1
        for job in jobs
    )
