"""Custom fields that get another kind: what fits is carried over, nothing is lost, one call takes it back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.lab import MEI

from pycrm import (
    CRM,
    Account,
    ConfigurationError,
    ConflictError,
    F,
    Json,
    Money,
    NotAllowedError,
    Principal,
    Quantity,
    Tag,
    UnknownNameError,
    ValidationError,
    Workspace,
    field,
)
from pycrm.storage import document_rows


def accounts(ws: Workspace, declared: Any, values: Sequence[Any], **options: Any) -> list[Account]:
    """Define the custom field ``x`` and return accounts with *values* in it."""
    ws.define_field(Account, "x", declared, **options)
    return list(ws.create_many([Account(name=f"a{n}", custom={"x": value}) for n, value in enumerate(values)]).created)


def values(ws: Any, name: str = "x") -> list[Any]:
    return [account.custom[name] for account in ws.list(Account, order_by="name")]


class TestConvert:
    def test_values_are_carried_over(self, crm: CRM) -> None:
        """What fits has the new kind, in the unit and after it; all that was there stays readable."""
        with crm.acting_as(MEI) as ws:
            made = accounts(ws, field.text(), ["42", "-1", "many", None, " 7 "], label={"zh": "叉"})
            report = ws.convert_field(Account, "x", field.integer())
            inside = values(ws)
        with crm.reading_as(MEI) as reader:
            after = values(reader)
            kept = values(reader, "x_before")
            numbers = reader.list(Account, where=F.custom.x > 0, order_by="custom.x")
            unfit = reader.list(Account, where=F.custom.x.is_null() & F.custom.x_before.is_not_null())

        assert inside == after == [42, -1, None, None, 7]
        assert kept == ["42", "-1", "many", None, " 7 "]
        assert [account.custom.x for account in numbers] == [7, 42]
        assert [account.id for account in unfit] == [made[2].id]
        assert (report.converted, report.misfit_count, report.kept_in) == (3, 1, "x_before")
        assert report.field.kind.name == crm.schema.entity(Account).fields["custom.x"].kind.name == "integer"
        assert report.field.label == {"zh": "叉"}
        assert crm.schema.entity(Account).fields["custom.x_before"].label == {"zh": "叉 (转换前)"}
        (misfit,) = report.misfits
        assert (misfit.record_id, misfit.value) == (made[2].id, "many")
        assert (misfit.problem.code, misfit.problem.field) == ("integer.invalid", "custom.x")

    def test_dry_run_changes_nothing(self, crm: CRM) -> None:
        """A dry run reports what the run would, and leaves values, field and schema number."""
        with crm.acting_as(MEI) as ws:
            made = accounts(ws, field.text(), ["42", "many"])
        number = crm.schema.number
        with crm.acting_as(MEI) as ws:
            dry = ws.convert_field(Account, "x", field.integer(), dry_run=True)
            still = values(ws)
            versions = [account.version for account in ws.list(Account)]
            real = ws.convert_field(Account, "x", field.integer())

        assert still == ["42", "many"]
        assert versions == [1, 1]
        assert (dry.converted, dry.misfit_count, dry.kept_in) == (1, 1, None)
        assert [misfit.record_id for misfit in dry.misfits] == [misfit.record_id for misfit in real.misfits]
        assert dry.misfits[0].record_id == made[1].id
        assert crm.schema.number == number + 1

    @pytest.mark.parametrize(
        ("old", "new", "given_value", "expected"),
        [
            (field.choice(["华东", "华北"]), field.text(), "华东", "华东"),
            (field.text(), field.choice(["S", "M"]), "M", "M"),
            (field.choice(["S", "M"]), field.multi_choice(["S", "M"]), "M", ("M",)),
            (field.multi_choice(["S", "M"]), field.text(), ("S", "M"), "S, M"),
            (field.text(), field.multi_choice(["S", "M"]), "M, S", ("S", "M")),
            (field.multi_choice(["S", "M"]), field.tags(), ("S", "M"), ("M", "S")),
            (field.json(), field.tags(), Json(["a", "b"]), ("a", "b")),
            (field.integer(), field.decimal(), 5, Decimal(5)),
            (field.decimal(), field.money(currency="CNY"), Decimal("2.5"), Money("2.5", "CNY")),
            (field.money(), field.text(), Money("2.5", "CNY"), "CNY 2.50"),
            (field.text(), field.money(), "CNY 2.5", Money("2.5", "CNY")),
            (field.decimal(), field.quantity("kg"), Decimal("2.5"), Quantity("2.5", "kg")),
            (field.text(), field.date(), "2026-03-31", date(2026, 3, 31)),
            (field.date(), field.text(), date(2026, 3, 31), "2026-03-31"),
            (field.boolean(), field.text(), True, "true"),
            (field.percent(), field.text(), Decimal("0.125"), "0.125"),
            (field.text(), field.json(), "x", Json("x")),
            (field.text(), field.long_text(), "x", "x"),
        ],
        ids=lambda value: getattr(getattr(value, "kind", None), "name", None),
    )
    def test_kinds(self, ws: Workspace, old: Any, new: Any, given_value: Any, expected: Any) -> None:
        """Values pass by themselves, by their dumped form, or by their text, and all of it can be undone."""
        accounts(ws, old, [given_value])
        ws.convert_field(Account, "x", new)
        converted = values(ws)
        ws.undo_convert_field(Account, "x")

        assert converted == [expected]
        assert values(ws) == [given_value]

    def test_tags_get_their_records(self, ws: Workspace) -> None:
        """Words that become tags are known as tags."""
        accounts(ws, field.text(), ["new", "new", "old"])
        ws.create(Tag(name="old"))
        ws.convert_field(Account, "x", field.tags())

        assert sorted(tag.name for tag in ws.list(Tag)) == ["new", "old"]

    def test_bin_is_converted_too(self, ws: Workspace) -> None:
        """A record in the bin comes back with a value of the new kind."""
        first, _ = accounts(ws, field.text(), ["1", "2"])
        ws.delete(first)
        report = ws.convert_field(Account, "x", field.integer())
        binned = ws.get_binned(Account, first.id)
        assert binned is not None
        ws.restore(binned)

        assert report.converted == 2
        assert values(ws) == [1, 2]

    def test_in_portions(self, ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
        """However the rows are portioned, each is converted once."""
        monkeypatch.setattr(document_rows.iterate_documents, "__kwdefaults__", {"portion": 3})
        made = accounts(ws, field.text(), [str(number) for number in range(10)])
        report = ws.convert_field(Account, "x", field.integer())

        assert report.converted == 10
        assert sorted(values(ws)) == list(range(10))
        assert {account.version for account in ws.list(Account)} == {made[0].version + 1}

    def test_index_follows(self, crm: CRM) -> None:
        """The old index goes and the one that the new declaration asks for comes; unique values are held to that."""
        with crm.acting_as(MEI) as ws:
            first, _, third = accounts(ws, field.text(indexed=True), ["1", "2", "01"])
            report = ws.convert_field(Account, "x", field.integer(), unique=True)
            with pytest.raises(ValidationError, match=r"field\.not_unique"):
                ws.create(Account(name="b", custom={"x": 2}))

        assert [misfit.problem.code for misfit in report.misfits] == ["field.not_unique"]
        assert {misfit.record_id for misfit in report.misfits} <= {first.id, third.id}
        assert crm.schema.entity(Account).fields["custom.x"].unique

    def test_kinds_of_several_parts(self, ws: Workspace) -> None:
        """A kind with further parts finds room for them, whatever other fields are called."""
        ws.define_field(Account, "x_currency", field.text())
        (made,) = accounts(ws, field.integer(), [1])
        ws.convert_field(Account, "x", field.money(currency="CNY", indexed=True))
        ws.update(ws.get(Account, made.id), **{"custom.x_currency": "text"})

        assert values(ws) == [Money(1, "CNY")]
        assert values(ws, "x_currency") == ["text"]
        assert [account.id for account in ws.list(Account, where=F.custom.x >= Money(1, "CNY"))] == [made.id]

    @pytest.mark.parametrize(
        ("name", "declared", "error", "match"),
        [
            ("nothing", field.text(), UnknownNameError, "has no field"),
            ("retired", field.text(), ConfigurationError, "revive it first"),
            ("x", field.ref("user"), ConfigurationError, "kind ref are not converted"),
            ("boss", field.text(), ConfigurationError, "kind ref are not converted"),
            ("x", field.autonumber("A-{seq}"), ConfigurationError, "cannot be a custom one"),
            ("x", "text", ConfigurationError, "not by 'text'"),
        ],
    )
    def test_refusals(self, ws: Workspace, name: str, declared: Any, error: Any, match: str) -> None:
        """What cannot be converted is refused before anything is written."""
        accounts(ws, field.text(), ["1"])
        ws.define_field(Account, "boss", field.ref("user"))
        ws.define_field(Account, "retired", field.text())
        ws.retire_field(Account, "retired")
        with pytest.raises(error, match=match):
            ws.convert_field(Account, name, declared)

        assert values(ws) == ["1"]

    @pytest.mark.parametrize("dry_run", [True, False])
    def test_needs_the_right(self, crm: CRM, dry_run: bool) -> None:
        """Who may not define fields may not convert them, nor see what would become of them."""
        with crm.acting_as(MEI) as ws:
            accounts(ws, field.text(), ["1"])
        with pytest.raises(NotAllowedError), crm.acting_as(Principal("eve")) as ws:
            ws.convert_field(Account, "x", field.integer(), dry_run=dry_run)

    def test_rollback(self, crm: CRM) -> None:
        """A unit that rolls back leaves field and values as they were."""
        with crm.acting_as(MEI) as ws:
            accounts(ws, field.text(), ["1", "many"])
        with pytest.raises(KeyError), crm.acting_as(MEI) as ws:
            ws.convert_field(Account, "x", field.integer())
            raise KeyError
        with crm.acting_as(MEI) as ws:
            assert values(ws) == ["1", "many"]
            assert "custom.x_before" not in crm.schema.entity(Account).fields

    @pytest.mark.parametrize("new", [field.money(currency="CNY"), field.integer(), field.geo_point()])
    def test_stale_record(self, crm: CRM, new: Any) -> None:
        """Who loaded a record before and writes the field now is told of a conflict; another field is merged."""
        with crm.acting_as(MEI) as ws:
            (made,) = accounts(ws, field.text(), ["1"])
        with crm.reading_as(MEI) as reader:
            one, other = (reader.get(Account, made.id) for _ in range(2))
            assert one.custom.x == other.custom.x == "1"
        with crm.acting_as(MEI) as ws:
            ws.convert_field(Account, "x", new)
        with crm.acting_as(MEI) as ws:
            other.industry = "textiles"
            ws.update(other)
        one.custom.x = "36.0, 120.0" if new.kind.name == "geo_point" else "2"
        with pytest.raises(ConflictError), crm.acting_as(MEI) as ws:
            ws.update(one)

    def test_options_may_change(self, ws: Workspace) -> None:
        """The same kind with other options is a conversion too."""
        accounts(ws, field.text(), ["short", "x" * 20])
        report = ws.convert_field(Account, "x", field.text(max_length=10))

        assert (report.converted, [misfit.problem.code for misfit in report.misfits]) == (1, ["text.too_long"])
        assert values(ws, "x_before") == ["short", "x" * 20]


class TestUndo:
    def test_everything_comes_back(self, crm: CRM) -> None:
        """What fitted and what did not are as they were, and so is the field."""
        given_values = ["42", "many", " 7 ", None, "007"]
        with crm.acting_as(MEI) as ws:
            accounts(ws, field.text(indexed=True), given_values, label={"zh": "叉"})
            before = crm.schema.entity(Account).fields
            ws.convert_field(Account, "x", field.integer(indexed=True))
        with crm.acting_as(MEI) as ws:
            dry = ws.undo_convert_field(Account, "x", dry_run=True)
            report = ws.undo_convert_field(Account, "x")
            after = values(ws)

        assert after == given_values
        assert (report.converted, report.misfit_count, report.kept_in) == (4, 0, None)
        assert (dry.converted, dry.misfit_count) == (4, 0)
        assert crm.schema.entity(Account).fields.keys() == before.keys() | {"custom.x"}
        assert crm.schema.entity(Account).fields["custom.x"].indexed
        assert crm.schema.entity(Account).fields["custom.x"].label == {"zh": "叉"}

    def test_later_changes_count(self, ws: Workspace) -> None:
        """What was written since the conversion is carried back, and what was emptied stays empty."""
        first, second, third = accounts(ws, field.text(), ["1", "many", " 7 "])
        ws.convert_field(Account, "x", field.integer())
        for account, value in ((first, 10), (second, 20), (third, None)):
            ws.update(ws.get(Account, account.id), **{"custom.x": value})
        ws.undo_convert_field(Account, "x")

        assert values(ws) == ["10", "20", None]

    def test_what_does_not_fit_back_is_kept(self, ws: Workspace) -> None:
        """A value written since that the former kind does not take stays in a retired field."""
        first, _ = accounts(ws, field.integer(), [1, 2])
        ws.convert_field(Account, "x", field.text())
        ws.update(ws.get(Account, first.id), **{"custom.x": "many"})
        report = ws.undo_convert_field(Account, "x")

        assert (report.misfit_count, report.kept_in) == (1, "x_before")
        assert values(ws) == [None, 2]
        assert values(ws, "x_before") == ["many", None]

    def test_one_after_the_other(self, ws: Workspace) -> None:
        """Two conversions are undone by two calls, and a third call says that there is nothing to undo."""
        accounts(ws, field.text(), ["1.50", "x", "2"])
        ws.convert_field(Account, "x", field.decimal())
        ws.convert_field(Account, "x", field.integer())
        ws.undo_convert_field(Account, "x")
        between = values(ws)
        ws.undo_convert_field(Account, "x")

        assert between == [Decimal("1.5"), None, Decimal(2)]
        assert values(ws) == ["1.50", "x", "2"]
        with pytest.raises(ConfigurationError, match="was not converted"):
            ws.undo_convert_field(Account, "x")

    def test_another_kind_after_it(self, ws: Workspace) -> None:
        """An index over the second new kind does not meet what the first conversion wrote, even in the same unit."""
        accounts(ws, field.text(), ["2024-01-31", "7"])
        ws.convert_field(Account, "x", field.date(indexed=True))
        ws.undo_convert_field(Account, "x")
        ws.convert_field(Account, "x", field.integer(indexed=True))

        assert values(ws) == [None, 7]

    def test_relabelling_keeps_the_way_back(self, ws: Workspace) -> None:
        """Changes of labels and options between do not hinder."""
        accounts(ws, field.text(), ["S", "XL"])
        ws.convert_field(Account, "x", field.choice(["S"]))
        ws.relabel_field(Account, "x", label={"en": "Size"})
        ws.add_options(Account, "x", ["M"])
        ws.undo_convert_field(Account, "x")

        assert values(ws) == ["S", "XL"]

    def test_field_of_another_name_is_not_touched(self, ws: Workspace) -> None:
        """A field that somebody called like the kept one is left alone."""
        ws.define_field(Account, "x_before", field.text())
        accounts(ws, field.text(), ["many"])
        report = ws.convert_field(Account, "x", field.integer())

        assert report.kept_in == "x_before_2"
        assert values(ws, "x_before_2") == ["many"]

    def test_untouched_values_come_first(self, ws: Workspace) -> None:
        """Where values are unique, what was there comes back, and what somebody wrote since and is the same is kept."""
        first, _ = accounts(ws, field.text(unique=True), ["x", "1"])
        ws.convert_field(Account, "x", field.integer())
        ws.update(ws.get(Account, first.id), **{"custom.x": 1})
        report = ws.undo_convert_field(Account, "x")

        assert [misfit.problem.code for misfit in report.misfits] == ["field.not_unique"]
        assert values(ws) == [None, "1"]
        assert values(ws, "x_before") == [1, None]

    def test_kept_field_in_use(self, ws: Workspace) -> None:
        """While somebody uses the kept field, or has converted that too, nothing can be taken back."""
        accounts(ws, field.text(), ["1"])
        ws.convert_field(Account, "x", field.integer())
        ws.revive_field(Account, "x_before")
        with pytest.raises(ConfigurationError, match=r"custom\.x_before holds .* retire it"):
            ws.undo_convert_field(Account, "x")
        ws.convert_field(Account, "x_before", field.decimal())
        ws.retire_field(Account, "x_before")
        with pytest.raises(ConfigurationError, match="undo its own conversion"):
            ws.undo_convert_field(Account, "x")

    def test_readers_go_on_with_what_they_know(self, crm: CRM) -> None:
        """A unit that read before a conversion goes on reading the former values."""
        with crm.acting_as(MEI) as ws:
            (made,) = accounts(ws, field.integer(), [1])
        with crm.reading_as(MEI) as reader:
            reader.get(Account, made.id)
            with crm.acting_as(MEI) as ws:
                ws.convert_field(Account, "x", field.text(), indexed=True)
                ws.update(ws.get(Account, made.id), **{"custom.x": "many"})
            still = [account.custom.x for account in reader.list(Account, where=F.custom.x < 5)]
        with crm.reading_as(MEI) as reader:
            now = [account.custom.x for account in reader.list(Account, where=F.custom.x > "a")]

        assert (still, now) == ([1], ["many"])


JSONS = st.recursive(st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=3), st.lists, max_leaves=3)
KINDS: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (field.text(), st.text("aS1.,5- 岁", max_size=6) | st.sampled_from(["1", "2026-03-01", "CNY 1.5", "true"])),
    (field.integer(), st.integers(-20, 20)),
    (field.decimal(places=3), st.decimals(-9, 9, places=3)),
    (field.boolean(), st.booleans()),
    (field.date(), st.dates()),
    (field.choice(["S", "1", "true"]), st.sampled_from(["S", "1", "true"])),
    (field.multi_choice(["S", "1", "5"]), st.sampled_from([(), ("S",), ("S", "1"), ("1", "5")])),
    (field.money(), st.builds(Money, st.decimals(-9, 9, places=2), st.sampled_from(["CNY", "USD"]))),
    (field.tags(), st.sampled_from([(), ("S",), ("1", "5")])),
    (field.json(), JSONS.map(Json)),
    (field.quantity("kg"), st.builds(Quantity, st.decimals(-9, 9, places=2), st.sampled_from(["kg", "g"]))),
]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_nothing_is_lost(crm: CRM, data: st.DataObject) -> None:
    """Whatever is converted into whatever: the count is right, and an undoing gives every value back."""
    old, strategy = data.draw(st.sampled_from(KINDS))
    new, _ = data.draw(st.sampled_from(KINDS))
    given_values = data.draw(st.lists(st.none() | strategy, min_size=1, max_size=8))
    with pytest.raises(KeyError), crm.acting_as(MEI) as ws:
        accounts(ws, old, given_values)
        before = values(ws)
        report = ws.convert_field(Account, "x", new)
        present = [value for value in before if value not in (None, ())]
        assert report.converted + report.misfit_count == len(present)
        assert report.converted == sum(value not in (None, ()) for value in values(ws))
        ws.undo_convert_field(Account, "x")
        assert values(ws) == before
        raise KeyError
