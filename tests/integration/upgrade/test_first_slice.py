"""A database of the code before there were upgrades opens and upgrades, and holds what it held."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import make_url
from tests.conftest import ROOT

from pycrm import CRM, Account, Contact, F, Money, NotMigratedError, Opportunity, Product, SalesOrder, Stage, Task
from pycrm.schema.diff import value_at
from pycrm.schema.dump import dump_value
from pycrm_visits import plugin as visits
from reliability.structure import structure

from .conftest import MEI

pytestmark = pytest.mark.slow

DATA = ROOT / "tests" / "data"


@pytest.fixture
def old_url(database_url: str) -> str:
    """The URL of such a database."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        with sqlite3.connect(Path(str(url.database))) as connection:
            connection.executescript((DATA / "first-slice.sqlite.sql").read_text("utf-8"))
        connection.close()
    else:
        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as server:
            server.execute((DATA / "first-slice.postgresql.sql").read_text("utf-8").encode())
    return database_url


@pytest.fixture
def crm(old_url: str) -> Iterator[CRM]:
    """The upgraded database."""
    crm = CRM(old_url, plugins=[visits])
    crm.migrate(backup=False)
    yield crm
    crm.close()


def stored(url: str) -> dict[str, dict[Any, Mapping[str, Any]]]:
    """Return the rows of every entity's table by id, as the driver gives them."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f'SELECT * FROM "{name}"').mappings().all()
            for name in inspect(engine).get_table_names()
        }
    engine.dispose()
    return {name: {row["id"]: dict(row) for row in rows} for name, rows in found.items() if rows and "id" in rows[0]}


def test_gets_a_secret_once(crm: CRM, old_url: str) -> None:
    """What the old code did not sign is signed from now on, in the same way by whoever comes later."""
    with crm.reading_as(MEI) as ws:
        cursor = ws.list(Account, limit=1).next_cursor
        rest = [account.id for account in ws.list(Account, after=cursor)]
    crm.close()

    later = CRM(old_url, plugins=[visits])
    later.migrate(backup=False)

    with later.reading_as(MEI) as ws:
        assert rest == [account.id for account in ws.list(Account, after=cursor)] != []
    later.close()


def test_must_be_migrated(old_url: str) -> None:
    """Before that it opens no unit and says why; a look changes nothing."""
    crm = CRM(old_url, plugins=[visits])
    before = structure(old_url)

    with pytest.raises(NotMigratedError, match=r"call `crm\.migrate"), crm.acting_as(MEI):
        pass
    assert any(line.startswith("changed core") for line in crm.migrate(dry_run=True))
    assert structure(old_url) == before
    crm.close()


def test_every_value_stays(old_url: str) -> None:
    """Every row is there with all that stood in it; what has come is empty."""
    before = stored(old_url)
    crm = CRM(old_url, plugins=[visits])
    done = crm.migrate(backup=False)
    assert not any("parked" in line for line in done)
    assert crm.migrate() == []
    crm.close()
    after = stored(old_url)

    for table, rows in before.items():
        if table == "crm_state":
            continue  # it counts the changes of the schema
        assert after[table].keys() >= rows.keys()
        for id, row in rows.items():
            assert {name: after[table][id].get(name) for name in row} == row, table


def test_every_record_is_read(crm: CRM) -> None:
    """The door loads every record and shows every value, also one that its kind would not take today."""
    with crm.reading_as(MEI) as ws:
        counts = {}
        for name, entity in crm.schema.entities.items():
            records = list(ws.iterate(entity.record_class))
            counts[name] = len(records)
            for record in records:
                for field in entity.fields.values():
                    if (value := value_at(record, field)) not in (None, field.kind.empty):
                        dump_value(value, field.kind)

    assert counts["account"] == 3
    assert (counts["sales_order_line"], counts["visits.visit"], counts["opportunity"]) == (3, 2, 4)


def test_door_goes_on(crm: CRM) -> None:
    """Records are found, changed, counted on and restored; custom fields, numbers and plugins work as before."""
    with crm.acting_as(MEI) as ws:
        account = ws.find(Account, number="ACC-000001")
        assert account is not None
        assert (account.name, account.annual_revenue) == ("青岛海晨贸易有限公司", Money("1234567.89", "CNY"))
        assert (account.custom.region, account.custom.rating) == ("华东", Decimal("4.25"))
        assert account.custom.limit == Money("5000", "USD")
        assert account.get_document_value("visits.last_visit_on").isoformat() == "2026-03-01"
        assert ws.count(Account, where=F.custom.region == "华东") == 1
        ws.update(account, industry="trade", custom={"vip": False})
        german = ws.find(Account, name="Müller GmbH")
        ws.update(german, description="its country, phone and email are as somebody wrote them")
        assert crm.schema.entity(Contact).fields["custom.old"].retired
        assert ws.create(Account(name="new")).number == "ACC-000005"
        order = ws.list(SalesOrder, where=F.status == "confirmed", include="lines.product")[0]
        assert [line.product.record.code for line in order.related("lines")] == ["P-0", "P-1", "P-2"]
        assert order.total == Money("9.42", "USD")
        ws.update(ws.list(Opportunity, where=F.outcome == "open")[0], stage=ws.find(Stage, name="Proposal"))
        ws.move(ws.list(Task)[0], "reopen")
        ws.create(Product(code="P-9", name="new", custom={"shelf": 9}))
        visit = ws.list(crm.entities["visits.visit"], where=F.status == "planned")[0]
        ws.update(visit, actual_at=ws.now(), outcome="x", status="done")
        gone = next(each for each in _binned(ws))
        ws.restore(ws.get_binned(Account, gone))


def _binned(ws: Any) -> Iterator[Any]:
    entity = ws._ctx.tools.schema.entity(Account)
    return (each.id for each in ws._ctx.matching(entity, F.deleted_at.is_not_null(), include_binned=True))


def test_structure(crm: CRM, old_url: str, new_database: Callable[[str], str]) -> None:
    """It consists of what a new database consists of."""
    fresh = new_database(make_url(old_url).get_backend_name())
    other = CRM(fresh, plugins=[visits])
    other.migrate()
    with other.acting_as(MEI) as ws, crm.acting_as(MEI) as old:
        for entity in ("account", "product", "contact"):
            for path, field in old._ctx.tools.schema.entity(entity).fields.items():
                if path.startswith("custom.") and (field.indexed or field.unique):
                    ws.define_field(other.entities[entity], field.name, field)
    other.close()

    assert structure(old_url) == structure(fresh)
