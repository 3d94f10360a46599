"""Tables follow from the schema's column fields alone, the same on every run."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from sqlalchemy.schema import CreateTable
from tests.shop import make_schema

from pycrm.errors import ConfigurationError, NameClashError
from pycrm.fields import declare as field
from pycrm.schema import EntityDeclaration, OwnerDeclarations, Record, Schema, assemble, entity_maker
from pycrm.storage.dialect import DIALECTS
from pycrm.storage.tables import Tables, build_tables, select_list


def schema_of(*classes: type[Record]) -> Schema:
    declared: list[EntityDeclaration] = []
    for each in classes:
        entity_maker(declared.append)()(each)
    return assemble([OwnerDeclarations("core", True, "1", tuple(declared))])


def described(tables: Tables) -> list[str]:
    """Return all DDL as text."""
    return [
        *(
            str(CreateTable(table).compile(dialect=DIALECTS["postgresql"].sa))
            for table in tables.metadata.tables.values()
        ),
        *(
            f"{index.name} {index.unique} {[str(each) for each in index.expressions]}"
            for table in tables.metadata.tables.values()
            for index in sorted(table.indexes, key=lambda index: str(index.name))
        ),
    ]


def test_tables_are_deterministic() -> None:
    """Two builds, with other custom fields, give the same tables."""
    assert described(build_tables(make_schema())) == described(build_tables(make_schema({})))


def test_columns_are_in_load_order() -> None:
    """Common fields come first, then own parts, then the document."""
    tables = build_tables(make_schema())
    columns = tables.columns(make_schema().entity("item"))

    assert columns[:2] == ["id", "version"]
    assert columns[-1] == "doc"
    assert columns == [column.name for column in tables.table("item").columns]
    assert columns[columns.index("price") + 1] == "price_currency"


@pytest.mark.parametrize(("dialect_name", "cast"), [("sqlite", False), ("postgresql", True)])
def test_json_is_selected_as_text(dialect_name: str, cast: bool) -> None:
    """Psycopg would parse jsonb at once; as text it waits."""
    schema = make_schema()
    table = build_tables(schema).table("item")

    selected = [str(each) for each in select_list(schema.entity("item"), table, dialect_name)]

    assert ("CAST(crm_item.doc AS TEXT)" in selected) is cast
    assert len(selected) == len(table.columns)


def test_prefix_and_schema_name_tables() -> None:
    """Two CRMs in one database keep apart by prefix or by database schema."""
    tables = build_tables(make_schema(), prefix="shop_", db_schema="east")

    assert tables.table("item").fullname == "east.shop_item"
    assert tables.outbox.fullname == "east.shop_outbox"
    assert all(table.fullname.startswith("east.shop_") for table in tables.metadata.tables.values())


def test_index_names() -> None:
    """Names say table, columns and sort of index."""
    indexes = {index.name: index for index in build_tables(make_schema()).table("item").indexes}

    assert sorted(name for name in indexes if name) == [
        "crm_item_about_about_entity_idx",
        "crm_item_code_key",
        "crm_item_made_on_idx",
        "crm_item_name_idx",
        "crm_item_name_rank_key",
        "crm_item_owner_idx",
        "crm_item_parent_idx",
        "crm_item_team_idx",
    ]
    assert {name for name, index in indexes.items() if index.unique} == {"crm_item_code_key", "crm_item_name_rank_key"}


def targets(tables: Tables, entity: str) -> set[str]:
    return {key.target_fullname for key in tables.table(entity).foreign_keys}


def test_references_are_foreign_keys() -> None:
    """Single references to one entity are held by the database; actors and references to anything are not."""
    tables = build_tables(make_schema())

    assert targets(tables, "item") == {"crm_user.id", "crm_team.id", "crm_item.id"}
    assert not tables.table("item").c.created_by.foreign_keys
    assert not tables.table("item").c.about.foreign_keys


@pytest.mark.parametrize("parked", ["user", "item"])
def test_parked_entities_are_held_to_nothing(parked: str) -> None:
    """Where either side's plugin is missing, no foreign key is asked for."""
    schema = make_schema()
    entities = {**schema.entities, parked: attrs.evolve(schema.entities[parked], parked=True)}
    tables = build_tables(attrs.evolve(schema, entities=entities))

    assert "crm_user.id" not in targets(tables, "item")


def test_soft_reference_is_no_foreign_key() -> None:
    """A soft reference outlives its target's plugin."""

    class Visit(Record):
        order: Any = field.ref("sales_order", soft=True)

    assert not targets(build_tables(schema_of(Visit)), "visit")


def test_kernel_tables_are_not_taken() -> None:
    """An entity cannot be stored in a table of the kernel."""

    class Link(Record):
        pass

    with pytest.raises(NameClashError, match=r"'link' would be stored in 'crm_link'.*rename"):
        build_tables(schema_of(Link))


def test_long_column_is_refused() -> None:
    """A column that PostgreSQL would cut is refused on every database."""

    class Visit(Record):
        pass

    setattr(Visit, "客" * 22, field.text())
    Visit.__annotations__["客" * 22] = "str"

    with pytest.raises(ConfigurationError, match="66 bytes"):
        build_tables(schema_of(Visit))
