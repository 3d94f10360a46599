"""Updating records."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tests.lab import BOB, MEI, LabTerms, Sample, plain, sample

from pycrm import (
    CRM,
    Account,
    ConfigurationError,
    Money,
    UnknownNameError,
    User,
    ValidationError,
    Workspace,
    field,
)
from pycrm.storage.changes import ChangeRow, read_changes


def history(ws: Workspace, record: Any) -> list[ChangeRow]:
    """Return the change rows of *record*, oldest first."""
    entity = ws._ctx.tools.schema.entity_of(record)
    return read_changes(ws._ctx.unit, ws._ctx.tools.tables, entity.name, record.id)


def stored(crm: CRM, record: Any) -> Any:
    with crm.reading_as(MEI) as reader:
        return reader.get(type(record), record.id)


class TestWhatChanged:
    def test_attributes(self, crm: CRM) -> None:
        """What was set on a loaded record is written, and the record is as fresh as one read anew."""
        with crm.acting_as(MEI) as ws:
            made = ws.create(sample(count=1, notes="kept"))
            made.count = 2
            ws.update(made)

        read = stored(crm, made)
        assert (made.version, made.count, made.notes) == (read.version, read.count, read.notes) == (2, 2, "kept")

    def test_shorthand(self, crm: CRM) -> None:
        """Changes may be given by name, those of custom and extension fields by their path."""
        with crm.acting_as(MEI) as ws:
            ws.define_field(Account, "region", field.text())
            made = ws.create(Account(name="x"))
            ws.update(made, industry="textiles", **{"custom.region": "华东", "lab.text": "lab"})

        read = stored(crm, made)
        assert (read.industry, read.custom.region, read[LabTerms].text) == ("textiles", "华东", "lab")

    def test_custom_as_mapping(self, ws: Workspace) -> None:
        """A mapping of custom fields sets those it names and leaves the others."""
        for name in ("a", "b"):
            ws.define_field(Account, name, field.text())
        made = ws.create(Account(name="x", custom={"a": "1", "b": "1"}))

        ws.update(made, custom={"b": "2"})
        assert dict(made.custom) == {"a": "1", "b": "2"}

    def test_nothing(self, ws: Workspace) -> None:
        """Setting what is stored already, in whatever form, writes nothing."""
        ws.define_field(Sample, "marks", field.tags())
        made = ws.create(sample(count=1, weight=Decimal("1.50"), tags=["b", "a"]))

        ws.update(made, count="1", weight=Decimal("1.5"), tags=("a", "b"), colours=[], **{"custom.marks": []})
        assert (made.version, len(history(ws, made))) == (1, 1)

    def test_emptied(self, crm: CRM) -> None:
        """A field that is set to nothing has no value any more, wherever it is stored."""
        account = Account(name="x", annual_revenue=Money(5, "USD"), tags=["t"], custom={"budget": "USD 5"})
        account[LabTerms].refs = ()
        with crm.acting_as(MEI) as ws:
            ws.define_field(Account, "budget", field.money())
            ws.create(account)
            account[LabTerms].refs = [account.created_by]
            ws.update(account)
            ws.update(account, annual_revenue=None, tags=(), **{"custom.budget": None, "lab.refs": ()})

        read = stored(crm, account)
        assert (read.annual_revenue, read.tags, read.custom.budget, read[LabTerms].refs) == (None, (), None, ())

    def test_document_keys_one_by_one(self, crm: CRM) -> None:
        """Changing one custom field leaves what somebody else wrote into another."""
        with crm.acting_as(MEI) as ws:
            for name in ("a", "b"):
                ws.define_field(Account, name, field.text())
            made = ws.create(Account(name="x"))
        stale = stored(crm, made)
        with crm.acting_as(BOB) as ws:
            ws.update(ws.get(Account, made.id), **{"custom.a": "theirs"})
        with crm.acting_as(MEI) as ws:
            ws.update(stale, **{"custom.b": "ours"})

        assert dict(stored(crm, made).custom) == {"a": "theirs", "b": "ours"}
        assert dict(stale.custom) == {"a": "theirs", "b": "ours"}

    def test_multi_reference(self, crm: CRM) -> None:
        """References are added, removed and put in order by assigning all of them."""
        with crm.acting_as(MEI) as ws:
            one, two, three = (ws.create(User(key=key, name=key)) for key in ("1", "2", "3"))
            made = ws.create(sample(watchers=[one, two]))
            ws.update(made, watchers=[three, one])

        assert plain(stored(crm, made).watchers) == (three.id, one.id)


class TestRefused:
    def test_unknown_name(self, ws: Workspace) -> None:
        """An unknown name is refused with the nearest ones, and nothing is set."""
        made = ws.create(sample())

        with pytest.raises(UnknownNameError, match="did you mean 'count'"):
            ws.update(made, cuont=3)
        assert ws.update(made, count=3).version == 2

    @pytest.mark.parametrize("value", [None, ""])
    def test_required_field_emptied(self, ws: Workspace, value: str | None) -> None:
        """A required field cannot be emptied."""
        made = ws.create(sample())

        with pytest.raises(ValidationError, match=r"field\.required"):
            ws.update(made, name=value)

    def test_values_put_back(self, ws: Workspace) -> None:
        """A refused shorthand leaves the record as it was before the call."""
        made = ws.create(sample(count=1))

        with pytest.raises(ValidationError):
            ws.update(made, count="many")
        assert (made.count, made.version) == (1, 1)

    def test_not_stored(self, ws: Workspace) -> None:
        """A record that was never created cannot be updated."""
        with pytest.raises(ConfigurationError, match=r"use ws\.create"):
            ws.update(sample(), count=1)

    def test_read_only(self, ws: Workspace) -> None:
        """A read-only field is refused from a caller."""
        made = ws.create(sample())

        with pytest.raises(ValidationError, match=r"lab\.sample\.seal.*field\.read_only"):
            ws.update(made, seal="x")

    def test_unique_taken(self, ws: Workspace) -> None:
        """Moving to a unique value that is taken is refused; keeping one's own is not."""
        ws.create(sample(code="a"))
        made = ws.create(sample(code="b", box="x", position=1))

        with pytest.raises(ValidationError, match=r"field\.not_unique"):
            ws.update(made, code="a")
        assert ws.update(made, code="c", box="y").version == 2

    def test_reference_to_nowhere(self, ws: Workspace) -> None:
        """A reference must lead to a record on update, too."""
        made = ws.create(sample())

        with pytest.raises(ValidationError, match=r"ref\.unknown"):
            ws.update(made, account=sample().id)


