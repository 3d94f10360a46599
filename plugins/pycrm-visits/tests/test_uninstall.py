"""The plugin's code goes missing and comes back: the data waits for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import attrs
import pytest
from sqlalchemy import create_engine, inspect

from pycrm import CRM, Account, Contact, F, Principal, ValidationError, Workspace
from pycrm_visits import LastVisit, Visit, plugin

from .conftest import DATABASES, empty_database

DISTRIBUTION = Path(__file__).resolve().parents[1]
MEI = Principal("mei", roles={"administrator"})
WHEN = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


@attrs.frozen
class Left:
    """A database in which the plugin has been: its URL, a visited account and whom the visit met."""

    url: str
    account: Any
    contact: Any


def content(url: str) -> dict[str, list[str]]:
    """Return every row of every table."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    names = inspect(engine).get_table_names()
    with engine.connect() as connection:
        found = {name: sorted(map(repr, connection.exec_driver_sql(f'SELECT * FROM "{name}"'))) for name in names}
    engine.dispose()
    return found


def fill(ws: Workspace) -> tuple[Account, Contact]:
    """Write one visit that is done, and return the account and the contact."""
    account = ws.create(Account(name="青岛海晨贸易有限公司"))
    contact = ws.create(Contact(name="刘洋"))
    visit = Visit(account=account, contacts=[contact], purpose="introduction", actual_at=WHEN)
    ws.move(ws.create(visit), "complete", outcome="wants samples")
    return account, contact


def leave(url: str) -> Left:
    """Let the plugin be in the empty database at *url*, and leave it."""
    crm = CRM(url, plugins=[plugin])
    crm.migrate()
    with crm.acting_as(MEI) as ws:
        account, contact = fill(ws)
    crm.close()
    return Left(url, account.id, contact.id)


@pytest.fixture(scope="module", params=DATABASES)
def left(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Left]:
    """What the plugin leaves when its code goes missing; for tests that change nothing of it."""
    with empty_database(request.param, tmp_path_factory.mktemp("left")) as url:
        yield leave(url)


@pytest.fixture(scope="module")
def without(left: Left) -> Iterator[CRM]:
    """A CRM of the same database that lacks the plugin's code."""
    crm = CRM(left.url, plugins=[])
    yield crm
    crm.close()


def test_opens_and_says_what_is_parked(without: CRM) -> None:
    """The CRM starts, has nothing to migrate, and names plugin and version."""
    assert without.migrate() == []
    assert without.parked == {"visits": plugin.version}
    assert without.schema.entities["visits.visit"].parked
    assert without.schema.entities["account"].fields["visits.last_visit_on"].parked


def test_values_stay_readable(without: CRM, left: Left) -> None:
    """The field is read and asked for as before, and the visits are."""
    with without.reading_as(MEI) as ws:
        assert ws.get(Account, left.account).get_document_value("visits.last_visit_on") == date(2026, 1, 5)
        assert ws.count(Account, where=F["visits.last_visit_on"] == date(2026, 1, 5)) == 1
        (visit,) = ws.list(without.entities["visits.visit"])
        assert (visit.account.id, visit.outcome, [each.id for each in visit.contacts]) == (
            left.account,
            "wants samples",
            [left.contact],
        )


@pytest.mark.parametrize("value", [date(2026, 2, 1), None])
def test_field_refuses_writes(without: CRM, left: Left, value: date | None) -> None:
    """A parked field takes neither another value nor none; the message tells the cure."""
    with without.acting_as(MEI) as ws, pytest.raises(ValidationError, match="plugin visits is not installed") as caught:
        ws.update(ws.get(Account, left.account), **{"visits.last_visit_on": value})

    assert [problem.code for problem in caught.value.problems] == ["field.parked"]


@pytest.mark.parametrize(
    "write",
    [
        lambda ws, visit: ws.update(visit, outcome="other"),
        lambda ws, visit: ws.delete(visit),
        lambda ws, visit: ws.purge(visit),
        lambda ws, visit: ws.create(type(visit)(account=visit.account, purpose="service")),
    ],
    ids=["update", "delete", "purge", "create"],
)
def test_visits_refuse_writes(without: CRM, write: Callable[[Workspace, Any], object]) -> None:
    """Nobody writes visits past the plugin's rules."""
    with without.acting_as(MEI) as ws, pytest.raises(RuntimeError, match="'visits' is not installed"):
        write(ws, ws.list(without.entities["visits.visit"])[0])


