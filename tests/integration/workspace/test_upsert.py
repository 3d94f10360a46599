"""Create or update by unique values."""

from __future__ import annotations

import pytest
from tests.lab import MEI, Sample, sample

from pycrm import CRM, ConfigurationError, ValidationError, Workspace


class TestUpsert:
    def test_splits(self, ws: Workspace) -> None:
        """Records whose key is new are created, the others update what is stored, and equal ones change nothing."""
        old, same = ws.create_many([sample(code="old", count=1), sample(code="same", count=1)]).created
        new = sample(code="new")

        result = ws.upsert_many(Sample, [sample(code="old", count=2), new, sample(code="same", count=1)], by=["code"])
        assert (result.created, [each.id for each in result.updated]) == ((new,), [old.id])
        assert [each.id for each in result.unchanged] == [same.id]
        assert [ws.get(Sample, each.id).count for each in (old, same)] == [2, 1]

    def test_empty_keeps(self, ws: Workspace) -> None:
        """What a given record leaves empty stays as it is stored."""
        made = ws.create(sample(code="x", notes="kept", count=1))
        ws.upsert_many(Sample, [sample(code="x", count=2)], by=["code"])

        read = ws.get(Sample, made.id)
        assert (read.notes, read.count) == ("kept", 2)

    def test_several_fields(self, ws: Workspace) -> None:
        """A key may have several fields."""
        made = ws.create(sample(box="a", position=1))

        result = ws.upsert_many(
            Sample, [sample(box="a", position=1, count=3), sample(box="a", position=2)], by=["box", "position"]
        )
        assert ([each.id for each in result.updated], len(result.created)) == ([made.id], 1)

    def test_key_parsed(self, ws: Workspace) -> None:
        """Keys are compared as the parser understands them."""
        made = ws.create(sample(box="a", position=1))

        result = ws.upsert_many(Sample, [sample(box="a", position="1", count=3)], by=["box", "position"])
        assert [each.id for each in result.updated] == [made.id]

    def test_twice_in_batch(self, ws: Workspace) -> None:
        """Of two records with one key the second is refused."""
        result = ws.upsert_many(Sample, [sample(code="x"), sample(code="x")], by=["code"], on_problem="refuse")

        assert ([each.position for each in result.refused], ws.count(Sample)) == ([1], 1)

    def test_key_not_unique(self, ws: Workspace) -> None:
        """A key that is not unique could find several records and is refused."""
        with pytest.raises(ConfigurationError, match="is not unique by that"):
            ws.upsert_many(Sample, [sample()], by=["name"])

    def test_refused_in_place(self, ws: Workspace) -> None:
        """Refused records come back at the positions of the call, as they were given."""
        ws.create(sample(code="old"))
        records = [sample(code="old", count="x"), sample(code="new"), sample(code="bad", size="XL")]

        result = ws.upsert_many(Sample, records, by=["code"], on_problem="refuse")
        assert sorted((each.position, each.record.code) for each in result.refused) == [(0, "old"), (2, "bad")]
        assert {each.record for each in result.refused} == {records[0], records[2]}
        assert result.created == (records[1],)

    def test_raise_writes_nothing(self, crm: CRM) -> None:
        """With ``"raise"`` a problem of an update keeps the creations of the call out, too, even if it is swallowed."""
        with crm.acting_as(MEI) as ws:
            ws.create(sample(code="old"))
        with crm.acting_as(MEI) as ws:
            with pytest.raises(ValidationError) as error:
                ws.upsert_many(
                    Sample,
                    [sample(code="new"), sample(code="old", count="x"), sample(code="bad", size="XL")],
                    by=["code"],
                )
            assert [problem.field for problem in error.value.problems] == ["count", "size"]

        with crm.reading_as(MEI) as reader:
            assert reader.count(Sample) == 1
