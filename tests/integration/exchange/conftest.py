"""The CRMs that tests of imports and exports run on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest
from tests.conftest import DATABASES

from pycrm import CRM
from pycrm.plugin import Plugin


@pytest.fixture(params=DATABASES)
def plain(request: pytest.FixtureRequest, migrated: Callable[[str, Sequence[Plugin]], str]) -> Iterator[CRM]:
    """A CRM of our own entities on each database."""
    made = CRM(migrated(request.param, []), plugins=[])
    yield made
    made.close()


@pytest.fixture
def quick(migrated: Callable[[str, Sequence[Plugin]], str]) -> Iterator[CRM]:
    """A CRM of our own entities on SQLite, for what no database has a part in."""
    made = CRM(migrated("sqlite", []), plugins=[])
    yield made
    made.close()
