"""Many people work at once for a while: nothing fails, nobody waits long, and no process grows."""

from __future__ import annotations

import random
import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from statistics import quantiles
from typing import Any

import sqlalchemy as sa

from pycrm import CRM, Account, F, Money, Page, Principal, Task, Team, User, Workspace
from pycrm.plugin import Plugin
from reliability.checks import NewDatabase, check
from reliability.workers import ADMINISTRATOR, await_ready, go, running, wait_for_go

office = Plugin("office")
office.role(
    "seller",
    {
        "account": {
            "read": "team",
            "create": "own",
            "write": "own",
            "delete": "own",
            "fields": {"annual_revenue": "none", "tax_number": "masked"},
            "masks": {"tax_number": "last4"},
        },
        "task": {"read": "own", "create": "own", "write": "own"},
        **{name: {"read": "all"} for name in ("user", "team", "tag")},
    },
)

CHARACTERS = "青岛海晨贸易华东鑫源纺织北南光明山水金石"
# As many as there are in real names, so that a search finds some firms and not a fifth of all.
WORDS = (
    *(one + other for one in CHARACTERS for other in CHARACTERS),
    *(f"{a}{b}" for a in ("Rhein", "Elbe") for b in "abcdefgh"),
)
INDUSTRIES = ("textiles", "machinery", "food", "shipping", "steel")
TEAMS = 4
BATCH = 1_000
# By then every sort of work has been done, and everything is there that a process keeps.
WARM = 0.2


@check("mixed_load")
def mixed_load(
    new_database: NewDatabase,
    seed: int,
    *,
    processes: int = 8,
    seconds: float = 600,
    accounts: int = 20_000,
    pause: float = 0.05,
) -> Mapping[str, Any]:
    """Let *processes* people of a few teams page, search and write for *seconds*; 80 % of what they do is reading.

    Each sees his team's accounts, without one field and with another one masked, and writes his own. Between two
    requests he waits, *pause* seconds on average. No request may fail, 99 of 100 take at most 100 ms, and the memory
    of all processes together may grow by 5 % from a fifth of the time to the end.
    """
    url = new_database()
    crm = CRM(url, plugins=[office])
    try:
        crm.migrate()
        _write_company(crm, random.Random(seed), processes, accounts)
        crm.index_waiting()
        _gather_statistics(url)
        with running(work_on, [(url, number, seed + number, seconds, pause) for number in range(processes)]) as workers:
            go(workers)
            await_ready(workers)
            outcomes = [worker.hear() for worker in workers]
    finally:
        crm.close()
    return _figure(outcomes, processes, seconds)


