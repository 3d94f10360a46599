"""The answer of a database is a table: streamed, and asked in a way that changes nothing."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from pycrm.errors import ReadError
from pycrm.exchange.reading import open_source


@pytest.fixture
def old_crm(database_url: str) -> str:
    """The URL of a database with the customers of another program."""
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT, note TEXT)")
        connection.execute(
            sa.text("INSERT INTO customer VALUES (:id, :name, NULL)"),
            [{"id": number, "name": f"客户 {number}%:x"} for number in range(1, 3_001)],
        )
    engine.dispose()
    return database_url


def test_answer_is_a_table(old_crm: str) -> None:
    """Columns are named by the database, values are what the driver gives, the line is the row's number."""
    query = "-- all\nSELECT id, name, 1.5 AS id, note FROM customer ORDER BY 1"
    source = open_source(old_crm, query=f"{query};")

    (table,) = source.tables
    rows = list(table.rows())
    assert (source.format, source.encoding, table.columns) == ("query", None, ("id", "name", "id (2)", "note"))
    assert len(rows) == 3_000
    assert (rows[1].line, rows[1].cells[:2], Decimal(str(rows[1].cells[2]))) == (2, (2, "客户 2%:x"), Decimal("1.5"))
    assert [row.line for row in table.rows(after=2_998)] == [2_999, 3_000]
    assert (
        source.digest
        == open_source(old_crm, query="-- all\nSELECT id, name, 1.5 AS id, note FROM customer ORDER BY 1").digest
    )


def test_name_has_no_password() -> None:
    """What is shown of a URL is not its password."""
    source = open_source("postgresql+psycopg://joe:secret@nowhere/crm", query="SELECT 1")

    assert "secret" not in source.name


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (None, "needs a query"),
        ("DELETE FROM customer", "begins with SELECT"),
        ("/* SELECT */ DROP TABLE customer", "begins with SELECT"),
    ],
)
def test_other_statements_are_refused(old_crm: str, query: str | None, told: str) -> None:
    """A query that is imported reads."""
    with pytest.raises(ReadError, match=told):
        open_source(old_crm, query=query)


@pytest.mark.parametrize("query", ["SELECT 1; DELETE FROM customer", "WITH x AS (SELECT 1) DELETE FROM customer"])
def test_nothing_is_changed(old_crm: str, query: str) -> None:
    """The database itself refuses what would write, however it is put."""
    source = open_source(old_crm, query=query)

    with pytest.raises(ReadError, match="refuses the query"):
        list(source.tables[0].rows())

    assert len(list(open_source(old_crm, query="SELECT id FROM customer").tables[0].rows())) == 3_000


def test_faulty_query_is_told(old_crm: str) -> None:
    """What the database says is said."""
    with pytest.raises(ReadError, match=r"refuses the query.*nothing_there"):
        _ = open_source(old_crm, query="SELECT * FROM nothing_there").tables[0].columns


def test_absent_database_is_not_made(tmp_path: Path) -> None:
    """A file that is not there is told, and SQLite makes none."""
    with pytest.raises(ReadError, match=r"there is no database .*old\.db"):
        open_source(f"sqlite:///{tmp_path / 'old.db'}", query="SELECT 1")

    assert list(tmp_path.iterdir()) == []


def test_no_url_is_refused() -> None:
    """A URL that names no database that is known."""
    with pytest.raises(ReadError, match="cannot be opened"):
        _ = open_source("klingon://x", query="SELECT 1").tables[0].columns
