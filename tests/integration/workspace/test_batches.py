"""Batches: one call, one outcome per record."""

from __future__ import annotations

from typing import Any

import pytest
from tests.lab import MEI, Portion, Reading, Sample, sample

from pycrm import CRM, BatchResult, MoveNotAllowedError, ValidationError, Workspace
from pycrm.signals import RecordsCreated


class TestRaise:
    def test_all_problems_in_order(self, ws: Workspace) -> None:
        """``"raise"`` lists the problems of all records, in their order, and writes nothing."""
        records = [sample(count="a"), sample(), sample(size="XL"), Sample()]

        with pytest.raises(ValidationError) as error:
            ws.create_many(records)
        assert [records.index(problem.record) for problem in error.value.problems] == [0, 2, 3]
        assert ws.count(Sample) == 0

    def test_leaves_records(self, ws: Workspace) -> None:
        """The records of a refused batch can be mended and created."""
        records = [sample(), sample(count="a")]
        with pytest.raises(ValidationError):
            ws.create_many(records)
        records[1].count = 1

        assert ws.create_many(records).created == tuple(records)


class TestRefuse:
    def test_create(self, ws: Workspace) -> None:
        """``"refuse"`` leaves records with problems out, by position, and writes the rest as one batch."""
        records = [sample(count="a"), sample(code="x"), Sample(), sample(code="x"), sample()]

        result = ws.create_many(records, on_problem="refuse")
        assert result.created == (records[1], records[4])
        assert [(each.position, each.record, [p.code for p in each.problems]) for each in result.refused] == [
            (0, records[0], ["integer.invalid"]),
            (2, records[2], ["field.required"]),
            (3, records[3], ["field.not_unique"]),
        ]
        assert ws.count(Sample) == 2

    def test_refused_as_given(self, ws: Workspace) -> None:
        """A refused record holds what its caller gave, without defaults or half-parsed values."""
        record = sample(count="7", size="XL")

        ws.create_many([record], on_problem="refuse")
        assert (record.count, record.size, record.grade, record.version) == ("7", "XL", None, None)

    def test_update(self, ws: Workspace) -> None:
        """An update tells written, unchanged and refused records apart."""
        records = list(ws.create_many([sample(count=1) for _ in range(3)]).created)
        records[0].count = 2
        records[2].count = "x"

        result = ws.update_many(records, on_problem="refuse")
        assert (result.updated, result.unchanged) == ((records[0],), (records[1],))
        assert [each.position for each in result.refused] == [2]
        assert [each.count for each in ws.list(Sample, order_by="id")] == [2, 1, 1]

    def test_hook_problem(self, ws: Workspace) -> None:
        """The problem of a check hook refuses its record only."""
        result = ws.create_many([sample(size="S", count=11), sample(size="S", count=10)], on_problem="refuse")

        assert ([each.position for each in result.refused], len(result.created)) == ([0], 1)

    def test_wrong_move(self, ws: Workspace) -> None:
        """A change of status that is no move refuses its record."""
        records = list(ws.create_many([sample(), sample()]).created)
        records[0].status, records[1].count = "approved", 1

        result = ws.update_many(records, on_problem="refuse")
        assert ([each.position for each in result.refused], result.updated) == ([0], (records[1],))

    def test_delete(self, ws: Workspace) -> None:
        """Records that must stay are refused, and the others go."""
        made = ws.create(sample())
        first, second = ws.create_many([Portion(name=name, sample=made) for name in "ab"]).created
        ws.create(Reading(name="r", portion=first))

        result = ws.delete_many([first, second], on_problem="refuse")
        assert ([each.position for each in result.refused], ws.count(Portion)) == ([0], 1)


class TestWhole:
    def test_nothing(self, ws: Workspace) -> None:
        """A batch of no record has no outcome."""
        assert ws.create_many([]) == ws.update_many([]) == ws.delete_many([]) == BatchResult()

    def test_one_announcement(self, crm: CRM) -> None:
        """One batch is one fact, with its ids in order."""
        told: list[Any] = []
        crm.on(RecordsCreated, told.extend)
        with crm.acting_as(MEI) as ws:
            made = ws.create_many([sample() for _ in range(50)]).created

        assert [(fact.entity, fact.ids, fact.actor) for fact in told] == [
            ("lab.sample", tuple(each.id for each in made), "mei")
        ]

    def test_refers_within_batch(self, ws: Workspace) -> None:
        """Records of one batch may refer to each other in any order."""
        first, second = sample(), sample()
        first.origin, second.origin = second, first
        ws.create_many([first, second])

        read = ws.get(Sample, first.id)
        assert read.origin is not None
        assert read.origin.id == second.id

    def test_large(self, ws: Workspace) -> None:
        """Thousands of records are written, changed and deleted as one batch each."""
        made = ws.create_many([sample(count=count) for count in range(2500)]).created
        for record in made:
            record.count = -record.count  # type: ignore[operator]
        ws.update_many(made)

        assert ws.aggregate(Sample, measures=["count()", "sum(count)"]) == [
            {"count()": 2500, "sum(count)": -sum(range(2500))}
        ]
        ws.delete_many(made)
        assert ws.count(Sample) == 0


def test_single_wrong_move(ws: Workspace) -> None:
    """A single wrong move says which moves there are."""
    made = ws.create(sample())

    with pytest.raises(MoveNotAllowedError, match="allowed: send"):
        ws.update(made, status="approved")