def _gather_statistics(url: str) -> None:
    """Have the database look at what is in it, as autovacuum does a minute after so many rows are written."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()
    engine.dispose()


def _figure(outcomes: Sequence[Mapping[str, Any]], processes: int, seconds: float) -> Mapping[str, Any]:
    times: dict[str, list[float]] = {}
    for outcome in outcomes:
        for name, of_kind in outcome["times"].items():
            times.setdefault(name, []).extend(of_kind)
    every = [each for of_kind in times.values() for each in of_kind]
    before, after = (sum(outcome[name] for outcome in outcomes) for name in ("warm_bytes", "end_bytes"))
    errors = [error for outcome in outcomes for error in outcome["errors"]]
    slowest, growth = _milliseconds(every, 99), after / before - 1
    return {
        "passed": not errors and slowest <= 100 and growth <= 0.05,
        "processes": processes,
        "seconds": seconds,
        "requests": len(every),
        "per_second": round(len(every) / seconds),
        "writing_ratio": round(sum(len(times.get(name, ())) for name in _WRITES) / max(len(every), 1), 3),
        "errors": len(errors),
        "first_errors": errors[:3],
        "p50_ms": _milliseconds(every, 50),
        "p99_ms": slowest,
        "max_ms": round(max(every) * 1000, 1),
        "p99_ms_by_request": {name: _milliseconds(of_kind, 99) for name, of_kind in sorted(times.items())},
        "memory_growth_ratio": round(growth, 4),
        "memory_mib_per_process": round(after / processes / 2**20, 1),
    }


def _milliseconds(times: Sequence[float], percent: int) -> float:
    return round(quantiles(times, n=100, method="inclusive")[percent - 1] * 1000, 1) if len(times) > 1 else 0.0


def _write_company(crm: CRM, chance: random.Random, people: int, accounts: int) -> None:
    with crm.acting_as(ADMINISTRATOR) as ws:
        users = ws.create_many(
            [User(key=f"seller-{number}", name=f"Seller {number}") for number in range(people)]
        ).created
        for number in range(TEAMS):
            ws.create(Team(name=f"team {number}", members=users[number::TEAMS]))
    for start in range(0, accounts, BATCH):
        made = [_owned_account(chance, users[each % people]) for each in range(start, min(start + BATCH, accounts))]
        with crm.acting_as(ADMINISTRATOR) as ws:
            ws.create_many(made)


def _new_account(chance: random.Random) -> Account:
    return Account(
        name=" ".join(chance.choices(WORDS, k=4)),
        industry=chance.choice(INDUSTRIES),
        country=chance.choice(("CN", "DE", "BR")),
        employee_count=chance.randrange(1, 5_000),
    )


def _owned_account(chance: random.Random, owner: User) -> Account:
    account = _new_account(chance)
    account.owner = owner
    # What sellers may not write.
    account.tax_number, account.annual_revenue = (
        f"9131{chance.randrange(10**8):08}",
        Money(chance.randrange(10**6), "CNY"),
    )
    return account


class Seller:
    """One person at work.

    Attributes:
        chance: Where all that he does comes from.
        page: The one that he has before him.
    """

    def __init__(self, crm: CRM, number: int, seed: int) -> None:
        self.crm = crm
        self.who = Principal(f"seller-{number}", roles={"seller"})
        self.chance = random.Random(seed)
        self.page: Page[Account] | None = None
        self._listed: Mapping[str, Any] = {}

    def do(self) -> str:
        """Make one request, of which every fifth writes, and return which."""
        doing: Mapping[str, Callable[[], None]] = _READS if self.chance.random() < 0.8 else _WRITES
        name = self.chance.choice(list(doing))
        doing[name](self)  # type: ignore[call-arg]
        return name

    def first_page(self) -> None:
        where = self.chance.choice((None, F.industry == self.chance.choice(INDUSTRIES), F.employee_count > 4_000))
        self._listed = {"where": where, "order_by": self.chance.choice(("name", "employee_count DESC", None))}
        self._list(None)

    def next_page(self) -> None:
        if self.page is None or self.page.next_cursor is None:
            self.first_page()
        else:
            self._list(self.page.next_cursor)

    def _list(self, after: str | None) -> None:
        with self.crm.reading_as(self.who) as reader:
            self.page = reader.list(Account, after=after, include="owner", **self._listed)

    def search(self) -> None:
        with self.crm.reading_as(self.who) as reader:
            reader.search(" ".join(self.chance.choices(WORDS, k=self.chance.choice((1, 2)))), limit=20)

    def complete(self) -> None:
        with self.crm.reading_as(self.who) as reader:
            reader.search(self.chance.choice(WORDS), entities=[Account], limit=8)

    def create(self) -> None:
        with self.crm.acting_as(self.who) as ws:
            ws.create(_new_account(self.chance), idempotency_key=f"{self.chance.getrandbits(64):x}")

    def update(self) -> None:
        with self.crm.acting_as(self.who) as ws:
            ws.update(
                self._own(ws), industry=self.chance.choice(INDUSTRIES), employee_count=self.chance.randrange(9_000)
            )

    def call(self) -> None:
        with self.crm.acting_as(self.who) as ws:
            ws.create(Task(subject="call back", about=self._own(ws)))

    def delete(self) -> None:
        with self.crm.acting_as(self.who) as ws:
            ws.delete(ws.create(_new_account(self.chance)))

    def _own(self, ws: Workspace) -> Account:
        found = ws.list(Account, where="owner = ME", limit=20)
        return self.chance.choice(list(found))


_READS: Mapping[str, Any] = {
    "first_page": Seller.first_page,
    "next_page": Seller.next_page,
    "search": Seller.search,
    "complete": Seller.complete,
}
_WRITES: Mapping[str, Any] = {
    "create": Seller.create,
    "update": Seller.update,
    "call": Seller.call,
    "delete": Seller.delete,
}


def work_on(pipe: Connection, url: str, number: int, seed: int, seconds: float, pause: float) -> None:
    """Make requests until the time is over; a worker."""
    crm = CRM(url, plugins=[office])
    seller = Seller(crm, number, seed)
    times: dict[str, list[float]] = {}
    errors: list[str] = []
    warm_bytes = 0
    for do in (*_READS.values(), *_WRITES.values()):
        do(seller)
    wait_for_go(pipe)
    begin = time.monotonic()
    while (now := time.monotonic()) < begin + seconds:
        if not warm_bytes and now > begin + WARM * seconds:
            warm_bytes = _bytes()
        try:
            name = seller.do()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
            errors.append(f"{type(error).__name__}: {error}")
        else:
            times.setdefault(name, []).append(time.monotonic() - now)
        time.sleep(seller.chance.uniform(0, 2 * pause))
    pipe.send("ready")
    pipe.send({"times": times, "errors": errors, "warm_bytes": warm_bytes or _bytes(), "end_bytes": _bytes()})
    crm.close()


def _bytes() -> int:
    """Return the most memory that this process has had, in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
