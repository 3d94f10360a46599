"""Who may do what counts from the commit on that changes it, in every process."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, TypeAlias

from pycrm import (
    CRM,
    Account,
    F,
    Money,
    NotAllowedError,
    NotFoundError,
    Principal,
    Reader,
    Team,
    UnknownNameError,
    User,
    Workspace,
)
from pycrm.entities import RoleAssignment, Share
from reliability.checks import NewDatabase, check
from reliability.workers import ADMINISTRATOR, migrated, pipes, running

Seen: TypeAlias = Mapping[str, frozenset[str]]
"""The names of accounts by the door through which they were seen."""

WAYS = ("role", "team", "share", "field")
DOORS = ("list", "get", "search", "field", "write", "create")


@check("revoked_at_once", promise=10)
def revoked_at_once(new_database: NewDatabase, seed: int, *, races: int = 1_000, readers: int = 3) -> Mapping[str, Any]:
    """Give and take rights *races* times in one process while *readers* others read; none may read what was taken.

    One change at a time: a role assigned to a user or no longer, a team's member, a share, a field of the role. Each
    reader reads on and on; once told of a commit it reads in its next unit, on PostgreSQL every other reader with the
    next statement of the unit that it has open, tries to write in one more, and compares what each door gives and
    takes with what the change says.
    """
    url = new_database()
    with migrated(url) as crm:
        ids = _world(crm, readers)
    ours, theirs = zip(*(pipes() for _ in range(readers)), strict=True)
    keeps_unit = [not url.startswith("sqlite") and number % 2 == 1 for number in range(readers)]
    work: list[Sequence[Any]] = [
        (read_on, url, theirs[number], number, ids, keeps_unit[number]) for number in range(readers)
    ]
    with running(start, [(administer, url, ours, ids, seed, races), *work]) as (administrator, *_):
        for end in (*ours, *theirs):
            end.close()  # so that whoever waits for one who has died is told
        figure: dict[str, Any] = administrator.hear()
    return {
        "passed": figure["stale"] == 0 and figure["seen"] > 0,
        "races": races,
        "processes": readers + 1,
        "in_open_units": races * sum(keeps_unit),
        **figure,
    }


def start(pipe: Connection, work: Any, *arguments: Any) -> None:
    """Do *work*; a worker."""
    work(pipe, *arguments)


def _world(crm: CRM, readers: int) -> Mapping[str, str]:
    """Make three accounts for each reader: his own, his team's and one that may be shared with him."""
    with crm.acting_as(ADMINISTRATOR) as ws:
        ws.define_role("viewer", _viewer(sees_field=True))
        ids: dict[str, str] = {}
        for number in range(readers):
            user = ws.create(User(key=f"reader-{number}", name="x"))
            team = ws.create(Team(name=f"team-{number}"))
            ids |= {f"user-{number}": str(user.id), f"team-{number}": str(team.id)}
            for what, options in (("own", {"owner": user}), ("team", {"team": team}), ("shared", {})):
                revenue = Money(number + 1, "CNY")
                made = ws.create(Account(name=f"account {what} {number}", annual_revenue=revenue, **options))
                ids[made.name] = str(made.id)
    return ids


def _viewer(*, sees_field: bool) -> Mapping[str, Any]:
    fields = {"annual_revenue": "read" if sees_field else "none"}
    return {"rights": {"account": {"read": "team", "create": "all", "write": "team", "fields": fields}}}


def administer(
    pipe: Connection, url: str, readers: Sequence[Connection], ids: Mapping[str, str], seed: int, races: int
) -> None:
    """Change rights, tell the readers what each may see from now on, and count who sees something else; a worker."""
    chance, crm = random.Random(seed), CRM(url, plugins=[])
    state = {(way, number): way == "field" for way in WAYS for number in range(len(readers))}
    stale = seen = 0
    pipe.send("ready")
    for _ in range(races):
        way, number = chance.choice(WAYS), chance.randrange(len(readers))
        on = not state[way, number]
        _change(crm, way, number, ids, on=on)
        for each in range(len(readers)) if way == "field" else (number,):
            state[way, each] = on
        for each, reader in enumerate(readers):
            expected = _expected(state, each)
            seen += len(expected["list"])
            reader.send(expected)
        stale += sum(bool(reader.recv()) for reader in readers)
    for reader in readers:
        reader.send(None)
    crm.close()
    pipe.send({"stale": stale, "seen": seen})


