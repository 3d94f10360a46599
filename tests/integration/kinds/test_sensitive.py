"""A sensitive value stays hidden where people read over a shoulder; the data itself is whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.lab import MEI

from pycrm import CRM, Account, ConflictError, ValidationError, field
from pycrm.plugin import Plugin, Record
from pycrm.schema.dump import dump_record

CARD, OTHER = "4111111111111111", "5555555555554444"
wallet = Plugin("wallet")


@wallet.entity(title="number")
class Card(Record):
    number: str = field.identifier("payment_card", unique=True)


@pytest.fixture
def crm() -> Iterator[CRM]:
    crm = CRM("sqlite://", plugins=[wallet])
    crm.migrate()
    with crm.acting_as(MEI) as ws:
        ws.define_field(Account, "card", field.identifier("payment_card"))
    yield crm
    crm.close()


def test_representations_are_masked(crm: CRM) -> None:
    """Record and custom fields show the last four digits, a number that nobody has judged none."""
    with crm.acting_as(MEI) as ws:
        card = ws.create(Card(number="4111 1111 1111 1111"))
        account = ws.create(Account(name="a", custom={"card": CARD}))

    assert repr(card) == "<Card ************1111>"
    assert repr(account.custom) == "CustomValues({'card': '************1111'})"
    assert repr(Card(number=4111)) == "<Card ***>"  # type: ignore[arg-type]
    assert dump_record(crm.schema.entity(Card), card)["number"] == CARD


def test_messages_are_masked(crm: CRM) -> None:
    """Neither a unique value that is taken nor a conflict tells the number."""
    with crm.acting_as(MEI) as ws:
        ws.create(Card(number=CARD))
        with pytest.raises(ValidationError, match=r"field\.not_unique") as taken:
            ws.create(Card(number=CARD))
        account = ws.create(Account(name="a", custom={"card": CARD}))
    with crm.acting_as(MEI) as ws:
        ws.update(ws.get(Account, account.id), **{"custom.card": OTHER})
    with pytest.raises(ConflictError) as conflict, crm.acting_as(MEI) as ws:
        account.custom.card = "4012888888881881"
        ws.update(account)

    assert CARD not in str(taken.value)
    assert OTHER not in str(conflict.value)
    assert "************4444" in str(conflict.value)
    assert conflict.value.theirs == OTHER
