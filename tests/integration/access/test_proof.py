"""The generated proof of access, short: the checks hold on both databases, and notice what is broken."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pycrm import CRM, Reader
from pycrm.testing import FixedClock
from pycrm.testing.access import (
    World,
    check_absent,
    check_closed,
    check_fields,
    check_ids,
    check_promotion,
    check_revocation,
    check_rows,
    check_tenants,
    check_walls,
    check_writes,
    undeclared_doors,
    undeclared_ids,
)
from reliability.access_mutants import MUTANTS, killer

SEED = 1
MOMENT = datetime(2026, 3, 2, 8, tzinfo=UTC)
# About a fiftieth of what `make reliability` asks; the second figure is for the slower database.
CHECKS: dict[str, tuple[Any, int, int]] = {
    "rows": (check_rows, 1_000, 300),
    "fields": (check_fields, 30, 8),
    "absent": (check_absent, 10, 3),
    "writes": (check_writes, 400, 100),
    "ids": (check_ids, 200, 60),
    "promotion": (check_promotion, 20, 5),
    "revocation": (check_revocation, 8, 3),
    "walls": (check_walls, 150, 60),
}
SHORT = ("no rule in a count", "any field in an order", "no guard", "denials are not heard", "references lead anywhere")


def opened(url: str) -> CRM:
    """Return a CRM on a clock that stands still."""
    return CRM(url, clock=FixedClock(MOMENT))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an empty database for all tests of an engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('access') / 'crm.db'}"
        return
    request.getfixturevalue("postgres_url")
    from pycrm.testing import fresh_database

    with fresh_database() as url:
        yield url


@pytest.fixture(scope="module")
def world(place: str) -> Iterator[World]:
    """One small company per engine."""
    made = World(lambda: opened(place), SEED, per_entity=12)
    yield made
    made.close()


@pytest.mark.parametrize("name", CHECKS)
def test_holds(world: World, place: str, name: str) -> None:
    """Nothing is told, shown or written beyond what roles give, for every registered entity."""
    check, many, few = CHECKS[name]

    report = check(world, seed=SEED, count=many if place.startswith("sqlite") else few)

    assert report.passed, str(report)


@pytest.mark.parametrize("name", SHORT)
def test_notices(world: World, place: str, name: str) -> None:
    """A check fails where the point of the enforcement is broken that it is about."""
    if not place.startswith("sqlite"):
        pytest.skip("what is broken is broken for both databases")
    (mutant,) = (each for each in MUTANTS if each.name == name)

    assert killer(mutant, world, lambda: opened(place), SEED)


class TestDoors:
    def test_known(self) -> None:
        """The table speaks of every public method, and of every parameter that takes an id."""
        assert undeclared_doors() == []
        assert undeclared_ids() == []

    def test_new_door(self, world: World) -> None:
        """A door that nobody has spoken of makes the check fail."""

        class Wider(Reader):
            def everything(self) -> list[Any]:
                """Return all there is."""
                return []

            def by_number(self, id: int) -> None:
                """Take an id."""

        report = check_closed(world, seed=SEED, classes=[Wider], most_failures=3)

        assert not report.passed
        assert [failure.split(" ")[0] for failure in report.failures] == [
            "Wider.by_number",
            "Wider.everything",
            "Wider.by_number(id)",
        ]

    def test_closed(self, world: World, place: str) -> None:
        """Without principal or role no door answers."""
        if not place.startswith("sqlite"):
            pytest.skip("no database is asked")
        report = check_closed(world, seed=SEED)

        assert report.passed, str(report)


def test_tenants(tmp_path: Path) -> None:
    """Two files share nothing."""
    numbers = itertools.count()

    def one_more() -> CRM:
        return opened(f"sqlite:///{tmp_path / f'tenant-{next(numbers)}.db'}")

    report = check_tenants(one_more, one_more, seed=SEED, count=100)

    assert report.passed, str(report)


def test_tenant_schemas(new_database: Callable[[str], str]) -> None:
    """Two schemas of one database share nothing."""
    url = new_database("postgresql")
    one, other = (partial(CRM, url, schema=name, clock=FixedClock(MOMENT)) for name in ("north", "south"))

    report = check_tenants(one, other, seed=SEED, count=40)

    assert report.passed, str(report)
