"""Everything that stands against an upgrade is found before its first statement, and told at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.behind import behind_the_door

from pycrm import CRM, Account, ConfigurationError, Money, SchemaMismatchError, UpgradeRefusedError, User, field
from pycrm.plugin import Migration, Plugin
from reliability.structure import every_row, structure

from .conftest import MEI, Release

Upgrade = Callable[..., tuple[CRM, list[str]]]


def test_all_at_once(upgrade: Upgrade, release: Release, database_url: str) -> None:
    """Declarations that cannot be, and values that break what they would have to keep, are listed together."""
    declared = {
        "code": field.text(),
        "amount": field.money(),
        "note": field.text(),
        "count": field.integer(),
        "keeper": field.ref(User, many="kept", soft=True),
    }
    crm, _ = upgrade(shelf=declared, terms={"key": field.text()})
    with crm.acting_as(MEI) as ws:
        shelf = crm.entities["depot.shelf"]
        same = [shelf(name="n", code="A-1", amount=Money("1.25", "EUR"), note="long", count=1) for _ in range(3)]
        ws.create_many([*same, *(shelf(name=str(number), code=f"B-{number // 2}") for number in range(20))])
        account, other = ws.create_many([Account(name="a"), Account(name="b")]).created
        ws.update(account, **{"depot.key": "k"})
        ws.update(other, **{"depot.key": "k"})
    before = structure(database_url), every_row(database_url)
    newer = release(
        version="1.1",
        shelf={
            "code": field.text(unique=True),
            "amount": field.money(unique=True),
            "note": field.text(max_length=3),
            "count": field.text(),
            "keeper": field.ref(User, many="kept"),
        },
        unique=[("name", "note")],
        terms={"key": field.text(unique=True)},
    )

    for attempt in (newer.migrate, lambda: newer.migrate(dry_run=True)):
        with pytest.raises(UpgradeRefusedError) as caught:
            attempt()
        assert sorted(caught.value.refusals) == sorted(
            [
                "depot.shelf.count: integer becomes text, which the stored values do not bear; declare a new field "
                "beside it",
                "depot.shelf.code: must be unique, but 'A-1' stands in 3 records; 'B-0' stands in 2 records; 'B-1' "
                "stands in 2 records; 'B-2' stands in 2 records; 'B-3' stands in 2 records; and more",
                "depot.shelf.amount: must be unique, but {'amount': '1.25', 'currency': 'EUR'} stands in 3 records",
                "depot.shelf.note: 'long' has 4 characters where 3 are allowed; shorten it or use a longer kind of "
                "text",
                "depot.shelf.(name, note): must be unique, but 'n', 'long' stands in 3 records",
                "account.depot.key: must be unique, but 'k' stands in 2 records",
            ]
        )
        assert all(refusal in str(caught.value) for refusal in caught.value.refusals)
    assert (structure(database_url), every_row(database_url)) == before
    assert crm.migrate() == []


def test_bin_and_absence_do_not_count(upgrade: Upgrade) -> None:
    """What is unique is so outside the bin, and absent values are equal to nothing."""
    crm, _ = upgrade(shelf={"code": field.text()})
    with crm.acting_as(MEI) as ws:
        shelf = crm.entities["depot.shelf"]
        ws.create_many([shelf(name="1"), shelf(name="2")])
        ws.delete(ws.create(shelf(name="3", code="c")))
        ws.create(shelf(name="4", code="c"))

    _, done = upgrade(version="1.1", shelf={"code": field.text(unique=True)})
    assert done[1:] == ["  depot.shelf.code: unique"]


def test_dangling_references(upgrade: Upgrade) -> None:
    """A soft reference becomes a hard one only if all that it leads to is there."""
    crm, _ = upgrade(shelf={"keeper": field.ref(User, many="kept", soft=True)})
    with crm.acting_as(MEI) as ws:
        gone: Any = ws.create(User(key="gone", name="g"))
        shelf = ws.create(crm.entities["depot.shelf"](name="s", keeper=gone))
        ws.delete(shelf)
        _remove(ws, gone.id)

    with pytest.raises(UpgradeRefusedError, match=rf"keeper: leads to no user with the ids {gone.id}"):
        upgrade(version="1.1", shelf={"keeper": field.ref(User, many="kept")})


def _remove(ws: Any, id: Any) -> None:
    """Remove a user below the door, as somebody at the database might."""
    from sqlalchemy import delete

    table = ws._ctx.tools.tables.table("user")
    behind_the_door(ws).execute(delete(table).where(table.c.id == id))


class TestVersions:
    def test_older_code(self, release: Release) -> None:
        """Code that is older than the database is refused, and told what to install; of several owners each."""
        release(depot("2.10"), other("1.2")).migrate()
        older = release(depot("2.9"), other("1.1"))

        told = r"by depot 2\.10, and this code is 2\.9; install(.|\n)*by other 1\.2, and this code is 1\.1"
        for attempt in (older.migrate, lambda: older.acting_as(MEI).__enter__()):
            with pytest.raises(SchemaMismatchError, match=told):
                attempt()

    def test_step_of_a_later_release(self, release: Release, upgrade: Upgrade) -> None:
        """A step for a release that the code has not reached is a slip of its author."""
        upgrade(shelf={})

        def early(m: Migration) -> None:
            """Nothing."""

        with pytest.raises(ConfigurationError, match=r"'depot' has a step early for 2\.0 and is itself 1\.1"):
            upgrade(version="1.1", shelf={}, steps={"2.0": [early]})

    def test_step_of_no_release(self) -> None:
        """A step needs a number."""
        with pytest.raises(ConfigurationError, match="migration\\('next'\\) names no release"):
            Plugin("depot").migration("next")


def depot(version: str) -> Plugin:
    """Return the depot without anything."""
    return Plugin("depot", version=version)


def other(version: str) -> Plugin:
    """Return another plugin without anything."""
    return Plugin("other", version=version)
