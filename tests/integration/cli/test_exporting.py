"""``pycrm export``."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from tests.integration.cli.conftest import Run


@pytest.fixture
def run(run: Run) -> Run:
    """A CRM with three accounts in the current folder."""
    run("init")
    for name, land in (("Elbe", "DE"), ("海晨", "CN"), ("=1+1", "DE")):
        run("create", "account", f"name={name}", f"country={land}")
    return run


def test_file(run: Run, folder: Path) -> None:
    """The file's name says the format; what was written is told in the user's language."""
    done = run("export", "account", "--to", "a.csv", "--where", "country=DE", "--columns", "name,country")
    chinese = run("export", "account", "--to", "b.xlsx", "--lang", "zh", "--labels")

    assert (done.code, done.lines) == (0, ["2 accounts written to a.csv"])
    rows = list(csv.reader((folder / "a.csv").read_text().splitlines()))
    assert rows == [["name", "country"], ["Elbe", "DE"], ["'=1+1", "DE"]]
    assert chinese.lines == ["3 条客户已写入 b.xlsx"]


def test_json(run: Run) -> None:
    """Programs get the report as JSON."""
    done = run("export", "account", "--to", "a.jsonl", "--columns", "name", "--order", "name DESC", "--json")

    assert done.data == {
        "entity": "account",
        "file": "a.jsonl",
        "format": "jsonl",
        "records": 3,
        "left_out": 0,
        "columns": ["name"],
    }


def test_standard_output(run: Run) -> None:
    """A hyphen prints the file and nothing else, so that it can be piped on."""
    done = run("export", "account", "--to", "-", "--format", "jsonl", "--columns", "name", "--order-by", "created_at")
    unclear = run("export", "account", "--to", "-")

    assert [json.loads(line) for line in done.lines] == [{"name": "Elbe"}, {"name": "海晨"}, {"name": "=1+1"}]
    assert unclear.code == 2
    assert "--to - needs --format" in unclear.err


def test_name_without_a_format(run: Run, folder: Path) -> None:
    """A name that stands for no format is wrong usage, and nothing is written."""
    done = run("export", "account", "--to", "accounts.txt")

    assert done.code == 2
    assert "the name accounts.txt does not say which format is meant; give --format" in done.err
    assert not (folder / "accounts.txt").exists()


def test_view(run: Run, folder: Path) -> None:
    """A saved view says what is exported."""
    run("create", "saved_view", "entity=account", "name=Germans", "where=country = 'DE'", "columns=name")

    done = run("export", "account", "--to", "a.csv", "--view", "Germans")

    assert done.code == 0
    assert (folder / "a.csv").read_text().split() == ["name", "Elbe", "'=1+1"]


def test_caret_under_a_wrong_filter(run: Run, folder: Path) -> None:
    """A filter that cannot be read is pointed at, and no file is left."""
    done = run("export", "account", "--to", "a.csv", "--where", "nmae = 'x'")

    assert done.code == 2
    assert "^" in done.err
    assert not list(folder.glob("*.csv")) + list(folder.glob(".*.part"))


def test_progress(run: Run) -> None:
    """On request it is told how far it has come."""
    done = run("export", "account", "--to", "a.csv", "--progress")

    assert "accounts: 3 of 3" in done.err
