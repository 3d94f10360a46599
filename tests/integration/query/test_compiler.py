"""What the compiler answers and refuses, on real databases."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from pycrm.errors import QueryError, UnknownNameError
from pycrm.query import F
from pycrm.values.ids import new_id
from pycrm.values.money import Money
from pycrm.values.refs import Ref


def test_records_come_by_id(world: Any, nouns: Any) -> None:
    """Any number of ids is answered; ids of nothing are passed over, and so is what lies in the bin."""
    deals = [nouns.Deal(rank=number) for number in range(1_100)]
    deals[0].deleted_at = deals[1].created_at = world.database and _moment()
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
    account.deleted_at = _moment()
    binned = nouns.Deal(name="binned", account=account)
    binned.deleted_at = _moment()
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

    for value in (account, Ref(account.id), account.id, str(account.id)):
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
    hostile = ["'; DROP TABLE crm_deal; --", '"', "\\", "%(v0_0_0)s", ":limit", "%s", "😀", "\u202e"]
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


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda w: w.count(F.rank == "many"), r"deal.rank = 'many': is no whole number; write it as 42"),
        (lambda w: w.count(F.rank.in_([1, "x"])), r"deal.rank in 'x': is no whole number"),
        (lambda w: w.count(F.amount > 1000), r"deal.amount > 1000: money is compared with Money\(amount, currency\)"),
        (lambda w: w.count(F.amount.in_([0])), r"deal.amount in 0: money is compared with Money"),
        (lambda w: w.count(F.close_on > "yesterday"), r"deal.close_on > 'yesterday': is no date; write it as"),
        (lambda w: w.count(F.account.level == "D"), r"account.level = 'D': is none of"),
        (lambda w: w.count(F.name == "a\0"), r"holds a NUL character"),
        (
            lambda w: w.count(F.is_hot > True),
            r"is_hot: a boolean field is not compared by '>'; it offers !=, =, in, is",
        ),
        (lambda w: w.count(F.tags == "a"), r"tags: a tags field is not compared by '='; it offers is null"),
        (lambda w: w.count(F.about == new_id()), r"deal.about = .*does not say of which entity"),
        (lambda w: w.count(F.rank.in_(range(20_001))), r"20001 values; at most 20000 .* Ask in portions"),
        (lambda w: w.count(F.amount.in_([Money(n, "USD") for n in range(513)])), r"at most 512 values of kind money"),
        (lambda w: w.count(F.name.first == "a"), r"'first' cannot follow deal.name, which is a text field, not a ref"),
        (lambda w: w.count(F.about.name == "a"), r"'name' cannot follow deal.about, which may refer to records of sev"),
        (lambda w: w.count(F.account.deals.name == "a"), r"'deals' leads from account to many records; filter deal by"),
        (lambda w: w.count(F["account" + ".parent" * 6 + ".name"] == "a"), r"follows more than 6 references"),
        (lambda w: w.count(cap=0), r"cap=0: counting stops at 1"),
        (lambda w: w.ids(limit=0), r"limit=0: a page has room for at least one record"),
        (lambda w: w.ids(order_by="name, notes DESC"), r"order_by notes: records are not sorted by a long_text field"),
        (lambda w: w.aggregate(), r"measures=\[\]: give a list of at least one"),
        (lambda w: w.aggregate("sum(name)"), r"sum\(name\): a text field cannot be summed"),
        (lambda w: w.aggregate("count_distinct(amount)"), r"distinct amounts of money are not counted"),
        (lambda w: w.aggregate("count_distinct(tags)"), r"tags: a tags field is not compared by '='"),
        (lambda w: w.aggregate("count()", group_by="amount"), r"group_by amount: records are not grouped by a money"),
        (lambda w: w.aggregate("count()", group_by="name, rank, qty"), r"at most 2 fields are grouped by"),
    ],
)
def test_what_cannot_be_served_is_refused(world: Any, ask: Any, message: str) -> None:
    """With what, which value and the cure; the unit stays usable, since nothing was sent."""
    with pytest.raises(QueryError, match=message):
        ask(world)
    assert world.count() == 0


@pytest.mark.parametrize(
    ("ask", "message", "entity", "position"),
    [
        (lambda w: w.count(F.amont > 0), "deal has no field 'amont'; did you mean 'amount'", "deal", 1),
        (
            lambda w: w.count(F.account.custom.markt == "x"),
            r"account has no field 'custom.markt' \(name 2 of 'account.custom.markt'\); did you mean 'custom.market'",
            "account",
            2,
        ),
        (lambda w: w.ids(order_by="account.nam"), "account has no field 'nam' .*did you mean 'name'", "account", 2),
        (lambda w: w.aggregate("sum(totl)"), "deal has no field 'totl'", "deal", 1),
        (lambda w: w.aggregate("count()", group_by=["custom.大"]), "deal has no field 'custom.大'", "deal", 1),
    ],
)
def test_unknown_names_come_with_nearest(world: Any, ask: Any, message: str, entity: str, position: int) -> None:
    """With the entity and the place in the path, wherever a path is read."""
    with pytest.raises(UnknownNameError, match=message) as caught:
        ask(world)

    assert (caught.value.entity, caught.value.position) == (entity, position)


def _moment() -> Any:
    from datetime import UTC, datetime

    return datetime(2026, 1, 1, tzinfo=UTC)
