from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pycrm import (
    CRM,
    Account,
    ConflictError,
    Contact,
    Contract,
    F,
    Money,
    MoveNotAllowedError,
    Opportunity,
    OpportunityContact,
    PriceBook,
    Principal,
    Product,
    Quote,
    QuoteLine,
    SalesOrder,
    SalesOrderLine,
    ValidationError,
    Workspace,
    create_quote,
    field,
    order_quote,
    revise_quote,
)
from pycrm.builtin.sales import QUOTE
from pycrm.testing import FixedClock

DAY = date(2026, 3, 2)


def usd(amount: str) -> Money:
    return Money(amount, "USD")


def make_quote(ws: Workspace, *prices: str, **values: Any) -> Quote:
    """Create a quote in US dollars with a line of two pieces at each of *prices*."""
    given: dict[str, Any] = {"account": ws.create(Account(name="Nordwind", country="DE")), "currency": "USD"} | values
    quote = ws.create(Quote(**given))
    ws.create_many([QuoteLine(quote=quote, unit_price=usd(price), qty=Decimal(2)) for price in prices])
    return ws.get(Quote, quote.id)


def accepted_quote(ws: Workspace, *prices: str, **values: Any) -> Quote:
    quote = make_quote(ws, *prices, **values)
    ws.move(quote, "send")
    ws.move(quote, "accept")
    return quote


def lines_of(ws: Workspace, quote: Quote) -> list[QuoteLine]:
    return list(ws.list(QuoteLine, where=F.quote == quote, order_by="position"))


def problems_of(error: ValidationError) -> list[tuple[str, str | None]]:
    return [(problem.code, problem.field) for problem in error.problems]


def test_quote_adds_up(ws: Workspace) -> None:
    """A quote's total is that of its lines, each rounded once; it follows every change of them."""
    quote = make_quote(ws, "0.0025", "10")
    line = lines_of(ws, quote)[1]

    assert (quote.number, quote.revision, quote.total) == ("QUO-2026-00001", 1, usd("20.00"))
    ws.update(line, discount_ratio=Decimal("0.1"), tax_ratio=Decimal("0.13"))
    assert (line.total, ws.get(Quote, quote.id).total) == (usd("20.34"), usd("20.34"))
    ws.delete(line)
    assert str(ws.get(Quote, quote.id).total) == "USD 0.00"


def test_quote_lines_keep_rules(ws: Workspace) -> None:
    """Positions are given and unique, prices in the quote's currency, and that stays while there are any."""
    quote = make_quote(ws, "1", "2", number="Q-1")

    assert [line.position for line in lines_of(ws, quote)] == [1, 2]
    with pytest.raises(ValidationError) as caught:
        ws.create(QuoteLine(quote=quote, position=2))
    assert [code for code, _ in problems_of(caught.value)] == ["field.not_unique"]
    with pytest.raises(ValidationError) as caught:
        ws.create(QuoteLine(quote=quote, unit_price=Money("5", "EUR")))
    assert problems_of(caught.value) == [("quote_line.other_currency", "unit_price")]
    with pytest.raises(ValidationError) as caught:
        ws.update(quote, currency="EUR")
    assert problems_of(caught.value) == [("quote.currency_in_use", "currency")]


def test_quote_goes_through_approval(ws: Workspace) -> None:
    """From draft through approval to the customer, and back to the draft on the way."""
    quote = make_quote(ws)

    for move in ("submit", "send_back", "submit", "approve", "send", "accept"):
        ws.move(quote, move)
    assert quote.status == "accepted"
    assert [move.name for move in ws.moves(quote)] == []


def test_approval_is_a_right_of_its_own() -> None:
    """Writing quotes does not include approving them."""
    assert QUOTE.moves["approve"].may == "approve"


@pytest.mark.parametrize(("hours", "valid"), [(12, True), (36, False)])
def test_late_acceptance_is_refused(ws: Workspace, clock: FixedClock, hours: int, valid: bool) -> None:
    """A quote is accepted until its last day is over everywhere on earth, later only with a later day."""
    clock.advance(datetime(2026, 3, 2, tzinfo=clock().tzinfo) - clock())
    quote = make_quote(ws, valid_until_on=DAY)
    ws.move(quote, "send")
    clock.advance(timedelta(hours=hours))

    if valid:
        ws.move(quote, "accept")
        return
    with pytest.raises(ValidationError) as caught:
        ws.move(quote, "accept")
    assert problems_of(caught.value) == [("quote.expired", "valid_until_on")]
    quote = ws.get(Quote, quote.id)
    ws.move(quote, "accept", valid_until_on=DAY + timedelta(days=9))
    assert quote.status == "accepted"


