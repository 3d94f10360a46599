"""What a run would do: a value that is printed, kept, compared and approved."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import attrs

from pycrm.errors import ConfigurationError
from pycrm.exchange.importing.outcome import Counts, Outcome
from pycrm.exchange.importing.proof import Proof

__all__ = ["NOTHING_DECIDED", "Decisions", "ImportPlan", "PlanDifference", "PlannedRow", "decided"]

VERSION = 1
MOST_SAMPLES = 20


@attrs.frozen
class PlannedRow:
    """A row that would be refused, or one of the first that would be created, updated or skipped.

    Attributes:
        line: Where it begins in its source.
        outcome: ``"created"``, ``"updated"``, ``"skipped"`` or ``"refused"``.
        entity: Of the record that it hits; of one that would be made, too.
        record: Id of a record that was there before.
        problems: As `Problem.to_data` tells them; of values that the mapping puts aside, too.
        paths: What an update changes: ``"account.name"``.
    """

    line: int
    outcome: str
    entity: str | None = None
    record: str | None = None
    problems: Sequence[Mapping[str, Any]] = ()
    paths: Sequence[str] = ()

    @classmethod
    def of(cls, outcome: Outcome, run: UUID) -> PlannedRow:
        """Return what is told of *outcome* in *run*; ids of records that it makes would be others each time."""
        # Ids grow with time, so those of records that were there before are smaller than that of the run.
        is_there = outcome.record_id is not None and outcome.record_id < run
        return cls(
            outcome.line,
            outcome.word,
            outcome.entity,
            str(outcome.record_id) if is_there else None,
            [problem.to_data() for problem in (*outcome.problems, *(each for _, each in outcome.set_aside))],
            list(outcome.paths),
        )


@attrs.frozen
class PlanDifference:
    """Where two plans part.

    Attributes:
        what: ``"source"``, ``"mapping"``, ``"counts"`` or ``"line 17"``.
        before: In the first plan, as text.
        after: In the second.
    """

    what: str
    before: str
    after: str


@attrs.frozen
class ImportPlan:
    """What a run would do, found out by doing it and rolling it back.

    Attributes:
        source: Its name.
        digest: Of its bytes.
        encoding: Of a text file.
        certainty: Of the encoding, 0 to 1.
        mapping: As text.
        counts: Of its rows.
        rows: All that would be refused, and the first of the others.
        decisions: A digest over what would become of every row; a run of the plan compares its own with it.
        proof: What would be read and stored.
        seconds: How long it took to find out.
        defined: Custom fields that would be defined.
        unmapped: Columns that nothing uses.
    """

    source: str
    digest: str
    encoding: str | None
    certainty: float
    mapping: str
    counts: Counts
    rows: Sequence[PlannedRow]
    decisions: str
    proof: Proof
    seconds: float
    defined: Sequence[str] = ()
    unmapped: Sequence[str] = ()

    def to_data(self) -> dict[str, Any]:
        """Return it as JSON-able data."""
        return {"version": VERSION, **attrs.asdict(self)}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> ImportPlan:
        """Return the plan that `to_data` told.

        Raises:
            ConfigurationError: It is none, or one of another release.
        """
        if not isinstance(data, dict) or data.get("version") != VERSION:
            raise ConfigurationError(
                f"this is no import plan of version {VERSION}; make it anew with `pycrm import plan`"
            )
        given = {name: value for name, value in data.items() if name != "version"}
        try:
            given["counts"] = Counts(**given["counts"])
            given["rows"] = [PlannedRow(**row) for row in given["rows"]]
            given["proof"] = Proof.from_data(given["proof"])
            return cls(**given)
        except (KeyError, TypeError, AttributeError) as error:
            raise ConfigurationError(
                f"this import plan is damaged ({error}); make it anew with `pycrm import plan`"
            ) from error

    def differences(self, other: ImportPlan) -> list[PlanDifference]:
        """Return where *other*, a later plan of the same import, parts from this one."""
        found = [
            PlanDifference(what, before, after)
            for what, before, after in (
                ("source", self.digest, other.digest),
                ("mapping", self.mapping, other.mapping),
                ("counts", _told(attrs.asdict(self.counts)), _told(attrs.asdict(other.counts))),
            )
            if before != after
        ]
        mine, its = ({row.line: row for row in plan.rows} for plan in (self, other))
        for line in sorted({*mine, *its}):
            before, after = (_told_row(rows.get(line)) for rows in (mine, its))
            if before != after:
                found.append(PlanDifference(f"line {line}", before, after))
        return found


NOTHING_DECIDED = ""
"""The digest over what became of no rows."""


def decided(before: str, outcomes: Sequence[Outcome], run: UUID) -> str:
    """Return the digest over what became of rows: of those *before*, which is a digest itself, and *outcomes*.

    Rows are taken one by one, so that neither the size of batches nor an interruption makes another digest.
    """
    digest = bytes.fromhex(before)
    for outcome in outcomes:
        row = _told_row(PlannedRow.of(outcome, run))
        digest = hashlib.sha256(digest + row.encode("utf-8", "surrogatepass")).digest()
    return digest.hex()


class Decisions:
    """Collects what becomes of every row of *run*, in flat memory.

    Attributes:
        digest: Over all so far.
    """

    def __init__(self, run: UUID) -> None:
        self._run = run
        self.digest = NOTHING_DECIDED
        self._samples = {"created": 0, "updated": 0, "skipped": 0}
        self.counts = Counts()
        self.rows: list[PlannedRow] = []

    def add(self, outcomes: Sequence[Outcome]) -> None:
        """Take in the outcomes of a batch."""
        self.counts += Counts.of(outcomes)
        self.digest = decided(self.digest, outcomes, self._run)
        for outcome in outcomes:
            if outcome.word in self._samples:
                self._samples[outcome.word] += 1
                if self._samples[outcome.word] > MOST_SAMPLES:
                    continue
            self.rows.append(PlannedRow.of(outcome, self._run))


def _told(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, sort_keys=True, default=str)


def _told_row(row: PlannedRow | None) -> str:
    return "" if row is None else _told([row.line, row.outcome, row.entity, row.record, list(row.paths), row.problems])
