"""Two people change one record: merged field by field where they can be, a conflict where they cannot."""

from __future__ import annotations

from typing import Any

import pytest
from tests.lab import BOB, MEI, Sample, plain, sample

from pycrm import CRM, ConflictError, NotFoundError, User, ValidationError, field

CUSTOM: dict[str, Any] = {
    "score": field.integer(),
    "marks": field.tags(),
    "budget": field.money(),
    "is_vip": field.boolean(),
    "ratio": field.decimal(),
    "since": field.date(),
    "last_at": field.datetime(),
    "note": field.text(),
}


def make(crm: CRM, **values: Any) -> tuple[Sample, Sample]:
    """Return a stored sample as Mei loaded it, and the same as Bob did."""
    with crm.acting_as(MEI) as ws:
        made = ws.create(sample(**values))
    with crm.reading_as(MEI) as reader:
        return reader.get(Sample, made.id), reader.get(Sample, made.id)


def write(crm: CRM, principal: Any, record: Sample, **changes: Any) -> None:
    with crm.acting_as(principal) as ws:
        ws.update(record, **changes)


def stored(crm: CRM, record: Sample) -> Sample:
    with crm.reading_as(MEI) as reader:
        return reader.get(Sample, record.id)


class TestMerge:
    def test_different_fields(self, crm: CRM) -> None:
        """Changes of different fields both stay, and the later writer sees the earlier's."""
        mine, theirs = make(crm, count=1, notes="old")
        write(crm, BOB, theirs, notes="theirs")
        write(crm, MEI, mine, count=2)

        read = stored(crm, mine)
        assert (read.count, read.notes, read.version) == (2, "theirs", 3)
        assert (mine.count, mine.notes, mine.version) == (2, "theirs", 3)

    def test_same_value(self, crm: CRM) -> None:
        """Fields that the other did not touch merge, however often the record was written."""
        mine, theirs = make(crm)
        for count in range(3):
            write(crm, BOB, theirs, count=count)
        write(crm, MEI, mine, notes="mine")

        assert (stored(crm, mine).count, stored(crm, mine).notes, mine.version) == (2, "mine", 5)

    def test_checks_run_again(self, crm: CRM) -> None:
        """A merged record is judged again: two changes that are sound alone may not be so together."""
        mine, theirs = make(crm, size="L", count=5)
        write(crm, BOB, theirs, count=50)

        with pytest.raises(ValidationError, match=r"sample\.too_many"):
            write(crm, MEI, mine, size="S")
        read = stored(crm, mine)
        assert (read.size, read.count, read.version) == ("L", 50, 2)
        assert (mine.size, mine.count, mine.version) == ("L", 5, 1)

    def test_in_batch(self, crm: CRM) -> None:
        """In a batch the stale records merge and the others are written."""
        with crm.acting_as(MEI) as ws:
            made = ws.create_many([sample(count=count) for count in range(5)]).created
        with crm.acting_as(BOB) as ws:
            ws.update(ws.get(Sample, made[2].id), notes="theirs")
        with crm.acting_as(MEI) as ws:
            for record in made:
                record.size = "M"
            result = ws.update_many(made)

        assert len(result.updated) == 5
        with crm.reading_as(MEI) as reader:
            read = [reader.get(Sample, record.id) for record in made]
        assert [(each.size, each.notes, each.version) for each in read] == [
            ("M", "theirs" if place == 2 else None, 3 if place == 2 else 2) for place in range(5)
        ]


