"""Cursors of lists: good for every process on one database, and for nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.lab import MEI, Sample, sample

from pycrm import CRM, Account, QueryError, Workspace, field

Open = Callable[..., CRM]


def cursor_of(crm: CRM, **asked: Any) -> str:
    """Return the cursor behind the first of two records."""
    with crm.reading_as(MEI) as ws:
        cursor = ws.list(Account, limit=1, **asked).next_cursor
    assert cursor is not None
    return cursor


def names(crm: CRM, after: str, **asked: Any) -> list[str]:
    """Return what is called how behind a cursor."""
    with crm.reading_as(MEI) as ws:
        return [account.name for account in ws.list(Account, after=after, **asked)]


def reason_of(crm: CRM, after: str, **asked: Any) -> str:
    """Return why a cursor is refused."""
    with crm.reading_as(MEI) as ws, pytest.raises(QueryError) as caught:
        ws.list(Account, after=after, **asked)
    return str(caught.value.facts["reason"])


@pytest.fixture
def two(crm: CRM) -> CRM:
    """A CRM with two accounts."""
    with crm.acting_as(MEI) as ws:
        ws.create_many([Account(name="a", country="CN"), Account(name="b", country="CN")])
    return crm


def test_every_process_takes_it(two: CRM, crm_url: str, open_crm: Open) -> None:
    """One that was started later, too."""
    cursor = cursor_of(two, order_by="name")
    two.close()

    assert names(open_crm(crm_url), cursor, order_by="name") == ["b"]


def test_no_other_database_takes_it(two: CRM, open_crm: Open) -> None:
    """Each has a secret of its own."""
    other = open_crm("sqlite://")
    other.migrate()

    assert reason_of(other, cursor_of(two)) == "altered"


def test_same_filter_in_another_spelling_takes_it(two: CRM) -> None:
    """What counts is what is asked, not how it is written, nor the values."""
    cursor = cursor_of(two, where="country = 'CN' AND name != 'x'", order_by="name")

    assert names(two, cursor, where="country='CN'  and (name<>'')", order_by="name ASC") == ["b"]
    assert reason_of(two, cursor, where="country = 'CN'", order_by="name") == "other list"


def test_schema_may_move_on(two: CRM) -> None:
    """A field that somebody defines between two pages, or inside a loop, stops nobody."""
    cursor = cursor_of(two, order_by="name")

    with two.acting_as(MEI) as ws:
        ws.define_field(Account, "region", field.text())

    assert names(two, cursor, order_by="name") == ["b"]


def test_converted_key_refuses(two: CRM) -> None:
    """The cursor's values are of another type than the field's by now."""
    with two.acting_as(MEI) as ws:
        ws.define_field(Account, "rank", field.text())
        for account in ws.iterate(Account):
            ws.update(account, custom={"rank": "7"})
    cursor = cursor_of(two, order_by="custom.rank")
    with two.acting_as(MEI) as ws:
        ws.convert_field(Account, "rank", field.integer())

    assert reason_of(two, cursor, order_by="custom.rank") == "older schema"


def test_list_of_another_entity_refuses(ws: Workspace) -> None:
    """The reason is in the error, for whoever answers a browser."""
    ws.create_many([sample(), sample()])
    cursor = ws.list(Sample, limit=1).next_cursor

    with pytest.raises(QueryError, match=r"a list of lab\.sample ordered by 'id', not of account") as caught:
        ws.list(Account, after=cursor)
    assert caught.value.facts["reason"] == "other list"
