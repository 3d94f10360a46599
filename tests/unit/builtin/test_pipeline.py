from __future__ import annotations

from decimal import Decimal

from pycrm.builtin.sales import Pipeline, Stage, default_pipeline


def test_default_pipeline_is_designed() -> None:
    """An empty database starts with five stages whose probabilities rise to won and end at lost."""
    pipeline, *stages = default_pipeline()

    assert isinstance(pipeline, Pipeline)
    assert pipeline.is_default
    assert [
        (stage.position, stage.name, stage.probability_ratio, stage.outcome)
        for stage in stages
        if isinstance(stage, Stage)
    ] == [
        (1, "Qualification", Decimal("0.1"), "open"),
        (2, "Proposal", Decimal("0.3"), "open"),
        (3, "Negotiation", Decimal("0.6"), "open"),
        (4, "Won", Decimal(1), "won"),
        (5, "Lost", Decimal(0), "lost"),
    ]


def test_default_pipeline_is_fresh() -> None:
    """Two databases do not share the records."""
    assert default_pipeline()[0].id != default_pipeline()[0].id
