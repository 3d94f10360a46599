"""Creating records."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from tests.lab import (
    BOB,
    DECLARED,
    MEI,
    Label,
    LabTerms,
    Portion,
    Sample,
    plain,
    sample,
    values_of_every_kind,
)

from pycrm import CRM, Account, ConfigurationError, User, ValidationError, Workspace, field


def users(crm: CRM) -> tuple[User, User]:
    with crm.acting_as(MEI) as ws:
        return ws.create(User(key="u1", name="One")), ws.create(User(key="u2", name="Two"))


def codes(error: pytest.ExceptionInfo[ValidationError]) -> list[tuple[str | None, str]]:
    return [(problem.field, problem.code) for problem in error.value.problems]


OWN = {
    "text": "code",
    "long_text": "notes",
    "integer": "count",
    "decimal": "weight",
    "boolean": "is_new",
    "date": "made_on",
    "datetime": "seen_at",
    "choice": "size",
    "multi_choice": "colours",
    "money": "price",
    "unit_price": "cost",
    "ref": "origin",
    "refs": "watchers",
    "any_ref": "about",
    "tags": "tags",
}


class TestEveryKind:
    def test_own_fields(self, crm: CRM) -> None:
        """An own field of each kind is read back as it was created, then as it was updated."""
        one, other = users(crm)
        with crm.acting_as(MEI) as ws:
            origin, second = ws.create(sample()), ws.create(sample())
            kinds = values_of_every_kind(one.id, other.id) | {"ref": (origin.id, second.id)}
            first = {OWN[kind]: values[0] for kind, values in kinds.items()} | {"about": one}
            made = ws.create(sample(**first))
        expected = {OWN[kind]: values for kind, values in kinds.items()}

        with crm.acting_as(MEI) as ws:
            read = ws.get(Sample, made.id)
            assert {name: plain(getattr(read, name)) for name in expected} == {n: v[0] for n, v in expected.items()}
            ws.update(read, **{name: values[1] for name, values in expected.items()} | {"about": other})
        with crm.reading_as(MEI) as reader:
            read = reader.get(Sample, made.id)
            assert {name: plain(getattr(read, name)) for name in expected} == {n: v[1] for n, v in expected.items()}

    def test_custom_fields(self, crm: CRM) -> None:
        """A custom field of each kind does the same."""
        one, other = users(crm)
        kinds = values_of_every_kind(one.id, other.id)
        with crm.acting_as(MEI) as ws:
            for name, declared in DECLARED.items():
                ws.define_field(Sample, f"my_{name}", declared)
            first = {f"my_{name}": values[0] for name, values in kinds.items()} | {"my_any_ref": one}
            made = ws.create(sample(custom=first))

        with crm.acting_as(MEI) as ws:
            read = ws.get(Sample, made.id)
            assert {name: plain(read.custom[f"my_{name}"]) for name in kinds} == {n: v[0] for n, v in kinds.items()}
            read.custom = {f"my_{name}": values[1] for name, values in kinds.items()} | {"my_any_ref": other}
            ws.update(read)
        with crm.reading_as(MEI) as reader:
            read = reader.get(Sample, made.id)
            assert {name: plain(read.custom[f"my_{name}"]) for name in kinds} == {n: v[1] for n, v in kinds.items()}

    def test_extension_fields(self, crm: CRM) -> None:
        """A plugin's field of each kind on an entity of others does the same."""
        one, other = users(crm)
        kinds = values_of_every_kind(one.id, other.id)
        account = Account(name="extended")
        for name, values in kinds.items():
            setattr(account[LabTerms], name, values[0])
        account[LabTerms].any_ref = one
        with crm.acting_as(MEI) as ws:
            ws.create(account)

        with crm.acting_as(MEI) as ws:
            read = ws.get(Account, account.id)
            assert {n: plain(getattr(read[LabTerms], n)) for n in kinds} == {n: v[0] for n, v in kinds.items()}
            for name, values in kinds.items():
                setattr(read[LabTerms], name, values[1])
            read[LabTerms].any_ref = other
            ws.update(read)
        with crm.reading_as(MEI) as reader:
            read = reader.get(Account, account.id)
            assert {n: plain(getattr(read[LabTerms], n)) for n in kinds} == {n: v[1] for n, v in kinds.items()}

    @pytest.mark.parametrize("way", ["create", "update"])
    def test_several_values_emptied_with_none(self, ws: Workspace, way: str) -> None:
        """None empties a field of several values as it empties any other."""
        nothing = {"tags": None, "colours": None, "watchers": None}
        made = ws.create(sample(**nothing) if way == "create" else sample(tags=["a"], colours=["red"]))
        if way == "update":
            ws.update(made, **nothing)

        read = ws.get(Sample, made.id)
        assert (read.tags, read.colours, read.watchers) == (made.tags, made.colours, made.watchers) == ((), (), ())

    def test_absent_values(self, crm: CRM) -> None:
        """What nobody gave is None, or nothing where several values may be."""
        with crm.acting_as(MEI) as ws:
            for name, declared in DECLARED.items():
                ws.define_field(Account, f"my_{name}", declared)
            made = ws.create(Account(name="bare"))

        with crm.reading_as(MEI) as reader:
            read = reader.get(Account, made.id)
        several = {"multi_choice", "refs", "tags"}
        expected = {name: () if name in several else None for name in DECLARED}
        assert {name: read.custom[f"my_{name}"] for name in DECLARED} == expected
        assert {name: getattr(read[LabTerms], name) for name in DECLARED} == expected


