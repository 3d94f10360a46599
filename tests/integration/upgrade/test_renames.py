"""A field that is declared with `was=` keeps its values, wherever they are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pycrm import CRM, Account, ConflictError, F, Money, User, field

from .conftest import MEI

Upgrade = Callable[..., tuple[CRM, list[str]]]


def test_columns(upgrade: Upgrade, index_names: Callable[[], set[str]]) -> None:
    """All parts of a column field, its indexes and its foreign key are called by the new name."""
    declared = {
        "pol": field.text(indexed=True),
        "number": field.text(unique=True),
        "amount": field.money(),
        "account": field.ref(Account, many="shelves"),
    }
    crm, _ = upgrade(shelf=declared, unique=[("pol", "number")])
    with crm.acting_as(MEI) as ws:
        account = ws.create(Account(name="a"))
        values = {"pol": "CNTAO", "number": "7", "amount": Money("2.50", "EUR"), "account": account}
        made = ws.create(crm.entities["depot.shelf"](name="s", **values))
    renamed = {
        "place": field.text(indexed=True, was="pol"),
        "code": field.text(unique=True, was="number"),
        "price": field.money(was="amount"),
        "customer": field.ref(Account, many="shelves", was="account"),
    }

    crm, done = upgrade(version="1.1", shelf=renamed, unique=[("place", "code")])

    assert done[1:] == [
        "  depot.shelf.place: renamed from pol",
        "  depot.shelf.code: renamed from number",
        "  depot.shelf.price: renamed from amount",
        "  depot.shelf.customer: renamed from account",
    ]
    with crm.acting_as(MEI) as ws:
        read: Any = ws.get(crm.entities["depot.shelf"], made.id)
        assert (read.place, read.code, read.price, read.customer.id) == ("CNTAO", "7", Money("2.50", "EUR"), account.id)
        assert ws.count(crm.entities["depot.shelf"], where=F.customer == account) == 1
    own = {name.removeprefix("crm_depot_shelf_") for name in index_names() if name.startswith("crm_depot_shelf")}
    assert own - {"pkey"} == {"place_idx", "code_key", "customer_idx", "place_code_key"}


def test_documents_and_links(upgrade: Upgrade, index_names: Callable[[], set[str]]) -> None:
    """Values of every shape in a document, and multi-references, keep under the new name what they were."""
    terms = {
        "place": field.text(indexed=True),
        "sure": field.boolean(),
        "labels": field.tags(),
        "count": field.integer(),
        "fee": field.money(),
        "friends": field.refs(User),
    }
    crm, _ = upgrade(shelf={"watchers": field.refs(User)}, terms=terms)
    with crm.acting_as(MEI) as ws:
        account = ws.create(Account(name="a"))
        other = ws.create(Account(name="without"))
        me = ws.find(User, key="mei")
        assert me is not None
        values = {
            "place": "青岛 'x' \"y\"",
            "sure": True,
            "labels": ("a", "大"),
            "count": 2**62,
            "fee": Money(1, "USD"),
        }
        ws.update(account, **{f"depot.{name}": value for name, value in {**values, "friends": [me]}.items()})
        shelf = ws.create(crm.entities["depot.shelf"](name="s", watchers=[me]))
    new = {
        "spot": field.text(indexed=True, was="place"),
        "certain": field.boolean(was="sure"),
        "tags": field.tags(was="labels"),
        "number": field.integer(was="count"),
        "price": field.money(was="fee"),
        "mates": field.refs(User, was="friends"),
    }

    crm, _ = upgrade(version="1.1", shelf={"observers": field.refs(User, was="watchers")}, terms=new)

    with crm.acting_as(MEI) as ws:
        read = ws.get(Account, account.id)
        assert read.document_values() == {
            "depot.spot": values["place"],
            "depot.certain": True,
            "depot.tags": ("a", "大"),
            "depot.number": 2**62,
            "depot.price": Money(1, "USD"),
            "depot.mates": (me.id,),
        }
        assert ws.find(Account, **{"depot.certain": True}) == read or ws.count(Account) == 2
        assert ws.get(Account, other.id).document_values() == {}
        assert [each.id for each in ws.get(crm.entities["depot.shelf"], shelf.id).observers] == [me.id]  # type: ignore[attr-defined]
        assert ws.find(Account, **{"depot.spot": values["place"]}).id == account.id  # type: ignore[union-attr]
    assert {"crm_account_depot_spot_doc_idx"} == {
        name for name in index_names() if "depot" in name and "account" in name
    }


def test_counters(upgrade: Upgrade) -> None:
    """An autonumber counts on under its new name, within the year and beyond."""
    first = {"number": field.autonumber("A-{seq}"), "yearly": field.autonumber("B-{year}-{seq}")}
    crm, _ = upgrade(shelf=first)
    with crm.acting_as(MEI) as ws:
        ws.create_many([crm.entities["depot.shelf"](name=str(number)) for number in range(3)])
        year = ws.now().year
    second = {
        "code": field.autonumber("A-{seq}", was="number"),
        "key": field.autonumber("B-{year}-{seq}", was="yearly"),
    }

    crm, _ = upgrade(version="1.1", shelf=second)

    with crm.acting_as(MEI) as ws:
        made: Any = ws.create(crm.entities["depot.shelf"](name="4"))
        assert (made.code, made.key) == ("A-4", f"B-{year}-4")


def test_names_change_places(upgrade: Upgrade) -> None:
    """A name may be taken over in the same release by a field of its own."""
    crm, _ = upgrade(shelf={"pol": field.text()}, terms={"a": field.text()})
    with crm.acting_as(MEI) as ws:
        made = ws.create(crm.entities["depot.shelf"](name="s", pol="CNTAO"))
        account = ws.create(Account(name="a"))
        ws.update(account, **{"depot.a": "x"})

    again = {"place": field.text(was="pol"), "pol": field.integer()}
    crm, _ = upgrade(version="1.1", shelf=again, terms={"b": field.text(was="a"), "a": field.boolean()})

    assert crm.migrate() == []
    with crm.acting_as(MEI) as ws:
        read: Any = ws.get(crm.entities["depot.shelf"], made.id)
        assert (read.place, read.pol) == ("CNTAO", None)
        ws.update(read, pol=7)
        assert ws.get(Account, account.id).document_values() == {"depot.b": "x"}


@pytest.mark.parametrize("was", ["pol", "nothing"])
def test_renaming_is_done_once(upgrade: Upgrade, was: str) -> None:
    """A `was` may stay in the code: it is passed over once it is done, or where there is no such field."""
    upgrade(shelf={"pol": field.text()})
    crm, _ = upgrade(version="1.1", shelf={"place": field.text(was=was)})
    with crm.acting_as(MEI) as ws:
        made = ws.create(crm.entities["depot.shelf"](name="s", place="x"))

    crm, done = upgrade(version="1.2", shelf={"place": field.text(was=was)})
    assert done == ["upgraded depot from 1.1 to 1.2"]
    with crm.acting_as(MEI) as ws:
        assert ws.get(crm.entities["depot.shelf"], made.id).place == "x"  # type: ignore[attr-defined]


def test_stale_form(upgrade: Upgrade) -> None:
    """A form from before the renaming meets changes that were made under the old name."""
    crm, _ = upgrade(shelf={"pol": field.text()})
    with crm.acting_as(MEI) as ws:
        made = ws.create(crm.entities["depot.shelf"](name="s", pol="a"))
        ws.update(made, pol="b")

    crm, _ = upgrade(version="1.1", shelf={"place": field.text(was="pol")})

    with crm.acting_as(MEI) as ws, pytest.raises(ConflictError, match="place was changed meanwhile"):
        ws.update(ws.get(crm.entities["depot.shelf"], made.id), version=1, place="c")
