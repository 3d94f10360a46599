"""`Quote`: an offer with prices. Its lines are in `quote_line`, what is done with it in `quoting`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from pycrm.builtin.parties import Account, Contact
from pycrm.builtin.products import PriceBook
from pycrm.builtin.sales.opportunity import Opportunity
from pycrm.builtin.sales.plugin import plugin
from pycrm.plugin import (
    ChangeSet,
    Lifecycle,
    Money,
    Move,
    OptRef,
    OwnedRecord,
    Problem,
    Ref,
    State,
    Workspace,
    field,
)

QUOTE = Lifecycle(
    State("draft"),
    State("in_approval"),
    State("approved"),
    State("sent"),
    State("accepted", final=True),
    State("rejected", final=True),
    State("expired", final=True),
    State("superseded", final=True),
    Move("submit", "draft", "in_approval"),
    Move("approve", "in_approval", "approved", may="approve"),
    Move("send_back", "in_approval approved", "draft"),
    Move("send", "draft approved", "sent"),
    Move("accept", "sent", "accepted"),
    Move("reject", "sent", "rejected"),
    Move("expire", "draft in_approval approved sent", "expired"),
    Move("supersede", "draft in_approval approved sent rejected expired", "superseded"),
)

# A day that is over in the westernmost time zone is over everywhere.
WESTERNMOST = timedelta(hours=-12)


@plugin.entity(title="number", list="number revision account opportunity status valid_until_on total owner")
class Quote(OwnedRecord):
    """An offer to one account, in one currency. Who needs no approval sends the draft itself.

    Attributes:
        price_book: Where new lines of products take their prices from.
        revision: 1, and one more for each that `revises` another.
    """

    number: str = field.autonumber("QUO-{year}-{seq:05}", unique=True, searchable=True)
    account: Ref[Account] = field.ref(Account, many="quotes")
    opportunity: OptRef[Opportunity] = field.ref(Opportunity, many="quotes")
    contact: OptRef[Contact] = field.ref(Contact, many="quotes")
    currency: str = field.currency()
    price_book: OptRef[PriceBook] = field.ref(PriceBook, many="quotes")
    valid_until_on: date | None = field.date(indexed=True)
    status: str = field.status(QUOTE)
    revision: int = field.integer(default=1)
    revises: OptRef[Quote] = field.ref("quote", many="revisions")
    total: Money | None = field.money(read_only=True)


@plugin.check(Quote, changed="status")
def still_valid(ws: Workspace, changes: ChangeSet[Quote]) -> Iterator[Problem]:
    """A quote is sent and accepted while it is valid, that is until its last day is over everywhere."""
    day = (ws.now() + WESTERNMOST).date()
    for quote in changes:
        leaving = changes.move_of(quote) in ("send", "accept")
        if leaving and quote.valid_until_on is not None and quote.valid_until_on < day:
            yield Problem(
                "quote.expired",
                quote,
                "valid_until_on",
                message="is over for quote {quote}; give a later day with the move, or revise the quote",
                value=quote.valid_until_on,
                quote=quote.number,
            )