class TestCommonFields:
    def test_filled_in(self, crm: CRM) -> None:
        """A new record has version 1, the instant of the CRM's clock, its maker, and that user as owner."""
        with crm.acting_as(MEI) as ws:
            before = ws.now()
            made = ws.create(sample())

        with crm.reading_as(MEI) as reader:
            read = reader.get(Sample, made.id)
            mei = reader.find(User, key="mei")
        assert mei is not None
        assert (read.version, read.deleted_at) == (1, None)
        assert before <= read.created_at == read.updated_at
        assert [ref.id for ref in (read.created_by, read.updated_by, read.owner)] == [mei.id] * 3  # type: ignore[union-attr]

    def test_same_before_and_after(self, crm: CRM) -> None:
        """The record that was created holds what reading it gives."""
        with crm.acting_as(MEI) as ws:
            made = ws.create(sample(count="7", weight="1.5", seen_at="2026-03-01T08:30:00+08:00"))
            read = ws.get(Sample, made.id)

        fields = [name for name in Sample.__declared_fields__ if name != "watchers"]
        assert {name: plain(getattr(made, name)) for name in fields} == {
            name: plain(getattr(read, name)) for name in fields
        }
        assert (made.count, made.weight, made.seen_at) == (7, Decimal("1.5"), datetime(2026, 3, 1, 0, 30, tzinfo=UTC))

    def test_first_unit_makes_user(self, crm: CRM) -> None:
        """The first writing unit of an unknown key makes its user, once."""
        for _ in range(2):
            with crm.acting_as(BOB) as ws:
                ws.create(sample())

        with crm.reading_as(MEI) as reader:
            assert [user.name for user in reader.list(User) if user.key == "bob"] == ["bob"]

    @pytest.mark.parametrize("name", ["version", "created_at", "created_by", "deleted_at", "seal"])
    def test_read_only_refused(self, crm: CRM, name: str) -> None:
        """A field that only the kernel or a plugin writes is refused from a caller."""
        made = sample()
        setattr(made, name, {"version": 7, "seal": "x", "created_by": made.id}.get(name, datetime.now(UTC)))

        with crm.acting_as(MEI) as ws, pytest.raises(ValidationError) as error:
            ws.create(made)
        assert codes(error) == [(name, "field.read_only")]


class TestDefaults:
    def test_value_and_callable(self, ws: Workspace) -> None:
        """A default is a value or is made by a call, and a lifecycle begins in its first state."""
        made = ws.create(sample())

        assert (made.grade, made.received_at, made.status) == ("B", datetime(2026, 3, 1, tzinfo=UTC), "asked")

    def test_given_value_wins(self, ws: Workspace) -> None:
        """A default takes the place of nothing only."""
        made = ws.create(sample(grade="A"))

        assert made.grade == "A"

    def test_of_custom_field(self, crm: CRM) -> None:
        """A custom field's default is kept with its definition, and parsed as any value."""
        with crm.acting_as(MEI) as ws:
            ws.define_field(Sample, "score", field.integer(default=5))
            made = ws.create(sample())

        with crm.reading_as(MEI) as reader:
            assert reader.get(Sample, made.id).custom.score == 5


class TestRequired:
    def test_all_problems_at_once(self, ws: Workspace) -> None:
        """Everything that is missing or wrong in a record comes back in one error."""
        with pytest.raises(ValidationError) as error:
            ws.create(Sample(count="many", size="XL", custom={"nothing": 1}))

        assert sorted(codes(error)) == [
            ("count", "integer.invalid"),
            ("custom.nothing", "field.unknown"),
            ("name", "field.required"),
            ("size", "choice.unknown"),
        ]

    @pytest.mark.parametrize("name", [None, ""])
    def test_empty_text_is_missing(self, ws: Workspace, name: str | None) -> None:
        """Empty text is no value where one is required."""
        with pytest.raises(ValidationError) as error:
            ws.create(Sample(name=name))  # type: ignore[arg-type]

        assert codes(error) == [("name", "field.required")]

    def test_empty_text_is_kept(self, crm: CRM) -> None:
        """Empty text stays empty text where none is required: own, custom and extension."""
        account = Account(name="x", industry="", custom={"note": ""})
        account[LabTerms].text = ""
        with crm.acting_as(MEI) as ws:
            ws.define_field(Account, "note", field.text())
            ws.create(account)

        with crm.reading_as(MEI) as reader:
            read = reader.get(Account, account.id)
        assert (read.industry, read.custom.note, read[LabTerms].text) == ("", "", "")

    def test_reference_must_lead_somewhere(self, ws: Workspace) -> None:
        """A reference to a record that does not exist is a problem of its field, before any SQL of the write."""
        with pytest.raises(ValidationError) as error:
            ws.create(Portion(name="p", sample=sample()))

        assert codes(error) == [("sample", "ref.unknown")]


