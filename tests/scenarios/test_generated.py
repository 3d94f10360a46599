"""A generated company is loaded by the example, as a user runs it; each table has as many records as its manifest."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import CASES, absent
from tests.embedded import EXAMPLES

from pycrm import CRM, Account, F, Interaction, Money, Principal, Team

GENERATOR = CASES.parent / "tools" / "gen_crm_data.py"
MEI = Principal("mei", roles={"administrator"})


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the data of a small company."""
    if not GENERATOR.exists():
        absent(f"the generator is not at {GENERATOR}; set PYCRM_TEST_DATA to the folder `data` beside `tools`")
    if missing := [name for name in ("numpy", "polars") if find_spec(name) is None]:
        absent(f"the generator needs {', '.join(missing)}; install the dependency group `examples`")
    folder = tmp_path_factory.mktemp("generated")
    sizes = ["--accounts", "120", "--dirty-rate", "0", "--dup-rate", "0"]
    subprocess.run([sys.executable, str(GENERATOR), "--out", str(folder), *sizes], check=True, capture_output=True)
    return folder


def load(data: Path, database: str, folder: Path) -> tuple[int, list[dict[str, Any]]]:
    """Run the example; return its exit code and what it says of each table."""
    command = [sys.executable, "-W", "error", str(EXAMPLES / "generated" / "load.py"), str(data), "--json"]
    options = ["--database", database, "--report", "refused.csv"]
    done = subprocess.run([*command, *options], cwd=folder, capture_output=True, text=True)
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)["tables"]


@pytest.mark.slow
def test_every_row_becomes_a_record(data: Path, database_url: str, tmp_path: Path) -> None:
    """Each table has as many records as the manifest has rows, and what they say is what the files say."""
    code, tables = load(data, database_url, tmp_path)

    manifest = json.loads((data / "manifest.json").read_text("utf-8"))["rows"]
    assert code == 0
    assert [(table["file"], table["entity"]) for table in tables] == [
        ("users", "user"),
        ("accounts", "account"),
        ("contacts", "contact"),
        ("contacts", "account_contact"),
        ("opportunities", "opportunity"),
        ("opportunities", "opportunity_contact"),
        ("activities", "interaction"),
    ]
    assert all(table["loaded"] == table["rows"] == manifest[table["file"]] for table in tables)
    assert sum(table["refused"] for table in tables) == 0
    check_values(data, database_url)


def check_values(data: Path, database: str) -> None:
    """Compare some of the records with the files."""
    with (data / "accounts.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["account_id"]: row for row in csv.DictReader(file)}
    child = next(row for row in rows.values() if row["parent_account_id"])
    crm = CRM(database, plugins=[])
    with crm.reading_as(MEI) as reader:
        account = reader.get(
            Account, reader.list(Account, where=F.number == child["account_id"])[0].id, include="parent"
        )
        assert account.parent is not None
        assert account.parent.record.number == child["parent_account_id"]
        assert account.annual_revenue == Money(child["annual_revenue_text"], child["currency"])
        assert account.custom.incoterm == json.loads(child["custom_json"])["incoterm"]
        assert set(account.tags) == {tag for tag in child["tags"].split("|") if tag}
        with (data / "activities.csv").open(encoding="utf-8", newline="") as file:
            deals = sum(1 for row in csv.DictReader(file) if row["opportunity_id"])
        abouts = [activity.about for activity in reader.iterate(Interaction)]
        assert sum(about is not None and about.entity == "opportunity" for about in abouts) == deals
        assert sum(len(team.members) for team in reader.list(Team)) == 5
    crm.close()


@pytest.mark.slow
def test_refused_rows_are_reported(data: Path, tmp_path: Path) -> None:
    """A row that cannot become a record is listed with its line and the reason, and so are those that refer to it."""
    spoilt = tmp_path / "spoilt"
    spoilt.mkdir()
    for path in data.iterdir():
        (spoilt / path.name).write_bytes(path.read_bytes())
    spoil(spoilt / "accounts.csv", {2: ("name", ""), 3: ("status", "未知"), 4: ("created_at", "2024-02-30 08:00:00")})

    code, tables = load(spoilt, "sqlite:///spoilt.db", tmp_path)

    with (tmp_path / "refused.csv").open(encoding="utf-8", newline="") as file:
        reasons = {(row["entity"], int(row["line"])): row["reason"] for row in csv.DictReader(file)}
    assert code == 1
    assert reasons["account", 2].startswith("name: is required")
    assert reasons["account", 3] == "roles: '未知' of column status has no meaning here; add it to the map"
    assert reasons["account", 4].startswith("custom.known_since: ")
    assert {table["entity"]: table["refused"] for table in tables}["contact"] == 0
    assert reasons["account_contact", 3] == "account: A00000002 of accounts is not there; see why it was refused"
    assert sum(table["refused"] for table in tables) == len(reasons)


def spoil(path: Path, cells: dict[int, tuple[str, str]]) -> None:
    """Write other values into some cells of a CSV file, by line and column."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for line, (column, value) in cells.items():
        rows[line - 2][column] = value
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
