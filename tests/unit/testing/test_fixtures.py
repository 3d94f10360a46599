"""The fixtures that tests of applications and plugins are given."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pycrm import CRM, Account, NotAllowedError, Principal
from pycrm.errors import UnitError
from pycrm.testing import FixedClock


@pytest.mark.parametrize("name", ["crm", "crm_file", "postgres_crm"])
def test_crm_is_ready(
    request: pytest.FixtureRequest, name: str, administrator: Principal, crm_clock: FixedClock
) -> None:
    """Each is migrated and lives by the clock that stands still."""
    if name == "postgres_crm":
        request.getfixturevalue("postgres_url")  # skips the test where there is no server, or fails it
    crm: CRM = request.getfixturevalue(name)
    crm_clock.advance(timedelta(days=1))

    with crm.acting_as(administrator) as ws:
        account = ws.create(Account(name="a"))

    assert account.created_at == crm_clock()


def test_crm_in_memory_has_one_unit(crm: CRM, administrator: Principal) -> None:
    """Which is what tells it from `crm_file`."""
    with crm.reading_as(administrator), pytest.raises(UnitError), crm.reading_as(administrator):
        pass


def test_units_stand_side_by_side_in_file(crm_file: CRM, administrator: Principal) -> None:
    """Two units at once, as a server has them."""
    with crm_file.reading_as(administrator) as first, crm_file.reading_as(administrator) as second:
        assert first.count(Account) == second.count(Account) == 0


@pytest.mark.parametrize("name", ["outsider", "anonymous"])
def test_principals_without_role_may_nothing(crm: CRM, request: pytest.FixtureRequest, name: str) -> None:
    """They are there to prove what is refused."""
    with crm.reading_as(request.getfixturevalue(name)) as ws, pytest.raises(NotAllowedError):
        ws.count(Account)
