"""One batch of an import: its rows become records, which go through the door, and are read back and compared.

A row is taken whole or not at all. Where the door refuses a record, everything that the batch has written goes back,
and it is applied again without the rows of that record; so the good rows go in, and of the others nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from pycrm.errors import ConflictError, PluginError, Problem
from pycrm.exchange.importing import notes
from pycrm.exchange.importing.attempt import Attempt, RowsRefusedError
from pycrm.exchange.importing.matching import KeyMatcher, Matcher
from pycrm.exchange.importing.outcome import Outcome
from pycrm.exchange.importing.proof import Proof
from pycrm.exchange.importing.set_aside import set_aside_by
from pycrm.exchange.importing.verifying import compare
from pycrm.exchange.mapping import BoundMapping, Prepared
from pycrm.exchange.rows import Row
from pycrm.workspace.view import View

__all__ = ["Applied", "apply_rows", "prepare_rows"]


@attrs.frozen
class Applied:
    """What became of a batch.

    Attributes:
        outcomes: One per row, in their order.
        proof: What was compared.
    """

    outcomes: Sequence[Outcome]
    proof: Proof


def prepare_rows(bound: BoundMapping, rows: Sequence[Row]) -> list[Prepared]:
    """Return what each entity makes of *rows*; asks no database, and may be done before the unit is opened."""
    return [entity.prepare(rows) for entity in bound.entities]


def apply_rows(
    ws: View, bound: BoundMapping, rows: Sequence[Row], prepared: Sequence[Prepared], matcher: Matcher | None = None
) -> Applied:
    """Apply *rows*, which were prepared, in the unit of *ws*.

    Raises:
        ConflictError: Other units were in the way; the unit may be run again.
    """
    batch = _Batch(ws, bound, rows, prepared, matcher or KeyMatcher())
    return batch.carry_out()


@attrs.define(eq=False)
class _Batch:
    """The rows of one batch on their way.

    Attributes:
        refused: By place of the row, why.
    """

    ws: View
    bound: BoundMapping
    rows: Sequence[Row]
    prepared: Sequence[Prepared]
    matcher: Matcher
    refused: dict[int, list[Problem]] = attrs.field(factory=dict)

    def carry_out(self) -> Applied:
        """Apply the rows and return what became of each."""
        for prepared in self.prepared:
            for place, problems in prepared.problems.items():
                self.refused.setdefault(place, []).extend(problems)
        for place, row in enumerate(self.rows):
            if row.problems and (counting := self._counting(row, self.refused.get(place, ()))):
                self.refused.setdefault(place, []).extend(counting)
        return self._applied(self._attempts(range(len(self.rows))))

    def _counting(self, row: Row, told: Sequence[Problem]) -> list[Problem]:
        """Return what reading said against *row*, without what was told, is unused, or is a warning acknowledged."""
        acknowledged, unused = self.bound.mapping.acknowledge, self.bound.unmapped
        columns = {problem.facts.get("column") for problem in told} - {None}
        return [
            problem
            for problem in row.problems
            if not (problem.level == "warning" and problem.code in acknowledged)
            and problem.facts.get("column") not in unused
            and problem.facts.get("column") not in columns
        ]

    def _attempts(self, places: Sequence[int]) -> list[Attempt]:
        """Apply the rows at *places*, and again without those that are refused, until the rest goes in."""
        while sound := [place for place in places if place not in self.refused]:
            attempt = Attempt(self, sound)
            try:
                with self.ws._ctx.savepoint():
                    attempt.carry_out()
            except RowsRefusedError as refusal:
                self.refuse(refusal.problems)
            except ConflictError:
                raise
            except PluginError as error:
                # Found by halving, so that one row that a plugin fails on does not hold up the others.
                if len(sound) == 1:
                    self.refused[sound[0]] = [notes.failed(error)]
                    return []
                middle = len(sound) // 2
                return self._attempts(sound[:middle]) + self._attempts(sound[middle:])
            else:
                return [attempt]
        return []

    def refuse(self, problems: Mapping[int, Sequence[Problem]]) -> None:
        """Leave rows out because of *problems*, by their places."""
        for place, each in problems.items():
            self.refused.setdefault(place, []).extend(each)

    def _applied(self, attempts: Sequence[Attempt]) -> Applied:
        words: dict[int, Outcome] = {}
        for attempt in attempts:
            words.update(attempt.outcomes)
        for place, problems in self.refused.items():
            words[place] = Outcome(self.rows[place].line, "refused", problems=tuple(problems))
        outcomes = [words[place] for place in range(len(self.rows))]
        proof = compare(self.bound, self.prepared, [work for attempt in attempts for work in attempt.works])
        return Applied(outcomes, proof + Proof(set_aside=set_aside_by(self.bound, self.rows, outcomes)))