def _change(crm: CRM, way: str, number: int, ids: Mapping[str, str], *, on: bool) -> None:
    user = ids[f"user-{number}"]
    with crm.acting_as(ADMINISTRATOR) as ws:
        match way:
            case "field":
                ws.define_role("viewer", _viewer(sees_field=on))
            case "team":
                ws.update(ws.get(Team, ids[f"team-{number}"]), members=[user] if on else [])
            case "role" if on:
                ws.create(RoleAssignment(role="viewer", user=ws.get(User, user)))
            case "role":
                ws.delete_many(list(ws.list(RoleAssignment, where=F.user == ws.get(User, user))))
            case "share" if on:
                record = ws.get(Account, ids[f"account shared {number}"])
                ws.create(Share(record=record, grantee=ws.get(User, user)))
            case _:
                ws.delete_many(list(ws.list(Share, where=F.grantee == ws.get(User, user))))


def _expected(state: Mapping[tuple[str, int], bool], number: int) -> Seen:
    """Return what reader *number* may see."""
    none: frozenset[str] = frozenset()
    if not state["role", number]:
        return dict.fromkeys(DOORS, none)
    write = {f"account own {number}"} | ({f"account team {number}"} if state["team", number] else set())
    read = frozenset(write | ({f"account shared {number}"} if state["share", number] else set()))
    field = read if state["field", number] else none
    return {
        "list": read,
        "get": read,
        "search": read,
        "field": field,
        "write": frozenset(write),
        "create": frozenset({"new"}),
    }


def read_on(
    pipe: Connection, url: str, signal: Connection, number: int, ids: Mapping[str, str], keeps_unit: bool
) -> None:
    """Read as one reader, and say of each change whether what is seen then is something else; a worker."""
    crm, who = CRM(url, plugins=[]), Principal(f"reader-{number}")
    with crm.reading_as(ADMINISTRATOR) as reader:
        known = {name: reader.get(Account, id) for name, id in ids.items() if name.startswith("account")}
    # The three of which he may come to see some, and one of somebody else.
    accounts = [account for name, account in known.items() if name.endswith(f" {number}")]
    accounts.append(known[f"account own {number - 1 if number else 1}"])
    pipe.send("ready")
    while True:
        with crm.reading_as(who) as reader:
            _look(reader, accounts)
            while keeps_unit and not signal.poll():
                _look(reader, accounts)
            expected = signal.recv() if keeps_unit else None
            seen = _look(reader, accounts)
        if not keeps_unit:
            if not signal.poll():
                continue
            expected = signal.recv()
            with crm.reading_as(who) as reader:
                seen = _look(reader, accounts)
        if expected is None:
            break
        signal.send({**seen, **_try(crm, who, accounts)} != expected)
    crm.close()


def _look(reader: Reader, accounts: Sequence[Account]) -> Seen:
    """Return what each door to read gives."""
    got = [_names(partial(_get, reader, account)) for account in accounts]
    return {
        "list": _names(lambda: reader.list(Account)),
        "get": frozenset().union(*got),
        "search": _names(lambda: _found(reader)),
        "field": _names(lambda: reader.list(Account, where="annual_revenue > CNY 0")),
    }


def _found(reader: Reader) -> Iterator[Account]:
    for hit in reader.search("account", entities=[Account]):
        assert isinstance(hit.record, Account)
        yield hit.record


def _get(reader: Reader, account: Account) -> list[Account]:
    return [reader.get(Account, account.id)]


def _try(crm: CRM, who: Principal, accounts: Sequence[Account]) -> Seen:
    """Return which accounts may be written, and whether a new one; nothing is kept."""
    with suppress(_Enough), crm.acting_as(who) as ws:
        updated = [_names(partial(_write, ws, account)) for account in accounts]
        created = _names(partial(_write, ws, Account(name="new")))
        raise _Enough
    return {"write": frozenset().union(*updated), "create": created}


def _write(ws: Workspace, account: Account) -> list[Account]:
    with suppress(_Enough), ws.savepoint():
        if account.name == "new":
            ws.create(account)
        else:
            ws.update(account, industry="written")
        raise _Enough
    return [account]


class _Enough(Exception):
    """Takes back what was only tried."""


def _names(read: Callable[[], Iterable[Account]]) -> frozenset[str]:
    try:
        return frozenset(account.name for account in read())
    except (NotAllowedError, NotFoundError, UnknownNameError):
        return frozenset()
