"""Writing all records that a filter selects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from tests.integration.workspace.conftest import Open
from tests.lab import GUEST, MEI, Label, Portion, Reading, Sample, lab, sample

from pycrm import (
    CRM,
    Account,
    ConfigurationError,
    F,
    HookFailedError,
    NotAllowedError,
    QueryError,
    UnknownNameError,
    ValidationError,
    Workspace,
    field,
)
from pycrm.plugin import ChangeSet, Plugin
from pycrm.workspace import bulk

SMALL = F.size == "S"


def samples(ws: Workspace, *counts: int, size: str = "S") -> list[Sample]:
    """Return new samples with these counts."""
    return list(ws.create_many([sample(count=count, size=size) for count in counts]).created)


def counts(ws: Workspace) -> list[int | None]:
    return [each.count for each in ws.iterate(Sample)]


@pytest.fixture
def portions_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a handful of records is several portions."""
    monkeypatch.setattr(bulk, "PORTION", 2)


class TestUpdateWhere:
    @pytest.mark.usefixtures("portions_of_two")
    def test_those_selected(self, ws: Workspace) -> None:
        """All records that the filter selects are written, in however many portions, and no others."""
        ws.define_field(Sample, "region", field.text())
        samples(ws, 1, 2, 3, 4, 5)
        samples(ws, 6, size="L")

        result = ws.update_where(Sample, SMALL, {"notes": "seen", "custom.region": "华东"})
        assert [each.count for each in result.records] == [1, 2, 3, 4, 5]
        assert ws.count(Sample, where=(F.notes == "seen") & (F.custom.region == "华东")) == 5

    def test_text(self, ws: Workspace) -> None:
        """The filter may be a text with parameters."""
        samples(ws, 1, 2, 3)

        ws.update_where(Sample, "size = 'S' AND count > :least", {"notes": "seen"}, values={"least": 1})
        assert ws.count(Sample, where="notes = 'seen'") == 2
        ws.delete_where(Sample, "count IN (:gone)", values={"gone": [1, 2]})
        assert counts(ws) == [3]

    def test_in_place(self, ws: Workspace) -> None:
        """Records that were so already are told apart; the filter may ask for the field that changes."""
        first, second = samples(ws, 1, 7)

        result = ws.update_where(Sample, F["count"] < 100, {"count": 7})
        assert ([each.id for each in result.records], [each.id for each in result.unchanged]) == (
            [first.id],
            [second.id],
        )

    @pytest.mark.usefixtures("portions_of_two")
    def test_problems(self, ws: Workspace) -> None:
        """With a problem anywhere nothing is written, and the problems of all portions are told."""
        samples(ws, 1, 2, 3)
        samples(ws, 40, 50, size="L")

        with pytest.raises(ValidationError) as caught:
            ws.update_where(Sample, F.id.is_not_null(), {"size": "S"})
        assert [problem.code for problem in caught.value.problems] == ["sample.too_many"] * 2
        assert ws.count(Sample, where=SMALL) == 3

    @pytest.mark.usefixtures("portions_of_two")
    def test_refused(self, ws: Workspace) -> None:
        """With ``on_problem="refuse"`` the others are written; a place counts from the first record selected."""
        samples(ws, 1, 2, 3)
        samples(ws, 40, 5, 50, size="L")

        result = ws.update_where(Sample, F.id.is_not_null(), {"size": "S"}, on_problem="refuse")
        assert [each.position for each in result.refused] == [3, 5]
        assert ws.count(Sample, where=SMALL) == 4

    def test_moves(self, ws: Workspace) -> None:
        """Setting a status makes the move for each record, with all that it needs."""
        samples(ws, 1, 2)

        ws.update_where(Sample, SMALL, {"status": "sent"})
        assert ws.count(Sample, where=F.status == "sent") == 2

    def test_too_many(self, ws: Workspace) -> None:
        """More records than the limit are refused before anything is written; the error names count and cure."""
        samples(ws, 1, 2, 3)

        with pytest.raises(QueryError, match=r"selects 3 samples, more than limit=2; narrow it, or give limit=3"):
            ws.update_where(Sample, SMALL, {"count": 9}, limit=2)
        assert counts(ws) == [1, 2, 3]

    def test_no_filter(self, ws: Workspace) -> None:
        """All records are never meant by oversight."""
        with pytest.raises(QueryError, match="would select all samples"):
            ws.update_where(Sample, None, {"count": 9})

    def test_changes_judged_first(self, ws: Workspace) -> None:
        """What is to be set is judged even where no record matches."""
        with pytest.raises(UnknownNameError, match="did you mean 'count'"):
            ws.update_where(Sample, SMALL, {"cuont": 9})
        with pytest.raises(ConfigurationError, match="changes is empty"):
            ws.update_where(Sample, SMALL, {})

    def test_slips(self, ws: Workspace) -> None:
        """A misspelt word writes nothing rather than another thing; a hint is something that can be set."""
        samples(ws, 1)
        wrong: Any = "ignore"

        with pytest.raises(ConfigurationError, match="on_problem='ignore': choose 'raise' or 'refuse'"):
            ws.update_where(Sample, SMALL, {"count": 9}, on_problem=wrong)
        with pytest.raises(ConfigurationError, match="choose 'raise' or 'refuse'"):
            ws.create_many([sample()], on_problem=wrong)
        with pytest.raises(UnknownNameError, match="no field 'id' to set") as caught:
            ws.update_where(Sample, SMALL, {"id": "x"})
        assert "'id' or" not in str(caught.value)
        assert counts(ws) == [1]

    def test_rights(self, crm: CRM) -> None:
        """Who may not write may not write by filter either, or preview it."""
        with crm.acting_as(GUEST) as ws, pytest.raises(NotAllowedError):
            ws.update_where(Sample, SMALL, {"count": 9}, preview=True)
        with crm.acting_as(GUEST) as ws, pytest.raises(NotAllowedError):
            ws.delete_where(Sample, SMALL)


