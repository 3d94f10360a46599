"""Measures, with and without groups."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pycrm.errors import QueryError
from pycrm.query import F
from pycrm.values.money import Money, Monies
from pycrm.values.refs import Ref


def test_without_groups_is_one_mapping(world: Any, nouns: Any) -> None:
    """Even of nothing: counts and sums are 0, and a sum of money is empty."""
    measures = ("count()", "sum(rank)", "sum(qty)", "sum(amount)", "count_distinct(name)")

    assert world.aggregate(*measures) == [
        {"count()": 0, "sum(rank)": 0, "sum(qty)": 0, "sum(amount)": Monies(), "count_distinct(name)": 0}
    ]
    assert world.aggregate(*measures, group_by="name") == []


def test_results_have_types_of_fields(world: Any, nouns: Any) -> None:
    """Integers stay int, decimals Decimal, booleans bool, in a document too."""
    account = nouns.Account(custom={"vip": True, "score": 3, "share": Decimal("0.5")})
    world.insert([account])
    world.insert([nouns.Deal(account=account, rank=1, qty=Decimal("1.50"))])
    measures = ("sum(rank)", "sum(qty)", "sum(account.custom.score)", "sum(account.custom.share)")

    (row,) = world.aggregate(*measures, group_by="account.custom.vip")

    assert row["account.custom.vip"] is True
    assert [type(row[measure]) for measure in measures] == [int, Decimal, int, Decimal]
    assert [row[measure] for measure in measures] == [1, Decimal("1.5"), 3, Decimal("0.5")]


def test_rows_are_keyed_by_given_texts(world: Any, nouns: Any) -> None:
    """As the caller wrote them, in group order with missing values first."""
    account = nouns.Account()
    world.insert([account])
    world.insert([nouns.Deal(account=account, name="b"), nouns.Deal(name="a"), nouns.Deal(account=account, name="a")])

    found = world.aggregate(" count( ) ", group_by=["account", "name"])

    assert found == [
        {"account": None, "name": "a", " count( ) ": 1},
        {"account": Ref(account.id, "account"), "name": "a", " count( ) ": 1},
        {"account": Ref(account.id, "account"), "name": "b", " count( ) ": 1},
    ]
    assert found[1]["account"].entity == "account"


def test_money_sums_are_per_currency(world: Any, nouns: Any) -> None:
    """Beside measures that know no currency, which count each record once."""
    account = nouns.Account(name="x", custom={"budget": Money(7, "CNY")})
    world.insert([account])
    monies = [Money("0.10", "USD"), Money("0.20", "USD"), Money("5", "JPY"), None]
    world.insert([nouns.Deal(name="n", account=account, amount=money, rank=2) for money in monies])
    measures = ("count()", "sum(amount)", "sum(rank)", "count_distinct(name)", "sum(account.custom.budget)")

    (row,) = world.aggregate(*measures, group_by="account.name")

    assert row == {
        "account.name": "x",
        "count()": 4,
        "sum(amount)": Monies.of([Money("0.30", "USD"), Money(5, "JPY")]),
        "sum(rank)": 8,
        "count_distinct(name)": 1,
        "sum(account.custom.budget)": Monies.of([Money(28, "CNY")]),
    }


def test_sums_are_exact(world: Any, nouns: Any) -> None:
    """Ten thousand times a cent, and numbers that a float cannot tell apart."""
    world.insert([nouns.Deal(amount=Money("0.01", "USD"), qty=Decimal("0.1"), rank=2**53 + 1) for _ in range(1_000)])

    (row,) = world.aggregate("sum(amount)", "sum(qty)", "sum(rank)")

    assert row["sum(amount)"].only() == Money("10.00", "USD")
    assert (row["sum(qty)"], row["sum(rank)"]) == (Decimal(100), 1_000 * (2**53 + 1))


def test_sum_beyond_64_bits(world: Any, nouns: Any) -> None:
    """PostgreSQL adds on; SQLite refuses, and says what to do."""
    world.insert([nouns.Deal(rank=2**63 - 1, qty=Decimal("999999999999.999999")) for _ in range(20)])

    if world.database.dialect.name == "sqlite":
        refusal = "a sum is beyond 64 bits, .* sum fewer records at a time"
        with pytest.raises(QueryError, match=refusal), world.unit.savepoint():
            world.aggregate("sum(rank)")
    else:
        assert world.aggregate("sum(rank)", "sum(qty)") == [
            {"sum(rank)": 20 * (2**63 - 1), "sum(qty)": 20 * Decimal("999999999999.999999")}
        ]


def test_filter_applies_to_every_measure(world: Any, nouns: Any) -> None:
    """Also to those that are computed apart."""
    world.insert([nouns.Deal(name=name, amount=Money(1, "USD"), price=Money(2, "EUR")) for name in "aab"])

    assert world.aggregate("sum(amount)", "sum(price)", "count_distinct(name)", where=F.name == "a") == [
        {
            "sum(amount)": Monies.of([Money(2, "USD")]),
            "sum(price)": Monies.of([Money(4, "EUR")]),
            "count_distinct(name)": 1,
        }
    ]
