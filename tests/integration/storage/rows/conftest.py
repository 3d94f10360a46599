"""The shop on an empty database of either sort.

PostgreSQL takes a second to make a database and another to drop it, so tests have the same one, emptied before each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import pytest
from tests.conftest import DATABASES
from tests.shop import make_schema
from tests.templates import PostgresTemplate

from pycrm.schema import Entity, Record, Schema
from pycrm.storage import Database, Unit, open_engine
from pycrm.storage.rows import RowWriter
from pycrm.storage.tables import Tables, build_tables
from pycrm.testing.postgres import fresh_database


@attrs.frozen(eq=False)
class Shop:
    """An open database with the shop's tables."""

    schema: Schema
    tables: Tables
    database: Database

    @property
    def dialect_name(self) -> str:
        return self.database.dialect.name

    @property
    def item(self) -> Entity:
        return self.schema.entity("item")

    def unit(self) -> Unit:
        return self.database.writing_unit()

    def writer(self, entity: str = "item") -> RowWriter:
        return RowWriter(self.schema.entity(entity), self.tables, self.database.dialect)

    def insert(self, *records: Record) -> None:
        """Insert records of one entity in a unit of their own."""
        with self.unit() as unit:
            self.writer(self.schema.entity_of(records[0]).name).insert(unit, records)

    def read(self, *ids: UUID, entity: str = "item") -> list[Any]:
        """Return the records of *ids* in this order, as another unit sees them; None for those that are gone."""
        with self.database.reading_unit() as unit:
            found = {record.id: record for record in self.writer(entity).current(unit, ids)}
        return [found.get(each) for each in ids]

    def fields(self, *paths: str) -> Sequence[Any]:
        return [self.item.fields[path] for path in paths]


def opened(url: str, *, create: bool) -> Shop:
    """Return the shop at *url*, whose tables are there or are created."""
    database = open_engine(url)
    database.prepare()
    schema = make_schema()
    tables = build_tables(schema)
    if create:
        with database.engine.begin() as connection:
            tables.create_missing(connection)
    return Shop(schema, tables, database)


@pytest.fixture(scope="session")
def emptied(postgres_url: str) -> Iterator[Callable[[], str]]:
    """A function that empties the PostgreSQL database of the shop, and returns its URL."""
    with fresh_database(postgres_url) as url:
        with_driver = url.replace("postgresql://", "postgresql+psycopg://", 1)
        opened(with_driver, create=True).database.close()
        template = PostgresTemplate(url)

        def empty() -> str:
            template.put_back()
            return with_driver

        yield empty


@pytest.fixture(params=DATABASES)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    """The shop, once per engine."""
    if request.param == "sqlite":
        shop = opened(f"sqlite:///{tmp_path / 'shop.db'}", create=True)
    else:
        shop = opened(request.getfixturevalue("emptied")(), create=False)
    yield shop
    shop.database.close()
