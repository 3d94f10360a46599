"""One place spells the SQL of a field, for queries and indexes alike."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from tests.shop import HOSTILE, custom_field, make_schema

from pycrm.fields import declare as field
from pycrm.storage.dialect import DIALECTS
from pycrm.storage.field_sql import document_index, part_sql, reference_sql
from pycrm.storage.tables import build_tables

SCHEMA = make_schema()
TABLE = build_tables(SCHEMA).table("item")


def spelled(expression: Any, dialect_name: str) -> str:
    compiled = select(expression).compile(dialect=DIALECTS[dialect_name].sa)
    assert not compiled.params
    return str(compiled).removeprefix("SELECT ").partition(" AS anon")[0].partition(" AS json")[0].partition(" \n")[0]


@pytest.mark.parametrize(
    ("path", "sqlite", "postgresql"),
    [
        ("name", "crm_item.name", "crm_item.name"),
        (
            "custom.region",
            """json_extract(crm_item.doc, '$."region"')""",
            """(crm_item.doc ->> 'region') COLLATE "C\"""",
        ),
        (
            "custom.score",
            """json_extract(crm_item.doc, '$."score"')""",
            "CAST(crm_item.doc ->> 'score' AS BIGINT)",
        ),
        (
            "custom.is_vip",
            """json_extract(crm_item.doc, '$."is_vip"')""",
            "CAST(crm_item.doc ->> 'is_vip' AS BOOLEAN)",
        ),
        ("custom.marks", """json_extract(crm_item.doc, '$."marks"')""", "crm_item.doc -> 'marks'"),
    ],
)
def test_part_is_a_literal_expression(path: str, sqlite: str, postgresql: str) -> None:
    """A key is a literal: a parameter would keep the database from using the index."""
    declared = SCHEMA.entity("item").fields[path]

    assert spelled(part_sql(TABLE, declared, 0, "sqlite"), "sqlite") == sqlite
    assert spelled(part_sql(TABLE, declared, 0, "postgresql"), "postgresql") == postgresql


def test_second_part_has_its_own_key() -> None:
    """Money is two keys in the document."""
    budget = SCHEMA.entity("item").fields["custom.budget"]

    assert "budget_currency" in spelled(part_sql(TABLE, budget, 1, "sqlite"), "sqlite")


@pytest.mark.parametrize("dialect_name", DIALECTS)
def test_index_spells_what_queries_spell(dialect_name: str) -> None:
    """The index holds the very expression of a query, but for the table's name."""
    for name in ("region", "score", *HOSTILE):
        declared = SCHEMA.entity("item").fields[f"custom.{name}"]

        index = document_index(TABLE, declared, dialect_name)

        expression = spelled(part_sql(TABLE, declared, 0, dialect_name), dialect_name).replace("crm_item.", "")
        assert expression in index.create


@pytest.mark.parametrize("dialect_name", DIALECTS)
def test_unique_index_is_of_records_outside_the_bin(dialect_name: str) -> None:
    """Unique means unique outside the bin."""
    declared = custom_field("code", field.text(), unique=True, path="custom.code")

    index = document_index(TABLE, declared, dialect_name)

    assert index.create.startswith("CREATE UNIQUE INDEX IF NOT EXISTS crm_item_custom_code_doc_key ON crm_item")
    assert index.create.endswith("WHERE deleted_at IS NULL")
    assert index.drop == "DROP INDEX IF EXISTS crm_item_custom_code_doc_key"


def test_index_leaves_the_table_alone() -> None:
    """Tables are shared between schemas with other custom fields."""
    before = set(TABLE.indexes)

    document_index(TABLE, SCHEMA.entity("item").fields["custom.score"], "sqlite")

    assert TABLE.indexes == before


@pytest.mark.parametrize(
    ("dialect_name", "expected"),
    [
        ("sqlite", """unhex(replace(json_extract(crm_item.doc, '$."agent"'), '-', ''))"""),
        ("postgresql", """CAST((crm_item.doc ->> 'agent') COLLATE "C" AS UUID)"""),
    ],
)
def test_reference_compares_with_ids(dialect_name: str, expected: str) -> None:
    """A reference in the document is text; joined, it is an id."""
    agent = SCHEMA.entity("item").fields["custom.agent"]
    assert spelled(reference_sql(TABLE, agent, dialect_name), dialect_name).startswith(expected)
    assert reference_sql(TABLE, SCHEMA.entity("item").fields["owner"], dialect_name) is TABLE.c.owner
