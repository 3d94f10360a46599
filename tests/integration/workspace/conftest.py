"""The laboratory on each database, migrated, with an administrator at the door."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest
from sqlalchemy import Engine, create_engine, event
from tests.conftest import DATABASES
from tests.lab import MEI, lab

from pycrm import CRM, Workspace
from pycrm.plugin import Plugin

Open = Callable[..., CRM]


@pytest.fixture(params=DATABASES)
def crm_url(request: pytest.FixtureRequest, migrated: Callable[[str, Sequence[Plugin]], str]) -> str:
    """The URL of a database that the laboratory was migrated to; the test runs once per engine."""
    return migrated(request.param, [lab])


@pytest.fixture
def open_crm() -> Iterator[Open]:
    """A function that opens one more CRM; all are closed at the end."""
    opened: list[CRM] = []

    def make(database: str | Engine, plugins: Sequence[Plugin] = (lab,), **options: object) -> CRM:
        crm = CRM(database, plugins=plugins, **options)  # type: ignore[arg-type]
        opened.append(crm)
        return crm

    yield make
    for crm in opened:
        crm.close()


@pytest.fixture
def crm(crm_url: str, open_crm: Open) -> CRM:
    """The laboratory's CRM on each database."""
    return open_crm(crm_url)


@pytest.fixture
def ws(crm: CRM) -> Iterator[Workspace]:
    """One unit of work of an administrator."""
    with crm.acting_as(MEI) as workspace:
        yield workspace


@pytest.fixture
def host_engine(crm_url: str) -> Iterator[Engine]:
    """A host's own engine on the database, with the foreign keys that SQLite needs to be told of."""
    engine = create_engine(crm_url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda driver, _record: driver.execute("PRAGMA foreign_keys = ON"))
    yield engine
    engine.dispose()
