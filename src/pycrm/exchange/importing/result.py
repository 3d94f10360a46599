"""What an import returns when it is through."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import attrs

from pycrm.entities import ImportRun
from pycrm.exchange.importing.outcome import Counts
from pycrm.exchange.importing.proof import Proof

__all__ = ["ImportResult"]


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
    """

    run: str
    id: UUID
    status: str
    counts: Counts
    encoding: str | None
    seconds: float
    proof: Proof
    as_planned: bool | None = None

    @property
    def agrees(self) -> bool:
        """Whether the counts add up and everything is stored as it was read."""
        return self.counts.add_up and self.proof.agrees

    @classmethod
    def of(
        cls, run: ImportRun, counts: Counts, seconds: float, proof: Proof, as_planned: bool | None = None
    ) -> ImportResult:
        """Return the result of *run*."""
        is_through = run.status == "done"
        return cls(
            run.number,
            run.id,
            run.status,
            counts,
            run.encoding,
            seconds,
            proof,
            as_planned if is_through else None,
        )

    def to_data(self) -> dict[str, Any]:
        """Return it as JSON-able data."""
        return {
            "run": self.run,
            **attrs.asdict(self.counts),
            "encoding": self.encoding,
            "seconds": round(self.seconds, 3),
            "status": self.status,
            "agrees": self.agrees,
            "as_planned": self.as_planned,
            "proof": self.proof.to_data(),
        }
