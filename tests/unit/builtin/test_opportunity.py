from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from pycrm.builtin.sales import Opportunity, Pipeline, Stage, default_pipeline
from pycrm.builtin.sales.opportunity import Board, follow

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
EARLIER = datetime(2026, 2, 1, tzinfo=UTC)


def make_board(*pipelines: list[Any]) -> Board:
    stages = [record for records in pipelines for record in records if isinstance(record, Stage)]
    return Board({stage.id: stage for stage in stages}, pipelines[0][0].id if pipelines else None)


SALES = default_pipeline()
BY_NAME = {stage.name: stage for stage in SALES if isinstance(stage, Stage)}
OTHER_PIPELINE = Pipeline(name="Projects")
OTHER = [
    OTHER_PIPELINE,
    Stage(pipeline=OTHER_PIPELINE, name="Study", position=1, probability_ratio=Decimal("0.2"), outcome="open"),
    Stage(pipeline=OTHER_PIPELINE, name="Ordered", position=2, probability_ratio=Decimal(1), outcome="won"),
]
BOARD = make_board(SALES, OTHER)


def chosen(given: str = "", **values: Any) -> str | None:
    """Return the name of the stage chosen for an opportunity with *values* of which the fields *given* are new."""
    stage = BOARD.choose(Opportunity(name="deal", **values), frozenset(given.split()))
    return stage.name if stage else None


def test_nothing_given_begins_at_first_stage() -> None:
    """An opportunity of which nothing is known begins in the first stage of the default pipeline."""
    assert chosen() == "Qualification"


def test_given_stage_is_kept() -> None:
    """The stage that the caller gives is the stage, whatever the outcome."""
    assert chosen("stage", stage=BY_NAME["Proposal"]) == "Proposal"
    assert chosen("stage outcome", stage=BY_NAME["Proposal"], outcome="won") == "Proposal"


@pytest.mark.parametrize(
    ("outcome", "stage"),
    [("open", "Qualification"), ("won", "Won"), ("lost", "Lost"), ("abandoned", "Qualification")],
)
def test_given_outcome_picks_stage(outcome: str, stage: str) -> None:
    """A given outcome picks the pipeline's first stage with it; abandoned begins where all begin."""
    assert chosen("outcome", outcome=outcome) == stage


@pytest.mark.parametrize(("outcome", "stage"), [("open", "Negotiation"), ("won", "Won"), ("abandoned", "Negotiation")])
def test_changed_outcome_leaves_stage_that_fits(outcome: str, stage: str) -> None:
    """A stage that has the outcome already is kept, and abandoned keeps every stage."""
    assert chosen("outcome", outcome=outcome, pipeline=SALES[0], stage=BY_NAME["Negotiation"]) == stage


def test_given_pipeline_picks_its_stage() -> None:
    """Another pipeline puts the opportunity into its own first stage of the same outcome."""
    assert chosen("pipeline", pipeline=OTHER_PIPELINE) == "Study"
    assert chosen("pipeline", pipeline=OTHER_PIPELINE, stage=BY_NAME["Won"], outcome="won") == "Ordered"


def test_pipeline_without_outcome_picks_none() -> None:
    """Where the pipeline has no stage for the outcome, none is chosen."""
    assert chosen("pipeline outcome", pipeline=OTHER_PIPELINE, outcome="lost") is None


def test_empty_board_picks_none() -> None:
    """Without any pipeline there is no stage to begin in."""
    assert make_board().choose(Opportunity(name="deal"), frozenset()) is None


def test_new_opportunity_takes_all_from_stage() -> None:
    """Outcome, probability and pipeline come from the stage."""
    stage = BY_NAME["Proposal"]

    assert follow(Opportunity(name="deal"), stage, frozenset(), None, NOW) == {
        "pipeline": SALES[0].id,
        "stage": stage.id,
        "outcome": "open",
        "probability_ratio": Decimal("0.3"),
        "closed_at": None,
    }


def test_given_values_are_left_alone() -> None:
    """Nothing that the caller gave is overwritten."""
    given = frozenset({"stage", "pipeline", "outcome", "probability_ratio", "closed_at"})
    opportunity = Opportunity(name="deal", stage=BY_NAME["Won"], outcome="lost")

    assert follow(opportunity, BY_NAME["Won"], given, None, NOW) == {}


def test_closing_sets_time_once() -> None:
    """The closing time is set as the outcome leaves open, and kept as won becomes lost."""
    won = Opportunity(name="deal", pipeline=SALES[0], stage=BY_NAME["Won"], outcome="open")
    lost = Opportunity(name="deal", pipeline=SALES[0], stage=BY_NAME["Lost"], outcome="won", closed_at=EARLIER)

    assert follow(won, BY_NAME["Won"], frozenset({"stage"}), "open", NOW)["closed_at"] == NOW
    assert "closed_at" not in follow(lost, BY_NAME["Lost"], frozenset({"stage"}), "won", NOW)


def test_reopening_clears_time() -> None:
    """Back among the open ones it has no closing time."""
    opportunity = Opportunity(name="deal", stage=BY_NAME["Proposal"], outcome="won", closed_at=EARLIER)

    values = follow(opportunity, BY_NAME["Proposal"], frozenset({"stage"}), "won", NOW)

    assert values["closed_at"] is None
    assert values["outcome"] == "open"


def test_abandoned_stays_abandoned() -> None:
    """An abandoned opportunity that changes its pipeline stays abandoned; a given stage revives it."""
    study = OTHER[1]
    assert isinstance(study, Stage)
    opportunity = Opportunity(
        name="deal", pipeline=OTHER_PIPELINE, stage=BY_NAME["Proposal"], outcome="abandoned", closed_at=EARLIER
    )

    moved = follow(opportunity, study, frozenset({"pipeline"}), "abandoned", NOW)
    revived = follow(opportunity, study, frozenset({"stage"}), "abandoned", NOW)

    assert (moved["outcome"], moved["stage"], "closed_at" in moved) == ("abandoned", study.id, False)
    assert (revived["outcome"], revived["closed_at"]) == ("open", None)


def test_own_probability_survives_other_outcome() -> None:
    """A probability of one's own is replaced by that of a new stage only."""
    opportunity = Opportunity(
        name="deal", pipeline=SALES[0], stage=BY_NAME["Proposal"], outcome="abandoned", probability_ratio=Decimal("0.5")
    )

    values = follow(opportunity, BY_NAME["Proposal"], frozenset({"outcome"}), "open", NOW)

    assert "probability_ratio" not in values
    assert values["closed_at"] == NOW