class TestUnique:
    def test_taken(self, ws: Workspace) -> None:
        """A unique value that another record holds is refused by the field's name."""
        ws.create(sample(code="85123A"))

        with pytest.raises(ValidationError) as error:
            ws.create(sample(code="85123A"))
        assert codes(error) == [("code", "field.not_unique")]

    def test_compared_exactly(self, ws: Workspace) -> None:
        """Values that differ in case or in a space are different values."""
        for code in ("85123A", "85123a", " 85123a"):
            ws.create(sample(code=code))

        assert ws.count(Sample) == 3

    def test_several_missing_values(self, ws: Workspace) -> None:
        """Any number of records may have no value in a unique field."""
        ws.create_many([sample(), sample()])

        assert ws.count(Sample) == 2

    def test_over_several_fields(self, ws: Workspace) -> None:
        """A combination is refused as a whole; each of its values may come again."""
        ws.create_many([sample(box="a", position=1), sample(box="a", position=2), sample(box="b", position=1)])

        with pytest.raises(ValidationError) as error:
            ws.create(sample(box="a", position=2))
        assert codes(error) == [("box", "field.not_unique")]

    def test_twice_in_batch(self, ws: Workspace) -> None:
        """Two records of one batch cannot share a unique value; the later one has the problem."""
        first, second = sample(code="x"), sample(code="x")

        with pytest.raises(ValidationError) as error:
            ws.create_many([first, second])
        assert [problem.record for problem in error.value.problems] == [second]

    def test_outside_bin_only(self, ws: Workspace) -> None:
        """A record in the bin gives its unique values free."""
        ws.delete(ws.create(sample(code="x", box="a", position=1)))

        assert ws.create(sample(code="x", box="a", position=1)).version == 1

    def test_custom_field(self, ws: Workspace) -> None:
        """A custom field can be unique as well."""
        ws.define_field(Sample, "vat", field.text(unique=True))
        ws.create(sample(custom={"vat": "DE1"}))

        with pytest.raises(ValidationError) as error:
            ws.create(sample(custom={"vat": "DE1"}))
        assert codes(error) == [("custom.vat", "field.not_unique")]


class TestAutonumber:
    def test_counts(self, ws: Workspace) -> None:
        """Records without a number get the next ones, in the order of the batch."""
        made = [ws.create(sample()), *ws.create_many([sample(), sample()]).created]

        year = ws.now().year
        assert [each.number for each in made] == [f"SMP-{year}-{count:04}" for count in (1, 2, 3)]

    def test_given_by_caller(self, ws: Workspace) -> None:
        """A number that the caller gives is kept, and the count goes past it when it comes there."""
        year = ws.now().year
        given = ws.create(sample(number=f"SMP-{year}-0002"))

        made = ws.create_many([sample(), sample()]).created
        assert given.number == f"SMP-{year}-0002"
        assert [each.number for each in made] == [f"SMP-{year}-0001", f"SMP-{year}-0003"]

    def test_given_twice(self, ws: Workspace) -> None:
        """A unique number is unique for callers, too."""
        ws.create(sample(number="mine"))

        with pytest.raises(ValidationError) as error:
            ws.create(sample(number="mine"))
        assert codes(error) == [("number", "field.not_unique")]


class TestMisuse:
    def test_created_twice(self, ws: Workspace) -> None:
        """A record that is stored cannot be created again."""
        made = ws.create(sample())

        with pytest.raises(ConfigurationError, match=r"stored already; change it with ws\.update"):
            ws.create(made)

    def test_mixed_batch(self, ws: Workspace) -> None:
        """A batch holds records of one entity."""
        made = ws.create(sample())

        with pytest.raises(ConfigurationError, match="one call per entity"):
            ws.create_many([Portion(name="p", sample=made), Label(name="l", sample=made)])

    def test_same_record_twice(self, ws: Workspace) -> None:
        """A batch holds a record once."""
        twice = sample()

        with pytest.raises(ConfigurationError, match="same record twice"):
            ws.create_many([twice, twice])

    def test_graph_in_order(self, crm: CRM) -> None:
        """Ids are made in the client, so a graph of records is known before any of it is written."""
        parent = sample()
        parts = [Portion(name=str(count), sample=parent) for count in range(3)]
        with crm.acting_as(MEI) as ws:
            ws.create(parent)
            ws.create_many(parts)

        with crm.reading_as(MEI) as reader:
            read = reader.get(Sample, parent.id, include="portions")
        assert [part.name for part in read.related("portions")] == ["0", "1", "2"]
