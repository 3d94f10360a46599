"""Into the bin, out of it, and gone for good."""

from __future__ import annotations

import pytest
from tests.lab import BOB, MEI, Label, Portion, Reading, Sample, sample

from pycrm import CRM, Account, ConfigurationError, Interaction, NotFoundError, User, ValidationError, Workspace
from pycrm.workspace.delete import purge_many


def with_parts(ws: Workspace) -> tuple[Sample, Portion, Label]:
    made = ws.create(sample())
    return made, ws.create(Portion(name="p", sample=made)), ws.create(Label(name="l", sample=made))


class TestDelete:
    def test_out_of_sight(self, ws: Workspace) -> None:
        """A record in the bin is not found by any reading call but the one that asks the bin."""
        made = ws.create(sample(code="x"))
        ws.delete(made)

        with pytest.raises(NotFoundError):
            ws.get(Sample, made.id)
        assert (ws.find(Sample, code="x"), ws.count(Sample), list(ws.iterate(Sample))) == (None, 0, [])
        binned = ws.get_binned(Sample, made.id)
        assert binned is not None
        assert binned.deleted_at == made.deleted_at is not None

    def test_parts_follow(self, ws: Workspace) -> None:
        """The parts of a record go with it."""
        made, *_ = with_parts(ws)
        ws.delete(made)

        assert (ws.count(Portion), ws.count(Label)) == (0, 0)

    def test_referenced(self, ws: Workspace) -> None:
        """A record that others need is not deleted; the problem counts them."""
        made = ws.create(Account(name="needed"))
        ws.create_many([sample(account=made), sample(account=made)])

        with pytest.raises(ValidationError, match=r"referred to by 2 lab\.sample\.account"):
            ws.delete(made)
        assert ws.count(Account) == 1

    def test_referenced_from_bin(self, ws: Workspace) -> None:
        """What is in the bin itself holds nothing out of it."""
        made = ws.create(Account(name="free"))
        ws.delete(ws.create(sample(account=made)))

        ws.delete(made)
        assert ws.count(Account) == 0

    def test_part_is_needed(self, crm: CRM) -> None:
        """If one of the parts cannot go, nothing goes, whatever its place among the parts."""
        with crm.acting_as(MEI) as ws:
            made, _, label = with_parts(ws)
            other = ws.create(Portion(name="other", sample=ws.create(sample())))
            ws.create(Reading(name="r", portion=other, label=label))
        with pytest.raises(ValidationError, match=r"lab\.reading\.label"), crm.acting_as(MEI) as ws:
            ws.delete(made)

        with crm.reading_as(MEI) as reader:
            assert (reader.count(Sample), reader.count(Portion), reader.count(Label)) == (2, 2, 1)

    def test_part_is_needed_and_swallowed(self, crm: CRM) -> None:
        """Swallowing that error keeps no half of it either, and leaves the unit usable."""
        with crm.acting_as(MEI) as ws:
            made, _, label = with_parts(ws)
            other = ws.create(Portion(name="other", sample=ws.create(sample())))
            ws.create(Reading(name="r", portion=other, label=label))
        with crm.acting_as(MEI) as ws:
            with pytest.raises(ValidationError):
                ws.delete(made)
            ws.update(made, count=7)

        with crm.reading_as(MEI) as reader:
            assert (reader.count(Sample), reader.count(Portion), reader.count(Label)) == (2, 2, 1)
            assert reader.get(Sample, made.id).count == 7

    def test_stale_record(self, crm: CRM) -> None:
        """A record may be deleted by who has not seen its last change."""
        with crm.acting_as(MEI) as ws:
            made = ws.create(sample())
        with crm.acting_as(BOB) as ws:
            ws.update(ws.get(Sample, made.id), count=1)
        with crm.acting_as(MEI) as ws:
            ws.delete(made)

        with crm.reading_as(MEI) as reader:
            assert reader.count(Sample) == 0

    def test_deleted_twice(self, crm: CRM) -> None:
        """What somebody else has deleted already is not found."""
        with crm.acting_as(MEI) as ws:
            made = ws.create(sample())
        with crm.acting_as(BOB) as ws:
            ws.delete(ws.get(Sample, made.id))

        with pytest.raises(NotFoundError, match="somebody else has deleted it"), crm.acting_as(MEI) as ws:
            ws.delete(made)

    def test_not_stored(self, ws: Workspace) -> None:
        """What was never created cannot be deleted."""
        with pytest.raises(ConfigurationError, match="is not stored"):
            ws.delete(sample())


