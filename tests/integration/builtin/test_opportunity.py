from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from pycrm import (
    Account,
    Competitor,
    Contact,
    Opportunity,
    OpportunityContact,
    Pipeline,
    Stage,
    ValidationError,
    Workspace,
)

EARLIER = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


def stage_of(ws: Workspace, opportunity: Opportunity) -> str:
    return ws.get(Opportunity, opportunity.id, include="stage").stage.record.name


def stage_named(ws: Workspace, name: str) -> Stage:
    found = ws.find(Stage, name=name)
    assert found is not None
    return found


def problems_of(error: ValidationError) -> list[tuple[str, str | None]]:
    return [(problem.code, problem.field) for problem in error.problems]


def test_bare_opportunity_begins(ws: Workspace) -> None:
    """A name is enough: it begins open in the first stage, at that stage's probability."""
    opportunity = ws.get(Opportunity, ws.create(Opportunity(name="500 台电机")).id)

    assert stage_of(ws, opportunity) == "Qualification"
    assert opportunity.pipeline.id == ws.list(Pipeline)[0].id
    assert (opportunity.outcome, opportunity.probability_ratio, opportunity.closed_at) == ("open", Decimal("0.1"), None)


@pytest.mark.parametrize(("outcome", "stage"), [("won", "Won"), ("lost", "Lost"), ("abandoned", "Qualification")])
def test_outcome_picks_stage(ws: Workspace, outcome: str, stage: str) -> None:
    """A given outcome picks the stage and closes; abandoned keeps the stage."""
    opportunity = ws.create(Opportunity(name="deal", outcome=outcome))
    changed = ws.update(ws.create(Opportunity(name="other")), outcome=outcome)

    for each in (opportunity, changed):
        assert (stage_of(ws, each), each.outcome, each.closed_at is not None) == (stage, outcome, True)


def test_stage_sets_outcome(ws: Workspace) -> None:
    """The outcome, the probability and the closing time follow the stage, there and back."""
    opportunity = ws.create(Opportunity(name="deal"))

    ws.update(opportunity, stage=stage_named(ws, "Won"))
    assert (opportunity.outcome, opportunity.probability_ratio) == ("won", 1)
    assert opportunity.closed_at is not None
    ws.update(opportunity, stage=stage_named(ws, "Negotiation"))
    assert (opportunity.outcome, opportunity.probability_ratio) == ("open", Decimal("0.6"))
    assert opportunity.closed_at is None


def test_given_values_stay(ws: Workspace) -> None:
    """A probability and a closing time that the caller gives are kept."""
    opportunity = ws.create(
        Opportunity(name="old", outcome="won", closed_at=EARLIER, probability_ratio=Decimal("0.99"))
    )

    read = ws.get(Opportunity, opportunity.id)
    assert (read.closed_at, read.probability_ratio) == (EARLIER, Decimal("0.99"))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"outcome": "won", "stage": "Proposal"}, ("opportunity.outcome_without_stage", "outcome")),
        ({"pipeline": "Projects", "stage": "Proposal"}, ("opportunity.stage_of_other_pipeline", "stage")),
        ({"closed_at": EARLIER}, ("opportunity.not_closed", "closed_at")),
    ],
)
def test_contradiction_is_refused(ws: Workspace, values: dict[str, Any], expected: tuple[str, str]) -> None:
    """What the caller gives must tell one story."""
    projects = ws.create(Pipeline(name="Projects"))
    ws.create(Stage(pipeline=projects, name="Study", position=1, probability_ratio=Decimal("0.2")))
    given = dict(values)
    if "stage" in given:
        given["stage"] = stage_named(ws, given["stage"])
    if "pipeline" in given:
        given["pipeline"] = projects

    with pytest.raises(ValidationError) as caught:
        ws.create(Opportunity(name="deal", **given))
    assert problems_of(caught.value) == [expected]


def test_other_pipeline_begins_anew(ws: Workspace) -> None:
    """Given only another pipeline, an opportunity stands in that one's first stage of its outcome."""
    projects = ws.create(Pipeline(name="Projects"))
    ws.create(Stage(pipeline=projects, name="Study", position=1, probability_ratio=Decimal("0.2")))
    opportunity = ws.create(Opportunity(name="deal"))

    ws.update(opportunity, pipeline=projects)
    assert (stage_of(ws, opportunity), opportunity.probability_ratio) == ("Study", Decimal("0.2"))


def test_no_pipeline_is_a_problem(ws: Workspace) -> None:
    """Without a default pipeline, pipeline and stage have to be given; the problem says so."""
    ws.update(ws.list(Pipeline)[0], is_default=False)

    with pytest.raises(ValidationError) as caught:
        ws.create(Opportunity(name="deal"))
    assert {("field.required", "pipeline"), ("field.required", "stage")} <= set(problems_of(caught.value))


def test_batch_is_placed_together(ws: Workspace) -> None:
    """A batch mixes what is given; each record is judged by itself."""
    outcomes = ["open", "won", "lost", "abandoned"] * 5
    created = ws.create_many([Opportunity(name=outcome, outcome=outcome) for outcome in outcomes]).created

    read = [ws.get(Opportunity, each.id, include="stage") for each in created]
    assert [each.stage.record.outcome for each in read] == ["open", "won", "lost", "open"] * 5


def test_competitors_are_kept(ws: Workspace) -> None:
    """An opportunity names who else wants it, and a competitor may be an account of ours."""
    account = ws.create(Account(name="Rival Ltd", roles=["competitor"]))
    rivals = ws.create_many([Competitor(name="Rival", account=account), Competitor(name="Other")]).created
    opportunity = ws.create(Opportunity(name="deal", competitors=rivals[:1]))

    ws.update(opportunity, competitors=rivals)
    read = ws.get(Opportunity, opportunity.id, include="competitors.account")
    assert [rival.record.name for rival in read.competitors] == ["Rival", "Other"]
    assert read.competitors[0].record.account is not None
    assert read.competitors[0].record.account.record.name == "Rival Ltd"


def test_contacts_have_parts(ws: Workspace) -> None:
    """Who has a say in an opportunity goes into the bin with it and comes back."""
    opportunity, nora = ws.create(Opportunity(name="deal")), ws.create(Contact(name="Nora"))
    ws.create_many(
        [OpportunityContact(opportunity=opportunity, contact=nora, role=role) for role in ("buyer", "decision_maker")]
    )

    (first, second) = ws.get(Opportunity, opportunity.id, include="contacts.contact").related("contacts")
    assert (first.role, second.role, second.contact.record.name) == ("buyer", "decision_maker", "Nora")
    assert len(ws.get(Contact, nora.id, include="opportunities").related("opportunities")) == 2
    ws.delete(opportunity)
    assert ws.count(OpportunityContact) == 0
    ws.restore(opportunity)
    assert ws.count(OpportunityContact) == 2
