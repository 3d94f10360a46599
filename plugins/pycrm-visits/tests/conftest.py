"""An empty database on each engine, and a CRM with this plugin alone in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pycrm import CRM, Account, Principal, Workspace
from pycrm.testing import postgres
from pycrm_visits import plugin

DATABASES = (os.environ.get("PYCRM_TEST_DATABASES") or "sqlite,postgresql").split(",")
MEI = Principal("mei", roles={"administrator"})


class Clock:
    """A clock that stands still until it is set."""

    now = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@contextmanager
def empty_database(engine: str, folder: Path) -> Iterator[str]:
    """Give the URL of a database that is there for the block."""
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'crm.db'}"
    elif postgres.postgres_url() is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("there is no PostgreSQL to test with")
    else:
        with postgres.fresh_database() as url:
            yield url


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database; the test runs once per engine."""
    with empty_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture(scope="module")
def clock() -> Clock:
    """The clock of `crm`."""
    return Clock()


@pytest.fixture(scope="module", params=DATABASES)
def crm(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[CRM]:
    """A migrated CRM with the visits and no other plugin beside the built-in ones, shared by a module's tests."""
    with empty_database(request.param, tmp_path_factory.mktemp("visits")) as url:
        crm = CRM(url, plugins=[plugin], clock=clock)
        crm.migrate()
        yield crm
        crm.close()


@pytest.fixture
def ws(crm: CRM) -> Iterator[Workspace]:
    """One unit of work of an administrator."""
    with crm.acting_as(MEI) as workspace:
        yield workspace


@pytest.fixture
def account(ws: Workspace) -> Account:
    """Somebody to visit."""
    return ws.create(Account(name="青岛海晨贸易有限公司"))
