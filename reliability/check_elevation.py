"""Sections with further rights leave one trace each, and nothing of them reaches anybody else."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import attrs

from pycrm import CRM, Account, Principal, Reader, UnitError, User, Workspace
from pycrm.plugin import Plugin
from reliability.checks import NewDatabase, check
from reliability.workers import ADMINISTRATOR

USERS = ("mei", "bo", "kai", "lin")
EACH = 3
MAY: Mapping[type, set[str]] = {Account: {"read"}}
AT_ONCE = 12  # a thread that waits for a connection would wait for itself; a pool has 15

ROLES = Plugin("sellers")
ROLES.role("seller", {"account": {"read": "own"}, "user": {"read": "all"}})


@contextmanager
def company(url: str) -> Iterator[CRM]:
    """Open a CRM in which each user sees the accounts of his own."""
    crm = CRM(url, plugins=[ROLES])
    try:
        crm.migrate()
        with crm.acting_as(ADMINISTRATOR) as ws:
            for key in USERS:
                user = ws.create(User(key=key, name=key))
                ws.create_many([Account(name=f"{key} {number}", owner=user) for number in range(EACH)])
        yield crm
    finally:
        crm.close()


def entries(crm: CRM) -> int:
    """Return how many sections are in the trail."""
    count, cursor = 0, None
    with crm.reading_as(ADMINISTRATOR) as reader:
        while True:
            page = reader.audit(kind="elevated", limit=1_000, after=cursor)
            count, cursor = count + len(page), page.next_cursor
            if cursor is None:
                return count


@check("section_leaves_one_entry", promise=9)
def section_leaves_one_entry(
    new_database: NewDatabase, seed: int, *, sections: int = 1_000, deepest: int = 40
) -> Mapping[str, Any]:
    """Nest sections at random, end them well, by exceptions, by generators that stop, or with their unit."""
    chance = random.Random(seed)
    made = raised = 0
    with company(new_database()) as crm:
        while made < sections:
            depth = min(chance.randint(1, deepest), sections - made)
            made += depth
            try:
                with crm.acting_as(Principal(chance.choice(USERS), roles={"seller"})) as ws:
                    nest(ws, depth, chance)
            except ZeroDivisionError:
                raised += 1
        left = entries(crm)
    return {"passed": left == made, "sections": made, "entries": left, "units_rolled_back": raised}


def nest(ws: Workspace, depth: int, chance: random.Random) -> None:
    """Open *depth* sections within each other."""
    if depth == 0:
        if chance.random() < 0.3:
            raise ZeroDivisionError  # any error will do
        return
    way = chance.random()
    if way < 0.2:
        next(stopping(ws))
        nest(ws, depth - 1, chance)
    elif way < 0.4:
        with ws.savepoint(), ws.elevated(reason="nested", may=MAY):
            nest(ws, depth - 1, chance)
    else:
        with ws.elevated(reason="nested", may=MAY) as further:
            further.count(Account)
            nest(further if chance.random() < 0.5 else ws, depth - 1, chance)


def stopping(ws: Workspace) -> Iterator[Account]:
    """Yield from the middle of a section, and perhaps never go on."""
    with ws.elevated(reason="generator", may=MAY) as further:
        yield from further.list(Account)


@attrs.define
class Seen:
    """What went wrong, and how much was tried."""

    units: int = 0
    sections: int = 0
    wrong: int = 0
    stolen: int = 0
    refused: int = 0


@check("no_rights_of_others", promise=9)
def no_rights_of_others(
    new_database: NewDatabase, seed: int, *, tasks: int = 10_000, threads: int = 8
) -> Mapping[str, Any]:
    """Let tasks of one thread, then threads, read by turns under rights of their own, some with a section open.

    Each sees its own records outside the section and all of them inside, and each tries what others have open.
    """
    seen = Seen()
    with company(new_database()) as crm:
        asyncio.run(interleaved(crm, seen, seed, tasks))
        with ThreadPoolExecutor(threads) as pool:
            each = [Seen() for _ in range(threads)]
            shared: list[Workspace] = []
            units = tasks // 10 // threads
            running = [
                pool.submit(in_thread, crm, one, seed * 100 + number, units, shared) for number, one in enumerate(each)
            ]
            for done in running:
                done.result()
        for one in each:
            for name in ("units", "sections", "wrong", "stolen", "refused"):
                setattr(seen, name, getattr(seen, name) + getattr(one, name))
        left = entries(crm)
    return {"passed": seen.wrong == seen.stolen == 0 and left == seen.sections, **attrs.asdict(seen), "entries": left}


async def interleaved(crm: CRM, seen: Seen, seed: int, tasks: int) -> None:
    """Run *tasks* that give way to others between any two of their statements."""
    gate, shared = asyncio.Semaphore(AT_ONCE), list[Workspace]()

    async def one(number: int) -> None:
        chance = random.Random(seed * 1_000_000 + number)
        async with gate:
            for _ in steps(crm, seen, chance, shared):
                await asyncio.sleep(0)

    await asyncio.gather(*map(one, range(tasks)))


def in_thread(crm: CRM, seen: Seen, seed: int, units: int, shared: list[Workspace]) -> None:
    """Run *units*, one after the other."""
    chance = random.Random(seed)
    for _ in range(units):
        for _ in steps(crm, seen, chance, shared):
            pass


def steps(crm: CRM, seen: Seen, chance: random.Random, shared: list[Workspace]) -> Iterator[None]:
    """Read in one unit, under the rights of one user, and yield between the statements."""
    user = chance.choice(USERS)
    who = Principal(user, roles={"seller"})
    seen.units += 1
    if chance.random() < 0.5:
        with crm.reading_as(who) as reader:
            yield
            look(reader, user, seen)
            yield
            steal(shared, seen)
            look(reader, user, seen)
        return
    with crm.acting_as(who) as ws:
        look(ws, user, seen)
        yield
        with ws.elevated(reason="check", may=MAY) as further:
            seen.sections += 1
            shared.append(further)
            yield
            look(ws, user, seen)
            seen.wrong += further.count(Account) != EACH * len(USERS)
            yield
            steal(shared[:-1], seen, but=further)
            look(ws, user, seen)
            if further in shared:
                shared.remove(further)


def look(reader: Reader, user: str, seen: Seen) -> None:
    """Count a read of what is not the user's own as wrong."""
    names = [str(account.name) for account in reader.list(Account)]
    seen.wrong += len(names) != EACH or any(not name.startswith(f"{user} ") for name in names)


def steal(shared: list[Workspace], seen: Seen, but: Workspace | None = None) -> None:
    """Try to use a workspace with further rights that somebody else has open."""
    for further in [each for each in shared[-3:] if each is not but]:
        try:
            further.count(Account)
        except UnitError:
            seen.refused += 1
        else:
            seen.stolen += 1
