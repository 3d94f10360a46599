"""``init``, ``migrate``, and where the database is looked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration.cli.conftest import Run

from pycrm import CRM, Account, Principal


def test_init_makes_file_and_database(run: Run, folder: Path) -> None:
    """An empty folder becomes a CRM."""
    done = run("init")

    assert done.code == 0
    assert "installed core" in done.out
    assert (folder / "crm.db").exists()
    assert 'url = "sqlite:///crm.db"' in (folder / "pycrm.toml").read_text()


def test_init_twice_changes_nothing(pycrm: Run, folder: Path) -> None:
    """The second run finds all there."""
    before = (folder / "pycrm.toml").read_text()

    done = pycrm("init")

    assert done.code == 0
    assert "up to date" in done.out
    assert (folder / "pycrm.toml").read_text() == before


def test_init_keeps_to_the_file(pycrm: Run) -> None:
    """Another database than the file names is refused, with the cure."""
    done = pycrm("init", "--url", "sqlite:///other.db")

    assert done.code == 7
    assert "delete it" in done.err


def test_init_serves_both_databases(run: Run, database_url: str) -> None:
    """The URL goes into the file, and later commands find it there."""
    assert run("init", "--url", database_url).code == 0

    assert run("create", "account", "name=青岛海晨贸易有限公司").code == 0
    assert "青岛海晨贸易有限公司" in run("list", "account").out


def test_option_beats_environment_beats_file(pycrm: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each place is asked only where the one before says nothing."""
    for name in ("option", "environment"):
        CRM(f"sqlite:///{name}.db").migrate()
        pycrm("create", "account", f"name={name}", "--url", f"sqlite:///{name}.db")
    pycrm("create", "account", "name=file")

    by_file = pycrm("list", "account", "--json").data
    monkeypatch.setenv("PYCRM_URL", "sqlite:///environment.db")
    by_environment = pycrm("list", "account", "--json").data
    by_option = pycrm("--url", "sqlite:///option.db", "list", "account", "--json").data

    names = [page["records"][0]["name"] for page in (by_file, by_environment, by_option)]
    assert names == ["file", "environment", "option"]


def test_no_database_is_told(run: Run) -> None:
    """Without any of the three, the cure is named."""
    done = run("list", "account")

    assert (done.code, done.out) == (7, "")
    assert "pycrm init" in done.err


def test_missing_file_is_not_made(run: Run, folder: Path) -> None:
    """A slip in the URL leaves no empty database behind."""
    done = run("list", "account", "--url", "sqlite:///typo.db")

    assert done.code == 7
    assert "typo.db" in done.err
    assert not (folder / "typo.db").exists()


def test_unmigrated_database_names_cure(run: Run, folder: Path, database_url: str) -> None:
    """Whatever the database, ``migrate`` is the cure."""
    (folder.parent / "crm-1.db").touch()

    done = run("list", "account", "--url", database_url)

    assert done.code == 7
    assert "pycrm migrate" in done.err


def test_migrate_tells_what_it_did(run: Run, database_url: str) -> None:
    """What was installed is listed, and nothing the second time."""
    first = run("migrate", "--url", database_url, "--json")
    second = run("migrate", "--url", database_url)

    assert any("account" in line for line in first.data["done"])
    assert second.out == "the database is up to date\n"


def test_unreachable_server_is_told(run: Run) -> None:
    """No traceback, no password."""
    pytest.importorskip("psycopg")

    done = run("list", "account", "--url", "postgresql://mei:secret@127.0.0.1:1/crm")

    assert done.code == 7
    assert done.err.startswith("error: ")
    assert "secret" not in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("url", ["postgresql://mei:secret@localhost:port/crm", "nonsense://", "mysql://localhost/crm"])
def test_unreadable_url_is_told(run: Run, url: str) -> None:
    """Whatever is wrong with the URL, no password is shown."""
    done = run("list", "account", "--url", url)

    assert done.code == 7
    assert done.err.startswith("error: ")
    assert "secret" not in done.err


def test_schema_option_parts_tenants(run: Run, database_url: str) -> None:
    """PostgreSQL keeps a CRM per schema; on SQLite the option is refused."""
    done = run("migrate", "--url", database_url, "--schema", "tenant_a")
    if database_url.startswith("sqlite"):
        assert done.code == 7
        assert "file per tenant" in done.err
        return
    run("migrate", "--url", database_url)

    run("create", "account", "name=only here", "--url", database_url, "--schema", "tenant_a")

    assert run("list", "account", "--url", database_url).out == "0 of 0 accounts\n"


def test_user_is_the_acting_one(pycrm: Run) -> None:
    """``--as`` says who, ``cli`` where it is left out."""
    pycrm("create", "account", "name=a")
    pycrm("--as", "mei", "create", "account", "name=b")

    with CRM("sqlite:///crm.db").reading_as(Principal("x", roles={"administrator"})) as ws:
        makers = [account.created_by.record.key for account in ws.list(Account, include="created_by", order_by="name")]
    assert makers == ["cli", "mei"]
