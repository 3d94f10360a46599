"""An upgrade that is cut at any statement goes on at the next attempt, and ends where an uninterrupted one does."""

from __future__ import annotations

import itertools
import os
import random
import shutil
import signal
from collections.abc import Callable, Iterable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import event
from sqlalchemy.engine import make_url

from pycrm import CRM
from pycrm.plugin import Plugin
from reliability.checks import NewDatabase, check
from reliability.depot import RELEASES, fill
from reliability.structure import every_row, structure
from reliability.workers import running

Choose = Callable[[int], Iterable[int]]


@check("upgrade_cut", promise=43)
def upgrade_cut(
    new_database: NewDatabase,
    seed: int,
    *,
    path: tuple[str, ...] = ("1.0", "1.3"),
    choose: Choose = lambda statements: range(1, statements + 1),
) -> Mapping[str, Any]:
    """Kill an upgrade before each statement; the second attempt must reach the same tables and rows.

    Upgrades go from each release of *path* to the next, and from its first to its last in one go, which goes over all
    releases between.

    Args:
        new_database: Gives empty databases.
        seed: Unused: every statement has its turn.
        path: Releases of the plugin ``depot``.
        choose: Which statements to be killed at, of so many; all of them where absent.
    """
    figure: dict[str, Any] = {"upgrades": 0, "statements": 0, "kills": 0, "different": 0}
    for old, new in dict.fromkeys([*itertools.pairwise(path), (path[0], path[-1])]):
        base = _released(new_database(), path[0], old)
        whole = _copy(base, new_database())
        statements = _upgrade(whole, new)
        expected = _content(whole)
        chosen = list(choose(statements))
        for number in chosen:
            cut = _copy(base, new_database())
            _upgrade(cut, new, killed_at=number)
            _upgrade(cut, new)
            figure["different"] += _content(cut) != expected
        figure["upgrades"] += 1
        figure["statements"] += statements
        figure["kills"] += len(chosen)
    return {"passed": figure["different"] == 0 and figure["kills"] > 0, **figure}


@check("upgrade_stutter", promise=43)
def upgrade_stutter(new_database: NewDatabase, seed: int, *, lives: int = 15, longest: int = 150) -> Mapping[str, Any]:
    """Kill the same upgrade again and again after a random number of statements, until it is through.

    *longest* must be more statements than the longest transaction has, or it would never be.
    """
    chance = random.Random(seed)
    base = _released(new_database(), "1.0", "1.0")
    whole = _copy(base, new_database())
    _upgrade(whole, "1.3")
    expected = _content(whole)
    different = killed = 0
    for _ in range(lives):
        cut = _copy(base, new_database())
        while _upgrade(cut, "1.3", killed_at=chance.randint(1, longest)) is None:
            killed += 1
        different += _content(cut) != expected
    return {"passed": different == 0 and killed > 0, "lives": lives, "killed": killed, "different": different}


def _plugin(version: str) -> Plugin:
    return RELEASES[version]()


def _released(url: str, first: str, version: str) -> str:
    """Make a database of the release *version*, which began as one of *first* with records in it."""
    crm = CRM(url, plugins=[_plugin(first)])
    crm.migrate()
    fill(crm)
    crm.close()
    for each in RELEASES:
        if first < each <= version:
            crm = CRM(url, plugins=[_plugin(each)])
            crm.migrate(backup=False)
            crm.close()
    return url


def _upgrade(url: str, version: str, killed_at: int | None = None) -> int | None:
    """Upgrade in a process of its own and return how many statements that took; None if it was killed."""
    with running(upgrade, [(url, version, killed_at)]) as (worker,):
        said = worker.rest()
    if said and isinstance(said[0], int):
        return int(said[0])
    if said or killed_at is None:
        raise RuntimeError(f"the upgrade to {version} failed: {said}")
    return None


def upgrade(pipe: Connection, url: str, version: str, killed_at: int | None) -> None:
    """Upgrade to *version*, and die before the statement with the number *killed_at*; a worker."""
    crm = CRM(url, plugins=[_plugin(version)])
    counted = itertools.count(1)
    last = 0

    def count(*_: object) -> None:
        nonlocal last
        last = next(counted)
        if last == killed_at:
            os.kill(os.getpid(), signal.SIGKILL)

    pipe.send("ready")
    event.listen(crm._database.engine, "before_cursor_execute", count)
    try:
        crm.migrate(backup=False)
    except Exception as error:  # noqa: BLE001  the check wants to hear of it
        pipe.send(f"{type(error).__name__}: {error}")
    else:
        pipe.send(last)
    crm.close()


def _content(url: str) -> tuple[dict[str, Any], dict[str, list[str]]]:
    return structure(url), every_row(url)


def _copy(source: str, target: str) -> str:
    """Make the empty database at *target* a copy of that at *source*, which nobody has open."""
    if source.startswith("sqlite"):
        shutil.copyfile(_file(source), _file(target))
        return target
    name, template = (sql.Identifier(str(make_url(url).database)) for url in (target, source))
    server = make_url(target).set(drivername="postgresql", database="postgres")
    with psycopg.connect(server.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, template))
    return target


def _file(url: str) -> Path:
    return Path(str(make_url(url).database))
