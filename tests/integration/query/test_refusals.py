"""What the compiler refuses before anything is sent to a database."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from pycrm.errors import QueryError, UnknownNameError
from pycrm.query import Compiler, F
from pycrm.schema import Entity
from pycrm.storage import POSTGRESQL, SQLITE
from pycrm.storage.tables import build_tables
from pycrm.values.ids import new_id
from pycrm.values.money import Money


@attrs.frozen
class Asker:
    """Asks for deals, and gets statements."""

    compiler: Compiler
    deal: Entity

    def count(self, where: Any = None, **options: Any) -> object:
        return self.compiler.count(self.deal, where, **options)

    def page(self, **options: Any) -> object:
        return self.compiler.page(self.deal, **options)

    def aggregate(self, *measures: str, **options: Any) -> object:
        return self.compiler.aggregate(self.deal, measures, **options)


@pytest.fixture(params=[SQLITE, POSTGRESQL], ids=["sqlite", "postgresql"])
def asker(request: pytest.FixtureRequest, schema: Any) -> Asker:
    return Asker(Compiler(schema, build_tables(schema), request.param, b"secret"), schema.entity("deal"))


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda w: w.count(F.rank == "many"), r"deal.rank = 'many': is no whole number; write it as 42"),
        (lambda w: w.count(F.rank.in_([1, "x"])), r"deal.rank in 'x': is no whole number"),
        (lambda w: w.count(F.amount > 1000), r"deal.amount > 1000: money is compared with Money\(amount, currency\)"),
        (lambda w: w.count(F.amount.in_([0])), r"deal.amount in 0: money is compared with Money"),
        (lambda w: w.count(F.close_on > "yesterday"), r"deal.close_on > 'yesterday': is no date; write it as"),
        (lambda w: w.count(F.account.level == "D"), r"account.level = 'D': is none of"),
        (lambda w: w.count(F.name == "a\0"), r"deal.name = .*holds .*cannot be stored"),
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
        (lambda w: w.count(F.account.deals.name == "a"), r"'deals' leads from account to many deal records; say ANY"),
        (lambda w: w.count(F["account" + ".parent" * 6 + ".name"] == "a"), r"follows more than 6 references"),
        (lambda w: w.count(cap=0), r"cap=0: counting stops at 1"),
        (lambda w: w.page(limit=0), r"limit=0: a page has room for at least one record"),
        (lambda w: w.page(order_by="name, notes DESC"), r"order_by notes: records are not sorted by a long_text field"),
        (lambda w: w.aggregate(), r"measures=\(\): give a list of at least one"),
        (lambda w: w.aggregate("sum(name)"), r"sum\(name\): a text field cannot be summed"),
        (lambda w: w.aggregate("count_distinct(amount)"), r"distinct values of a money field are not counted"),
        (lambda w: w.aggregate("count_distinct(tags)"), r"tags: a tags field is not compared by '='"),
        (lambda w: w.aggregate("count()", group_by="amount"), r"group_by amount: records are not grouped by a money"),
        (lambda w: w.aggregate("count()", group_by="name, rank, qty"), r"at most 2 fields are grouped by"),
    ],
)
def test_what_cannot_be_served_is_refused(asker: Asker, ask: Any, message: str) -> None:
    """With what, which value and the cure."""
    with pytest.raises(QueryError, match=message):
        ask(asker)


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
        (lambda w: w.page(order_by="account.nam"), "account has no field 'nam' .*did you mean 'name'", "account", 2),
        (lambda w: w.aggregate("sum(totl)"), "deal has no field 'totl'", "deal", 1),
        (lambda w: w.aggregate("count()", group_by=["custom.大"]), "deal has no field 'custom.大'", "deal", 1),
    ],
)
def test_unknown_names_come_with_nearest(asker: Asker, ask: Any, message: str, entity: str, position: int) -> None:
    """With the entity and the place in the path, wherever a path is read."""
    with pytest.raises(UnknownNameError, match=message) as caught:
        ask(asker)

    assert (caught.value.entity, caught.value.position) == (entity, position)
