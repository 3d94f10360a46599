"""Nobody reaches what his roles do not give him: every entity, every door; and the checks notice what is broken."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from pycrm import CRM
from pycrm.testing import FixedClock, access
from pycrm.testing.access import Report, World
from reliability.access_mutants import MUTANTS, killer
from reliability.checks import NewDatabase, check

MOMENT = datetime(2026, 3, 2, 8, tzinfo=UTC)
CASES, LEAST = 50_000, 200
PAIRS, ABSENT = 5_000, 2_000
WRITES, IDS, SEQUENCES, CHANGES, CALLS = 20_000, 5_000, 10_000, 1_000, 20_000
WORLDS = 5
"""So many companies share the cases of a check."""


def _open(url: str, **options: Any) -> CRM:
    return CRM(url, clock=FixedClock(MOMENT), **options)


def _held(
    new_database: NewDatabase, seed: int, check_one: Callable[..., Report], count: int, **options: Any
) -> Mapping[str, Any]:
    """Return the sums of a check over several worlds."""
    reports = []
    for number in range(WORLDS):
        url = new_database()
        world = World(partial(_open, url), seed + number)
        try:
            reports.append(check_one(world, seed=seed + number, count=count // WORLDS, **options))
        finally:
            world.close()
    return _sums(reports)


def _sums(reports: list[Report]) -> Mapping[str, Any]:
    asked, outcomes, gaps = reports[0].asked.copy(), reports[0].outcomes.copy(), reports[0].gaps.copy()
    for report in reports[1:]:
        asked += report.asked
        outcomes += report.outcomes
        gaps += report.gaps
    all_of = Report(
        reports[0].check, reports[0].seed, asked, [f for each in reports for f in each.failures], gaps, outcomes
    )
    return all_of.figure()


@check("access_rows", promise=1)
def access_rows(new_database: NewDatabase, seed: int, *, cases: int = CASES) -> Mapping[str, Any]:
    """Records through every door, against plain Python."""
    return _held(new_database, seed, access.check_rows, cases, least=LEAST // WORLDS)


@check("access_fields", promise=2)
def access_fields(new_database: NewDatabase, seed: int, *, pairs: int = PAIRS) -> Mapping[str, Any]:
    """Two worlds with other values of a hidden field answer alike, wherever the field can be named."""
    return _held(new_database, seed, access.check_fields, pairs)


@check("access_absent", promise=3)
def access_absent(new_database: NewDatabase, seed: int, *, pairs: int = ABSENT) -> Mapping[str, Any]:
    """Two worlds with other records out of reach answer alike."""
    return _held(new_database, seed, access.check_absent, pairs)


@check("access_writes", promise=4)
def access_writes(new_database: NewDatabase, seed: int, *, writes: int = WRITES) -> Mapping[str, Any]:
    """Writes are within reach before and after, and who is refused leaves nothing."""
    return _held(new_database, seed, access.check_writes, writes)


@check("access_ids", promise=5)
def access_ids(new_database: NewDatabase, seed: int, *, ids: int = IDS) -> Mapping[str, Any]:
    """Ids of records out of reach are answered as ids of none."""
    return _held(new_database, seed, access.check_ids, ids)


@check("access_promotion", promise=6)
def access_promotion(new_database: NewDatabase, seed: int, *, sequences: int = SEQUENCES) -> Mapping[str, Any]:
    """Nobody comes to a right that he lacks."""
    return _held(new_database, seed, access.check_promotion, sequences)


@check("access_closed", promise=7)
def access_closed(new_database: NewDatabase, seed: int) -> Mapping[str, Any]:
    """What nobody declared, nobody gets; and every door is spoken of."""
    return _held(new_database, seed, access.check_closed, 1)


@check("access_revocation", promise=10)
def access_revocation(new_database: NewDatabase, seed: int, *, changes: int = CHANGES) -> Mapping[str, Any]:
    """What was taken is gone with the next statement, in another CRM on the database too."""
    url = new_database()
    world, other = World(lambda: _open(url), seed), _open(url)
    try:
        return access.check_revocation(world, seed=seed, count=changes, other=other).figure()
    finally:
        other.close()
        world.close()


@check("access_tenants", promise=11)
def access_tenants(new_database: NewDatabase, seed: int, *, calls: int = CALLS) -> Mapping[str, Any]:
    """Two files, or two schemas of one database, share nothing."""
    urls, url = itertools.cycle([new_database(), new_database()]), new_database()
    if url.startswith("sqlite"):
        return access.check_tenants(
            lambda: _open(next(urls)), lambda: _open(next(urls)), seed=seed, count=calls
        ).figure()
    one, other = (partial(_open, url, schema=name) for name in ("north", "south"))
    return access.check_tenants(one, other, seed=seed, count=calls).figure()


@check("access_mutants")
def access_mutants(new_database: NewDatabase, seed: int) -> Mapping[str, Any]:
    """Each point of the enforcement, broken, is noticed by a check that is about it."""
    url = new_database()
    world = World(lambda: _open(url), seed)
    try:
        found = {mutant.name: killer(mutant, world, lambda: _open(url), seed) for mutant in MUTANTS}
    finally:
        world.close()
    alive = sorted(name for name, told in found.items() if not told)
    return {"passed": not alive, "mutants": len(found), "killed": len(found) - len(alive), "alive": alive}
