"""Questions that were made to take the memory or the time of the machine are refused, or answered within bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.conftest import DATABASES

from pycrm import CRM, Account, Principal, QueryError, ValidationError
from reliability.check_bombs import question_bombs

BOSS = Principal("boss", roles={"administrator"})

# The proof asks all.
QUICK = ("in_parameter", "like_percents", "fifty_hops", "nots_in_json", "order_by_many", "measures", "many_words")


@pytest.mark.parametrize("engine", DATABASES)
def test_bombs(engine: str, new_database: Callable[[str], str]) -> None:
    """Lists, patterns, paths and nesting without end."""
    figure = question_bombs(lambda: new_database(engine), 1, names=QUICK)

    assert figure["passed"], figure


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ({"where": "name LIKE :x", "values": {"x": "%" * 1_001}}, "a pattern of at most 1000 characters, not 1001"),
        ({"where": "employee_count = :x", "values": {"x": 10**5_000}}, "a number of more than 1000 digits"),
        ({"order_by": "name, " * 5_000 + "name"}, "order_by has at most 20000 characters, not 30004"),
        ({"include": "parent " * 5_000}, "include has at most 20000 characters, not 35000"),
        ({"limit": 10**30}, "a page has at most 2147483646 records"),
    ],
)
def test_limits(migrated: Callable[..., str], call: dict[str, Any], told: str) -> None:
    """Each limit is told with its number."""
    crm = CRM(migrated("sqlite"), plugins=[])
    with crm.reading_as(BOSS) as ws, pytest.raises(QueryError, match=told):
        ws.list(Account, **call)
    crm.close()


def test_many_measures(migrated: Callable[..., str]) -> None:
    """So are measures limited."""
    crm = CRM(migrated("sqlite"), plugins=[])
    with crm.reading_as(BOSS) as ws, pytest.raises(QueryError, match="at most 100 at once, not 101"):
        ws.aggregate(Account, measures=["count()"] * 101)
    crm.close()


def test_number_that_nobody_writes_out(migrated: Callable[..., str]) -> None:
    """A number of more digits than Python writes is refused like any other that is too large."""
    crm = CRM(migrated("sqlite"), plugins=[])
    with pytest.raises(ValidationError, match="got 'a number of hundreds of digits'"), crm.acting_as(BOSS) as ws:
        ws.create(Account(name="海晨", employee_count=10**5_000))
    crm.close()
