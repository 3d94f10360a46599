"""`Sample`: something that a customer asked to see before ordering."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from pycrm import Account, Contact, Task
from pycrm.plugin import (
    ChangeSet,
    Extension,
    F,
    Lifecycle,
    Money,
    Move,
    OptRef,
    OwnedRecord,
    Problem,
    Ref,
    Refs,
    State,
    Workspace,
    field,
)
from trade_samples.plugin import plugin

SAMPLE = Lifecycle(
    State("asked"),
    State("sent"),
    State("approved", final=True),
    State("rejected", final=True),
    Move("send", "asked", "sent", needs="sent_on courier"),
    Move("approve", "sent", "approved"),
    Move("reject", "sent", "rejected", needs="feedback"),
)


@plugin.entity(title="number", list="number account sent_on status")
class Sample(OwnedRecord):
    """One sample for one account."""

    number: str = field.autonumber("SMP-{year}-{seq:04}", unique=True)
    account: Ref[Account] = field.ref(Account, many="samples")
    asked_by: OptRef[Contact] = field.ref(Contact, many="samples")
    shown_to: Refs[Contact] = field.refs(Contact)
    status: str = field.status(SAMPLE)
    courier: str | None = field.text()
    sent_on: date | None = field.date(indexed=True)
    cost: Money | None = field.money()
    feedback: str | None = field.long_text()


@plugin.extend(Account)
class SampleTerms(Extension):
    """What an account is due."""

    free_samples: int | None = field.integer()
    asked_count: int | None = field.integer(read_only=True)


@plugin.on_install
def explain(ws: Workspace) -> None:
    """Leave a note of what to do first."""
    ws.create(Task(subject="set how many samples are free"))


@plugin.derive(Sample, move="send")
def sent_today(ws: Workspace, changes: ChangeSet[Sample]) -> None:
    """A sample that goes out without a date goes out today."""
    for sample in changes:
        if sample.sent_on is None:
            changes.set(sample, sent_on=ws.now().date())


@plugin.check(Sample, changed="account", include="account")
def within_terms(ws: Workspace, changes: ChangeSet[Sample]) -> Iterator[Problem]:
    """Nobody gets more samples than are free for him."""
    if changes.kind not in ("create", "update"):
        return
    for sample in changes:
        terms = sample.account.record[SampleTerms]
        if terms.free_samples is not None and (terms.asked_count or 0) >= terms.free_samples:
            yield Problem(
                "samples.too_many",
                sample,
                "account",
                message="has had its {limit} free samples; raise free_samples first",
                limit=terms.free_samples,
            )


@plugin.after_write(Sample, as_plugin=True)
def count_samples(ws: Workspace, changes: ChangeSet[Sample]) -> None:
    """Keep the number of samples of each account."""
    accounts = [ws.get(Account, id) for id in {sample.account.id for sample in changes}]
    for account in accounts:
        account[SampleTerms].asked_count = ws.count(Sample, where=F.account == account)
    ws.update_many(accounts)


@plugin.action(Sample)
def remind(ws: Workspace, sample: Sample, *, days: int = 3) -> Task:
    """Make a task to ask for feedback in so many days."""
    return ws.create(Task(subject=f"ask about {sample.number}", due_at=ws.now() + timedelta(days=days), about=sample))


@plugin.action(Sample, permission="create")
def resend(ws: Workspace, sample: Sample, copies: int = 1) -> list[Sample]:
    """Ask for the same sample again."""
    return [ws.create(Sample(account=sample.account, asked_by=sample.asked_by)) for _ in range(copies)]
