"""`StageChange`: the way that an opportunity has taken through its stages, and how long it stayed in each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from pycrm.builtin.batches import read_by
from pycrm.builtin.sales.opportunity import Opportunity
from pycrm.builtin.sales.pipeline import Stage
from pycrm.builtin.sales.plugin import plugin
from pycrm.plugin import ChangeSet, OptRef, Record, Ref, Workspace, field


@plugin.entity(list="opportunity from_stage to_stage at seconds_in_stage")
class StageChange(Record):
    """One step. The first of an opportunity, at its creation, comes from nowhere and has no duration.

    Attributes:
        at: When it happened.
        seconds_in_stage: How long the opportunity had been in `from_stage`.
    """

    opportunity: Ref[Opportunity] = field.ref(Opportunity, many="stage_changes", part_of=True, rights_from=True)
    from_stage: OptRef[Stage] = field.ref(Stage)
    to_stage: Ref[Stage] = field.ref(Stage)
    at: datetime = field.datetime(indexed=True)
    seconds_in_stage: int | None = field.integer()


@plugin.after_write(Opportunity, changed="stage", as_plugin=True)
def keep_stage_changes(ws: Workspace, changes: ChangeSet[Opportunity]) -> None:
    """Note for every opportunity of the batch that it came into its stage, and from where."""
    if changes.kind == "create":
        ws.create_many(
            [StageChange(opportunity=each.id, to_stage=each.stage.id, at=each.created_at) for each in changes]
        )
    elif changes.kind == "update":
        since = _last_changes(ws, changes)
        ws.create_many(
            [
                StageChange(
                    opportunity=each.id,
                    from_stage=changes.before(each, "stage"),
                    to_stage=each.stage.id,
                    at=each.updated_at,
                    seconds_in_stage=_seconds(since.get(each.id, each.created_at), each.updated_at),
                )
                for each in changes
            ]
        )


def _last_changes(ws: Workspace, opportunities: ChangeSet[Opportunity]) -> Mapping[UUID, datetime]:
    """Return when each of *opportunities* came into the stage that it leaves now."""
    ids = [each.id for each in opportunities]
    return {step.opportunity.id: step.at for step in read_by(ws, StageChange, "opportunity", ids, order_by="at")}


def _seconds(since: datetime, until: datetime) -> int:
    # An import of history may have brought a step that lies ahead.
    return max(int((until - since).total_seconds()), 0)
