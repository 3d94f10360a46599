"""Under a role of the database with column grants, PostgreSQL itself denies what a role of the CRM hides."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.integration.access.company import BOSS

from pycrm import CRM, Account, ConfigurationError, Money, UnknownNameError, field
from pycrm.plugin import Plugin
from pycrm.testing.access.hidden_reads import READS

CLERKS = Plugin("clerks")
CLERKS.role(
    "clerk",
    {
        "account": {"read": "all", "fields": {"*": "read", "annual_revenue": "none", "tax_number": "masked"}},
        "contact": {"read": "own"},
        "task": {"read": "all", "deny": {"read": "own"}},
    },
)


@pytest.fixture
def crm(migrated: Callable[..., str], tmp_path: Path) -> Iterator[CRM]:
    """A CRM on PostgreSQL with one account."""
    made = CRM(migrated("postgresql", [CLERKS]), plugins=[CLERKS], files=tmp_path / "files")
    with made.acting_as(BOSS) as ws:
        ws.create(Account(name="Elbe", annual_revenue=Money(7, "CNY"), tax_number="91310000123456789X"))
    yield made
    made.close()


class Reports:
    """A connection of reports, under a role of the database that owns nothing."""

    def __init__(self, crm: CRM) -> None:
        import psycopg

        url = crm._database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self.driver: Any = psycopg.connect(url, autocommit=True)
        self.role = f"reports_{uuid4().hex[:8]}"
        self.driver.execute(f"CREATE ROLE {self.role}")

    def run(self, sql: str) -> list[Any]:
        """Run *sql* as the role."""
        self.driver.execute(f"SET ROLE {self.role}")
        try:
            return list(self.driver.execute(sql).fetchall())
        finally:
            self.driver.execute("RESET ROLE")

    def is_denied(self, sql: str) -> bool:
        """Return whether the database denies *sql* to the role."""
        import psycopg

        try:
            self.run(sql)
        except psycopg.errors.InsufficientPrivilege:
            return True
        return False

    def close(self) -> None:
        """Remove the role."""
        self.driver.execute(f"DROP OWNED BY {self.role}")
        self.driver.execute(f"DROP ROLE {self.role}")
        self.driver.close()


@pytest.fixture
def reports(crm: CRM) -> Iterator[Reports]:
    """The connection of reports."""
    with closing(Reports(crm)) as made:
        yield made


def test_hidden_column(crm: CRM, reports: Reports) -> None:
    """A column that the role hides is denied in every shape, one that it shows is read; nothing at all is before."""
    assert reports.is_denied("SELECT name FROM crm_account")

    crm.column_grants("clerk", reports.role, apply=True)

    for shape, sql in READS.items():
        assert reports.is_denied(sql.format(t="crm_account", c="annual_revenue")), shape
        assert reports.is_denied(sql.format(t="crm_account", c="tax_number")), shape
    assert reports.run("SELECT name, count(*) FROM crm_account GROUP BY name") == [("Elbe", 1)]
    assert reports.is_denied("UPDATE crm_account SET name = 'x'")


def test_tables(crm: CRM, reports: Reports) -> None:
    """Of entities that the role reads in part, not at all, and of the CRM's own tables there is nothing to see."""
    grants, _ = crm.column_grants("clerk", reports.role, apply=True)

    assert {"contact", "task"} <= set(grants.left_out)
    for table in ("crm_contact", "crm_task", "crm_opportunity", "crm_change", "crm_search_doc", "crm_link"):
        assert reports.is_denied(f"SELECT count(*) FROM {table}"), table


def test_all_rows(crm: CRM, reports: Reports) -> None:
    """Who takes all rows into account on purpose gets them."""
    grants, _ = crm.column_grants("clerk", reports.role, all_rows=True, apply=True)

    assert grants.left_out == ()
    assert reports.run("SELECT count(*) FROM crm_contact") == [(0,)]


def test_document(crm: CRM, reports: Reports) -> None:
    """Custom fields share one column, which is granted as long as all of them may be read."""
    with crm.acting_as(BOSS) as ws:
        ws.define_field(Account, "region", field.text())
        ws.define_role(
            "picky", {"rights": {"account": {"read": "all", "fields": {"*": "read", "custom.region": "none"}}}}
        )

    crm.column_grants("clerk", reports.role, apply=True)
    assert not reports.is_denied("SELECT doc FROM crm_account")
    crm.column_grants("picky", reports.role, apply=True)

    assert reports.is_denied("SELECT doc FROM crm_account")
    assert not reports.is_denied("SELECT annual_revenue FROM crm_account")


def test_anew(crm: CRM, reports: Reports) -> None:
    """Grants are given in place of those before, so that what was taken from the role is gone."""
    crm.column_grants("administrator", reports.role, apply=True)
    assert not reports.is_denied("SELECT annual_revenue FROM crm_account")

    crm.column_grants("clerk", reports.role, apply=True)

    assert reports.is_denied("SELECT annual_revenue FROM crm_account")


def test_only_told(crm: CRM, reports: Reports) -> None:
    """Without being told to, nothing is done; the SQL may be run by hand."""
    _, statements = crm.column_grants("clerk", reports.role)

    assert reports.is_denied("SELECT name FROM crm_account")
    assert statements[0].startswith("REVOKE ALL ON TABLE crm_")
    for statement in statements:
        reports.driver.execute(statement)
    assert not reports.is_denied("SELECT name FROM crm_account")


def test_role_that_has_more(crm: CRM, reports: Reports) -> None:
    """A role that sees more all the same is refused, and nothing is granted: it would be a wall with a hole."""
    reports.driver.execute("GRANT SELECT ON crm_contact TO PUBLIC")
    with pytest.raises(ConfigurationError, match=r"crm_contact\..* all the same"):
        crm.column_grants("clerk", reports.role, apply=True)
    assert reports.is_denied("SELECT name FROM crm_account")
    reports.driver.execute("REVOKE SELECT ON crm_contact FROM PUBLIC")
    reports.driver.execute(f"ALTER ROLE {reports.role} SUPERUSER")
    with pytest.raises(ConfigurationError, match="superuser"):
        crm.column_grants("clerk", reports.role, apply=True)


def test_unknown(crm: CRM) -> None:
    """A role that is not there is named, with the nearest one."""
    with pytest.raises(UnknownNameError, match="'clerk'"):
        crm.column_grants("clerc", "reports")
    with pytest.raises(UnknownNameError, match="CREATE ROLE"):
        crm.column_grants("clerk", "nobody here", apply=True)


def test_names_are_quoted(crm: CRM) -> None:
    """A role of the database may be called anything."""
    _, statements = crm.column_grants("clerk", 'a"b; DROP')

    assert all(re.search(r'(FROM|TO) "a""b; DROP"$', statement) for statement in statements)


def test_sqlite(tmp_path: Path) -> None:
    """SQLite has no roles, and says so."""
    crm = CRM(tmp_path / "crm.db", plugins=[])
    with pytest.raises(ConfigurationError, match="PostgreSQL"):
        crm.column_grants("salesperson", "reports")
    crm.close()
