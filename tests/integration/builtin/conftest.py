"""A CRM and one unit of an administrator in it, which is how most tests of the nouns meet the CRM."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.conftest import DATABASES

from pycrm import CRM, Principal, Workspace

MEI = Principal(user="mei", roles={"administrator"})


@pytest.fixture(params=DATABASES)
def crm(request: pytest.FixtureRequest, migrated: Callable[[str], str]) -> Iterator[CRM]:
    """A migrated CRM of the built-in plugins alone, on each database."""
    crm = CRM(migrated(request.param), plugins=[])
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
