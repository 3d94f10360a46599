"""Tables are created where they are missing, and hold what they promise."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import create_engine, insert, inspect, make_url, select, text
from sqlalchemy.exc import IntegrityError
from tests.shop import NOW, Item, make_schema, stamped

from pycrm.storage import open_engine
from pycrm.storage.tables import build_tables
from pycrm.values.ids import new_id


def index_names(connection: Any, table: str) -> set[str]:
    sql = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = :t AND sql IS NOT NULL",
        "postgresql": "SELECT indexname FROM pg_indexes WHERE tablename = :t AND indexname NOT LIKE '%_pkey'",
    }
    return {row[0] for row in connection.execute(text(sql[connection.dialect.name]), {"t": table})}


def test_create_missing_twice(shop: Any) -> None:
    """Creating again does nothing, cycles of references notwithstanding."""
    with shop.database.engine.begin() as connection:
        before = index_names(connection, "crm_item")
        shop.tables.create_missing(connection)

        assert set(inspect(connection).get_table_names()) >= {
            table.name for table in shop.tables.metadata.tables.values()
        }
        assert index_names(connection, "crm_item") == before


def test_missing_index_is_created(shop: Any) -> None:
    """An index that an older version did not have is added to its table."""
    with shop.database.engine.begin() as connection:
        connection.execute(text("DROP INDEX crm_item_name_idx"))
        shop.tables.create_missing(connection)

        assert "crm_item_name_idx" in index_names(connection, "crm_item")


def test_missing_table_is_created(shop: Any) -> None:
    """A plugin's new table joins those that are there, with what it refers to."""
    with shop.database.engine.begin() as connection:
        connection.execute(text("DROP TABLE crm_item"))
        shop.tables.create_missing(connection)

    item = stamped(Item(name="new"))[0]
    shop.insert(item)
    assert shop.read(item.id)[0].name == "new"


def test_page_order_uses_the_index(shop: Any) -> None:
    """A page sorted by an indexed field, missing values first, is read off the index."""
    nulls = "" if shop.dialect_name == "sqlite" else " NULLS FIRST"
    with shop.unit() as unit:
        shop.writer().insert(unit, stamped(*(Item(name=f"n{at}") for at in range(300))))
        if shop.dialect_name == "postgresql":
            unit.execute("SET LOCAL enable_seqscan = off")
            unit.execute("SET LOCAL enable_sort = off")
        explain = "EXPLAIN QUERY PLAN" if shop.dialect_name == "sqlite" else "EXPLAIN"
        plan = str(unit.rows(f"{explain} SELECT * FROM crm_item ORDER BY name{nulls}, id LIMIT 5"))

    assert "crm_item_name_idx" in plan
    assert "Sort" not in plan
    assert "TEMP" not in plan


def test_host_may_map_the_tables(shop: Any) -> None:
    """Through SQLAlchemy the columns take and give Python values."""
    item, user = shop.tables.table("item"), shop.tables.table("user")
    owner = new_id()
    common = {"version": 1, "created_at": NOW, "updated_at": NOW}
    values = {
        "id": new_id(),
        "name": "it's",
        "owner": owner,
        "is_new": True,
        "made_on": NOW.date(),
        "seen_at": NOW,
        "tags": ["a", "大"],
        "doc": {"region": "华东"},
    }
    with shop.database.engine.begin() as connection:
        connection.execute(insert(user).values(id=owner, name="mei", **common))
        connection.execute(insert(item).values(**values, **common))

        row = connection.execute(select(item).where(item.c.seen_at == NOW, item.c.owner == owner)).one()

    assert {name: row._mapping[name] for name in values} == values
    loaded = shop.read(values["id"])[0]
    assert (loaded.tags, loaded.custom.region, loaded.seen_at) == (("a", "大"), "华东", NOW)


def test_dangling_reference_fails_at_the_statement(shop: Any) -> None:
    """Foreign keys are checked at once, unless a transaction defers them."""
    item = shop.tables.table("item")
    values = {"id": new_id(), "name": "x", "owner": new_id(), "version": 1, "created_at": NOW, "updated_at": NOW}
    with shop.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys" if shop.dialect_name == "sqlite" else "SELECT 1")
        with pytest.raises(IntegrityError):
            connection.execute(insert(item).values(**values))


def test_two_schemas_of_one_database(request: pytest.FixtureRequest, new_database: Any) -> None:
    """On PostgreSQL two CRMs live in one database under two schemas."""
    request.getfixturevalue("postgres_url")
    url = make_url(new_database("postgresql")).set(drivername="postgresql+psycopg")
    engine = create_engine(url)
    schema = make_schema()
    with engine.begin() as connection:
        for name in ("east", "we st"):
            connection.exec_driver_sql(f'CREATE SCHEMA "{name}"')
            tables = build_tables(schema, db_schema=name)
            tables.create_missing(connection)
            tables.create_missing(connection)

            assert len(inspect(connection).get_table_names(schema=name)) == len(tables.metadata.tables)
    engine.dispose()


def test_rows_of_a_named_schema(request: pytest.FixtureRequest, new_database: Any) -> None:
    """Statements and COPY name the schema that the tables are in."""
    from pycrm.storage.rows import RowWriter

    request.getfixturevalue("postgres_url")
    database = open_engine(new_database("postgresql"))
    schema = make_schema()
    tables = build_tables(schema, db_schema="we st")
    with database.engine.begin() as connection:
        connection.exec_driver_sql('CREATE SCHEMA "we st"')
        tables.create_missing(connection)
    writer = RowWriter(schema.entity("item"), tables, database.dialect)
    items = stamped(*(Item(name=f"n{at}") for at in range(30)))

    with database.writing_unit() as unit:
        writer.insert(unit, items)
        writer.insert(unit, stamped(Item(name="one")))
        found = writer.current(unit, [item.id for item in items])

    assert len(found) == 30
    database.close()
