"""`Opportunity`: a deal in progress; pipeline, stage, outcome, probability and closing time follow each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import attrs

from pycrm.builtin.parties import Account
from pycrm.builtin.parties.account import SOURCES
from pycrm.builtin.sales.competitor import Competitor
from pycrm.builtin.sales.pipeline import Pipeline, Stage
from pycrm.builtin.sales.plugin import plugin
from pycrm.plugin import ChangeSet, F, Money, OptRef, OwnedRecord, Problem, Ref, Refs, Workspace, field

OUTCOMES = ("open", "won", "lost", "abandoned")


@plugin.entity(title="name", list="name account stage amount close_on owner")
class Opportunity(OwnedRecord):
    """A deal in progress; real pipelines have some without an account.

    Pipeline and stage default to the first stage of the default pipeline. The outcome follows the stage, and a given
    outcome picks the stage; ``"abandoned"`` keeps it.
    """

    name: str = field.text(indexed=True, searchable=True)
    account: OptRef[Account] = field.ref(Account, many="opportunities")
    pipeline: Ref[Pipeline] = field.ref(Pipeline, many="opportunities")
    stage: Ref[Stage] = field.ref(Stage, many="opportunities")
    amount: Money | None = field.money()
    probability_ratio: Decimal | None = field.ratio()
    close_on: date | None = field.date(indexed=True)
    source: str | None = field.choice(SOURCES)
    next_step: str | None = field.text()
    outcome: str = field.choice(OUTCOMES)
    closed_at: datetime | None = field.datetime(indexed=True)
    lost_reason: str | None = field.text()
    competitors: Refs[Competitor] = field.refs(Competitor)
    description: str | None = field.long_text()
    tags: tuple[str, ...] = field.tags()


@attrs.frozen
class Board:
    """All stages, to find one by what is known of an opportunity.

    Attributes:
        stages: By id, in the order of their positions.
        default: The id of the default pipeline, or None where there is none.
    """

    stages: Mapping[UUID, Stage]
    default: UUID | None

    def first(self, pipeline: UUID | None, outcome: str | None) -> Stage | None:
        """Return the first stage of *pipeline*, of those with *outcome* where one is given."""
        for stage in self.stages.values():
            if stage.pipeline.id == pipeline and outcome in (None, stage.outcome):
                return stage
        return None

    def choose(self, opportunity: Opportunity, given: frozenset[str]) -> Stage | None:
        """Return the stage that *opportunity* belongs in when the caller gave the fields *given*, or None."""
        present = id_of(opportunity.stage)
        stage = self.stages.get(present) if present else None
        if "stage" in given:
            return stage
        pipeline = id_of(opportunity.pipeline) or self.default
        outcome = opportunity.outcome
        if stage and stage.pipeline.id == pipeline and outcome in (stage.outcome, "abandoned"):
            return stage
        return self.first(pipeline, outcome if outcome in ("open", "won", "lost") else None)


def follow(
    opportunity: Opportunity, stage: Stage, given: frozenset[str], was: str | None, now: datetime
) -> dict[str, Any]:
    """Return the fields of *opportunity* that follow from standing in *stage*, without those the caller gave.

    Args:
        opportunity: As the caller wants it.
        stage: The stage that it belongs in.
        given: The fields that the caller gave or changed.
        was: The outcome before, None at a creation.
        now: The closing time of one that is closed now.
    """
    outcome = opportunity.outcome
    if "outcome" not in given and ("stage" in given or outcome != "abandoned"):
        outcome = stage.outcome
    values: dict[str, Any] = {"pipeline": stage.pipeline.id, "stage": stage.id, "outcome": outcome}
    if "stage" in given or id_of(opportunity.stage) != stage.id:
        values["probability_ratio"] = stage.probability_ratio
    if outcome == "open":
        values["closed_at"] = None
    elif was in (None, "open"):
        values["closed_at"] = now
    return {name: value for name, value in values.items() if name not in given}


def id_of(reference: Ref[Any] | None) -> UUID | None:
    """Return the id of *reference*. Before the derive hooks are through, a required one may be missing."""
    return reference.id if reference is not None else None


@plugin.derive(Opportunity, changed="pipeline stage outcome")
def follow_stage(ws: Workspace, changes: ChangeSet[Opportunity]) -> None:
    """Fill pipeline, stage, outcome, probability and closing time from each other, never over what the caller gave."""
    board = read_board(ws)
    for opportunity in changes:
        given = changes.changed(opportunity)
        stage = board.choose(opportunity, given)
        if stage is not None:
            was = changes.before(opportunity, "outcome")
            changes.set(opportunity, **follow(opportunity, stage, given, was, ws.now()))


def read_board(ws: Workspace) -> Board:
    """Return the stages of all pipelines; companies have dozens, so they are read whole, once per batch."""
    default = ws.find(Pipeline, is_default=True)
    stages: Iterable[Stage] = ws.iterate(Stage, order_by="position")
    return Board({stage.id: stage for stage in stages}, default.id if default else None)


@plugin.check(Opportunity, changed="pipeline stage outcome closed_at", include="stage")
def consistent_stage(ws: Workspace, changes: ChangeSet[Opportunity]) -> Iterator[Problem]:
    """Pipeline, stage, outcome and closing time that the caller gave tell one story."""
    for opportunity in changes:
        stage = opportunity.stage.record
        outcome = opportunity.outcome
        if stage.pipeline.id != opportunity.pipeline.id:
            yield Problem(
                "opportunity.stage_of_other_pipeline",
                opportunity,
                "stage",
                message="{stage} is no stage of this pipeline; give a stage of it, or leave the pipeline out",
                stage=stage.name,
            )
        elif outcome not in (stage.outcome, "abandoned"):
            yield Problem(
                "opportunity.outcome_without_stage",
                opportunity,
                "outcome",
                message="is {outcome}, but stage {stage} means {expected}; give one of the two, and see that "
                "the pipeline has a stage for that outcome",
                outcome=outcome,
                stage=stage.name,
                expected=stage.outcome,
            )
        if opportunity.closed_at is not None and outcome == "open":
            yield Problem(
                "opportunity.not_closed",
                opportunity,
                "closed_at",
                message="is set, but the opportunity is open; give an outcome too, or leave the time out",
                value=opportunity.closed_at,
            )


@plugin.check(Stage, changed="pipeline outcome")
def unused_stage(ws: Workspace, changes: ChangeSet[Stage]) -> Iterator[Problem]:
    """A stage that opportunities stand in keeps its pipeline and its outcome, for they have taken both over."""
    if changes.kind != "update":
        return
    here = F.stage.in_([stage.id for stage in changes])
    rows = ws.aggregate(Opportunity, measures=["count()"], group_by="stage", where=here)
    counts = {row["stage"].id: row["count()"] for row in rows}
    for stage in changes:
        if count := counts.get(stage.id):
            yield Problem(
                "stage.in_use",
                stage,
                "outcome" if "outcome" in changes.changed(stage) else "pipeline",
                message="stays as it is while opportunities stand in stage {stage} ({count}); add a stage, move them",
                stage=stage.name,
                count=count,
            )
