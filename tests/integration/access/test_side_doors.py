"""Side doors are walled: SQL on our tables that does not come through a door is refused, whoever runs it how."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Engine, Integer, MetaData, String, Table, create_engine, insert, inspect, select, text
from sqlalchemy.orm import Session
from tests.conftest import DATABASES
from tests.integration.access.company import BOSS, EYE, MEI, ROLES

from pycrm import CRM, Account, SideDoorError
from pycrm.testing.access.side_doors import BEYOND, SHAPES, Side


@pytest.fixture(scope="module", params=DATABASES)
def side(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    """One CRM per engine, with an account, for all shapes."""
    templates = request.getfixturevalue("templates")
    path = tmp_path_factory.mktemp("walls") / "crm.db"
    url = templates.sqlite([ROLES], path) if request.param == "sqlite" else templates.postgresql([ROLES])
    crm = CRM(url, plugins=[ROLES])
    with crm.acting_as(BOSS) as ws:
        ws.create(Account(name="Elbe", industry="textiles"))
    yield Side(crm, EYE, crm.table(Account), "name")
    crm.close()


def test_there_are_54_shapes() -> None:
    """The list is as long as was promised, and three of it are beyond what a tripwire can see."""
    assert (len(SHAPES), len(BEYOND)) == (51, 3)


@pytest.mark.parametrize("shape", SHAPES)
def test_refused(side: Side, shape: str) -> None:
    """A statement on a table of ours is refused by the error that names the table and the cure."""
    with pytest.raises(SideDoorError, match=r"crm\.reading_as") as refused:
        SHAPES[shape](side)

    assert refused.value.table == "every table" or refused.value.table.startswith("crm_")


@pytest.mark.parametrize("shape", BEYOND)
def test_beyond(side: Side, shape: str) -> None:
    """What it cannot see is what it is said to be: these three read on."""
    assert BEYOND[shape](side)


def test_the_door_stays_open(side: Side) -> None:
    """After all that was tried, the door reads and writes as ever."""
    with side.crm.acting_as(BOSS) as ws:
        (account,) = ws.list(Account)
        ws.update(account, industry="machinery")
        ws.update(account, industry="textiles")
        assert ws.count(Account) == 1


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 'crm_account'",
        "SELECT 1 -- FROM crm_account",
        "SELECT 1 /* FROM crm_account */",
        "SELECT 'a''b FROM crm_account'",
        "SELECT crm_account FROM (SELECT 1 AS crm_account) AS host",
        "SELECT host.crm_account FROM (SELECT 1 AS crm_account) AS host ORDER BY crm_account",
        "WITH host(x) AS (SELECT 1) SELECT * FROM host WHERE 'FROM crm_account' = 'x'",
    ],
)
def test_not_ours(side: Side, sql: str) -> None:
    """Literals, comments and columns that are called like one of our tables are none."""
    side.run(sql.replace("{", "{{"))


def test_structure(side: Side) -> None:
    """What the database says of its tables may be asked: it tells no values."""
    columns = inspect(side.engine).get_columns("crm_account")

    assert {"id", "name", "doc"} <= {column["name"] for column in columns}


class TestHost:
    """On a host's engine the tripwire is there by choice, and knows whose tables are whose."""

    @pytest.fixture(params=DATABASES)
    def engine(self, request: pytest.FixtureRequest, migrated: Callable[..., str]) -> Iterator[Engine]:
        """A host's engine on a database with our tables."""
        engine = create_engine(migrated(request.param, [ROLES]))
        if request.param == "sqlite":
            from sqlalchemy import event

            event.listen(engine, "connect", lambda driver, _record: driver.execute("PRAGMA foreign_keys = ON"))
        yield engine
        engine.dispose()

    @pytest.fixture
    def walled(self, engine: Engine, tmp_path: Path) -> Iterator[CRM]:
        """A CRM that wants its tables walled on the host's engine."""
        crm = CRM(engine, plugins=[ROLES], files=tmp_path / "files", walled=True)
        with crm.acting_as(BOSS) as ws:
            ws.create(Account(name="Elbe", industry="textiles"))
        yield crm
        crm.close()

    @pytest.fixture
    def carts(self, walled: CRM, engine: Engine) -> Iterator[Table]:
        """A table of the host whose name begins like ours, and which refers to accounts."""
        del walled
        carts = Table("crm_carts", MetaData(), Column("id", Integer, primary_key=True), Column("note", String))
        carts.metadata.create_all(engine)
        yield carts
        carts.metadata.drop_all(engine)

    def test_open_by_default(self, engine: Engine, tmp_path: Path) -> None:
        """Who gives his engine and says nothing runs what he likes on it."""
        crm = CRM(engine, plugins=[ROLES], files=tmp_path)

        with engine.connect() as connection:
            assert connection.execute(select(crm.table(Account))).all() == []
        crm.close()

    def test_walled(self, walled: CRM, engine: Engine) -> None:
        """Who wants it gets the error for our tables, through a connection and a session alike."""
        accounts = walled.table(Account)

        with engine.connect() as connection, pytest.raises(SideDoorError, match="crm_account"):
            connection.execute(select(accounts))
        with Session(engine) as session, pytest.raises(SideDoorError, match="crm_account"):
            session.execute(text("DELETE FROM crm_account"))

    def test_tables_of_the_host(self, walled: CRM, engine: Engine, carts: Table) -> None:
        """His own tables are his business, whatever their names begin with, and may refer to ours."""
        del walled
        with engine.begin() as connection:
            connection.execute(insert(carts).values(id=1, note="FROM crm_account"))
            assert connection.execute(select(carts.c.note)).scalar_one() == "FROM crm_account"
            kind = "BLOB" if engine.dialect.name == "sqlite" else "UUID"
            connection.execute(text(f"CREATE TABLE host_order (crm_account {kind} REFERENCES crm_account (id))"))
            assert connection.execute(text("SELECT crm_account FROM host_order")).all() == []
            connection.execute(text("DROP TABLE host_order"))

    def test_joined_units(self, walled: CRM, engine: Engine, carts: Table) -> None:
        """Units inside his transaction work as ever, watched or logged or not."""
        for echo in (False, True):
            engine.echo = echo
            with engine.begin() as connection:
                connection.execute(insert(carts).values(note="before"))
                with walled.acting_as(BOSS, connection=connection) as ws:
                    ws.create(Account(name="Weser"))
                with walled.reading_as(MEI, connection=connection) as reader:
                    reader.list(Account)
                connection.execute(insert(carts).values(note="after"))
                with pytest.raises(SideDoorError):
                    connection.execute(text("SELECT * FROM crm_account"))
        engine.echo = False

    def test_closing(self, walled: CRM, engine: Engine) -> None:
        """A closed CRM leaves nothing on the engine of its host."""
        accounts = walled.table(Account)
        walled.close()

        with engine.connect() as connection:
            assert len(connection.execute(select(accounts)).all()) == 1

    def test_same_name_elsewhere(self, new_database: Callable[[str], str], tmp_path: Path) -> None:
        """On PostgreSQL a table of the host in another schema is not ours because it is called the same."""
        engine = create_engine(new_database("postgresql"))
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE crm_account (note TEXT)"))
            connection.execute(text("CREATE SCHEMA tenant"))
        crm = CRM(engine, plugins=[], schema="tenant", files=tmp_path, walled=True)
        crm.migrate()

        with engine.connect() as connection:
            assert connection.execute(text("SELECT * FROM crm_account")).all() == []
            assert connection.execute(text("SELECT * FROM public.crm_account")).all() == []
            with pytest.raises(SideDoorError):
                connection.execute(text("SELECT * FROM tenant.crm_account"))
            connection.execute(text("SET search_path = tenant, public"))
            with pytest.raises(SideDoorError):
                connection.execute(text("SELECT * FROM crm_account"))
        crm.close()
        engine.dispose()


def test_in_memory(tmp_path: Path) -> None:
    """The one connection of a database in memory is walled too, inside a unit as well."""
    crm = CRM("sqlite://", plugins=[ROLES], files=tmp_path)
    crm.migrate()

    with crm.acting_as(BOSS) as ws:
        ws.create(Account(name="Elbe"))
        driver: Any = ws._ctx.unit.connection.connection.driver_connection
        with pytest.raises(SideDoorError):
            driver.execute("SELECT * FROM crm_account")
        assert ws.count(Account) == 1
    crm.close()
