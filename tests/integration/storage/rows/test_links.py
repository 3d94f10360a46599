"""Multi-references are rows of their own, kept in order and merged one by one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from tests.shop import Item, Team, User, stamped

from pycrm.schema import Entity
from pycrm.storage.links import LinkChange, delete_links, links_sql, referencing, take_links, write_links
from pycrm.storage.unit import Unit
from pycrm.storage.value_lists import ValueList


@pytest.fixture
def team(shop: Any) -> Team:
    """A stored team without members."""
    (team,) = stamped(Team(name="east"))
    shop.insert(team)
    return team


@pytest.fixture
def users(shop: Any) -> list[UUID]:
    """The ids of five stored users."""
    users = stamped(*(User(name=name) for name in "abcde"))
    shop.insert(*users)
    return [user.id for user in users]


def write(shop: Any, team: Team, before: list[UUID], after: list[UUID]) -> None:
    entity = shop.schema.entity("team")
    change = LinkChange(entity.fields["members"], team.id, tuple(before), tuple(after))
    with shop.unit() as unit:
        write_links(unit, shop.tables, entity, [change])


def load_links(unit: Unit, shop: Any, entity: Entity, records: list[Any]) -> None:
    """Give *records* their links, read as the compiler reads them beside their columns."""
    table = shop.tables.table(entity.name)
    chosen = select(table.c.id, links_sql(shop.tables, table.c.id, unit.dialect))
    lists = ValueList(unit.dialect, table.c.id, chosen.where).portions([record.id for record in records])
    found = dict(row for sql, params in lists for row in unit.rows(sql, params))
    encoded = [record.id.bytes if unit.dialect.name == "sqlite" else record.id for record in records]
    take_links(entity, records, [found[id] for id in encoded])


def members(shop: Any, team: Team) -> list[UUID]:
    entity = shop.schema.entity("team")
    with shop.database.reading_unit() as unit:
        (record,) = shop.writer("team").current(unit, [team.id])
        load_links(unit, shop, entity, [record])
    assert record._loaded[-1] == record._members
    assert len(record._loaded) == len(entity.column_fields) + 1
    return list(record._members)


def test_links_keep_their_order(shop: Any, team: Team, users: list[UUID]) -> None:
    """Added, removed and moved links come back in the order given."""
    a, b, c, d, e = users
    for before, after in [([], [c, a, b]), ([c, a, b], [b, d, c]), ([b, d, c], [e, c, d, b]), ([e, c, d, b], [])]:
        write(shop, team, before, after)

        assert members(shop, team) == after


def test_links_merge_one_by_one(shop: Any, team: Team, users: list[UUID]) -> None:
    """What two people add both stays, and what one removes is gone."""
    a, b, c, d, _ = users
    write(shop, team, [], [a, b])

    write(shop, team, [a, b], [a, b, c])
    write(shop, team, [a, b], [b, c, d])

    assert set(members(shop, team)) == {b, c, d}


def test_links_of_many_records_are_read_in_portions(shop: Any, users: list[UUID]) -> None:
    """More records than one query takes each get their own links, and others none."""
    entity = shop.schema.entity("team")
    teams = stamped(*(Team(name=str(at)) for at in range(620)))
    shop.insert(*teams)
    field = entity.fields["members"]
    with shop.unit() as unit:
        changes = [LinkChange(field, team.id, (), (users[at % 5],)) for at, team in enumerate(teams) if at % 2]
        write_links(unit, shop.tables, entity, changes)
        records = shop.writer("team").current(unit, [team.id for team in teams])
        load_links(unit, shop, entity, records)

    at = {team.id: at for at, team in enumerate(teams)}
    assert all(record._members == ((users[at[record.id] % 5],) if at[record.id] % 2 else ()) for record in records)


def test_custom_links_live_beside_the_document(shop: Any, users: list[UUID]) -> None:
    """A custom multi-reference reads as a custom field and counts as unchanged."""
    entity = shop.item
    (item,) = stamped(Item(name="x", custom={"score": 1}))
    shop.insert(item)
    with shop.unit() as unit:
        field = entity.fields["custom.friends"]
        write_links(unit, shop.tables, entity, [LinkChange(field, item.id, (), tuple(users[:2]))])
        (record,) = shop.writer().current(unit, [item.id])
        load_links(unit, shop, entity, [record])

    assert record.custom.friends == tuple(users[:2])
    assert record.custom.score == 1
    assert record._stored == record._document


def test_referencing_finds_sources(shop: Any, team: Team, users: list[UUID]) -> None:
    """Who holds a record in a multi-reference is found from the record."""
    entity = shop.schema.entity("team")
    write(shop, team, [], users[:2])

    with shop.database.reading_unit() as unit:
        found = referencing(unit, shop.tables, entity, entity.fields["members"], "user", users)

    assert set(found) == {(users[0], team.id), (users[1], team.id)}


@pytest.mark.parametrize("end", ["source", "target"])
def test_links_go_with_either_end(shop: Any, team: Team, users: list[UUID], end: str) -> None:
    """Purging a record takes the links from it and to it."""
    write(shop, team, [], users[:2])

    with shop.unit() as unit:
        delete_links(unit, shop.tables, [team.id] if end == "source" else users[:1])

    assert members(shop, team) == ([] if end == "source" else users[1:2])
