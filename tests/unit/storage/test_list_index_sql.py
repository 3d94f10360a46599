"""An index over several fields holds the very expressions of filters and orders, with the directions of pages."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from tests.shop import make_schema

from pycrm.schema.list_index import ListIndex, ListKey, read_list_index
from pycrm.storage.dialect import DIALECTS
from pycrm.storage.field_sql import part_sql
from pycrm.storage.list_index_sql import list_index
from pycrm.storage.tables import build_tables

SCHEMA = make_schema()
TABLE = build_tables(SCHEMA).table("item")
FIELDS = SCHEMA.entity("item").fields


@pytest.mark.parametrize(
    ("dialect_name", "keys"),
    [
        (
            "sqlite",
            """(name, json_extract(doc, '$."budget_currency"') DESC, json_extract(doc, '$."budget"') DESC, id DESC)""",
        ),
        (
            "postgresql",
            """(name NULLS FIRST, ((doc ->> 'budget_currency') COLLATE "C") DESC NULLS LAST, """
            """CAST(doc ->> 'budget' AS BIGINT) DESC NULLS LAST, id DESC)""",
        ),
    ],
)
def test_keys(dialect_name: str, keys: str) -> None:
    """All parts of a field, the currency first; missing values are smallest; the id goes as the last key does."""
    index = list_index(TABLE, FIELDS, read_list_index("name, custom.budget DESC"), dialect_name)

    assert index.create == f"CREATE INDEX IF NOT EXISTS {index.name} ON crm_item {keys}"
    assert index.drop == f"DROP INDEX IF EXISTS {index.name}"


@pytest.mark.parametrize("dialect_name", DIALECTS)
def test_spells_what_queries_spell(dialect_name: str) -> None:
    """Over any field the expression is that of a query, but for the table's name."""
    for declared in SCHEMA.entity("item").document_fields:
        if declared.kind.sortable:
            keys = ListIndex((ListKey("name"), ListKey(declared.path)))

            index = list_index(TABLE, FIELDS, keys, dialect_name)

            query = select(part_sql(TABLE, declared, 0, dialect_name)).compile(dialect=DIALECTS[dialect_name].sa)
            expression = str(query).removeprefix("SELECT ").partition(" AS anon")[0].partition(" AS json")[0]
            assert expression.partition(" \n")[0].replace("crm_item.", "") in index.create


def test_leaves_the_table_alone() -> None:
    """Tables are shared between schemas with other custom fields."""
    before = set(TABLE.indexes)

    list_index(TABLE, FIELDS, read_list_index("name, custom.score"), "sqlite")

    assert TABLE.indexes == before
