"""An owner's own steps bring values into the form of a release, once, in batches, with the definitions of then."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select, update
from tests.behind import behind_the_door

from pycrm import CRM, Account, HookFailedError, Money, NotMigratedError, UnknownNameError, UpgradeRefusedError, field
from pycrm.plugin import MigratedRow, Migration

from .conftest import MEI, Release

Upgrade = Callable[..., tuple[CRM, list[str]]]

FIRST = {"hall": field.text(), "rack": field.integer(), "load": field.decimal(places=2), "cost": field.money()}
SECOND = {"address": field.text(unique=True), "load": field.decimal(places=2), "cost": field.money()}


def fill_shelves(crm: CRM, count: int = 25) -> None:
    """Write shelves of the first release; two of three share their hall and rack."""
    shelf = crm.entities["depot.shelf"]
    with crm.acting_as(MEI) as ws:
        values = [{"hall": "H", "rack": n, "load": Decimal(n) / 4, "cost": Money(n, "EUR")} for n in range(count)]
        ws.create_many([shelf(name=str(number), **each) for number, each in enumerate(values)])
        ws.delete(ws.find(shelf, name="0"))


def give_addresses(m: Migration) -> None:
    """Make one field of two."""
    for rows in m.batches("depot.shelf", size=10):
        for row in rows:
            row.now["address"] = f"{row.was['hall']}-{row.was['rack']}"
            row.now["load"] = (row.was["load"] or 0) + Decimal("0.25")
            row.now["cost"] = None if row.was["rack"] == 1 else row.was["cost"]


class TestStep:
    def test_values(self, upgrade: Upgrade) -> None:
        """It reads values by the old names and kinds, removed ones too, and writes by the new ones, in the bin too."""
        crm, _ = upgrade(shelf=FIRST)
        fill_shelves(crm)

        crm, done = upgrade(version="1.1", shelf=SECOND, steps={"1.1": [give_addresses]})

        assert done[0] == "upgraded depot from 1.0 to 1.1"
        assert done[-2:] == ["  step give_addresses", "completed depot 1.1"]
        assert crm.migrate() == []
        with crm.acting_as(MEI) as ws:
            shelves: Any = ws.list(crm.entities["depot.shelf"], order_by="created_at, name", limit=50)
            found = {each.name: (each.address, each.load, each.cost, each.version) for each in shelves}
            assert found["1"] == ("H-1", Decimal("0.5"), None, 1)
            assert found["24"] == ("H-24", Decimal("6.25"), Money(24, "EUR"), 1)
            assert len(found) == 24
            binned = ws.get_binned(crm.entities["depot.shelf"], _binned(ws, crm))
            assert binned.address == "H-0"  # type: ignore[attr-defined]

    def test_documents(self, upgrade: Upgrade) -> None:
        """Fields that were added to others are written like own ones; what else is in the document stays."""
        terms = {"place": field.text(), "fee": field.money(), "labels": field.tags()}
        crm, _ = upgrade(shelf={}, terms=terms)
        with crm.acting_as(MEI) as ws:
            ws.define_field(Account, "region", field.text())
            account = ws.create(Account(name="a", custom={"region": "east"}))
            bare = ws.create(Account(name="b"))
            values = {"place": "x", "fee": Money("1.50", "USD"), "labels": ["a"]}
            ws.update(account, **{f"depot.{name}": value for name, value in values.items()})

        def move(m: Migration) -> None:
            for rows in m.batches("account", where=m.was["account"].c.name == "a"):
                for row in rows:
                    row.now["depot.spot"] = f"{row.was['depot.place']}!"
                    row.now["depot.fee"] = row.now["depot.fee"] * 2
                    row.now["depot.labels"] = [*row.now["depot.labels"], "b"]
                    assert row.now["depot.labels"] == ("a", "b")

        new = {"spot": field.text(indexed=True), "fee": field.money(), "labels": field.tags()}
        crm, _ = upgrade(version="1.1", shelf={}, terms=new, steps={"1.1": [move]})

        with crm.acting_as(MEI) as ws:
            assert ws.get(Account, account.id).document_values() == {
                "custom.region": "east",
                "depot.place": "x",
                "depot.spot": "x!",
                "depot.fee": Money("3.00", "USD"),
                "depot.labels": ("a", "b"),
            }
            assert ws.get(Account, bare.id).document_values() == {}

    def test_statements(self, upgrade: Upgrade) -> None:
        """Whole tables are changed by a statement, with the old names as columns of `was`."""
        crm, _ = upgrade(shelf={"pol": field.text(), "count": field.integer()})
        with crm.acting_as(MEI) as ws:
            ws.create_many([crm.entities["depot.shelf"](name=str(n), pol=f"p{n}", count=n) for n in range(5)])
        counts: list[int] = []

        def count(m: Migration) -> None:
            shelf, was = m.now["depot.shelf"], m.was["depot.shelf"].c
            big = m.rows(select(func.count()).select_from(shelf).where(was.pol > "p2"))[0][0]
            counts.append(big)
            counts.append(m.execute(update(shelf).where(was["pol"] > "p2").values(size=was.count * 10)))

        crm, _ = upgrade(
            version="1.1", shelf={"place": field.text(was="pol"), "size": field.integer()}, steps={"1.1": [count]}
        )

        assert counts == [2, 2]
        with crm.reading_as(MEI) as ws:
            sizes = [each.size for each in ws.list(crm.entities["depot.shelf"], order_by="name")]  # type: ignore[attr-defined]
            assert sizes == [None, None, None, 30, 40]

    def test_not_on_a_new_database(self, upgrade: Upgrade) -> None:
        """A database that begins with the release has nothing to bring anywhere."""

        def fail(m: Migration) -> None:
            raise AssertionError

        _, done = upgrade(version="1.1", shelf={}, steps={"1.1": [fail]})
        assert not any("step" in line for line in done)
        assert upgrade(version="1.2", shelf={}, steps={"1.1": [fail]})[1] == ["upgraded depot from 1.1 to 1.2"]

    def test_left_early(self, upgrade: Upgrade) -> None:
        """A loop that is left early keeps what it did to its last batch; what comes after begins anew."""
        crm, _ = upgrade(shelf=FIRST)
        fill_shelves(crm)

        def some(m: Migration) -> None:
            for rows in m.batches("depot.shelf", size=10):
                for row in rows:
                    row.now["name"] = "first"
                if rows[-1].was["rack"] > 15:
                    break
            for rows in m.batches("depot.shelf", where=m.now["depot.shelf"].c.name == "first", size=7):
                for row in rows:
                    row.now["rack"] = -1

        crm, _ = upgrade(version="1.1", shelf=FIRST, steps={"1.1": [some]})
        with crm.reading_as(MEI) as ws:
            racks = [each.rack for each in ws.iterate(crm.entities["depot.shelf"], order_by="rack")]  # type: ignore[attr-defined]
            assert racks == [-1] * 19 + list(range(20, 25))


class TestFailure:
    def test_goes_on(self, release: Release, upgrade: Upgrade) -> None:
        """After an error the batches before it stay, nobody gets in, and the next attempt goes on behind them."""
        crm, _ = upgrade(shelf=FIRST)
        fill_shelves(crm)
        seen: list[str] = []

        def address(repaired: bool) -> Callable[[Migration], None]:
            def give(m: Migration) -> None:
                m.execute(update(m.now["depot.shelf"]).values(rack=m.now["depot.shelf"].c.rack + 100))
                for rows in m.batches("depot.shelf", size=10):
                    seen.extend(row.now["name"] for row in rows)
                    if rows[0].was["name"] == "20" and not repaired:
                        raise ZeroDivisionError("boom")
                    _address(rows)
                m.execute(update(m.now["depot.shelf"]).values(load=0))

            return give

        broken = release(version="1.1", shelf=SECOND, steps={"1.1": [give_nothing, address(False)]})
        told = r"'depot': its step give for 1\.1 raised ZeroDivisionError: boom; .* goes on there"
        with pytest.raises(HookFailedError, match=told) as caught:
            broken.migrate(backup=False)
        assert (caught.value.plugin, caught.value.hook) == ("depot", "migration")
        with pytest.raises(NotMigratedError, match="the upgrade of depot was interrupted"), broken.acting_as(MEI):
            pass
        with pytest.raises(Exception, match="another process has upgraded"), crm.acting_as(MEI) as ws:
            ws.create(Account(name="x"))
        assert seen == [str(number) for number in range(25)]

        seen.clear()
        crm, done = upgrade(version="1.1.1", shelf=SECOND, steps={"1.1": [give_nothing, address(True)]})
        assert done == ["completed depot 1.1", "upgraded depot from 1.1 to 1.1.1"]
        assert seen == [str(number) for number in range(20, 25)]
        with crm.reading_as(MEI) as ws:
            shelves: Any = ws.list(crm.entities["depot.shelf"], order_by="created_at, name", limit=50)
            assert {each.address for each in shelves} == {f"H-{number + 100}" for number in range(1, 25)}
            assert {each.load for each in shelves} == {0}

    def test_values_are_judged(self, upgrade: Upgrade) -> None:
        """A value that the field's kind refuses is refused here too, the row named."""
        crm, _ = upgrade(shelf=FIRST)
        fill_shelves(crm, 2)

        def wrong(m: Migration) -> None:
            for rows in m.batches("depot.shelf"):
                rows[0].now["load"] = "much"

        with pytest.raises(HookFailedError, match=r"raised Problem: .*decimal\.invalid"):
            upgrade(version="1.1", shelf=SECOND, steps={"1.1": [wrong]})

    def test_names_are_told(self, upgrade: Upgrade) -> None:
        """A slip in a name is told with the nearest ones; the kernel's own fields are left alone."""
        crm, _ = upgrade(shelf=FIRST)
        fill_shelves(crm, 2)
        slip = ""

        def wrong(m: Migration) -> None:
            if slip == "entity":
                _ = m.now["depot.shelfs"]
            if slip == "column":
                _ = m.was["depot.shelf"].c.hal
            for rows in m.batches("depot.shelf"):
                rows[0].now["adress" if slip == "field" else "version"] = "x"

        told = {
            "entity": "depot.shelf'",
            "field": "did you mean 'address'",
            "column": "'hall'",
            "kernel": "kernel's own",
        }
        for slip, sentence in told.items():
            with pytest.raises(HookFailedError, match=sentence) as caught:
                upgrade(version="1.1", shelf=SECOND, steps={"1.1": [wrong]})

            assert isinstance(caught.value.__cause__, UnknownNameError) or slip == "kernel"

    def test_unique_after_the_step(self, upgrade: Upgrade) -> None:
        """What must be unique is asked when the step has run; until it is so, the upgrade is not complete."""
        crm, _ = upgrade(shelf={"code": field.text()})
        with crm.acting_as(MEI) as ws:
            ws.create_many([crm.entities["depot.shelf"](name=str(n), code="same") for n in range(3)])
        unique = {"code": field.text(unique=True)}

        def number(m: Migration) -> None:
            for rows in m.batches("depot.shelf"):
                for row in rows:
                    row.now["code"] = row.was["code"] + row.was["name"]

        with pytest.raises(UpgradeRefusedError, match=r"depot\.shelf\.code: must be unique, but 'same' stands in 3"):
            upgrade(version="1.1", shelf=unique)
        with pytest.raises(UpgradeRefusedError, match=r"after the steps of depot 1\.1: depot\.shelf\.code: must be"):
            upgrade(version="1.1", shelf=unique, steps={"1.1": [give_nothing]})
        with pytest.raises(UpgradeRefusedError, match=r"after the steps of depot 1\.1"):
            upgrade(version="1.2", shelf=unique, steps={"1.1": [give_nothing], "1.2": [number]})

    def test_unique_by_the_step(self, upgrade: Upgrade) -> None:
        """A step may make unique what was not."""
        crm, _ = upgrade(shelf={"code": field.text()})
        with crm.acting_as(MEI) as ws:
            ws.create_many([crm.entities["depot.shelf"](name=str(n), code="same") for n in range(3)])

        def number(m: Migration) -> None:
            for rows in m.batches("depot.shelf", size=1):
                for row in rows:
                    row.now["code"] = row.was["code"] + row.was["name"]

        crm, _ = upgrade(version="1.1", shelf={"code": field.text(unique=True)}, steps={"1.1": [number]})
        with crm.reading_as(MEI) as ws:
            codes = {each.code for each in ws.list(crm.entities["depot.shelf"])}  # type: ignore[attr-defined]
            assert codes == {"same0", "same1", "same2"}


def give_nothing(m: Migration) -> None:
    """Do nothing."""


def _address(rows: Iterable[MigratedRow]) -> None:
    for row in rows:
        row.now["address"] = f"{row.was['hall']}-{row.was['rack']}"


def _binned(ws: Any, crm: CRM) -> Any:
    table = ws._ctx.tools.tables.table("depot.shelf")
    return behind_the_door(ws).execute(select(table.c.id).where(table.c.deleted_at.is_not(None))).scalar_one()
