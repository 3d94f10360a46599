"""Fields of the document are found, compared and indexed by the databases themselves."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import bindparam, select
from tests.shop import HOSTILE, Item, User, custom_field, full_item, stamped

from pycrm.fields import declare as field
from pycrm.storage import UniqueViolation
from pycrm.storage.codecs import document_encode
from pycrm.storage.field_sql import add_unhex, document_index, part_sql, reference_sql
from pycrm.storage.value_lists import driver_sql


def names_where(shop: Any, path: str, value: Any, *, explain: bool = False) -> Any:
    """Return the names of items whose field at *path* equals *value*, or how they are found."""
    declared = shop.item.fields[path]
    table = shop.tables.table("item").alias("t")
    part = part_sql(table, declared, 0, shop.dialect_name)
    sql = driver_sql(select(table.c.name).where(part == bindparam("_v", type_=part.type)), shop.database.dialect)
    encode = document_encode(declared.kind.parts[0].type)
    params = {"_v": encode(value) if encode else value}
    with shop.unit() as unit:
        if not explain:
            return [row[0] for row in unit.rows(sql, params)]
        if shop.dialect_name == "postgresql":
            unit.execute("SET LOCAL enable_seqscan = off")
        prefix = "EXPLAIN QUERY PLAN" if shop.dialect_name == "sqlite" else "EXPLAIN"
        return "\n".join(row[-1] for row in unit.rows(f"{prefix} {sql}", params))


@pytest.mark.parametrize(
    ("name", "value", "other"),
    [
        ("region", "华东", "华北"),
        ("score", 2**63 - 1, -(2**63)),
        ("score", 0, 1),
        ("is_vip", False, True),
        ("since", date(2026, 3, 1), date(1, 1, 1)),
        *((name, f"'\"\\ %s :x {name}", "other") for name in HOSTILE),
    ],
)
def test_stored_values_are_found(shop: Any, name: str, value: Any, other: Any) -> None:
    """A comparison finds what was stored, under any name, by its JSON form."""
    shop.insert(
        *stamped(Item(name="it", custom={name: value}), Item(name="not", custom={name: other}), Item(name="no"))
    )

    assert names_where(shop, f"custom.{name}", value) == ["it"]


@pytest.mark.parametrize("name", ["region", "score", *HOSTILE])
def test_index_serves_the_query(shop: Any, name: str) -> None:
    """The index of a document field is used, under any name, and may be created and dropped twice."""
    declared = shop.item.fields[f"custom.{name}"]
    index = document_index(shop.tables.table("item"), declared, shop.dialect_name)
    shop.insert(full_item(custom={name: 5 if name == "score" else "华东"}))
    value = 5 if name == "score" else "华东"

    with shop.unit() as unit:
        unit.execute(index.create)
        unit.execute(index.create)
    served = names_where(shop, f"custom.{name}", value, explain=True)
    found = names_where(shop, f"custom.{name}", value)
    with shop.unit() as unit:
        unit.execute(index.drop)
        unit.execute(index.drop)

    assert index.name in served.replace('""', '"')
    assert found == ["青岛海晨"]


def test_unique_document_field(shop: Any) -> None:
    """A unique custom field is unique outside the bin."""
    declared = custom_field("score", field.integer(), unique=True, path="custom.score")
    index = document_index(shop.tables.table("item"), declared, shop.dialect_name)
    items = stamped(*(Item(name=name, custom={"score": 7}) for name in "ab"))
    with shop.unit() as unit:
        unit.execute(index.create)
    shop.insert(items[0], *stamped(Item(name="c"), Item(name="d")))

    with pytest.raises(UniqueViolation) as caught:
        shop.insert(items[1])

    assert caught.value.constraint == index.name


def test_reference_in_the_document_joins(shop: Any) -> None:
    """A custom reference leads to its record by the record's own key."""
    (user,) = stamped(User(name="mei"))
    shop.insert(user)
    shop.insert(*stamped(Item(name="hers", custom={"agent": user.id}), Item(name="nobody's")))
    table, users = shop.tables.table("item"), shop.tables.table("user")
    reference = reference_sql(table, shop.item.fields["custom.agent"], shop.dialect_name)
    sql = driver_sql(
        select(table.c.name, users.c.name)
        .select_from(table.outerjoin(users, users.c.id == reference))
        .order_by(table.c.name),
        shop.database.dialect,
    )

    with shop.database.reading_unit() as unit:
        if shop.dialect_name == "sqlite":
            add_unhex(unit.connection.connection.driver_connection)
        rows = unit.rows(sql)

    assert rows == [("hers", "mei"), ("nobody's", None)]
