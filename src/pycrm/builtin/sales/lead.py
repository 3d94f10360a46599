"""`Lead`: interest that nobody has qualified yet. What becomes of a good one is in `conversion`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from pycrm.builtin.parties import Account, Contact
from pycrm.builtin.parties.account import SOURCES
from pycrm.builtin.sales.opportunity import Opportunity
from pycrm.builtin.sales.plugin import plugin
from pycrm.plugin import ChangeSet, Lifecycle, Move, OptRef, OwnedRecord, Problem, State, Workspace, field

LEAD = Lifecycle(
    State("new"),
    State("working"),
    State("qualified"),
    State("disqualified", final=True),
    State("converted", final=True),
    Move("work", "new", "working"),
    Move("qualify", "new working", "qualified"),
    Move("disqualify", "new working qualified", "disqualified", needs="disqualified_reason"),
    Move("reopen", "disqualified", "working"),
    Move("convert", "new working qualified", "converted", needs="converted_account"),
)

CONVERTED = ("converted_account", "converted_contact", "converted_opportunity", "converted_at")


@plugin.entity(title="name", list="name company source status score_ratio owner")
class Lead(OwnedRecord):
    """A human who may become a customer, and the company that he named, if any.

    Attributes:
        campaign_ref: What the campaign that brought it is called where it was run.
        interest: What it is about, in the words of the lead.
    """

    name: str = field.text(indexed=True, searchable=True)
    company: str | None = field.text(indexed=True, searchable=True)
    job_title: str | None = field.text()
    email: str | None = field.email(indexed=True, searchable=True)
    phone: str | None = field.phone(indexed=True, searchable=True)
    country: str | None = field.country(indexed=True)
    source: str | None = field.choice(SOURCES)
    campaign_ref: str | None = field.text(indexed=True)
    status: str = field.status(LEAD)
    score_ratio: Decimal | None = field.ratio()
    interest: str | None = field.long_text(searchable=True)
    disqualified_reason: str | None = field.text()
    converted_account: OptRef[Account] = field.ref(Account, many="leads")
    converted_contact: OptRef[Contact] = field.ref(Contact, many="leads")
    converted_opportunity: OptRef[Opportunity] = field.ref(Opportunity, many="leads")
    converted_at: datetime | None = field.datetime(indexed=True)


@plugin.derive(Lead, changed="status")
def keep_converted_at(ws: Workspace, changes: ChangeSet[Lead]) -> None:
    """Set `converted_at` as a lead becomes a customer, unless the caller gives a time."""
    for lead in changes:
        if lead.status == "converted" and "converted_at" not in changes.changed(lead):
            changes.set(lead, converted_at=ws.now())


@plugin.check(Lead, changed=f"status {' '.join(CONVERTED)}")
def converted_when_converted(ws: Workspace, changes: ChangeSet[Lead]) -> Iterator[Problem]:
    """Only a lead that was converted has become something."""
    for lead in changes:
        for name in CONVERTED if lead.status != "converted" else ():
            if (value := getattr(lead, name)) is not None:
                yield Problem(
                    "lead.not_converted",
                    lead,
                    name,
                    message="is set, but the lead is {status}; convert it, or leave this out",
                    value=value,
                    status=lead.status,
                )
