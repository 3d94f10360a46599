"""A plugin in four releases, for proofs of upgrades: each adds, renames, parks, tightens, or moves values."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import update

from pycrm import CRM, Account, field
from pycrm.plugin import Extension, MigratedRow, Migration, OptRef, Plugin, Record, Ref, Refs, User
from reliability.workers import ADMINISTRATOR

__all__ = ["RELEASES", "fill"]


def _first() -> Plugin:
    plugin = Plugin("depot", version="1.0")

    @plugin.entity(title="name")
    class Shelf(Record):
        name: str = field.text()
        pol: str | None = field.text(indexed=True)
        hall: str | None = field.text()
        rack: int | None = field.integer()
        load: Decimal | None = field.decimal(places=3)
        size: str | None = field.choice(["S", "M", "XL"])
        number: str = field.autonumber("SH-{year}-{seq:03}", unique=True)
        account: OptRef[Account] = field.ref(Account, many="shelves")
        keeper: OptRef[User] = field.ref(User, many="kept", soft=True)
        maker: OptRef[Account] = field.ref(Account, many="made")
        watchers: Refs[User] = field.refs(User)

    @plugin.extend(Account)
    class Terms(Extension):
        place: str | None = field.text(indexed=True)
        sure: bool | None = field.boolean()
        labels: tuple[str, ...] = field.tags()

    return plugin


def _second() -> Plugin:
    plugin = Plugin("depot", version="1.1")

    @plugin.entity(title="name", unique=[("hall", "rack")])
    class Shelf(Record):
        name: str = field.long_text()
        place: str | None = field.text(indexed=True, was="pol", max_length=1000)
        hall: str | None = field.text(indexed=True)
        rack: int | None = field.integer()
        load: Decimal | None = field.decimal(places=3)
        size: str | None = field.choice(["S", "M", "L"])
        code: str = field.autonumber("SH-{year}-{seq:03}", unique=True, was="number")
        account: OptRef[Account] = field.ref(Account, many="shelves")
        keeper: OptRef[User] = field.ref(User, many="kept")
        observers: Refs[User] = field.refs(User, was="watchers")
        next: OptRef[Shelf] = field.ref("depot.shelf", many="previous")

    @plugin.entity(title="name")
    class Bin(Record):
        name: str = field.text(unique=True)
        shelf: Ref[Shelf] = field.ref(Shelf, many="bins")

    @plugin.extend(Account)
    class Terms(Extension):
        spot: str | None = field.text(indexed=True, was="place")
        certain: bool | None = field.boolean(was="sure", indexed=True)
        labels: tuple[str, ...] = field.tags()

    return plugin


def _third() -> Plugin:
    plugin = Plugin("depot", version="1.2")

    @plugin.entity(title="name")
    class Shelf(Record):
        name: str = field.long_text()
        place: str | None = field.text(indexed=True, was="pol", max_length=1000)
        address: str | None = field.text(unique=True)
        load: Decimal | None = field.decimal(places=3)
        price: Decimal | None = field.decimal()
        size: str | None = field.choice(["S", "M", "L"])
        code: str = field.autonumber("SH-{year}-{seq:03}", unique=True, was="number")
        account: OptRef[Account] = field.ref(Account, many="shelves")
        keeper: OptRef[User] = field.ref(User, many="kept")
        observers: Refs[User] = field.refs(User, was="watchers")
        next: OptRef[Shelf] = field.ref("depot.shelf", many="previous")

    @plugin.entity(title="name")
    class Bin(Record):
        name: str = field.text(unique=True)
        shelf: Ref[Shelf] = field.ref(Shelf, many="bins")

    @plugin.extend(Account)
    class Terms(Extension):
        spot: str | None = field.text(indexed=True, was="place")
        certain: bool | None = field.boolean(was="sure", indexed=True)
        labels: tuple[str, ...] = field.tags()
        summary: str | None = field.text(indexed=True)

    @plugin.migration("1.2")
    def give_addresses(m: Migration) -> None:
        """Make an address of hall and rack, of which there were several; not one that could be done twice."""
        shelf = m.now["depot.shelf"]
        m.execute(update(shelf).values(load=shelf.c.load * 10))
        for rows in m.batches("depot.shelf", size=7):
            for row in rows:
                row.now["address"] = f"{row.was['hall']}/{row.was['rack']}"
                row.now["price"] = (row.now["load"] or 0) + Decimal("0.5")
                row.now["place"] = f"{row.was['place']}!"
        m.execute(update(shelf).where(shelf.c.load > 100_000).values(load=None))

    @plugin.migration("1.2")
    def sum_up(m: Migration) -> None:
        """Say in each account what its terms are."""
        for rows in m.batches("account", size=4):
            _sum_up(rows)

    return plugin


def _sum_up(rows: list[MigratedRow]) -> None:
    for row in rows:
        row.now["depot.summary"] = f"{row.was['depot.spot']} {row.was['depot.certain']} {row.now['depot.labels']}"
        row.now["depot.labels"] = (*row.now["depot.labels"], "seen")


def _fourth() -> Plugin:
    plugin = Plugin("depot", version="1.3")

    @plugin.entity(title="name")
    class Shelf(Record):
        name: str = field.long_text()
        site: str | None = field.text(indexed=True, was="place", max_length=1000)
        address: str | None = field.text(unique=True)
        price: Decimal | None = field.decimal()
        size: str | None = field.choice(["S", "M", "L"])
        code: str = field.autonumber("SH-{year}-{seq:03}", unique=True, was="number")
        account: OptRef[Account] = field.ref(Account, many="shelves", indexed=True)
        keeper: OptRef[User] = field.ref(User, many="kept", soft=True)
        observers: Refs[User] = field.refs(User, was="watchers")
        next: OptRef[Shelf] = field.ref("depot.shelf", many="previous")

    @plugin.extend(Account)
    class Terms(Extension):
        spot: str | None = field.text(unique=True, was="place")
        certain: bool | None = field.boolean(was="sure", indexed=True)
        labels: tuple[str, ...] = field.tags()
        summary: str | None = field.text(indexed=True)
        note: str | None = field.long_text()

    @plugin.migration("1.2")
    def give_addresses(m: Migration) -> None:
        """Do as the release before did: the columns are those of then."""
        _third_steps()[0](m)

    @plugin.migration("1.2")
    def sum_up(m: Migration) -> None:
        """Likewise."""
        _third_steps()[1](m)

    return plugin


def _third_steps() -> list[Any]:
    return [step.function for step in _third()._steps]


RELEASES = {"1.0": _first, "1.1": _second, "1.2": _third, "1.3": _fourth}


def fill(crm: CRM, *, shelves: int = 30) -> None:
    """Write accounts and *shelves* in the form of the first release."""
    shelf: Any = crm.entities["depot.shelf"]
    with crm.acting_as(ADMINISTRATOR) as ws:
        accounts = ws.create_many([Account(name=f"account {number}") for number in range(10)]).created
        for number, account in enumerate(accounts):
            values = {"depot.place": f"spot {number}", "depot.sure": bool(number % 2), "depot.labels": ("a", "大")}
            ws.update(account, **values)
        me = ws.find(User, key=ADMINISTRATOR.user)
        assert me is not None
        made = [
            shelf(
                name=f"shelf {number}",
                pol=f"pol {number}",
                hall=f"H{number % 3}",
                rack=number,
                load=Decimal(number) / 4,
                size="SMX"[number % 3].replace("X", "XL"),
                account=accounts[number % 10],
                keeper=me,
                maker=accounts[0],
                watchers=[me],
            )
            for number in range(shelves)
        ]
        ws.create_many(made)
