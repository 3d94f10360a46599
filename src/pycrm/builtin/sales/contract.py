"""`Contract`: what was agreed with an account, for how long and for how much."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from pycrm.builtin.parties import Account
from pycrm.builtin.sales.plugin import plugin
from pycrm.plugin import ChangeSet, Lifecycle, Money, Move, OwnedRecord, Problem, Ref, State, Workspace, field

CONTRACT = Lifecycle(
    State("draft"),
    State("in_approval"),
    State("approved"),
    State("signed"),
    State("expired", final=True),
    State("terminated", final=True),
    State("cancelled", final=True),
    Move("submit", "draft", "in_approval"),
    Move("approve", "in_approval", "approved", may="approve"),
    Move("send_back", "in_approval approved", "draft"),
    Move("sign", "draft approved", "signed"),
    Move("expire", "signed", "expired"),
    Move("terminate", "signed", "terminated"),
    Move("cancel", "draft in_approval approved", "cancelled"),
)


@plugin.entity(title="name", list="number name account status starts_on ends_on amount owner")
class Contract(OwnedRecord):
    """An agreement with one account. Both of its days count; who needs no approval signs the draft itself."""

    number: str = field.autonumber("CON-{year}-{seq:05}", unique=True, searchable=True)
    account: Ref[Account] = field.ref(Account, many="contracts")
    name: str = field.text(indexed=True, searchable=True)
    status: str = field.status(CONTRACT)
    starts_on: date | None = field.date(indexed=True)
    ends_on: date | None = field.date(indexed=True)
    amount: Money | None = field.money()
    signed_at: datetime | None = field.datetime(indexed=True)


@plugin.derive(Contract, changed="status")
def keep_signed_at(ws: Workspace, changes: ChangeSet[Contract]) -> None:
    """Set `signed_at` as a contract gets signed, unless it has a time or the caller gives one."""
    for contract in changes:
        if contract.status == "signed" and contract.signed_at is None:
            changes.set(contract, signed_at=ws.now())


@plugin.check(Contract, changed="starts_on ends_on")
def ends_after_start(ws: Workspace, changes: ChangeSet[Contract]) -> Iterator[Problem]:
    """A contract ends no sooner than it begins."""
    for contract in changes:
        if contract.starts_on and contract.ends_on and contract.ends_on < contract.starts_on:
            yield Problem(
                "contract.ends_before_start",
                contract,
                "ends_on",
                message="lies before {start}, the first day; change one of the two",
                value=contract.ends_on,
                start=contract.starts_on,
            )
