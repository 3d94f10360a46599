"""`Pipeline` and its `Stage`s: the way of an opportunity, kept as data so that each company draws its own."""

from __future__ import annotations

from decimal import Decimal

from pycrm.builtin.sales.plugin import plugin
from pycrm.plugin import ChangeSet, F, Record, Ref, Workspace, field

CATEGORIES = ("pipeline", "best", "commit", "omitted")
OUTCOMES = ("open", "won", "lost")


@plugin.entity(title="name", list="name is_default")
class Pipeline(Record):
    """A sequence of stages. New opportunities begin in the default one."""

    name: str = field.text()
    is_default: bool = field.boolean(default=False)


@plugin.entity(
    title="name",
    list="pipeline position name probability_ratio category outcome",
    unique=[("pipeline", "position")],
)
class Stage(Record):
    """One step of a pipeline. Its `outcome` says whether who stands here is open, won or lost."""

    pipeline: Ref[Pipeline] = field.ref(Pipeline, many="stages", part_of=True)
    name: str = field.text()
    position: int = field.integer()
    probability_ratio: Decimal = field.ratio()
    category: str = field.choice(CATEGORIES, default="pipeline")
    outcome: str = field.choice(OUTCOMES, default="open")


def default_pipeline() -> list[Record]:
    """Return the pipeline of an empty database and its stages, not yet written, each after what it refers to."""
    pipeline = Pipeline(name="Sales", is_default=True)
    steps = [
        ("Qualification", "0.1", "pipeline", "open"),
        ("Proposal", "0.3", "pipeline", "open"),
        ("Negotiation", "0.6", "best", "open"),
        ("Won", "1", "commit", "won"),
        ("Lost", "0", "omitted", "lost"),
    ]
    stages = [
        Stage(
            pipeline=pipeline,
            name=name,
            position=position,
            probability_ratio=Decimal(ratio),
            category=category,
            outcome=outcome,
        )
        for position, (name, ratio, category, outcome) in enumerate(steps, start=1)
    ]
    return [pipeline, *stages]


@plugin.on_install
def install_pipeline(ws: Workspace) -> None:
    """Write the default pipeline into a new database."""
    pipeline, *stages = default_pipeline()
    ws.create(pipeline)
    ws.create_many(stages)


@plugin.after_write(Pipeline, changed="is_default", as_plugin=True)
def keep_one_default(ws: Workspace, changes: ChangeSet[Pipeline]) -> None:
    """Let a new default pipeline take the place of the old one; of several in one batch the last stays."""
    chosen = [pipeline for pipeline in changes if pipeline.is_default]
    if changes.kind == "delete" or not chosen:
        return
    others = [other for other in ws.iterate(Pipeline, where=F.is_default == True) if other.id != chosen[-1].id]  # noqa: E712
    for other in others:
        other.is_default = False
    ws.update_many(others)
