"""Fixtures for pytest: CRMs that are migrated, on a clock that stands still, and somebody to act as.

Load them by ``pytest_plugins = ["pycrm.testing.fixtures"]``. A test suite that needs other plugins or another moment
overrides `crm_plugins` or `crm_clock`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pycrm.app import CRM
from pycrm.plugin.plugin import Plugin
from pycrm.testing.postgres import ENVIRONMENT, fresh_database, postgres_url
from pycrm.values.clock import FixedClock
from pycrm.values.principal import ADMINISTRATOR, Principal

__all__ = ["administrator", "anonymous", "crm", "crm_clock", "crm_file", "crm_plugins", "outsider", "postgres_crm"]

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
def crm_plugins() -> Sequence[Plugin] | None:
    """The plugins beside the built-in ones, for all CRMs of a test; None takes all that are installed."""
    return None


@pytest.fixture
def crm_clock() -> FixedClock:
    """The clock of all CRMs of a test: Monday, 2 March 2026, 8:00 UTC, until the test advances it."""
    return FixedClock(START)


@pytest.fixture
def crm(crm_plugins: Sequence[Plugin] | None, crm_clock: FixedClock) -> Iterator[CRM]:
    """A migrated CRM in memory: one unit at a time."""
    yield from _migrated(CRM("sqlite://", plugins=crm_plugins, clock=crm_clock))


@pytest.fixture
def crm_file(tmp_path: Path, crm_plugins: Sequence[Plugin] | None, crm_clock: FixedClock) -> Iterator[CRM]:
    """A migrated CRM in a SQLite file, for units side by side."""
    yield from _migrated(CRM(tmp_path / "crm.db", plugins=crm_plugins, clock=crm_clock))


@pytest.fixture
def postgres_crm(crm_plugins: Sequence[Plugin] | None, crm_clock: FixedClock) -> Iterator[CRM]:
    """A migrated CRM in a PostgreSQL database of its own; skipped where there is no server."""
    if postgres_url() is None:
        pytest.skip(f"PostgreSQL: set {ENVIRONMENT}, or install the server's binaries")
    with fresh_database() as url:
        yield from _migrated(CRM(url, plugins=crm_plugins, clock=crm_clock))


@pytest.fixture
def administrator() -> Principal:
    """Somebody who may do all."""
    return Principal("mei", roles={ADMINISTRATOR})


@pytest.fixture
def outsider() -> Principal:
    """Somebody who is known and has no role."""
    return Principal("eve")


@pytest.fixture
def anonymous() -> Principal:
    """Nobody known."""
    return Principal.anonymous()


def _migrated(crm: CRM) -> Iterator[CRM]:
    crm.migrate()
    try:
        yield crm
    finally:
        crm.close()
