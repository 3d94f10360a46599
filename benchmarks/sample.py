"""What the benchmarks of the door share: a CRM with accounts, and the same rows for those who do without it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from pycrm import CRM, Account, Money, Principal
from pycrm.fields.kind import PartType
from pycrm.plugin import Plugin
from pycrm.storage.tables import build_tables, select_list

BOSS = Principal("boss", roles={"administrator"})
MARKETS = ("CN", "DE", "US", "BR", "JP", "VN", "IN")
LEVELS = ("A", "B", "C", "D")

# What somebody who writes SQLAlchemy by hand gives such columns: its own types, which convert in C where they can.
_JSON = sa.JSON().with_variant(JSONB(), "postgresql")
_PLAIN_TYPES: dict[PartType, Any] = {
    PartType.TEXT: sa.Text(),
    PartType.INTEGER: sa.BigInteger(),
    PartType.BOOLEAN: sa.Boolean(),
    PartType.DATE: sa.Date(),
    PartType.INSTANT: sa.DateTime(timezone=True),
    PartType.ID: sa.Uuid(),
    PartType.JSON: _JSON,
}


@contextmanager
def opened(url: str, plugins: Sequence[Plugin] = ()) -> Iterator[CRM]:
    """Yield a migrated CRM in the database *url* with exactly *plugins*, in which `BOSS` has written once.

    Large batches are not indexed after their commit: what that costs is measured by itself.
    """
    crm = CRM(url, plugins=plugins, index_waiting="later")
    try:
        crm.migrate()
        with crm.acting_as(BOSS) as ws:
            ws.create(Account(name="The first one"))
        yield crm
    finally:
        crm.close()


def accounts(count: int, first: int = 0) -> list[Account]:
    """Return new accounts with the dozen fields that a list of customers fills; their numbers begin at *first*."""
    return [
        Account(
            name=f"青岛海晨贸易有限公司 {at}",
            number=f"BEN-{at:09}",
            roles=("customer",),
            industry="textiles",
            employee_count=at % 500,
            annual_revenue=Money(Decimal(at % 9999), "USD"),
            website=f"https://www.example.com/{at}",
            phone=f"+86 532 {at:08}",
            email=f"sales{at}@example.com",
            address=f"{at} Xianggang Road, Qingdao",
            country=MARKETS[at % len(MARKETS)],
            level=LEVELS[at % len(LEVELS)],
        )
        for at in range(first, first + count)
    ]


def account_table(crm: CRM) -> sa.Table:
    """Return the table of accounts in its own types."""
    return build_tables(crm.schema).table("account")


def stored_rows(engine: sa.Engine, crm: CRM, first: Account, last: Account) -> list[tuple[Any, ...]]:
    """Return the accounts from *first* to *last* as the driver's own tuples, JSON as text."""
    table = account_table(crm)
    columns = select_list(crm.schema.entity("account"), table, engine.dialect.name)
    with engine.connect() as connection:
        found = connection.execute(sa.select(*columns).where(table.c.id.between(first.id, last.id)))
        return list(found.cursor.fetchall())


def plain_twin(engine: sa.Engine, crm: CRM) -> sa.Table:
    """Return a new table with the columns of accounts in SQLAlchemy's own types, filled with all their rows."""
    entity, table = crm.schema.entity("account"), account_table(crm)
    columns = [
        sa.Column(name, _PLAIN_TYPES[part.type], primary_key=name == "id")
        for field in entity.column_fields
        for name, part in zip(field.part_names, field.kind.parts, strict=True)
    ]
    twin = sa.Table("plain_account", sa.MetaData(), *columns, sa.Column("doc", _JSON))
    with engine.begin() as connection:
        twin.create(connection)
        rows = connection.execute(sa.select(table)).mappings().all()
        connection.execute(sa.insert(twin), [dict(row) for row in rows])
    return twin


def count_from_environment(name: str, default: int) -> int:
    """Return the number that the environment variable *name* asks for, or *default*."""
    return int(os.environ.get(name, default))


def twin_of(crm: CRM, engine: sa.Engine, twin_url: str) -> sa.Engine:
    """Return an engine to the same tables in another database, with the same users and PRAGMAs."""
    other = CRM(twin_url, plugins=[])
    other.migrate()
    other.close()
    twin = sa.create_engine(twin_url)
    users = build_tables(crm.schema).table("user")
    with engine.connect() as connection, twin.begin() as target:
        target.execute(sa.delete(users))
        target.execute(sa.insert(users), [dict(row) for row in connection.execute(sa.select(users)).mappings()])
    return twin


def execute_many(engine: sa.Engine, insert: str, rows: list[tuple[Any, ...]]) -> None:
    """Write *rows* by one ``executemany`` of the driver, committed."""
    with closing(engine.raw_connection()) as connection:
        cursor: Any = connection.cursor()
        if engine.dialect.name == "sqlite":
            cursor.execute("PRAGMA foreign_keys = ON")
            cursor.execute("PRAGMA synchronous = FULL")
            cursor.execute("BEGIN IMMEDIATE")
        cursor.executemany(insert, rows)
        connection.commit()


def insert_sql(crm: CRM, backend: str) -> str:
    """Return the INSERT of a whole account row in driver SQL."""
    table = account_table(crm)
    marker = "?" if backend == "sqlite" else "%s"
    return f"INSERT INTO {table.name} VALUES ({', '.join([marker] * len(table.columns))})"
