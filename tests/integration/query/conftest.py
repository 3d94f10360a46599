"""A small world to ask: accounts that belong to accounts, deals with fields of most kinds, and custom fields."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import attrs
import pytest

from pycrm.entities import DECLARED
from pycrm.fields import Field, Place
from pycrm.fields import declare as field
from pycrm.query import Compiler, F
from pycrm.schema import Entity, EntityDeclaration, OwnerDeclarations, Record, Schema, assemble, entity_maker
from pycrm.storage import Database, Unit, open_engine
from pycrm.storage.loader import Load, make_loader
from pycrm.storage.rows import RowWriter
from pycrm.storage.tables import Tables, build_tables
from pycrm.values.money import Money
from pycrm.values.refs import OptRef

_declared: list[EntityDeclaration] = []
_entity = entity_maker(_declared.append)

MOMENT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


@_entity(title="name")
class Account(Record):
    name: str | None = field.text(indexed=True)
    parent: OptRef[Account] = field.ref("account", many="children", tree=True)
    level: str | None = field.choice(["A", "B", "C"])


@_entity(title="name")
class Deal(Record):
    name: str | None = field.text(indexed=True)
    account: OptRef[Account] = field.ref("account")
    amount: Money | None = field.money()
    price: Money | None = field.money(places=6)
    qty: Decimal | None = field.decimal()
    rank: int | None = field.integer(indexed=True)
    is_hot: bool | None = field.boolean()
    close_on: date | None = field.date(indexed=True)
    met_at: datetime | None = field.datetime()
    notes: str | None = field.long_text()
    about: OptRef[Any] = field.any_ref()
    tags: tuple[str, ...] = field.tags()


_CUSTOM: dict[str, dict[str, Any]] = {
    "account": {
        "market": field.text(indexed=True),
        "budget": field.money(),
        "since": field.date(),
        "seen_at": field.datetime(),
        "score": field.integer(),
        "share": field.decimal(),
        "vip": field.boolean(),
        "agent": field.ref("account"),
        "words": field.tags(),
    },
    "deal": {"大区": field.choice([field.Option("华东"), field.Option("华北", retired=True)])},
}


@pytest.fixture(scope="session")
def schema() -> Schema:
    """Number 7 of the world's schema."""
    rates = [each for each in DECLARED if each.local_name == "exchange_rate"]
    schema = assemble([OwnerDeclarations("core", True, "1", (*_declared, *rates))])
    custom: dict[str, list[Field]] = {
        entity: [attrs.evolve(each, name=name, owner="custom", place=Place.DOCUMENT) for name, each in fields.items()]
        for entity, fields in _CUSTOM.items()
    }
    return schema.with_custom_fields(custom, 7)


@attrs.frozen(eq=False)
class World:
    """An open unit on an empty database, with what writes to it and asks it."""

    schema: Schema
    tables: Tables
    database: Database
    unit: Unit
    compiler: Compiler

    @property
    def account(self) -> Entity:
        return self.schema.entity("account")

    @property
    def deal(self) -> Entity:
        return self.schema.entity("deal")

    def insert(self, records: Sequence[Record]) -> None:
        """Insert *records* of one entity as they are."""
        for record in records:
            values: Any = record
            values.version = values.version or 1
            values.created_at = values.created_at or MOMENT
            values.updated_at = values.updated_at or MOMENT
        if records:
            entity = self.schema.entity_of(records[0])
            RowWriter(entity, self.tables, self.database.dialect).insert(self.unit, records)

    def load(self, entity: Entity, rows: Sequence[tuple[Any, ...]]) -> list[Any]:
        load: Load = make_loader(entity, self.database.dialect)
        return load(rows)

    def ids(self, where: Any = None, entity: str = "deal", **options: Any) -> list[UUID]:
        """Return the ids of one large page."""
        asked = self.schema.entity(entity)
        options.setdefault("limit", 10_000)
        rows = self.compiler.page(asked, where, **options).read(self.unit.rows).rows
        return [record.id for record in self.load(asked, rows)]

    def names(self, where: Any = None, entity: str = "deal", **options: Any) -> list[str | None]:
        """Return the names of the records of one large page."""
        asked = self.schema.entity(entity)
        options.setdefault("limit", 10_000)
        rows = self.compiler.page(asked, where, **options).read(self.unit.rows).rows
        return [record.name for record in self.load(asked, rows)]

    def count(self, where: Any = None, **options: Any) -> int:
        statement = self.compiler.count(self.deal, where, **options)
        return int(self.unit.rows(statement.sql, statement.params)[0][0])

    def aggregate(self, *measures: str, **options: Any) -> list[dict[str, Any]]:
        return self.compiler.aggregate(self.deal, list(measures), **options).read(self.unit.rows).groups


@pytest.fixture
def world(database_url: str, schema: Schema) -> Iterator[World]:
    """The world on an empty database of each engine."""
    tables = build_tables(schema)
    database = open_engine(database_url)
    with database.writing_unit() as unit:
        tables.create_missing(unit.connection)
        unit.execute(
            f"INSERT INTO crm_state (id, installation, schema_number) VALUES (1, {_ID[database.dialect.name]}, 7)"
        )
    with database.writing_unit() as unit:
        unit.begin_writing()
        yield World(schema, tables, database, unit, Compiler(schema, tables, database.dialect, b"secret"))
    database.close()


_ID = {"sqlite": "x'00112233445566778899aabbccddeeff'", "postgresql": "'00112233-4455-6677-8899-aabbccddeeff'"}


@pytest.fixture
def nouns() -> SimpleNamespace:
    """The record classes and the builder."""
    return SimpleNamespace(Account=Account, Deal=Deal, F=F)
