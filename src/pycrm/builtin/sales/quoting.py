"""What is done with quotes: made of an opportunity, revised, turned into an order."""

from __future__ import annotations

from datetime import date
from typing import Any

from pycrm.builtin.batches import read_by
from pycrm.builtin.parties import Contact
from pycrm.builtin.products import PriceBook
from pycrm.builtin.sales.contract import Contract
from pycrm.builtin.sales.copying import copied, shared_custom
from pycrm.builtin.sales.opportunity import Opportunity
from pycrm.builtin.sales.opportunity_contact import OpportunityContact
from pycrm.builtin.sales.plugin import plugin
from pycrm.builtin.sales.quote import Quote
from pycrm.builtin.sales.quote_line import QuoteLine
from pycrm.builtin.sales.sales_order import SalesOrder
from pycrm.builtin.sales.sales_order_line import SalesOrderLine
from pycrm.plugin import F, Ref, Workspace

__all__ = ["create_quote", "order_quote", "revise_quote"]

LINE_FIELDS = ("position", "product", "description", "qty", "uom", "unit_price", "discount_ratio", "tax_ratio")


@plugin.action(Opportunity)
def create_quote(
    ws: Workspace,
    opportunity: Opportunity,
    *,
    currency: str | None = None,
    price_book: PriceBook | None = None,
    contact: Contact | None = None,
    valid_until_on: date | None = None,
) -> Quote:
    """Make a quote of an opportunity, still without lines.

    Args:
        ws: The door.
        opportunity: A stored opportunity with an account.
        currency: To offer in; without it that of the price book, or else of the opportunity's amount.
        price_book: Where lines take their prices from.
        contact: Whom it goes to; the opportunity's primary contact where left out.
        valid_until_on: Its last day.
    """
    if currency is None and price_book is not None:
        currency = price_book.currency
    elif currency is None and opportunity.amount is not None:
        currency = opportunity.amount.currency
    # What is missing is for the door to say.
    values: dict[str, Any] = {
        "account": opportunity.account,
        "opportunity": opportunity,
        "contact": contact or _primary_contact(ws, opportunity),
        "currency": currency,
        "price_book": price_book,
        "valid_until_on": valid_until_on,
        "owner": opportunity.owner,
        "team": opportunity.team,
        "custom": shared_custom(ws, opportunity, Quote),
    }
    return ws.create(Quote(**values))


def _primary_contact(ws: Workspace, opportunity: Opportunity) -> Ref[Contact] | None:
    where = (F.opportunity == opportunity) & (F.is_primary == True)  # noqa: E712
    primary = ws.list(OpportunityContact, where=where, limit=1)
    return primary[0].contact if primary else None


@plugin.action(Quote, states="draft in_approval approved sent rejected expired")
def revise_quote(ws: Workspace, quote: Quote, *, valid_until_on: date | None = None) -> Quote:
    """Make the next revision of a quote, a draft with the same lines; the quote itself is superseded.

    The number is that of the first revision with ``-R2``, ``-R3`` … after it. What plugins and custom fields added
    goes along.

    Args:
        ws: The door.
        quote: A stored quote.
        valid_until_on: The last day of the revision; it is not taken over.
    """
    with ws.savepoint():
        ws.move(quote, "supersede")
        first = quote.number.removesuffix(f"-R{quote.revision}")
        revision = copied(
            ws,
            quote,
            leaving=("status",),
            number=f"{first}-R{quote.revision + 1}",
            revision=quote.revision + 1,
            revises=quote,
            valid_until_on=valid_until_on,
        )
        ws.create(revision)
        lines = read_by(ws, QuoteLine, "quote", [quote.id], order_by="position")
        ws.create_many([copied(ws, line, quote=revision) for line in lines])
        return ws.get(Quote, revision.id)


@plugin.action(Quote, states="accepted")
def order_quote(ws: Workspace, quote: Quote, *, contract: Contract | None = None) -> SalesOrder:
    """Make a draft order of an accepted quote, with its lines; return the one that there is where it was made before.

    Values of custom fields that orders, or lines of orders, have as well go along.

    Args:
        ws: The door.
        quote: A stored quote.
        contract: The contract that the order is placed under.
    """
    with ws.savepoint():
        ws.lock([quote])  # of two who order the same quote at once, the second finds the order of the first
        before = ws.list(SalesOrder, where=(F.quote == quote) & (F.status != "cancelled"), limit=1)
        if before:
            return before[0]
        ws.include([quote], "account")
        order = SalesOrder(
            account=quote.account,
            country=quote.account.record.country,
            quote=quote,
            contract=contract,
            ordered_at=ws.now(),
            currency=quote.currency,
            price_book=quote.price_book,
            owner=quote.owner,
            team=quote.team,
            custom=shared_custom(ws, quote, SalesOrder),
        )
        ws.create(order)
        lines = read_by(ws, QuoteLine, "quote", [quote.id], order_by="position")
        ws.create_many([_order_line(ws, order, line) for line in lines])
        return ws.get(SalesOrder, order.id)


def _order_line(ws: Workspace, order: SalesOrder, line: QuoteLine) -> SalesOrderLine:
    values = {name: getattr(line, name) for name in LINE_FIELDS}
    return SalesOrderLine(order=order, **values, custom=shared_custom(ws, line, SalesOrderLine))
