"""A small company: Mei and Bo sell in the east, Lin leads them, Kai sells in the west."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.integration.access.company import BOSS, ROLES, make_company

from pycrm import CRM


@pytest.fixture(params=["sqlite", "postgresql"])
def crm(request: pytest.FixtureRequest, migrated: Callable[..., str], tmp_path: Path) -> Iterator[CRM]:
    """A CRM with the company's people, roles and accounts."""
    made = CRM(migrated(request.param, [ROLES]), plugins=[ROLES], files=tmp_path / "files")
    with made.acting_as(BOSS) as ws:
        make_company(ws)
    yield made
    made.close()
