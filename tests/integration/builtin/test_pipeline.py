from __future__ import annotations

from decimal import Decimal

import pytest

from pycrm import Opportunity, Pipeline, Stage, ValidationError, Workspace


def default_stages(ws: Workspace) -> dict[str, Stage]:
    return {stage.name: stage for stage in ws.iterate(Stage, order_by="position")}


def test_migrate_makes_pipeline(ws: Workspace) -> None:
    """An empty database gets one pipeline, its default."""
    stages = default_stages(ws)

    assert [pipeline.is_default for pipeline in ws.list(Pipeline)] == [True]
    assert {name: stage.probability_ratio for name, stage in stages.items()} == {
        "Qualification": Decimal("0.1"),
        "Proposal": Decimal("0.3"),
        "Negotiation": Decimal("0.6"),
        "Won": Decimal(1),
        "Lost": Decimal(0),
    }


def test_new_default_replaces_old(ws: Workspace) -> None:
    """There is one default pipeline: the last that was made it."""
    first = ws.list(Pipeline)[0]

    second = ws.create(Pipeline(name="Projects", is_default=True))
    assert not ws.get(Pipeline, first.id).is_default
    ws.update(ws.get(Pipeline, first.id), is_default=True)
    assert not ws.get(Pipeline, second.id).is_default


def test_last_default_of_batch_stays(ws: Workspace) -> None:
    """Of several defaults in one batch the last stays."""
    ws.create_many([Pipeline(name=name, is_default=True) for name in ("Projects", "Service")])

    assert [pipeline.name for pipeline in ws.list(Pipeline) if pipeline.is_default] == ["Service"]


def test_positions_are_unique(ws: Workspace) -> None:
    """Two stages of one pipeline do not share a position."""
    pipeline = ws.list(Pipeline)[0]

    with pytest.raises(ValidationError) as caught:
        ws.create(Stage(pipeline=pipeline, name="Trial", position=2, probability_ratio=Decimal("0.4")))
    assert [problem.code for problem in caught.value.problems] == ["field.not_unique"]


def test_used_stage_keeps_outcome(ws: Workspace) -> None:
    """Where opportunities stand, the outcome stays; name and probability may change."""
    ws.create(Opportunity(name="deal"))
    stages = default_stages(ws)

    with pytest.raises(ValidationError) as caught:
        ws.update(stages["Qualification"], outcome="lost")
    assert [(problem.code, problem.field) for problem in caught.value.problems] == [("stage.in_use", "outcome")]
    ws.update(ws.get(Stage, stages["Qualification"].id), name="First talk", probability_ratio=Decimal("0.15"))
    ws.update(stages["Proposal"], outcome="lost")
