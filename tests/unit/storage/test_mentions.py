"""The tables that a text of SQL names are found in whatever stands around them, and nothing else is taken for one."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycrm.storage.walls.mentions import mentions

OURS = "crm_account"


def names(sql: str) -> bool:
    """Return whether *sql* names our table."""
    return any(name == OURS for _, name in mentions(sql))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM crm_account",
        "select a.* from crm_contact b, crm_account a where 1",
        'SELECT * FROM (SELECT x FROM "crm_account") q',
        "WITH q AS (SELECT 1 FROM main.crm_account) SELECT * FROM q",
        "SELECT 1 UNION ALL SELECT name FROM [crm_account]",
        "SELECT * FROM o LEFT JOIN `crm_account` USING (id)",
        "SELECT (SELECT max(name) FROM CRM_ACCOUNT)",
        "INSERT INTO x SELECT * FROM crm_account",
        "UPDATE OR IGNORE crm_account SET a = 1",
        "UPDATE o SET a = b FROM crm_account",
        "DELETE FROM ONLY crm_account",
        "DELETE FROM o USING crm_account",
        "MERGE INTO o USING crm_account ON 1 = 1 WHEN MATCHED THEN DELETE",
        "REPLACE INTO crm_account (id) VALUES (1)",
        "INSERT INTO o VALUES (1) ON CONFLICT DO UPDATE SET a = (SELECT 1 FROM crm_account)",
        "TABLE crm_account",
        "TRUNCATE crm_account",
        "COPY (SELECT 1 FROM crm_account) TO STDOUT",
        "CREATE VIEW v AS SELECT * FROM crm_account",
        "CREATE TABLE t AS SELECT * FROM crm_account",
        "CREATE TABLE t (LIKE crm_account)",
        "CREATE TRIGGER t AFTER UPDATE ON crm_account BEGIN SELECT 1; END",
        "CREATE UNIQUE INDEX i ON crm_account (name)",
        "ALTER TABLE crm_account ADD x INT",
        "GRANT SELECT ON crm_account TO bob",
        "DO $$ BEGIN PERFORM * FROM crm_account; END $$",
        "DO $body$ BEGIN PERFORM * FROM crm_account; END $body$",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1 FROM crm_account'",
        'SELECT * FROM U&"\\0063rm_account"',
        "SELECT * FROM 'crm_account'",
        "SELECT * FROM a WHERE x IN crm_account",
        "SELECT 1; SELECT * FROM crm_account",
        "EXPLAIN ANALYZE SELECT * FROM crm_account",
        "SELECT * FROM a CROSS JOIN (crm_account c JOIN b ON 1 = 1)",
        "SELECT E'\\'' FROM crm_account WHERE x = ''",
        "/* ' */ SELECT * FROM crm_account -- '",
        "SELECT * FROM a JOIN b ON f(a.x, b.y), crm_account",
        "PREPARE p AS SELECT * FROM crm_account",
        "DECLARE c CURSOR FOR SELECT * FROM crm_account",
        "SELECT ARRAY[(SELECT name FROM crm_account LIMIT 1)]",
    ],
)
def test_named(sql: str) -> None:
    """Wherever a table may stand, in either database's SQL, it is found."""
    assert names(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 'FROM crm_account'",
        "-- FROM crm_account\nSELECT 1",
        "/* FROM crm_account */ SELECT 1",
        "SELECT crm_account FROM o",
        "SELECT o.crm_account, 1 AS crm_account FROM o ORDER BY crm_account, id",
        "SELECT EXTRACT(year FROM crm_account) FROM o",
        "SELECT * FROM o WHERE crm_account IS NOT DISTINCT FROM crm_account",
        "SELECT * FROM o WHERE x = :crm_account AND y = %(crm_account)s",
        "SELECT * FROM o WHERE x LIKE crm_account AND x IN (crm_account)",
        "SELECT * FROM o JOIN p USING (crm_account)",
        "SELECT * FROM o FOR UPDATE OF o",
        "SELECT $$from crm_account$$",
        "SELECT $x$from crm_account$x$",
        "SELECT * FROM crm_accounts_old",
        "INSERT INTO o (crm_account) VALUES (1)",
        "UPDATE o SET crm_account = 1",
        "CREATE TABLE cart (id INT, crm_account INT REFERENCES crm_account (id) ON DELETE CASCADE)",
        "CREATE TABLE cart (x INT, FOREIGN KEY (x) REFERENCES crm_account (id))",
        "ALTER TABLE cart ADD crm_account INT REFERENCES crm_account (id)",
        "CREATE INDEX i ON cart (crm_account)",
        "PRAGMA table_info(crm_account)",
        "SAVEPOINT crm_account",
    ],
)
def test_not_named(sql: str) -> None:
    """Literals, comments, columns, parameters, targets of foreign keys and questions about structure name none."""
    assert not names(sql)


TABLES = st.sampled_from(["host", "crm_account", '"crm_account"', "[crm_account]", "main.crm_account", "`host`"])
COLUMNS = st.sampled_from(["1", "'crm_account'", "'a''b FROM crm_account'", "t0.crm_account", "1 /* FROM host */"])
JOINS = st.sampled_from([", ", " JOIN ", " LEFT JOIN ", " CROSS JOIN ", "\n,/* , */\n"])
CONDITIONS = st.sampled_from(["", " WHERE 1", " WHERE 'x' = '--'", " WHERE EXISTS (SELECT 1 FROM host)"])


@st.composite
def selects(draw: st.DrawFn, depth: int = 2) -> str:
    """Draw a SELECT that SQLite understands, over a table of ours and one of a host."""
    inner = st.deferred(lambda: selects(depth=depth - 1)) if depth else st.just("SELECT 1 AS crm_account")
    table = TABLES | inner.map("({})".format)
    sources = [f"{draw(table)} AS t{number}" for number in range(draw(st.integers(1, 3)))]
    tail = f" UNION ALL {draw(inner)}" if draw(st.integers(0, 4)) == 0 else ""
    return f"SELECT {draw(COLUMNS)} AS crm_account FROM {draw(JOINS).join(sources)}{draw(CONDITIONS)}{tail}"


@given(selects())
def test_against_sqlite(sql: str) -> None:
    """What SQLite reads of our table while it prepares a statement, the text was seen to name."""
    read: set[str] = set()

    def hear(action: int, table: str | None, *_: object) -> int:
        if action == sqlite3.SQLITE_READ:
            read.add(str(table).lower())
        return sqlite3.SQLITE_OK

    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE crm_account (crm_account)")
        database.execute("CREATE TABLE host (crm_account)")
        database.set_authorizer(hear)
        database.execute(sql)

    assert names(sql) or OURS not in read
