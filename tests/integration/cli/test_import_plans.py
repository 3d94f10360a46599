"""``import run --plan``: whether what was approved is what was done."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.imports import ACCOUNTS
from tests.integration.cli.conftest import Run


@pytest.fixture
def planned(pycrm: Run, folder: Path) -> Run:
    """A plan in which a row updates an account."""
    (folder / "rows.csv").write_text("No,Name,Country\nA1,new,CN\n", "utf-8")
    (folder / "rows.toml").write_text(ACCOUNTS, "utf-8")
    pycrm("create", "account", "number=A1", "name=old")
    assert pycrm("import", "plan", "rows.csv", "--mapping", "rows.toml", "--to", "plan.json").code == 0
    return pycrm


def test_as_planned(planned: Run) -> None:
    """A run that does what the plan says has nothing more to tell."""
    done = planned("import", "run", "rows.csv", "--plan", "plan.json")

    assert done.code == 0
    assert "NOT AS PLANNED" not in done.out
    assert planned("import", "report", "IMP-2026-0001", "--json").data["as_planned"] is True


def test_otherwise(planned: Run) -> None:
    """Where somebody has changed a record since, the run tells it, and the report does later."""
    (account,) = planned("list", "account", "--json").data["records"]
    planned("update", "account", account["id"], "name=new", "country=CN")

    done = planned("import", "run", "rows.csv", "--plan", "plan.json")
    run = done.lines[0].split()[1]
    assert (done.code, f"take it back with `pycrm import undo {run}`" in done.out) == (0, True)
    assert planned("--language", "zh", "import", "report", run).out.count("与计划不符") == 1
