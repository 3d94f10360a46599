"""SQLite itself denies to SQL of others what the principal of a unit does not see, whoever prepared it when."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event
from tests.integration.access.company import BOSS

from pycrm import CRM, Account, Money, Principal, Reader, field
from pycrm.plugin import Plugin
from pycrm.testing.access.hidden_reads import READS

CLERK = Principal("ann", roles={"clerk"})
HALF = Principal("tom", roles={"half"})

CLERKS = Plugin("clerks")
CLERKS.role(
    "clerk",
    {
        "account": {
            "read": "all",
            "create": "all",
            "write": "all",
            "fields": {"*": "write", "annual_revenue": "none", "tax_number": "masked", "custom.secret": "none"},
        },
        "contact": {"read": "own"},
    },
)
CLERKS.role("half", {"account": {"read": "all", "fields": {"*": "read", "annual_revenue": "read"}}})


@pytest.fixture
def url(migrated: Callable[..., str]) -> str:
    """The URL of a SQLite file with our tables."""
    return migrated("sqlite", [CLERKS])


@pytest.fixture
def crm(url: str, tmp_path: Path) -> Iterator[CRM]:
    """A CRM on it with one account."""
    made = CRM(url, plugins=[CLERKS], files=tmp_path / "files")
    with made.acting_as(BOSS) as ws:
        ws.create(Account(name="Elbe", annual_revenue=Money(7, "CNY"), tax_number="91310000123456789X"))
    yield made
    made.close()


def by_hand(reader: Reader, sql: str) -> list[Any]:
    """Run *sql* on the connection of the unit, past door and tripwire."""
    driver: Any = reader._ctx.unit.connection.connection.driver_connection
    return sqlite3.Cursor(driver).execute(sql).fetchall()


def is_denied(reader: Reader, sql: str) -> bool:
    """Return whether the database denies *sql*."""
    try:
        by_hand(reader, sql)
    except sqlite3.DatabaseError as error:
        if "prohibited" in str(error) or "not authorized" in str(error):
            return True
        raise
    return False


@pytest.mark.parametrize("shape", READS)
def test_hidden_column(crm: CRM, shape: str) -> None:
    """A column that the principal does not see is denied in whatever a statement does with it, reading and writing."""
    sql = READS[shape].format(t="crm_account", c="annual_revenue")

    for door in (crm.reading_as, crm.acting_as):
        with door(BOSS) as ws:
            assert by_hand(ws, sql)
        with door(CLERK) as ws:
            assert is_denied(ws, sql)
            assert [account.name for account in ws.list(Account)] == ["Elbe"]
            assert is_denied(ws, sql)
        with door(BOSS) as ws:
            assert by_hand(ws, sql)


def test_what_is_seen(crm: CRM) -> None:
    """What he sees whole may be read; what is masked, what has rules about rows, and our own tables may not."""
    with crm.reading_as(CLERK) as reader:
        reader.count(Account)

        assert by_hand(reader, "SELECT name, count(*) FROM crm_account") == [("Elbe", 1)]
        assert is_denied(reader, "SELECT tax_number FROM crm_account")
        assert is_denied(reader, "SELECT count(*) FROM crm_contact")
        assert is_denied(reader, "SELECT count(*) FROM crm_opportunity")
        assert is_denied(reader, "SELECT * FROM crm_change")
        assert by_hand(reader, "SELECT 1 FROM sqlite_master LIMIT 1") == [(1,)]


def test_logged(crm: CRM) -> None:
    """Who has the statements of the engine logged gets them through SQLAlchemy, and the judge knows whose they are."""
    for engine in (crm._database.engine, crm._database._reading_engine):
        event.listen(engine, "before_cursor_execute", lambda *_: None)
    for door in (crm.acting_as, crm.reading_as):
        with door(CLERK) as ws:
            assert ws.search("Elbe").hits
            assert is_denied(ws, "SELECT annual_revenue FROM crm_account")
    with crm.acting_as(CLERK) as ws, ws.savepoint():
        ws.create_many([Account(name=f"Weser {number}") for number in range(3)])


def test_search(crm: CRM) -> None:
    """The index of search is denied, as what SQLite keeps for it, and the door finds by it as ever."""
    with crm.reading_as(CLERK) as reader:
        with pytest.raises(sqlite3.DatabaseError):
            by_hand(reader, "SELECT * FROM crm_search_grams")
        assert [hit.record.name for hit in reader.search("Elbe").hits] == ["Elbe"]
        with pytest.raises(sqlite3.DatabaseError):
            by_hand(reader, "SELECT * FROM crm_search_grams")
        assert is_denied(reader, "SELECT * FROM crm_search_grams_data")
        assert is_denied(reader, "SELECT head FROM crm_search_doc")


def test_before_his_rights_are_known(crm: CRM) -> None:
    """Until a unit knows what its principal may see, nothing of ours is shown."""
    with crm.reading_as(CLERK) as reader:
        assert is_denied(reader, "SELECT name FROM crm_account")
        reader.count(Account)
        assert not is_denied(reader, "SELECT name FROM crm_account")


def test_document(crm: CRM) -> None:
    """Custom fields share one column: it is shown if all of them are."""
    with crm.reading_as(CLERK) as reader:
        reader.count(Account)
        assert not is_denied(reader, "SELECT doc FROM crm_account")
    with crm.acting_as(BOSS) as ws:
        ws.define_field(Account, "secret", field.text())

    with crm.reading_as(CLERK) as reader:
        reader.count(Account)
        assert is_denied(reader, "SELECT doc FROM crm_account")
        assert is_denied(reader, "SELECT doc ->> 'secret' FROM crm_account")


def test_many_units(crm: CRM) -> None:
    """What SQLite prepares by itself, such as what full-text search merges at a commit, is the door's too."""
    for number in range(60):
        with crm.acting_as(CLERK) as ws, ws.savepoint():
            ws.create(Account(name=f"Weser {number}"))
        with crm.acting_as(BOSS) as ws:
            ws.create(Account(name=f"Ems {number}"))
    with crm.reading_as(CLERK) as reader:
        assert reader.count(Account) == 121


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE crm_account SET name = 'x'",
        "DELETE FROM crm_account",
        "INSERT INTO crm_account (id) VALUES (x'00')",
        "CREATE TRIGGER t AFTER UPDATE ON crm_account BEGIN SELECT 1; END",
        "CREATE INDEX i ON crm_account (name)",
        "ALTER TABLE crm_account ADD COLUMN x INTEGER",
        "DROP TABLE crm_account",
    ],
)
def test_writes(crm: CRM, sql: str) -> None:
    """Nothing of ours is written past the door in his unit, whatever he may write through it."""
    with crm.acting_as(CLERK) as ws:
        (account,) = ws.list(Account)
        ws.update(account, name="Weser")

        assert is_denied(ws, sql)


