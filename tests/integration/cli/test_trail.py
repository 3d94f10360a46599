"""``history`` and ``audit``."""

from __future__ import annotations

import pytest
from tests.integration.cli.conftest import Run

from pycrm import CRM, Account, NotAllowedError, Principal

BOSS = Principal("boss", roles={"administrator"}, origin="web")


@pytest.fixture
def number(pycrm: Run) -> str:
    """The number of an account that was made, changed twice, and asked for by somebody who may not."""
    pycrm("create", "account", "name=海晨", "level=B")
    pycrm("update", "account", "ACC-000001", "level=A", "annual_revenue=USD 12.50", "--as", "mei")
    pycrm("update", "account", "ACC-000001", "parent=", "name=海晨贸易", "--as", "bo")
    crm = CRM("sqlite:///crm.db")
    with pytest.raises(NotAllowedError), crm.reading_as(Principal("eve", origin="web")) as reader:
        reader.list(Account)
    with crm.acting_as(BOSS) as ws, ws.elevated(reason="to see", may={Account: {"read", "write"}}):
        pass
    crm.close()
    return "ACC-000001"


def test_history(pycrm: Run, number: str) -> None:
    """What became of which field, in whose hands, the newest first; a line for each field."""
    head, _, *lines = pycrm("history", "account", number).lines

    assert head.split() == ["When", "Who", "What", "Field", "Before", "After"]
    assert [line.split()[2:] if line.startswith("20") else line.split() for line in lines] == [
        ["bo", "changed", "Name", "海晨", "海晨贸易"],
        ["mei", "changed", "Annual", "revenue", "USD", "12.50"],
        ["Level", "B", "A"],
        ["cli", "created"],
    ]


def test_history_json(pycrm: Run, number: str) -> None:
    """As JSON, page by page."""
    first = pycrm("history", "account", number, "--limit", "1", "--json").data
    second = pycrm("history", "account", number, "--limit", "2", "--after", first["next_cursor"], "--json").data

    (entry,) = first["history"]
    assert entry["changes"] == [{"field": "name", "old": "海晨", "new": "海晨贸易"}]
    assert [each["kind"] for each in second["history"]] == ["update", "create"]
    assert second["next_cursor"] is None
    assert pycrm("history", "account", number, "--limit", "1").lines[-1].startswith("more: --after ")


def test_history_of_none(pycrm: Run, number: str) -> None:
    """A record that is not there has none."""
    assert pycrm("history", "account", "ACC-000009").code == 3
    assert pycrm("history", "account", "0197a000-0000-7000-8000-000000000000").code == 3


def test_audit(pycrm: Run, number: str) -> None:
    """What was refused and what was let through, with who and why."""
    lines = pycrm("audit").lines

    assert lines[2].split()[2:] == ["boss", "elevated", "account:", "read", "write", "account", "to", "see"]
    assert lines[3].split()[2:] == ["eve", "denied", "read", "account"]


def test_audit_conditions(pycrm: Run, number: str) -> None:
    """Actor, kind, entity, record and time narrow it down."""
    for condition in (["--actor", "eve"], ["--kind", "denied"], ["--entity", "account", "--limit", "1"]):
        (entry,) = pycrm("audit", *condition, "--json").data["audit"]
        assert entry["entity"] == "account"
    for condition in (["--since", "2999-01-01"], ["--entity", "account", "--record", number]):
        assert pycrm("audit", *condition, "--json").data["audit"] == []


@pytest.mark.parametrize("words", [["--since", "tomorrow"], ["--record", "ACC-000001"], ["--kind", "x"]])
def test_audit_misuse(pycrm: Run, words: list[str]) -> None:
    """What makes no sense is wrong usage."""
    assert pycrm("audit", *words).code == 2
