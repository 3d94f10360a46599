"""The small examples, run as a reader runs them, say what they promise; on either database where they take one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect
from tests.embedded import EXAMPLES, copy_of, run

from pycrm import CRM, Account, Principal, field
from pycrm.plugin import Plugin, Record

MEI = Principal("mei", roles={"administrator"})

QUICKSTART = """\
refused: level is none of ['A', 'B', 'C', 'D']; custom.region is none of ['east', 'north'];
ACC-000002 Rhein Import GmbH north ('vip',)
east USD 9800.50
north USD 12500.00
"""

TWO_CRMS = """\
service: custom.region is no whole number; write it as 42
trade: {'account': 1, 'samples.sample': 1}, ['custom.region']
service: {'account': 1, 'machines.machine': 3}, ['custom.region', 'custom.contract_until']
"""

NOTE = """

class Note(Base):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
"""

parked = Plugin("parked", version="1.0")


@parked.entity()
class Left(Record):
    """What a plugin left whose code is missing."""

    name: str = field.text()


def test_quickstart_in_memory(tmp_path: Path) -> None:
    """Without an argument it leaves no file behind."""
    assert run([str(EXAMPLES / "quickstart.py")], tmp_path, {}) == QUICKSTART
    assert list(tmp_path.iterdir()) == []


def test_quickstart(database_url: str, tmp_path: Path) -> None:
    """It says the same on each database."""
    assert run([str(EXAMPLES / "quickstart.py"), database_url], tmp_path, {}) == QUICKSTART


def test_two_crms_in_two_files(tmp_path: Path) -> None:
    """Each CRM has its own plugins, custom fields of the same name, and data."""
    assert run([str(EXAMPLES / "two_crms.py")], tmp_path, {}) == TWO_CRMS
    assert {path.name for path in tmp_path.iterdir() if path.suffix == ".db"} == {"trade.db", "service.db"}


def test_two_crms_in_two_schemas(new_database: Callable[[str], str], tmp_path: Path) -> None:
    """Two schemas of one PostgreSQL database do as well as two files."""
    url = new_database("postgresql")

    assert run([str(EXAMPLES / "two_crms.py"), "--database", url], tmp_path, {}) == TWO_CRMS
    engine = create_engine(url)
    names = {schema: set(inspect(engine).get_table_names(schema)) for schema in ("trade", "service", "public")}
    engine.dispose()
    assert "crm_samples_sample" in names["trade"] - names["service"]
    assert "crm_machines_machine" in names["service"] - names["trade"]
    assert names["public"] == set()


def test_host_orm(database_url: str, tmp_path: Path) -> None:
    """The host's ORM reads our table and cannot write it."""
    order, refused = run([str(EXAMPLES / "host_orm.py"), database_url], tmp_path, {}).splitlines()

    assert order == "W-ACC-000001 Rhein Import EUR 1500000.00"
    assert refused.startswith("refused: ")


@pytest.mark.slow
def test_alembic_leaves_our_tables_alone(database_url: str, tmp_path: Path) -> None:
    """Autogenerate sees the host's tables only, with indexed custom fields and parked tables in the database too."""
    folder = copy_of("host_alembic", tmp_path, "alembic")
    environment = {"SHOP_DATABASE": database_url}
    crm = CRM(database_url, plugins=[parked])
    crm.migrate()
    with crm.acting_as(MEI) as ws:
        ws.define_field(Account, "region", field.text(), indexed=True)
    crm.close()
    assert "installed visits" in run(["models.py"], folder, environment)

    run(["-m", "alembic", "upgrade", "head"], folder, environment)
    assert "No new upgrade operations detected" in run(["-m", "alembic", "check"], folder, environment)

    with (folder / "models.py").open("a", encoding="utf-8") as models:
        models.write(NOTE)
    run(["-m", "alembic", "revision", "--autogenerate", "--rev-id", "0002", "-m", "notes"], folder, environment)
    written = (folder / "migrations" / "versions" / "0002_notes.py").read_text("utf-8")
    assert written.count("op.create_table(") == 1
    assert "crm_" not in written

    run(["-m", "alembic", "upgrade", "head"], folder, environment)
    run(["-m", "alembic", "downgrade", "base"], folder, environment)
    crm = CRM(database_url, plugins=[parked])
    with crm.reading_as(MEI) as reader:
        assert reader.count(Left) == reader.count(Account) == 0
    crm.close()


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_short_examples_stay_short(path: Path) -> None:
    """What a reader is to copy fits on two screens."""
    assert len(path.read_text("utf-8").splitlines()) <= 120