@pytest.mark.parametrize("entity", [Account, Contact])
def test_purge_is_refused_by_name(without: CRM, left: Left, entity: type[Any]) -> None:
    """A record that a parked visit refers to stays, and the message names who does."""
    with without.acting_as(MEI) as ws, pytest.raises(ValidationError, match=r"visits\.visit\..* \(parked"):
        ws.purge(ws.get(entity, left.account if entity is Account else left.contact))


def test_host_stays_writable(database_url: str) -> None:
    """Other fields of the account are written as ever, and the parked value stays through it."""
    left = leave(database_url)
    without = CRM(database_url, plugins=[])
    with without.acting_as(MEI) as ws:
        ws.update(ws.get(Account, left.account), industry="textiles")

    with without.reading_as(MEI) as ws:
        account = ws.get(Account, left.account)
        assert (account.industry, account.get_document_value("visits.last_visit_on")) == ("textiles", date(2026, 1, 5))
    without.close()


def test_back_as_it_was(database_url: str) -> None:
    """After a time without the plugin every row of every table is what it was, and the plugin works on."""
    left = leave(database_url)
    before = content(left.url)
    crm = CRM(left.url, plugins=[])
    crm.migrate()
    crm.close()
    assert content(left.url) == before

    crm = CRM(left.url, plugins=[plugin])
    assert crm.migrate() == []
    assert content(left.url) == before
    with crm.acting_as(MEI) as ws:
        (visit,) = ws.list(Visit)
        ws.update(visit, actual_at=datetime(2026, 2, 3, tzinfo=UTC))
        assert ws.get(Account, left.account)[LastVisit].last_visit_on == date(2026, 2, 3)
    crm.close()


class Environment:
    """A virtual environment with pip, with all that this one holds except the plugin."""

    def __init__(self, folder: Path) -> None:
        self.python = folder / "bin" / "python"
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        (site,) = folder.glob("lib/python*/site-packages")
        for entry in Path(sysconfig.get_path("purelib")).iterdir():
            if "visits" not in entry.name and not (site / entry.name).exists():
                (site / entry.name).symlink_to(entry)

    def pip(self, *arguments: str | Path) -> None:
        """Run pip without any network."""
        options = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INDEX": "1"}
        subprocess.run([self.python, "-m", "pip", "--quiet", *arguments], check=True, env=options)

    def run(self, url: str, work: str) -> str:
        """Return what *work* prints; ``crm`` and ``ws`` are at hand in it."""
        lines = "".join(f"    {line}\n" for line in work.splitlines())
        code = (
            "from pycrm import *\n"
            f"crm = CRM({url!r})\n"
            "crm.migrate()\n"
            "with crm.acting_as(Principal('mei', roles={'administrator'})) as ws:\n" + lines
        )
        done = subprocess.run([self.python, "-c", code], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plugin as it would be published."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    shutil.copytree(DISTRIBUTION, source, ignore=shutil.ignore_patterns("__pycache__", "tests"))
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=source, check=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """A virtual environment of its own for pip to change."""
    if lacking := [name for name in ("ensurepip", "hatchling") if find_spec(name) is None]:
        absent = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        absent(f"pip's part in the story needs {' and '.join(lacking)}")
    return Environment(tmp_path_factory.mktemp("venv"))


@pytest.mark.slow
def test_pip_uninstalls_and_brings_back(environment: Environment, wheel: Path, database_url: str) -> None:
    """`pip install`, `pip uninstall`, `pip install`: the CRM opens each time, and the visits are there again."""
    environment.pip("install", "--no-deps", wheel)
    work = """
from pycrm_visits import Visit, check_in
visit = ws.create(Visit(account=ws.create(Account(name="青岛海晨贸易有限公司")), purpose="service"))
ws.move(ws.run(check_in(visit)), "complete", outcome="fine")
"""
    environment.run(database_url, work)
    before = content(database_url)

    environment.pip("uninstall", "--yes", "pycrm-visits")
    work = """
print(dict(crm.parked), ws.find(Account).get_document_value("visits.last_visit_on") is not None)
try:
    ws.purge(ws.find(Account))
except ValidationError as error:
    print(error)
"""
    told = environment.run(database_url, work)
    assert told.startswith("{'visits': '0.1.0'} True\n")
    assert "1 visits.visit.account (parked" in told
    assert content(database_url) == before

    environment.pip("install", "--no-deps", wheel)
    work = """
from pycrm_visits import LastVisit, Visit
print(dict(crm.parked), ws.count(Visit), ws.find(Account)[LastVisit].last_visit_on == ws.find(Visit).actual_at.date())
"""
    assert environment.run(database_url, work) == "{} 1 True"
    assert content(database_url) == before