class TestRestore:
    def test_with_parts(self, crm: CRM) -> None:
        """A record comes back with the parts that went with it, values and all."""
        with crm.acting_as(MEI) as ws:
            made, portion, label = with_parts(ws)
            ws.update(made, count=5, tags=["t"])
            ws.delete(made)
        with crm.acting_as(MEI) as ws:
            binned = ws.get_binned(Sample, made.id)
            assert binned is not None
            ws.restore(binned)

        with crm.reading_as(MEI) as reader:
            read = reader.get(Sample, made.id, include="portions labels")
        assert (read.count, read.tags, read.deleted_at) == (5, ("t",), None)
        assert [each.id for name in ("portions", "labels") for each in read.related(name)] == [portion.id, label.id]

    def test_part_deleted_before(self, crm: CRM) -> None:
        """A part that was deleted by itself before stays in the bin."""
        with crm.acting_as(MEI) as ws:
            made, portion, _ = with_parts(ws)
        with crm.acting_as(MEI) as ws:
            ws.delete(portion)
        with crm.acting_as(MEI) as ws:
            ws.delete(made)
            ws.restore(made)

            assert (ws.count(Portion), ws.count(Label)) == (0, 1)

    def test_unique_value_taken_meanwhile(self, ws: Workspace) -> None:
        """A unique value that somebody else has taken meanwhile keeps the record in the bin."""
        made = ws.create(sample(code="x"))
        ws.delete(made)
        ws.create(sample(code="x"))

        with pytest.raises(ValidationError, match=r"field\.not_unique"):
            ws.restore(made)


class TestPurge:
    def test_gone_with_parts(self, ws: Workspace) -> None:
        """A purged record and its parts are gone, in the bin too."""
        made, portion, _ = with_parts(ws)
        ws.purge(made)

        assert ws.get_binned(Sample, made.id) is None
        assert ws.get_binned(Portion, portion.id) is None

    def test_referenced_from_bin(self, ws: Workspace) -> None:
        """A reference from the bin counts: it could be restored."""
        made = ws.create(Account(name="needed"))
        ws.delete(ws.create(sample(account=made)))

        with pytest.raises(ValidationError, match=r"referred to by 1 lab\.sample\.account"):
            ws.purge(made)

    def test_referenced_by_any(self, ws: Workspace) -> None:
        """So does a reference that may lead to any entity."""
        made = ws.create(sample())
        ws.create(Interaction(kind="call", happened_at=ws.now(), about=made))

        with pytest.raises(ValidationError, match=r"interaction\.about"):
            ws.purge(made)

    def test_referenced_among_many(self, ws: Workspace) -> None:
        """And one among several."""
        mei = ws.create(sample()).created_by.id
        user = ws.create(User(key="u", name="U"))
        ws.create(sample(watchers=[mei, user]))

        with pytest.raises(ValidationError, match=r"lab\.sample\.watchers"):
            ws.purge(user)

    def test_referenced_one_of_hundreds(self, ws: Workspace) -> None:
        """Of many at once, those that are referred to are told; without them, the others go."""
        made = ws.create_many([Account(name=f"account {number}") for number in range(150)]).created
        mei = ws.create(sample()).created_by.id
        users = ws.create_many([User(key=f"u{number}", name="U") for number in range(150)]).created
        samples = ws.create_many([sample() for _ in range(150)]).created
        ws.create(sample(account=made[70], watchers=[mei, users[20]]))
        ws.create(Interaction(kind="call", happened_at=ws.now(), about=samples[30]))
        ws.create(Portion(name="p", sample=samples[40]))

        cases = ((made, 70, r"lab\.sample\.account"), (users, 20, r"watchers"), (samples, 30, r"interaction\.about"))
        for records, place, path in cases:
            with pytest.raises(ValidationError, match=path) as caught:
                purge_many(ws, records)
            assert [problem.record for problem in caught.value.problems] == [records[place]]
            rest = [record for record in records if record is not records[place]]
            assert len(purge_many(ws, rest).updated) == 149
        assert list(ws.iterate(Portion)) == []

    def test_own_links_go(self, ws: Workspace) -> None:
        """The links that a purged record itself held go with it."""
        made = ws.create(sample())
        linked = ws.create(sample(watchers=[made.created_by.id]))
        ws.purge(linked)

        rows = ws._ctx.unit.rows("SELECT count(*) FROM crm_link")
        assert [tuple(row) for row in rows] == [(0,)]
