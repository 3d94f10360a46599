"""What the compiler answers and refuses, on real databases."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from pycrm.query import F
from pycrm.values.ids import new_id
from pycrm.values.money import Money
from pycrm.values.refs import Ref

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def test_records_come_by_id(world: Any, nouns: Any) -> None:
    """Any number of ids is answered; ids of nothing are passed over, and so is what lies in the bin."""
    deals = [nouns.Deal(rank=number) for number in range(1_100)]
    deals[0].deleted_at = MOMENT
    world.insert(deals)
    ids = [*(deal.id for deal in deals), new_id()]

    def ranks(**options: Any) -> set[int]:
        statements = world.compiler.by_ids(world.deal, ids, **options)
        rows = [row for statement in statements for row in world.unit.rows(statement.sql, statement.params)]
        return {deal.rank for deal in world.load(world.deal, rows)}

    assert ranks() == set(range(1, 1_100))
    assert ranks(include_binned=True) == set(range(1_100))
    assert world.compiler.by_ids(world.deal, []) == []


def test_existing_ids_are_told(world: Any, nouns: Any) -> None:
    """Only ids are read."""
    deal = nouns.Deal()
    world.insert([deal])
    (statement,) = world.compiler.exists_ids(world.deal, [deal.id, new_id()])

    rows = world.unit.rows(statement.sql, statement.params)

    assert [UUID(bytes=id) if isinstance(id, bytes) else id for (id,) in rows] == [deal.id]


def test_schema_number_rides_along(world: Any, nouns: Any) -> None:
    """Every kind of statement can carry the stored number as its last column, at no second round trip."""
    deal = nouns.Deal(name="a", custom={"大区": "华东"})
    world.insert([deal])
    (get,) = world.compiler.by_ids(world.deal, [deal.id], with_schema_number=True)
    count = world.compiler.count(world.deal, with_schema_number=True)
    page = world.compiler.page(world.deal, order_by="custom.大区", with_schema_number=True).read(world.unit.rows)
    measures = world.compiler.aggregate(
        world.deal, ["sum(amount)", "count_distinct(name)"], "name", with_schema_number=True
    ).read(world.unit.rows)

    assert world.unit.rows(get.sql, get.params)[0][-1] == 7
    assert world.unit.rows(count.sql, count.params) == [(1, 7)]
    assert (page.schema_number, measures.schema_number) == (7, 7)
    assert world.load(world.deal, page.rows)[0].name == "a"


def test_binned_records_are_left_out(world: Any, nouns: Any) -> None:
    """Unless asked for; what a path leads to counts wherever it is."""
    account = nouns.Account(name="gone")
    account.deleted_at = MOMENT
    binned = nouns.Deal(name="binned", account=account)
    binned.deleted_at = MOMENT
    world.insert([account])
    world.insert([binned, nouns.Deal(name="kept", account=account)])
    where = F.account.name == "gone"

    assert world.names(where) == ["kept"]
    assert world.names(where, include_binned=True, order_by="name") == ["binned", "kept"]
    assert (world.count(where), world.count(where, include_binned=True)) == (1, 2)
    assert world.aggregate("count()", include_binned=True) == [{"count()": 2}]


def test_references_are_asked_in_every_form(world: Any, nouns: Any) -> None:
    """A record, a Ref, an id or its text; for any entity a Ref that names it."""
    account, other = nouns.Account(), nouns.Account()
    world.insert([account, other])
    world.insert([nouns.Deal(name="x", account=account, about=Ref(account.id, "account")), nouns.Deal(name=None)])

    forms: list[Any] = [account, Ref(account.id), account.id, str(account.id)]
    for value in forms:
        assert world.names(F.account == value) == ["x"]
        assert world.names(F.account.in_([other, value])) == ["x"]
    assert world.names(F.about == Ref(account.id, "account")) == ["x"]
    assert world.names(F.about == Ref(account.id, "deal")) == []
    assert world.names(F.about.in_([Ref(other.id, "account"), f"account:{account.id}"])) == ["x"]
    assert world.names(F.account != account) == [None]


def test_money_compares_within_currency(world: Any, nouns: Any) -> None:
    """An amount is compared with amounts of its currency, and with 0 whatever the currency."""
    monies = [Money(1500, "USD"), Money(500, "USD"), Money(9000, "CNY"), Money(-1, "EUR"), None]
    world.insert([nouns.Deal(name=str(money), amount=money) for money in monies])

    assert world.names(F.amount > Money(1000, "USD")) == ["USD 1500"]
    assert world.names(F.amount > Money("1000.00", "USD")) == ["USD 1500"]
    assert sorted(world.names(F.amount < 0)) == ["EUR -1"]
    assert sorted(world.names(F.amount >= Decimal(0))) == ["CNY 9000", "USD 1500", "USD 500"]
    assert sorted(world.names(F.amount != Money(500, "USD"))) == ["CNY 9000", "EUR -1", "None", "USD 1500"]
    assert world.names(F.amount == "CNY 9000") == ["CNY 9000"]


def test_retired_option_may_be_asked_for(world: Any, nouns: Any) -> None:
    """It is no longer taken, but stays readable."""
    world.insert([nouns.Deal(name="old", custom={"大区": "华北"}), nouns.Deal(name="new", custom={"大区": "华东"})])

    assert world.names(F.custom["大区"] == "华北") == ["old"]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 511, 512, 513, 20_000])
def test_lists_of_any_length_are_exact(world: Any, nouns: Any, count: int) -> None:
    """Places that a list has beyond its values change nothing; an empty list selects nothing."""
    world.insert([nouns.Deal(rank=0), nouns.Deal(rank=count), nouns.Deal()])

    assert len(world.ids(F.rank.in_(range(1, count + 1)))) == min(count, 1)


def test_values_never_reach_sql_as_text(world: Any, nouns: Any) -> None:
    """Whatever a value holds, it is bound."""
    hostile = ["'; DROP TABLE crm_deal; --", '"; --', "\\'", "%(v0_0_0)s OR", ":limit", "%s", "😀", "\u202e"]
    world.insert([nouns.Deal(name=name, account=None) for name in hostile])

    for name in hostile:
        assert world.names(F.name == name) == [name]
        assert name not in world.compiler.count(world.deal, F.name == name).sql


def test_statement_is_made_once_per_shape(world: Any) -> None:
    """Values, and up to its bucket the length of a list, do not make another statement."""
    first = world.compiler.count(world.deal, (F.rank > 1) & F.name.in_(["a", "b", "c"]))
    second = world.compiler.count(world.deal, (F.rank > 2) & F.name.in_(["d", "e", "f", "g"]))

    assert first.sql is second.sql
    assert first.params != second.params
