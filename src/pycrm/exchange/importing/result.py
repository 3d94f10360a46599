"""What an import returns when it is through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import attrs

from pycrm.errors import Problem
from pycrm.exchange.importing.outcome import Counts
from pycrm.exchange.importing.proof import Proof

__all__ = ["ImportResult", "Left"]


@attrs.frozen
class Left:
    """A record that an undoing left as it is.

    Attributes:
        entity: The entity's name.
        record_id: Which.
        problems: Why.
    """

    entity: str
    record_id: UUID
    problems: Sequence[Problem]

    def to_data(self) -> dict[str, Any]:
        """Return it as JSON-able data."""
        return {
            "entity": self.entity,
            "record": str(self.record_id),
            "problems": [problem.to_data() for problem in self.problems],
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Left:
        """Return what `to_data` has told."""
        problems = tuple(Problem.from_data(each, None) for each in data["problems"])
        return cls(data["entity"], UUID(data["record"]), problems)


@attrs.frozen
class ImportResult:
    """What a run did.

    Attributes:
        run: Its number, as ``"IMP-2026-0001"``, by which it is resumed, told of and taken back.
        id: Of its `ImportRun`.
        status: ``"running"`` where it was interrupted, ``"done"``, ``"undoing"`` or ``"undone"``.
        counts: Of its rows so far.
        encoding: Of a text file.
        seconds: How long it took.
        proof: The reconciliation so far.
        as_planned: Whether every row became what the approved plan says; False where somebody has changed the records
            since. None without a plan, and until the run is through.
        queued: How many of the skipped rows hit records of which somebody has to decide.
        left: Of one that was taken back, the records that stayed as they were.
    """

    run: str
    id: UUID
    status: str
    counts: Counts
    encoding: str | None
    seconds: float
    proof: Proof
    as_planned: bool | None = None
    queued: int = 0
    left: Sequence[Left] = ()

    @property
    def agrees(self) -> bool:
        """Whether the counts add up and everything is stored as it was read."""
        return self.counts.add_up and self.proof.agrees

    def to_data(self) -> dict[str, Any]:
        """Return it as JSON-able data."""
        return {
            "run": self.run,
            **attrs.asdict(self.counts),
            "queued": self.queued,
            "encoding": self.encoding,
            "seconds": round(self.seconds, 3),
            "status": self.status,
            "agrees": self.agrees,
            "as_planned": self.as_planned,
            "proof": self.proof.to_data(),
            "left": [each.to_data() for each in self.left],
        }
