from __future__ import annotations

from datetime import timedelta

from pycrm import F, Money, Opportunity, Stage, StageChange, Workspace
from pycrm.testing import FixedClock

Step = tuple[str | None, str, int | None]


def stage_named(ws: Workspace, name: str) -> Stage:
    found = ws.find(Stage, name=name)
    assert found is not None
    return found


def steps_of(ws: Workspace, opportunity: Opportunity) -> list[Step]:
    """Return from where, to where and after how many seconds, in the order of time."""
    steps = ws.list(StageChange, where=F.opportunity == opportunity, order_by="at", include="from_stage to_stage")
    return [
        (step.from_stage.record.name if step.from_stage else None, step.to_stage.record.name, step.seconds_in_stage)
        for step in steps
    ]


def test_creation_is_first_step(ws: Workspace) -> None:
    """A new opportunity comes from nowhere into its stage, at the moment of its creation."""
    opportunity = ws.create(Opportunity(name="500 台电机"))

    assert steps_of(ws, opportunity) == [(None, "Qualification", None)]
    (step,) = ws.get(Opportunity, opportunity.id, include="stage_changes").related("stage_changes")
    assert step.at == opportunity.created_at


def test_steps_tell_durations(ws: Workspace, clock: FixedClock) -> None:
    """Each further step tells how long the opportunity was where it comes from."""
    opportunity = ws.create(Opportunity(name="deal"))

    clock.advance(timedelta(days=2))
    ws.update(opportunity, stage=stage_named(ws, "Proposal"))
    clock.advance(timedelta(minutes=90))
    ws.update(opportunity, outcome="won")
    assert steps_of(ws, opportunity) == [
        (None, "Qualification", None),
        ("Qualification", "Proposal", 2 * 86_400),
        ("Proposal", "Won", 90 * 60),
    ]


def test_other_changes_are_no_step(ws: Workspace) -> None:
    """What leaves the stage as it is, the bin and back included, leaves no trace here."""
    opportunity = ws.create(Opportunity(name="deal"))

    ws.update(opportunity, amount=Money("5", "USD"), outcome="abandoned")
    ws.delete(opportunity)
    assert ws.count(StageChange) == 0
    ws.restore(opportunity)
    assert steps_of(ws, opportunity) == [(None, "Qualification", None)]


def test_batch_is_noted_together(ws: Workspace, clock: FixedClock) -> None:
    """A batch of opportunities that go different ways has one step each."""
    deals = list(ws.create_many([Opportunity(name=f"deal {at}") for at in range(600)]).created)
    targets = [stage_named(ws, name) for name in ("Proposal", "Negotiation")]
    clock.advance(timedelta(hours=1))

    for at, deal in enumerate(deals[:400]):
        deal.stage = targets[at % 2]
    ws.update_many(deals)
    assert ws.count(StageChange) == 1000
    assert steps_of(ws, deals[1]) == [(None, "Qualification", None), ("Qualification", "Negotiation", 3600)]
    assert steps_of(ws, deals[400]) == [(None, "Qualification", None)]


def test_imported_step_counts(ws: Workspace, clock: FixedClock) -> None:
    """A step that an importer writes is the one that the next counts from; one that lies ahead counts as none."""
    opportunity = ws.create(Opportunity(name="deal"))
    first = stage_named(ws, "Qualification")
    ws.create(StageChange(opportunity=opportunity, to_stage=first, at=ws.now() + timedelta(hours=1)))

    clock.advance(timedelta(minutes=10))
    ws.update(opportunity, stage=stage_named(ws, "Proposal"))
    assert ("Qualification", "Proposal", 0) in steps_of(ws, opportunity)