def test_views(crm: CRM, url: str) -> None:
    """A view over our table that somebody made elsewhere hides nothing from the judge."""
    with sqlite3.connect(url.removeprefix("sqlite:///")) as elsewhere:
        elsewhere.execute("CREATE VIEW around AS SELECT annual_revenue AS seen FROM crm_account")
    elsewhere.close()

    with crm.reading_as(CLERK) as reader:
        reader.count(Account)
        assert is_denied(reader, "SELECT seen FROM around")


def test_texts_of_the_door(crm: CRM) -> None:
    """A text that the door has run, whole columns and all, lets nobody else through who knows it."""
    heard: list[str] = []
    with crm.acting_as(CLERK) as ws:
        driver: Any = ws._ctx.unit.connection.connection.driver_connection
        driver.set_trace_callback(heard.append)
        (account,) = ws.list(Account)
        ws.update(account, name="Weser")
        driver.set_trace_callback(None)
        whole = [text.rpartition("\n--")[0] for text in heard if "annual_revenue" in text and "crm_account" in text]

        assert whole
        assert all(is_denied(ws, text) for text in whole)


def test_rights_that_move(crm: CRM, url: str, tmp_path: Path) -> None:
    """What is taken away while his unit is open is denied as soon as the unit hears of it."""
    other = CRM(url, plugins=[CLERKS], files=tmp_path / "files")
    with other.reading_as(HALF) as reader:
        reader.count(Account)
        assert not is_denied(reader, "SELECT annual_revenue FROM crm_account")
    with crm.acting_as(BOSS) as ws:
        hidden = {"read": "all", "fields": {"*": "read", "annual_revenue": "none"}}
        ws.define_role("half", {"rights": {"account": hidden}})

    with other.reading_as(HALF) as reader:
        reader.count(Account)
        assert is_denied(reader, "SELECT annual_revenue FROM crm_account")
    other.close()


class TestHost:
    """On a host's connection the judge sits for the time of the unit, where the host wants walls."""

    @pytest.fixture
    def engine(self, url: str) -> Iterator[Engine]:
        """A host's engine."""
        engine = create_engine(url)
        event.listen(engine, "connect", lambda driver, _record: driver.execute("PRAGMA foreign_keys = ON"))
        yield engine
        engine.dispose()

    def test_for_the_unit(self, crm: CRM, engine: Engine, tmp_path: Path) -> None:
        """Inside the block hidden columns are denied, behind it the host has his connection as it was."""
        walled = CRM(engine, plugins=[CLERKS], files=tmp_path / "files", walled=True)
        with engine.begin() as connection:
            driver: Any = connection.connection.driver_connection
            read = "SELECT annual_revenue FROM crm_account"
            assert driver.execute(read).fetchall()
            with walled.reading_as(CLERK, connection=connection) as reader:
                reader.count(Account)
                assert is_denied(reader, read)
                with walled.reading_as(BOSS, connection=connection) as inner:
                    inner.count(Account)
                    assert not is_denied(inner, read)
                assert is_denied(reader, read)
            assert driver.execute(read).fetchall()
        walled.close()

    def test_of_another_engine(self, crm: CRM, url: str, engine: Engine) -> None:
        """A connection of his that joins a CRM with an engine of its own is his, too; so is one that was lent."""
        read = "SELECT annual_revenue FROM crm_account"
        with engine.begin() as connection, crm.reading_as(CLERK, connection=connection) as reader:
            reader.count(Account)
            assert not is_denied(reader, read)
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as driver:
            driver.execute("PRAGMA foreign_keys = ON")
            connection = crm.borrow(driver)
            with connection, crm.acting_as(CLERK, connection=connection) as ws:
                ws.create(Account(name="Weser"))
            assert len(driver.execute(read).fetchall()) == 2

    def test_left_alone(self, crm: CRM, engine: Engine, tmp_path: Path) -> None:
        """Where he wants none, his connection is his."""
        open_one = CRM(engine, plugins=[CLERKS], files=tmp_path / "files")
        with engine.begin() as connection, open_one.reading_as(CLERK, connection=connection) as reader:
            reader.count(Account)
            assert not is_denied(reader, "SELECT annual_revenue FROM crm_account")
        open_one.close()