def test_quote_of_opportunity(ws: Workspace) -> None:
    """An opportunity's quote has its account, its primary contact, its currency and its owner."""
    account, people = ws.create(Account(name="Nordwind")), [Contact(name="Nora"), Contact(name="Ole")]
    ws.create_many(people)
    deal = ws.create(Opportunity(name="motors", account=account, amount=Money("900", "EUR")))
    parts = [OpportunityContact(opportunity=deal, contact=each, is_primary=each is people[1]) for each in people]
    ws.create_many(parts)

    quote = ws.run(create_quote(opportunity=deal, valid_until_on=DAY))
    assert quote.contact is not None
    assert (quote.account.id, quote.contact.id, quote.currency) == (account.id, people[1].id, "EUR")
    assert (quote.valid_until_on, quote.status, quote.total) == (DAY, "draft", Money(0, "EUR"))


def test_quote_takes_currency_of_price_book(ws: Workspace) -> None:
    """A price book says in which currency the quote is; a contact of the caller's choice is taken."""
    deal = ws.create(Opportunity(name="motors", account=ws.create(Account(name="x")), amount=usd("9")))
    book, contact = ws.create(PriceBook(name="2026", currency="CNY")), ws.create(Contact(name="Nora"))

    quote = ws.run(create_quote(deal, price_book=book, contact=contact))
    assert quote.contact is not None
    assert (quote.currency, quote.contact.id) == ("CNY", contact.id)


def test_deal_without_account_makes_no_quote(ws: Workspace) -> None:
    """What is missing is asked for."""
    with pytest.raises(ValidationError) as caught:
        ws.run(create_quote(ws.create(Opportunity(name="motors"))))

    assert problems_of(caught.value) == [("field.required", "account"), ("field.required", "currency")]


def test_revision_supersedes(ws: Workspace) -> None:
    """A revision is a draft with the same lines under the next number; the one before it is superseded."""
    first = make_quote(ws, "10", "2.5", valid_until_on=DAY)
    ws.move(first, "send")

    second = ws.run(revise_quote(first))
    third = ws.run(revise_quote(second, valid_until_on=DAY))
    assert (first.status, second.status, third.status) == ("superseded", "superseded", "draft")
    assert (second.number, third.number) == ("QUO-2026-00001-R2", "QUO-2026-00001-R3")
    assert (second.revision, second.valid_until_on, third.revision, third.valid_until_on) == (2, None, 3, DAY)
    assert (third.revises.id if third.revises else None, third.total) == (second.id, usd("25.00"))
    assert [(line.position, line.qty, line.unit_price) for line in lines_of(ws, third)] == [
        (1, Decimal(2), usd("10")),
        (2, Decimal(2), usd("2.5")),
    ]
    (revision,) = ws.get(Quote, first.id, include="revisions").related("revisions")
    assert revision.id == second.id


def test_revision_takes_added_fields_along(ws: Workspace) -> None:
    """Custom values of the quote and of its lines are those of the revision, too."""
    ws.define_field(Quote, "incoterm", field.text())
    ws.define_field(QuoteLine, "colour", field.text())
    quote = make_quote(ws, custom={"incoterm": "FOB Qingdao"})
    ws.create(QuoteLine(quote=quote, custom={"colour": "red"}))

    revision = ws.run(revise_quote(quote))
    assert revision.custom.incoterm == "FOB Qingdao"
    assert [line.custom.colour for line in lines_of(ws, revision)] == ["red"]


@pytest.mark.parametrize("last_move", ["accept", "supersede"])
def test_settled_quote_is_not_revised(ws: Workspace, last_move: str) -> None:
    """What was accepted, or revised already, stays as it is."""
    quote = make_quote(ws)
    ws.move(quote, "send")
    ws.move(quote, last_move)

    with pytest.raises(MoveNotAllowedError):
        ws.run(revise_quote(quote))


