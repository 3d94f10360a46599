"""What is offered behind the tabulator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from pycrm import CRM, Account, Principal, field
from pycrm.cli.context import Settings
from pycrm.cli.main import cli


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings that name a database with a custom field."""
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path / 'crm.db'}"
    monkeypatch.setenv("PYCRM_URL", url)
    crm = CRM(url)
    crm.migrate()
    with crm.acting_as(Principal("mei", roles={"administrator"})) as ws:
        ws.define_field(Account, "region", field.choice(["华东", "华北"]))
    crm.close()
    settings = Settings()
    yield settings
    settings.close()


def offered(settings: Settings, line: str) -> list[str]:
    """Return what is offered for the last word of *line*."""
    *words, incomplete = line.split(" ")
    completions = ShellComplete(cli, {"obj": settings}, "pycrm", "_PYCRM_COMPLETE").get_completions(words, incomplete)
    return [each.value for each in completions]


@pytest.mark.parametrize(
    ("line", "first"),
    [
        ("do", ["doctor"]),
        ("fields ret", ["retire", "retire-options"]),
        ("list sales_order_", ["sales_order_line"]),
        ("--json show custom_", ["custom_field", "custom_index"]),
        ("create account cou", ["country="]),
        ("create account custom.region=华", ["custom.region=华东", "custom.region=华北"]),
        ("update account ACC-000001 status=b", ["status=blocked"]),
        ("create account vers", []),
        ("fields relabel account r", ["region"]),
        ("fields define account x multi", ["multi_choice"]),
        ("create nothing x", []),
    ],
)
def test_offers(settings: Settings, line: str, first: list[str]) -> None:
    """Commands, entities, fields that may be written, what a choice offers."""
    assert offered(settings, line) == first


def test_without_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the code declares is offered all the same, and no file is made."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYCRM_URL", "sqlite:///none.db")

    assert offered(Settings(), "list custom_") == ["custom_field", "custom_index"]
    assert list(tmp_path.iterdir()) == []
