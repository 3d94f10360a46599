"""Taking back a call that wrote all records of a filter."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from tests.integration.workspace.test_bulk import SMALL, counts, samples
from tests.lab import BOB, DECLARED, GUEST, MEI, Label, Portion, Sample, plain, sample, values_of_every_kind

from pycrm import CRM, Account, F, NotAllowedError, NotFoundError, Opportunity, Stage, User, Workspace
from pycrm.workspace import undo
from pycrm.workspace.results import UndoResult


def codes(result: UndoResult) -> list[tuple[str, str | None]]:
    """Return code and field of every problem."""
    return [(problem.code, problem.field) for each in result.refused for problem in each.problems]


class TestUpdate:
    def test_other_unit(self, crm: CRM) -> None:
        """A handle, or its text, takes the call back in a later unit, of somebody else too."""
        with crm.acting_as(MEI) as ws:
            samples(ws, 1, 2, 3)
            handle = ws.update_where(Sample, SMALL, {"count": 9}).handle
        with crm.acting_as(BOB) as ws:
            result = ws.undo(str(handle))

            assert counts(ws) == [1, 2, 3]
        assert (result.entity, len(result.records), result.refused) == ("lab.sample", 3, ())

    def test_every_kind(self, ws: Workspace) -> None:
        """Values of every kind come back as they were, and what had none has none again."""
        one, other = ws.create_many([User(key="one", name="one"), User(key="two", name="two")]).created
        for kind, declared in DECLARED.items():
            ws.define_field(Account, f"of_{kind}", declared)
        values = values_of_every_kind(one, other)
        before = {f"of_{kind}": pair[0] for kind, pair in values.items()}
        full = ws.create(Account(name="full", custom=before, industry="x"))
        empty = ws.create(Account(name="empty", industry="x"))

        done = ws.update_where(
            Account, F.industry == "x", {f"custom.of_{kind}": pair[1] for kind, pair in values.items()}
        )
        assert done.handle is not None
        ws.undo(done.handle)
        again = ws.get(Account, full.id).custom
        assert {name: plain(again[name]) for name in before} == {name: plain(value) for name, value in before.items()}
        assert dict(ws.get(Account, empty.id).custom) == {}

    def test_derived(self, ws: Workspace) -> None:
        """What hooks derived from the change comes back with it, what no rule could work out anew too."""
        stages = {stage.name: stage for stage in ws.iterate(Stage)}
        won, negotiation = stages["Won"], stages["Negotiation"]
        deal = ws.create(Opportunity(name="deal", stage=negotiation, probability_ratio=Decimal("0.42")))
        handle = ws.update_where(Opportunity, F.outcome == "open", {"stage": won}).handle
        assert ws.get(Opportunity, deal.id).closed_at is not None

        assert handle is not None
        assert codes(ws.undo(handle)) == []
        again = ws.get(Opportunity, deal.id)
        assert (again.stage.id, again.outcome, again.closed_at) == (negotiation.id, "open", None)
        assert again.probability_ratio == Decimal("0.42")

    def test_only_those_fields(self, crm: CRM) -> None:
        """What others changed in other fields meanwhile stays."""
        with crm.acting_as(MEI) as ws:
            made = samples(ws, 1)[0]
            handle = ws.update_where(Sample, SMALL, {"count": 9}).handle
        with crm.acting_as(BOB) as ws:
            ws.update(ws.get(Sample, made.id), notes="bob was here")
        assert handle is not None
        with crm.acting_as(MEI) as ws:
            ws.undo(handle)

            again = ws.get(Sample, made.id)
            assert (again.count, again.notes) == (1, "bob was here")

    def test_changed_since(self, crm: CRM) -> None:
        """A record of which somebody changed one of the fields since is reported with him and left alone."""
        with crm.acting_as(MEI) as ws:
            kept, other = samples(ws, 1, 2)
            handle = ws.update_where(Sample, SMALL, {"count": 9, "notes": "x"}).handle
        with crm.acting_as(BOB) as ws:
            ws.update(ws.get(Sample, kept.id), count=5)
        assert handle is not None
        with crm.acting_as(MEI) as ws:
            result = ws.undo(handle)

            again = ws.get(Sample, kept.id)
        assert ([each.id for each in result.records], codes(result)) == (
            [other.id],
            [("undo.changed_since", "count")],
        )
        assert (result.refused[0].record_id, again.count, again.notes) == (kept.id, 5, "x")
        assert "by bob since" in result.refused[0].problems[0].message

    def test_binned_since(self, ws: Workspace) -> None:
        """A record that is in the bin by now is reported."""
        made = samples(ws, 1, 2)[0]
        handle = ws.update_where(Sample, SMALL, {"count": 9}).handle
        ws.delete(made)

        assert handle is not None
        assert codes(ws.undo(handle)) == [("undo.gone", None)]

    def test_twice(self, ws: Workspace) -> None:
        """Undoing once more finds everything as it was."""
        made = samples(ws, 1, 2)
        handle = ws.update_where(Sample, SMALL, {"count": 9}).handle
        assert handle is not None
        ws.undo(handle)

        again = ws.undo(handle)
        assert (again.records, again.refused, set(again.unchanged)) == ((), (), {each.id for each in made})

    def test_rules(self, ws: Workspace) -> None:
        """What rules keep from going back is reported with the rule."""
        made = samples(ws, 5)[0]
        handle = ws.update_where(Sample, SMALL, {"status": "sent"}).handle

        assert handle is not None
        assert codes(ws.undo(handle)) == [("lifecycle.move_not_allowed", "status")]
        assert ws.get(Sample, made.id).status == "sent"

    def test_several_portions(self, ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
        """It does not matter how many records there are."""
        monkeypatch.setattr(undo, "PORTION", 2)
        samples(ws, 1, 2, 3, 4, 5)
        handle = ws.update_where(Sample, SMALL, {"count": 9}).handle

        assert handle is not None
        assert len(ws.undo(handle).records) == 5
        assert counts(ws) == [1, 2, 3, 4, 5]

    @pytest.mark.slow
    def test_ten_thousand(self, crm: CRM) -> None:
        """Of very many, only those that somebody changed meanwhile stay, each with who it was."""
        with crm.acting_as(MEI) as ws:
            made = ws.create_many([sample(name=f"s{n:05}", box="old") for n in range(10_000)]).created
            handle = ws.update_where(Sample, F.box == "old", {"box": "new"}, limit=10_000).handle
        changed, binned = made[4_321].id, made[9_999].id
        with crm.acting_as(BOB) as ws:
            ws.update(ws.get(Sample, changed), box="mine")
            ws.update(ws.get(Sample, made[0].id), name="another field")
            ws.delete(ws.get(Sample, binned))
        assert handle is not None

        with crm.acting_as(MEI) as ws:
            result = ws.undo(handle)

            assert (len(result.records), result.unchanged) == (9_998, ())
            assert {each.record_id: [problem.code for problem in each.problems] for each in result.refused} == {
                changed: ["undo.changed_since"],
                binned: ["undo.gone"],
            }
            assert (
                next(each for each in result.refused if each.record_id == changed).problems[0].facts["actor"] == "bob"
            )
            assert ws.count(Sample, where=F.box == "old") == 9_998
            assert ws.get(Sample, made[0].id).name == "another field"

    def test_unknown(self, ws: Workspace) -> None:
        """A handle of no call is an error; a preview, and a call that changed nothing, have none."""
        nothing: Any = ws.update_where(Sample, SMALL, {"count": 9}, preview=True).handle
        for handle in (uuid4(), "x", nothing):
            with pytest.raises(NotFoundError, match="no call with the handle"):
                ws.undo(handle)

    def test_of_a_rolled_back_unit(self, crm: CRM) -> None:
        """A call whose unit rolled back has no handle."""
        with pytest.raises(RuntimeError), crm.acting_as(MEI) as ws:
            samples(ws, 1)
            handle = ws.update_where(Sample, SMALL, {"count": 9}).handle
            raise RuntimeError
        assert handle is not None
        with crm.acting_as(MEI) as ws, pytest.raises(NotFoundError):
            ws.undo(handle)

    def test_rights(self, crm: CRM) -> None:
        """Who may not write may not take back either."""
        with crm.acting_as(MEI) as ws:
            samples(ws, 1)
            handle = ws.update_where(Sample, SMALL, {"count": 9}).handle
        assert handle is not None
        with crm.acting_as(GUEST) as ws, pytest.raises(NotAllowedError):
            ws.undo(handle)


class TestDelete:
    def test_with_parts(self, ws: Workspace) -> None:
        """Deleted records come back with the parts that went with them."""
        first, second = samples(ws, 1, 2)
        ws.create_many([Portion(name="p", sample=first), Portion(name="q", sample=second)])
        gone = ws.create(Label(name="gone before", sample=first))
        ws.delete(gone)
        handle = ws.delete_where(Sample, SMALL).handle

        assert handle is not None
        assert len(ws.undo(handle).records) == 2
        assert (counts(ws), ws.count(Portion), ws.count(Label)) == ([1, 2], 2, 0)

    def test_holding_each_other(self, ws: Workspace) -> None:
        """A tree comes back whole."""
        root = ws.create(Account(name="root", industry="x"))
        for number in range(4):
            root = ws.create(Account(name=str(number), parent=root, industry="x"))
        handle = ws.delete_where(Account, F.industry == "x").handle

        assert handle is not None
        assert ws.undo(handle).refused == ()
        assert ws.count(Account) == 5

    def test_since(self, ws: Workspace) -> None:
        """Restored ones stay; those that were deleted anew, purged, or whose unique value is taken are reported."""
        back, again, purged, taken = ws.create_many(
            [sample(code=code, size="S") for code in ("back", "again", "purged", "taken")]
        ).created
        handle = ws.delete_where(Sample, SMALL).handle
        for each in (back, again):
            ws.restore(each)
        ws.delete(again)
        ws.purge(purged)
        ws.create(sample(code="taken", size="L"))

        assert handle is not None
        result = ws.undo(handle)
        assert result.unchanged == (back.id,)
        assert {each.record_id: each.problems[0].code for each in result.refused} == {
            again.id: "undo.changed_since",
            purged.id: "undo.gone",
            taken.id: "field.not_unique",
        }
