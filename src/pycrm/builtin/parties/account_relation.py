"""`AccountRelation`: what one account is to another, from when until when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from uuid import UUID

from pycrm.builtin.batches import portions
from pycrm.builtin.parties.account import Account
from pycrm.builtin.parties.plugin import plugin
from pycrm.plugin import ChangeSet, F, Problem, Record, Ref, Workspace, field

KINDS = (
    "parent",
    "subsidiary",
    "sister",
    "partner",
    "supplier",
    "distributor",
    "agent",
    "forwarder",
    "customs_broker",
    "consignee",
    "notify_party",
    "end_user",
    "payer",
    "bank",
    "guarantor",
    "employer",
    "relative",
    "other",
)
MUTUAL = frozenset({"sister", "partner", "relative"})

Sense = tuple[UUID, UUID, str]
"""What a relation says, whichever way round it was written."""


@plugin.entity(title="kind", list="from_account kind to_account since_on until_on", plural="account_relations")
class AccountRelation(Record):
    """What one account is to another: `from_account` is the agent, the consignee, the parent of `to_account`.

    Both of its days count; without one it is open to that side.
    """

    from_account: Ref[Account] = field.ref(Account, many="relations", part_of=True, rights_from=True)
    to_account: Ref[Account] = field.ref(Account, many="relations_to_it", part_of=True)
    kind: str = field.choice(KINDS)
    since_on: date | None = field.date()
    until_on: date | None = field.date()


@plugin.check(AccountRelation, changed="from_account to_account")
def two_accounts(ws: Workspace, changes: ChangeSet[AccountRelation]) -> Iterator[Problem]:
    """No account is related to itself."""
    for relation in changes:
        if relation.from_account == relation.to_account:
            yield Problem(
                "account_relation.to_itself",
                relation,
                "to_account",
                message="is the account that the relation is from; give another one",
                value=str(relation.to_account.id),
            )


@plugin.check(AccountRelation, changed="since_on until_on")
def ends_after_start(ws: Workspace, changes: ChangeSet[AccountRelation]) -> Iterator[Problem]:
    """A relation ends no sooner than it begins."""
    for relation in changes:
        if relation.since_on and relation.until_on and relation.until_on < relation.since_on:
            yield Problem(
                "account_relation.ends_before_start",
                relation,
                "until_on",
                message="lies before {start}, the first day; change one of the two",
                start=relation.since_on,
                value=relation.until_on,
            )


@plugin.check(AccountRelation, changed="from_account to_account kind since_on until_on")
def said_once(ws: Workspace, changes: ChangeSet[AccountRelation]) -> Iterator[Problem]:
    """Two accounts are related in one way once at a time, whichever of them the relation is from."""
    if changes.kind == "delete":
        return
    there = stored_by_sense(ws, changes)
    for relation in changes:
        others = there[sense_of(relation)]
        for other in others:
            if other.id != relation.id and overlap(relation, other):
                yield Problem(
                    "account_relation.duplicate",
                    relation,
                    "kind",
                    message="is what these accounts are to each other already, from {since} to {until}; "
                    "change that relation, or let one end before the other begins",
                    since=other.since_on or "…",
                    until=other.until_on or "…",
                    value=relation.kind,
                )
                break
        others.append(relation)


def sense_of(relation: AccountRelation) -> Sense:
    """Return what *relation* says: that A is B's subsidiary says the same as that B is A's parent."""
    one, other = relation.from_account.id, relation.to_account.id
    if relation.kind == "subsidiary" or (relation.kind in MUTUAL and one > other):
        one, other = other, one
    return one, other, "parent" if relation.kind == "subsidiary" else relation.kind


def overlap(one: AccountRelation, other: AccountRelation) -> bool:
    """Whether there is a day on which both hold."""
    return _begins_by_end_of(one, other) and _begins_by_end_of(other, one)


def _begins_by_end_of(one: AccountRelation, other: AccountRelation) -> bool:
    return (one.since_on or date.min) <= (other.until_on or date.max)


def stored_by_sense(ws: Workspace, changes: Iterable[AccountRelation]) -> dict[Sense, list[AccountRelation]]:
    """Return the stored relations between the accounts of *changes*, without those that are being written."""
    written = {relation.id for relation in changes}
    pairs = {(relation.from_account.id, relation.to_account.id) for relation in changes}
    found: dict[UUID, AccountRelation] = {}
    for portion in portions(pairs | {(other, one) for one, other in pairs}):
        ones, others = ({pair[place] for pair in portion} for place in (0, 1))
        where = F.from_account.in_(ones) & F.to_account.in_(others)
        found.update((each.id, each) for each in ws.iterate(AccountRelation, where=where) if each.id not in written)
    by_sense: dict[Sense, list[AccountRelation]] = defaultdict(list)
    for each in found.values():
        by_sense[sense_of(each)].append(each)
    return by_sense
