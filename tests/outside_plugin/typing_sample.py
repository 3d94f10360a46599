"""What a type checker knows of a plugin's nouns and verbs; mypy reads this file, nobody runs it."""

from __future__ import annotations

from datetime import date
from typing import assert_type
from uuid import UUID

from trade_samples import Sample, SampleTerms, plugin, remind, resend

from pycrm import Account, Contact, Task
from pycrm.plugin import BatchResult, ChangeSet, Money, Page, Ref, Workspace


def reading(ws: Workspace, id: UUID) -> None:
    """Reads give the noun, and its fields their types."""
    sample = ws.get(Sample, id, include="account")
    assert_type(sample, Sample)
    assert_type(sample.number, str)
    assert_type(sample.account, Ref[Account])
    assert_type(sample.account.record.name, str)
    assert_type(sample.asked_by, Ref[Contact] | None)
    assert_type(sample.shown_to, tuple[Ref[Contact], ...])
    assert_type(sample.sent_on, date | None)
    assert_type(sample.cost, Money | None)
    assert_type(ws.list(Sample), Page[Sample])
    assert_type(ws.find(Sample, number="SMP-2026-0001"), Sample | None)
    assert_type(ws.get(Account, id)[SampleTerms].free_samples, int | None)


def writing(ws: Workspace, account: Account, contact: Contact) -> None:
    """Writes take and give the noun; references take records, ids and refs."""
    sample = ws.create(Sample(account=account, asked_by=contact.id, shown_to=[contact]))
    assert_type(sample, Sample)
    sample.account = account.id
    sample.asked_by = None
    assert_type(ws.update(sample, courier="SF"), Sample)
    assert_type(ws.move(sample, "send"), Sample)
    assert_type(ws.create_many([sample]), BatchResult[Sample])
    sample.number = 5  # type: ignore[assignment]
    Sample(account=account, courrier="SF")  # type: ignore[call-arg]


def acting(ws: Workspace, sample: Sample) -> None:
    """An action knows its arguments, and `run` what comes back."""
    assert_type(ws.run(remind(sample, days=3)), Task)
    assert_type(ws.run(resend(sample, 2)), list[Sample])
    remind(sample, weeks=1)  # type: ignore[call-arg]


def declaring() -> None:
    """A hook that cannot be asked as hooks are is seen before it runs, and so is a misspelt option."""

    @plugin.check(Sample)  # type: ignore[type-var]
    def lacks_changes(ws: Workspace) -> None: ...

    @plugin.derive(Sample, change="account")  # type: ignore[call-arg]
    def misspelt(ws: Workspace, changes: ChangeSet[Sample]) -> None: ...