class TestPreview:
    @pytest.mark.usefixtures("portions_of_two")
    def test_update(self, crm: CRM) -> None:
        """A preview tells what would be written and every problem, and leaves no trace."""
        with crm.acting_as(MEI) as ws:
            samples(ws, 1, 2, 3)
            samples(ws, 40, size="L")
        with crm.acting_as(MEI) as ws:
            result = ws.update_where(Sample, F.id.is_not_null(), {"size": "S", "tags": ["new"]}, preview=True)

            assert (result.handle, len(result.records)) == (None, 3)
            assert [problem.code for each in result.refused for problem in each.problems] == ["sample.too_many"]
            assert [(each.version, each.tags) for each in result.records] == [(1, ())] * 3
        with crm.reading_as(MEI) as reader:
            assert [(each.version, each.size) for each in reader.iterate(Sample)] == [(1, "S")] * 3 + [(1, "L")]

    def test_delete(self, ws: Workspace) -> None:
        """The same of a deletion."""
        samples(ws, 1, 2)

        assert len(ws.delete_where(Sample, SMALL, preview=True).records) == 2
        assert ws.count(Sample) == 2

    def test_is_the_run(self, ws: Workspace) -> None:
        """What a preview says is what the call does."""
        samples(ws, 1, 2)
        samples(ws, 40, size="L")

        said = ws.update_where(Sample, F.id.is_not_null(), {"size": "S"}, preview=True, on_problem="refuse")
        done = ws.update_where(Sample, F.id.is_not_null(), {"size": "S"}, on_problem="refuse")
        for told, did in zip((said.records, said.unchanged), (done.records, done.unchanged), strict=True):
            assert [each.id for each in told] == [each.id for each in did]
        assert [each.record.id for each in said.refused] == [each.record.id for each in done.refused]

    def test_nobody_hears(self, crm: CRM) -> None:
        """Listeners hear nothing of a preview."""
        from pycrm import RecordsUpdated

        heard: list[RecordsUpdated] = []
        crm.on(RecordsUpdated, heard.append)
        with crm.acting_as(MEI) as ws:
            samples(ws, 1)
        with crm.acting_as(MEI) as ws:
            ws.update_where(Sample, SMALL, {"count": 2}, preview=True)

        assert heard == []


class TestDeleteWhere:
    def test_with_parts(self, ws: Workspace) -> None:
        """The records go into the bin with their parts."""
        first, second = samples(ws, 1, 2)
        ws.create_many([Portion(name="p", sample=first), Portion(name="q", sample=second)])
        ws.create(Label(name="l", sample=first))

        ws.delete_where(Sample, F["count"] == 1)
        assert (counts(ws), [each.name for each in ws.iterate(Portion)], ws.count(Label)) == ([2], ["q"], 0)

    @pytest.mark.usefixtures("portions_of_two")
    def test_holding_each_other(self, ws: Workspace) -> None:
        """A record that only records of the same call hold goes with them."""
        root = ws.create(Account(name="root", industry="x"))
        for number in range(4):
            root = ws.create(Account(name=str(number), parent=root, industry="x"))

        ws.delete_where(Account, F.industry == "x")
        assert ws.count(Account) == 0

    @pytest.mark.usefixtures("portions_of_two")
    def test_part_is_needed(self, ws: Workspace) -> None:
        """A record whose part must stay is refused alone, and nothing of it goes."""
        made = samples(ws, 1, 2, 3, 4, 5)
        label = ws.create(Label(name="l", sample=made[2]))
        portion = ws.create(Portion(name="p", sample=ws.create(sample(size="L"))))
        ws.create(Reading(name="r", portion=portion, label=label))

        result = ws.delete_where(Sample, SMALL, on_problem="refuse")
        assert [(each.position, each.record.id) for each in result.refused] == [(2, made[2].id)]
        assert (ws.count(Sample, where=SMALL), ws.count(Label)) == (1, 1)


class TestHooks:
    def test_raising(self, crm_url: str, open_crm: Open) -> None:
        """A hook that raises takes the whole call back, what earlier portions wrote too."""
        late = Plugin("late", requires=["lab"], version="1.0")

        @late.after_write(Sample)
        def stumble(ws: Workspace, changes: ChangeSet[Sample]) -> None:
            if changes.kind == "update":
                raise RuntimeError("no")

        crm = open_crm(crm_url, plugins=_with(late))
        crm.migrate()
        with crm.acting_as(MEI) as ws:
            samples(ws, 1, 2)
            with pytest.raises(HookFailedError):
                ws.update_where(Sample, SMALL, {"count": 9})

            assert counts(ws) == [1, 2]


def _with(plugin: Plugin) -> Sequence[Plugin]:
    return (lab, plugin)
