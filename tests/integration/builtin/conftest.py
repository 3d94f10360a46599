"""A CRM and one unit of an administrator in it, which is how most tests of the nouns meet the CRM."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pycrm import CRM, Principal, Workspace

MEI = Principal(user="mei", roles={"administrator"})


@pytest.fixture
def crm(database_url: str) -> Iterator[CRM]:
    """A migrated CRM of the built-in plugins alone, on each database."""
    crm = CRM(database_url, plugins=[])
    crm.migrate()
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
