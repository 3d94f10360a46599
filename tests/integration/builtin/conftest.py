"""A CRM and one unit of an administrator in it, which is how most tests of the nouns meet the CRM."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from tests.conftest import DATABASES

from pycrm import CRM, Principal, Workspace
from pycrm.testing import FixedClock

MEI = Principal(user="mei", roles={"administrator"})


@pytest.fixture
def clock() -> FixedClock:
    """The CRM's clock; it stands still until a test advances it."""
    return FixedClock(datetime(2026, 3, 2, 8, 0, tzinfo=UTC))


@pytest.fixture(params=DATABASES)
def crm(request: pytest.FixtureRequest, migrated: Callable[[str], str], clock: FixedClock) -> Iterator[CRM]:
    """A migrated CRM of the built-in plugins alone, on each database."""
    crm = CRM(migrated(request.param), plugins=[], clock=clock)
    yield crm
    crm.close()


@pytest.fixture
def mei() -> Principal:
    """Somebody who may do all."""
    return MEI


@pytest.fixture
def ws(crm: CRM) -> Iterator[Workspace]:
    """One unit of work of an administrator, on each database."""
    with crm.acting_as(MEI) as workspace:
        yield workspace
