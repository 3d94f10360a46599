"""``access matrix`` and ``why``: who may do what, and for what reason, from the command line."""

from __future__ import annotations

import csv
from collections.abc import Callable

import pytest
from tests.integration.cli.conftest import Run


def test_matrix(pycrm: Run) -> None:
    """As a table, as JSON and as CSV; of one role, of one entity, and of the fields of one."""
    table = pycrm("access", "matrix", "--role", "salesperson")
    documents = pycrm("access", "matrix", "--entity", "account", "--json").data
    rows = list(csv.reader(pycrm("access", "matrix", "--csv").lines))
    fields = pycrm("access", "matrix", "--fields", "account", "--role", "read_only")

    assert table.lines[0].split()[:4] == ["Role", "Entity", "read", "create"]
    assert ["salesperson", "account", "team", "own"] in [line.split()[:4] for line in table.lines]
    assert {each["role"] for each in documents} >= {"administrator", "salesperson", "marketing"}
    assert next(each["actions"]["read"] for each in documents if each["role"] == "salesperson") == ["team"]
    assert rows[0][:3] == ["Role", "Entity", "read"]
    assert {len(row) for row in rows} == {len(rows[0])}
    assert ["name", "read"] in [line.split() for line in fields.lines]
    unknown = pycrm("access", "matrix", "--role", "salesprson")
    assert (unknown.code, "did you mean 'salesperson'" in unknown.err) == (2, True)


def test_why(pycrm: Run) -> None:
    """In words of the language, and as JSON; the user who is named is no administrator by that."""
    pycrm("create", "account", "name=海晨")
    refused = pycrm("why", "write", "account", "海晨", "--as", "mei", "--role", "salesperson")
    chinese = pycrm(
        "why", "write", "account", "海晨", "--field", "name", "--as", "mei", "--role", "marketing", "--lang", "zh"
    )
    document = pycrm("why", "create", "account", "--as", "mei", "--json").data
    own = pycrm("why", "delete", "account", "海晨")

    assert refused.out == (
        "mei may not write Account “海晨”: the role Salesperson allows it for one's own records, and this is none of "
        "them.\n"
    )
    assert chinese.out.startswith("mei不可以修改客户“海晨”的")
    assert document == {
        "allowed": False,
        "text": "mei may not create Account records: mei has no role.",
        "reasons": ["mei has no role"],
    }
    assert own.out == "cli may delete Account “海晨”: the role Administrator may do all.\n"


def test_hand_over(pycrm: Run) -> None:
    """Who has left and still owns something is listed; handing over asks for a reason, and tells what went."""
    for key in ("mei", "bo"):
        pycrm("create", "user", f"key={key}", f"name={key.title()}")
    pycrm("create", "account", "name=海晨", "owner=mei")
    pycrm("update", "user", "mei", "is_active=false")
    departed = pycrm("hand-over", "--json").data
    without = pycrm("hand-over", "mei", "bo")
    shown = pycrm("hand-over", "mei", "bo", "--reason", "has left", "--preview", "--json").data
    done = pycrm("hand-over", "mei", "bo", "--reason", "has left")
    again = pycrm("hand-over", "mei", "bo", "--reason", "has left")

    assert departed == {"mei": {"account": 1}}
    assert (without.code, "--reason" in without.err) == (2, True)
    assert (shown["moved"][0]["count"], shown["left"]) == (1, {"account": 1})
    assert done.lines[2].split()[:4] == ["account", "owner", "1", "0"]
    assert again.out == "nothing to hand over\n"


def test_grants(
    run: Run, postgres_url: str, new_database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SQL of column grants is printed for whoever runs it, and on SQLite it is said that there are none."""
    del postgres_url
    monkeypatch.setenv("PYCRM_URL", new_database("postgresql"))
    assert run("migrate").code == 0

    told = run("access", "grants", "marketing", "--database-role", "reports")
    document = run("access", "grants", "marketing", "--database-role", "reports", "--json").data
    absent = run("access", "grants", "marketing", "--database-role", "no such", "--apply")

    assert told.lines[0].startswith("REVOKE ALL ON TABLE")
    assert any(line.startswith('GRANT SELECT ("id", ') for line in told.lines)
    assert document["sql"] == [line.rstrip(";") for line in told.lines if not line.startswith("--")]
    assert (document["applied"], bool(document["left_out"])) == (False, told.lines[-1].startswith("-- left out"))
    assert (absent.code, "CREATE ROLE" in absent.err) == (2, True)
    monkeypatch.setenv("PYCRM_URL", new_database("sqlite"))
    assert run("migrate").code == 0
    assert run("access", "grants", "marketing", "--database-role", "reports").code == 7