class TestChangeRows:
    def test_update(self, crm: CRM) -> None:
        """An update leaves a small row: version, changed names, old values, actor, instant."""
        with crm.acting_as(MEI) as ws:
            ws.define_field(Sample, "region", field.text())
            made = ws.create(sample(price="USD 5", custom={"region": "east"}))
        with crm.acting_as(BOB) as ws:
            ws.update(ws.get(Sample, made.id), price="EUR 6", count=1, **{"custom.region": "west"})
            row = history(ws, made)[-1]

        assert (row.version, row.kind, row.actor) == (2, "update", "bob")
        assert set(row.changed) == {"price", "count", "custom.region"}
        assert row.old == {"price": {"amount": "5.00", "currency": "USD"}, "custom.region": "east"}

    def test_life_of_record(self, ws: Workspace) -> None:
        """Each step of a record's life is one row; they outlive the record."""
        made = ws.create(sample(size="S"))
        ws.move(made, "send")
        ws.delete(made)
        ws.restore(made)
        ws.delete(made)
        ws.purge(made)

        rows = history(ws, made)
        assert [row.kind for row in rows] == ["create", "update", "delete", "restore", "delete", "purge"]
        assert [row.version for row in rows[:5]] == [1, 2, 3, 4, 5]
        assert rows[1].facts == {"move": "send"}

    def test_one_batch(self, ws: Workspace) -> None:
        """The rows of one call share a batch."""
        first, second = ws.create_many([sample(), sample()]).created
        third = ws.create(sample())

        batches = [history(ws, record)[0].batch for record in (first, second, third)]
        assert batches[0] == batches[1] != batches[2]
