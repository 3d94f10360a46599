"""A SQLite file is copied before it changes."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from pycrm import CRM, Account, UpgradeRefusedError, field
from pycrm.testing import FixedClock

from .conftest import MEI, depot

NOW = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database of release 1.0 with one account, which its owner alone may read."""
    path = tmp_path / "my shop.db"
    crm = CRM(path, plugins=[depot(shelf={"code": field.text()})])
    crm.migrate()
    with crm.acting_as(MEI) as ws:
        ws.create(Account(name="kept"))
    crm.close()
    path.chmod(0o600)
    return path


def migrated(file: Path, **options: bool) -> list[str]:
    """Bring *file* to release 1.1 and return what was done."""
    clock = FixedClock(NOW)
    crm = CRM(file, plugins=[depot("1.1", shelf={"code": field.text(), "colour": field.text()})], clock=clock)
    done = crm.migrate(**options)
    crm.close()
    return done


def test_copy_is_whole(file: Path) -> None:
    """It is the database as it was before, complete, as private, and opens with the code of then."""
    first = migrated(file)[0]

    version = re.escape(CRM("sqlite://", plugins=[])._version)
    assert re.fullmatch(
        rf"kept a copy of the database as it was: .*my shop\.db\.{version}-20260301T083000Z\.bak", first
    )
    copy = Path(first.partition(": ")[2])
    assert copy.parent == file.parent
    assert copy.stat().st_mode & 0o777 == 0o600
    crm = CRM(copy, plugins=[depot(shelf={"code": field.text()})])
    assert crm.migrate() == []
    with crm.reading_as(MEI) as ws:
        assert ws.list(Account)[0].name == "kept"
    crm.close()
    with sqlite3.connect(copy) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


def test_switched_off(file: Path) -> None:
    """Whoever has copies of his own says so."""
    assert migrated(file, backup=False)[0] == "upgraded depot from 1.0 to 1.1"
    assert not list(file.parent.glob("*.bak"))


def test_without_a_change(file: Path) -> None:
    """Nothing is copied where nothing changes: up to date, only looked at, refused, or new."""
    crm = CRM(file, plugins=[depot(shelf={"code": field.text()})])
    crm.migrate()
    crm.close()
    migrated(file, dry_run=True)
    crm = CRM(file, plugins=[depot("1.1", shelf={"code": field.integer()})])
    with pytest.raises(UpgradeRefusedError):
        crm.migrate()
    crm.close()
    CRM(file.with_name("new.db"), plugins=[]).migrate()

    assert not list(file.parent.glob("*.bak*"))


def test_two_in_one_second(file: Path) -> None:
    """A copy never replaces another one."""
    migrated(file)
    crm = CRM(file, plugins=[depot("1.2", shelf={"code": field.text()})], clock=FixedClock(NOW))
    crm.migrate()
    crm.close()

    assert sorted(path.name.rpartition("Z")[2] for path in file.parent.glob("*.bak")) == ["-2.bak", ".bak"]


def test_engine_of_a_host(file: Path) -> None:
    """It is the same where the host made the engine."""
    engine = create_engine(f"sqlite:///{file}")
    crm = CRM(engine, plugins=[depot("1.1", shelf={"code": field.text(), "colour": field.text()})])
    done = crm.migrate()
    engine.dispose()

    assert done[0].startswith("kept a copy")
    assert len(list(file.parent.glob("*.bak"))) == 1


def test_elsewhere(database_url: str, release: Callable[..., CRM]) -> None:
    """PostgreSQL's copies are its administrator's matter, and memory is not worth one."""
    for url in ("sqlite://", database_url) if database_url.startswith("postgresql") else ("sqlite://",):
        crm = CRM(url, plugins=[])
        crm.migrate()
        later = CRM(crm._database.engine, plugins=[depot(shelf={})])
        assert later.migrate() == ["installed depot 1.0: depot.shelf"]
        crm.close()
