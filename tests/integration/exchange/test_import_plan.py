"""Plans: what a run would do, found out by doing it, taken back, kept, compared, approved."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.imports import ACCOUNTS, MEI, contents, csv_file, mapping

from pycrm import CRM, Account, ImportRun
from pycrm.errors import ConfigurationError
from pycrm.exchange.importing import ImportPlan, Progress

ROWS = "No,Name,Country\nA1,new,CN\nA2,second,DE\nA3,bad,XX\n"


@pytest.fixture
def crm(plain: CRM) -> CRM:
    """One account is there already."""
    with plain.acting_as(MEI) as ws:
        ws.create(Account(number="A1", name="old"))
    return plain


def test_tells_what_the_run_does(crm: CRM, tmp_path: Path) -> None:
    """A plan has the counts, the refusals and the totals that the run then has."""
    path = csv_file(tmp_path, ROWS)
    plan = crm.imports.plan(MEI, path, mapping(ACCOUNTS))

    result = crm.imports.run(MEI, path, plan=plan)
    assert plan.counts == result.counts
    assert plan.proof == result.proof
    assert [(row.line, row.outcome) for row in plan.rows] == [(2, "updated"), (3, "created"), (4, "refused")]
    assert [row.paths for row in plan.rows] == [["account.name", "account.country"], [], []]


def test_changes_nothing(crm: CRM, tmp_path: Path) -> None:
    """After a plan everything is as before: records, custom fields, runs, numbers."""
    text = ACCOUNTS.replace("version = 1", 'version = 1\n[[custom_field]]\nentity = "account"\nname = "region"')
    before = contents(crm)

    plan = crm.imports.plan(MEI, csv_file(tmp_path, ROWS), mapping(f'{text}"custom.region" = "Name"\n'))
    assert plan.defined == ["account.custom.region"]
    assert contents(crm) == before
    with crm.reading_as(MEI) as ws:
        assert ws.count(ImportRun) == 0
        assert "custom.region" not in ws.fields(Account)


def test_is_a_value(crm: CRM, tmp_path: Path) -> None:
    """A plan goes through JSON and comes back equal."""
    plan = crm.imports.plan(MEI, csv_file(tmp_path, ROWS), mapping(ACCOUNTS))

    assert ImportPlan.from_data(json.loads(json.dumps(plan.to_data()))) == plan


@pytest.mark.parametrize("data", [{}, {"version": 2}, {"version": 1}, {"version": 1, "counts": 3}, [], "x"])
def test_no_plan(data: object) -> None:
    """What is no plan of this release is refused with the cure."""
    with pytest.raises(ConfigurationError, match="pycrm import plan"):
        ImportPlan.from_data(data)  # type: ignore[arg-type]


def test_differences(crm: CRM, tmp_path: Path) -> None:
    """Two plans of one file tell where they part: here somebody has entered a record in between."""
    path = csv_file(tmp_path, ROWS)
    first = crm.imports.plan(MEI, path, mapping(ACCOUNTS))
    with crm.acting_as(MEI) as ws:
        ws.create(Account(number="A2", name="second", country="DE"))

    second = crm.imports.plan(MEI, path, mapping(ACCOUNTS))
    assert [each.what for each in first.differences(second)] == ["counts", "line 3"]
    assert first.differences(first) == []


def test_another_file(crm: CRM, tmp_path: Path) -> None:
    """What was approved is one file: when its bytes have changed, the plan does not hold."""
    path = csv_file(tmp_path, ROWS)
    plan = crm.imports.plan(MEI, path, mapping(ACCOUNTS))
    path.write_text(ROWS + "A4,more,FR\n")

    with pytest.raises(ConfigurationError, match="plan again"):
        crm.imports.run(MEI, path, plan=plan)


def test_later_batches_see_earlier_ones(crm: CRM, tmp_path: Path) -> None:
    """A plan of many batches finds in the later ones what the earlier ones have made."""
    path = csv_file(tmp_path, "No,Name,Country\n" + "".join(f"B{n % 7},x,CN\n" for n in range(50)))

    plan = crm.imports.plan(MEI, path, mapping(ACCOUNTS), batch_size=10)
    assert (plan.counts.created, plan.counts.skipped) == (7, 43)


def test_progress(crm: CRM, tmp_path: Path) -> None:
    """Progress is told after each batch, with the time left where the rows have been counted."""
    path = csv_file(tmp_path, ROWS)
    plan = crm.imports.plan(MEI, path, mapping(ACCOUNTS))
    told: list[Progress] = []

    crm.imports.run(MEI, path, plan=plan, batch_size=2, on_progress=told.append)
    assert [(each.counts.rows, each.of) for each in told] == [(2, 3), (3, 3)]
    assert told[-1].seconds_left == 0
    assert all(each.rate > 0 for each in told)


def test_progress_of_a_plan(crm: CRM, tmp_path: Path) -> None:
    """Nobody has counted the rows for the plan, so the lines of the text tell the time left."""
    told: list[Progress] = []

    crm.imports.plan(MEI, csv_file(tmp_path, ROWS), mapping(ACCOUNTS), batch_size=2, on_progress=told.append)
    assert [each.counts.rows for each in told] == [2, 3]
    assert [each.seconds_left is not None and each.seconds_left > 0 for each in told] == [True, False]


class TestAsPlanned:
    """Whether a run did what the plan said that was approved."""

    ROWS = "No,Name,Country\nA1,new,CN\nA2,second,DE\nA2,renamed,DE\nA2,renamed,DE\nA3,bad,XX\n"

    @pytest.mark.parametrize("batch_size", [1, 2, 5_000])
    def test_nothing_happened(self, crm: CRM, tmp_path: Path, batch_size: int) -> None:
        """It did, in batches of any size, though rows find records that rows before them made."""
        path = csv_file(tmp_path, self.ROWS)
        plan = crm.imports.plan(MEI, path, mapping(ACCOUNTS))

        result = crm.imports.run(MEI, path, plan=plan, batch_size=batch_size)
        assert result.as_planned is True
        assert crm.imports.report(MEI, result.run) == result
        assert result.to_data()["as_planned"] is True

    def test_a_record_was_changed(self, crm: CRM, tmp_path: Path) -> None:
        """It did not where somebody has changed a record since, so that a row changes nothing any more."""
        path = csv_file(tmp_path, self.ROWS)
        plan = crm.imports.plan(MEI, path, mapping(ACCOUNTS))
        with crm.acting_as(MEI) as ws:
            account = ws.find(Account, number="A1")
            assert account is not None
            ws.update(account, name="new", country="CN")

        result = crm.imports.run(MEI, path, plan=plan)
        assert (plan.counts.updated, result.counts.updated) == (2, 1)
        assert result.as_planned is False
        assert crm.imports.report(MEI, result.run).as_planned is False

    def test_without_a_plan(self, crm: CRM, tmp_path: Path) -> None:
        """Without a plan there is nothing to say."""
        assert crm.imports.run(MEI, csv_file(tmp_path, self.ROWS), mapping(ACCOUNTS)).as_planned is None

    def test_after_an_interruption(self, crm: CRM, tmp_path: Path) -> None:
        """A run that was gone on with is compared as a whole."""
        path = csv_file(tmp_path, self.ROWS)
        plan = crm.imports.plan(MEI, path, mapping(ACCOUNTS))

        def interrupt(_: Progress) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            crm.imports.run(MEI, path, plan=plan, batch_size=2, on_progress=interrupt)
        with crm.reading_as(MEI) as ws:
            (run,) = ws.iterate(ImportRun)
        assert crm.imports.report(MEI, run).as_planned is None
        assert crm.imports.resume(MEI, run).as_planned is True

    def test_made_by_the_same_rows(self, crm: CRM, tmp_path: Path) -> None:
        """Two plans of one file are equal, though each makes records of its own."""
        path = csv_file(tmp_path, self.ROWS)
        first, second = (crm.imports.plan(MEI, path, mapping(ACCOUNTS), batch_size=1) for _ in range(2))

        assert first.decisions == second.decisions
        assert first.differences(second) == []