def test_taken_number_leaves_quote_alone(ws: Workspace) -> None:
    """Where the revision cannot be written, the quote is not superseded."""
    quote = make_quote(ws, number="Q-1")
    make_quote(ws, number="Q-1-R2")

    with pytest.raises(ValidationError) as caught:
        ws.run(revise_quote(quote))
    assert problems_of(caught.value) == [("field.not_unique", "number")]
    assert (quote.status, ws.get(Quote, quote.id).status) == ("draft", "draft")


def test_accepted_quote_becomes_order(ws: Workspace) -> None:
    """The order has account, country, currency, lines and total of the quote, and is a draft."""
    product = ws.create(Product(code="M-1", name="motor"))
    quote = make_quote(ws, "10", owner=None)
    ws.create(
        QuoteLine(quote=quote, product=product, qty=Decimal(3), uom="pcs", unit_price=usd("1.005"), tax_ratio="0.13")  # type: ignore[arg-type]
    )
    contract = ws.create(Contract(name="frame", account=quote.account))
    ws.move(quote, "send")
    ws.move(quote, "accept")

    order = ws.run(order_quote(quote, contract=contract))
    assert order.quote is not None
    assert order.contract is not None
    assert order.account is not None
    assert (order.quote.id, order.contract.id, order.account.id) == (quote.id, contract.id, quote.account.id)
    assert (order.country, order.status, order.ordered_at) == ("DE", "draft", ws.now())
    assert order.total == ws.get(Quote, quote.id).total == usd("23.41")
    lines = ws.list(SalesOrderLine, where=F.order == order, order_by="position")
    assert [(line.position, line.qty, line.uom, line.delivered_qty) for line in lines] == [
        (1, Decimal(2), None, Decimal(0)),
        (2, Decimal(3), "pcs", Decimal(0)),
    ]
    assert lines[1].product is not None
    assert lines[1].product.id == product.id


def test_order_is_made_once(ws: Workspace) -> None:
    """Ordering again returns the same order, unless that was cancelled."""
    quote = accepted_quote(ws, "10")
    order = ws.run(order_quote(quote))

    assert ws.run(order_quote(quote)).id == order.id
    ws.move(order, "cancel")
    assert ws.run(order_quote(quote)).id != order.id
    assert len(ws.get(Quote, quote.id, include="orders").related("orders")) == 2


def test_concurrent_orders_are_one(crm: CRM, mei: Principal) -> None:
    """Of units that order one quote at once, all get the order of the first."""
    with crm.acting_as(mei) as ws:
        quote_id = accepted_quote(ws, "10").id

    def order(_: int) -> Any:
        return crm.run(mei, lambda ws: ws.run(order_quote(ws.get(Quote, quote_id))).id)

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(order, range(4)))) == 1
    with crm.reading_as(mei) as reader:
        assert (reader.count(SalesOrder), reader.count(SalesOrderLine)) == (1, 1)


def test_concurrent_revisions_conflict(crm: CRM, mei: Principal) -> None:
    """Of two revisions of one quote at once, one wins and the other is told."""
    with crm.acting_as(mei) as ws:
        quote_id = make_quote(ws, "10").id
    with crm.reading_as(mei) as reader:
        stale = reader.get(Quote, quote_id)
    with crm.acting_as(mei) as ws:
        ws.run(revise_quote(ws.get(Quote, quote_id)))

    with pytest.raises(ConflictError), crm.acting_as(mei) as ws:
        ws.run(revise_quote(stale))
    with crm.reading_as(mei) as reader:
        assert reader.count(Quote) == 2


def test_order_takes_shared_custom_fields(ws: Workspace) -> None:
    """Custom values go to the order, and to its lines, where these have the same field."""
    for entity in (Quote, SalesOrder, QuoteLine, SalesOrderLine):
        ws.define_field(entity, "note", field.text())
    quote = make_quote(ws, custom={"note": "by sea"})
    ws.create(QuoteLine(quote=quote, custom={"note": "red"}))
    ws.move(quote, "send")
    ws.move(quote, "accept")

    order = ws.run(order_quote(quote))
    (line,) = ws.list(SalesOrderLine, where=F.order == order)
    assert (order.custom.note, line.custom.note) == ("by sea", "red")