class TestOverlap:
    def test_names_everything(self, crm: CRM) -> None:
        """A conflict names the field, both values and both actors, and nothing is written."""
        mine, theirs = make(crm, count=1)
        write(crm, BOB, theirs, count=2)

        with pytest.raises(ConflictError, match="count was changed meanwhile by 'bob' to 2; 'mei' wanted 3") as error:
            write(crm, MEI, mine, count=3, notes="mine")
        conflict = error.value
        assert (conflict.field, conflict.ours, conflict.theirs) == ("count", 3, 2)
        assert (conflict.actor, conflict.other_actor, conflict.retryable) == ("mei", "bob", True)
        assert (stored(crm, mine).count, stored(crm, mine).notes) == (2, None)

    def test_record_put_back(self, crm: CRM) -> None:
        """The record that met a conflict is as it was loaded."""
        mine, theirs = make(crm, count=1)
        write(crm, BOB, theirs, count=2)

        with pytest.raises(ConflictError):
            write(crm, MEI, mine, count=3)
        assert (mine.count, mine.version) == (1, 1)

    def test_leaves_unit_usable(self, crm: CRM) -> None:
        """A conflict of a single update leaves its unit as it was: read again and decide."""
        mine, theirs = make(crm, count=1)
        write(crm, BOB, theirs, count=2)

        with crm.acting_as(MEI) as ws:
            with pytest.raises(ConflictError):
                ws.update(mine, count=3)
            ws.update(ws.get(Sample, mine.id), count=4)
        assert stored(crm, mine).count == 4

    @pytest.mark.parametrize(
        ("name", "before", "ours", "theirs"),
        [
            ("notes", "old", None, "theirs"),
            ("notes", None, "ours", "theirs"),
            ("price", "USD 1", "USD 2", "EUR 1"),
            ("colours", ["red"], ["green"], ["blue"]),
            ("tags", [], ["a"], ["b"]),
            ("is_new", None, True, False),
            ("custom.score", 1, 2, 3),
            ("custom.score", None, 2, 3),
            ("custom.marks", ["a"], [], ["b"]),
            ("custom.budget", "USD 1", "USD 2", "EUR 1"),
            ("custom.is_vip", None, True, False),
            ("custom.ratio", "0.5", None, "0.25"),
            ("custom.since", "2026-01-01", "2026-01-02", "2026-01-03"),
            ("custom.last_at", None, "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"),
            ("custom.note", "it's", "", "\"'"),
        ],
    )
    def test_every_form(self, crm: CRM, name: str, before: Any, ours: Any, theirs: Any) -> None:
        """Fields of one part or several, in a column or in the document, given or emptied: overlap is overlap."""
        with crm.acting_as(MEI) as ws:
            for custom, declared in CUSTOM.items():
                ws.define_field(Sample, custom, declared)
        mine, other = make(crm)
        write(crm, MEI, mine, **{name: before})
        mine, other = stored(crm, mine), stored(crm, mine)
        write(crm, BOB, other, **{name: theirs})

        with pytest.raises(ConflictError) as error:
            write(crm, MEI, mine, **{name: ours})
        assert error.value.field == name

    def test_reference(self, crm: CRM) -> None:
        """References conflict by the record they lead to."""
        with crm.acting_as(MEI) as ws:
            users = [ws.create(User(key=key, name=key)) for key in "12"]
        mine, theirs = make(crm)
        write(crm, BOB, theirs, owner=users[0])

        with pytest.raises(ConflictError) as error:
            write(crm, MEI, mine, owner=users[1])
        assert (error.value.field, error.value.theirs, error.value.ours) == (
            "owner",
            str(users[0].id),
            str(users[1].id),
        )

    def test_multi_reference(self, crm: CRM) -> None:
        """Multi-references never conflict: what either adds is there, what either removes is gone."""
        with crm.acting_as(MEI) as ws:
            users = [ws.create(User(key=key, name=key)) for key in "1234"]
        mine, theirs = make(crm, watchers=users[:2])
        write(crm, BOB, theirs, watchers=[users[0], users[2]])
        write(crm, MEI, mine, watchers=[users[1], users[3]])

        expected = {users[2].id, users[3].id}
        assert set(plain(stored(crm, mine).watchers)) == set(plain(mine.watchers)) == expected

    def test_batch_undone(self, crm: CRM) -> None:
        """A conflict in a batch undoes the whole call."""
        with crm.acting_as(MEI) as ws:
            made = ws.create_many([sample(count=count) for count in range(3)]).created
        with crm.acting_as(BOB) as ws:
            ws.update(ws.get(Sample, made[1].id), count=100)

        for record in made:
            record.count = 7
        with crm.acting_as(MEI) as ws, pytest.raises(ConflictError), ws.savepoint():
            ws.update_many(made)
        with crm.reading_as(MEI) as reader:
            assert [reader.get(Sample, record.id).count for record in made] == [0, 100, 2]


class TestGone:
    def test_binned_meanwhile(self, crm: CRM) -> None:
        """A record that went to the bin meanwhile cannot be updated; the error says where it is."""
        mine, theirs = make(crm)
        with crm.acting_as(BOB) as ws:
            ws.delete(theirs)

        with pytest.raises(NotFoundError, match="in the bin; restore it first"):
            write(crm, MEI, mine, count=1)

    def test_purged_meanwhile(self, crm: CRM) -> None:
        """Nor can one that is gone for good."""
        mine, theirs = make(crm)
        with crm.acting_as(BOB) as ws:
            ws.delete(theirs)
            ws.purge(theirs)

        with pytest.raises(NotFoundError, match="is gone"):
            write(crm, MEI, mine, count=1)


class TestForms:
    """A form shows a version to its user; the record is loaded again when the form comes back."""

    def test_overlap(self, crm: CRM) -> None:
        """A field that somebody else changed since the form was shown is a conflict."""
        shown, theirs = make(crm, count=1)
        write(crm, BOB, theirs, count=2)

        with crm.acting_as(MEI) as ws, pytest.raises(ConflictError) as error:
            ws.update(ws.get(Sample, shown.id), version=shown.version, count=3)
        assert (error.value.field, error.value.theirs, error.value.other_actor) == ("count", 2, "bob")

    def test_other_fields(self, crm: CRM) -> None:
        """Fields that nobody else changed are written."""
        shown, theirs = make(crm, count=1)
        write(crm, BOB, theirs, count=2)

        with crm.acting_as(MEI) as ws:
            ws.update(ws.get(Sample, shown.id), version=shown.version, notes="mine")
        assert (stored(crm, shown).count, stored(crm, shown).notes) == (2, "mine")

    def test_present_version(self, crm: CRM) -> None:
        """The newest version has nothing to merge with."""
        shown, _ = make(crm, count=1)

        with crm.acting_as(MEI) as ws:
            assert ws.update(ws.get(Sample, shown.id), version=1, count=3).version == 2
