"""Parts of records of several entities: they go and come with the record that they are of, and lead there and back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.conftest import DATABASES
from tests.lab import MEI

from pycrm import CRM, Account, ConfigurationError, Product, Ref, ValidationError, field
from pycrm.plugin import OptRef, Plugin, Record

from .conftest import Open

pins = Plugin("pins", version="1")


@pins.entity(title="text")
class Pin(Record):
    """A part of any record; it may have pins itself."""

    text: str = field.text()
    on: OptRef[Record] = field.any_ref(part_of=True)


@pins.entity(title="text", unique=[("of", "text")])
class Badge(Record):
    """A part of an account or a product, each text once."""

    text: str = field.text()
    of: Ref[Account | Product] = field.any_ref(Account, Product, many="badges", part_of=True)


@pytest.fixture(params=DATABASES)
def crm(request: pytest.FixtureRequest, migrated: Callable[..., str], open_crm: Open) -> CRM:
    """A migrated CRM with pins, on each database."""
    return open_crm(migrated(request.param, [pins]), plugins=[pins])


def test_parts_follow_into_bin_and_back(crm: CRM) -> None:
    """Parts, and parts of parts, go into the bin with their record and come back; those of others stay."""
    with crm.acting_as(MEI) as ws:
        account, product = ws.create(Account(name="A")), ws.create(Product(code="P", name="P"))
        first = ws.create(Pin(text="first", on=account))
        before = ws.create(Pin(text="before", on=account))
        ws.create_many([Pin(text="second", on=first), Pin(text="other", on=product)])
        ws.delete(before)
        ws.delete(account)
        left = [pin.text for pin in ws.list(Pin)]
        ws.restore(account)
        back = sorted(pin.text for pin in ws.list(Pin))

    assert (left, back) == (["other"], ["first", "other", "second"])


def test_parts_are_purged_with_record(crm: CRM) -> None:
    """A record with many parts is removed for good with all of them."""
    with crm.acting_as(MEI) as ws:
        account = ws.create(Account(name="A"))
        ws.create_many([Pin(text=str(number), on=account) for number in range(1100)])
        ws.delete(account)
        ws.purge(account)

        assert ws._ctx.unit.rows("SELECT count(*) FROM crm_pins_pin")[0][0] == 0


def test_way_back_from_each_target(crm: CRM) -> None:
    """Each of the targets leads to its own; a plugin's way back carries the plugin's name."""
    with crm.acting_as(MEI) as ws:
        account, product = ws.create(Account(name="A")), ws.create(Product(code="P", name="P"))
        ws.create_many([Badge(text="a", of=account), Badge(text="p", of=product), Badge(text="q", of=product)])

        of_account = ws.get(Account, account.id, include="pins.badges.of").related("pins.badges")
        of_product = ws.get(Product, product.id, include="pins.badges").related("pins.badges")

    assert [(badge.text, badge.of.record) for badge in of_account] == [("a", of_account[0].of.record)]
    assert sorted(badge.text for badge in of_product) == ["p", "q"]


def test_unique_with_owner(crm: CRM) -> None:
    """A reference to several entities may be among the fields that are unique together."""
    with crm.acting_as(MEI) as ws:
        account, product = ws.create(Account(name="A")), ws.create(Product(code="P", name="P"))
        ws.create_many([Badge(text="x", of=account), Badge(text="x", of=product)])
        with pytest.raises(ValidationError) as caught:
            ws.create(Badge(text="x", of=product))
        upserted = ws.upsert_many(Badge, [Badge(text="x", of=product), Badge(text="y", of=product)], by=["of", "text"])

    assert [problem.code for problem in caught.value.problems] == ["field.not_unique"]
    assert (len(upserted.created), len(upserted.updated), len(upserted.unchanged)) == (1, 0, 1)


def test_way_back_needs_named_targets() -> None:
    """No way back leads from every entity there is."""
    with pytest.raises(ConfigurationError, match="many='pins' would be a way back from every entity"):
        field.any_ref(many="pins")
