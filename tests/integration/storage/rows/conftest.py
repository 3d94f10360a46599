"""The shop on an empty database of either sort."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import attrs
import pytest
from tests.shop import make_schema

from pycrm.schema import Entity, Record, Schema
from pycrm.storage import Database, Unit, open_engine
from pycrm.storage.rows import RowWriter
from pycrm.storage.tables import Tables, build_tables


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


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    """The shop, once per engine."""
    database = open_engine(database_url)
    database.prepare()
    schema = make_schema()
    tables = build_tables(schema)
    with database.engine.begin() as connection:
        tables.create_missing(connection)
    yield Shop(schema, tables, database)
    database.close()
