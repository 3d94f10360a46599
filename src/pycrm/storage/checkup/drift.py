"""How a database differs from what was declared: tables, columns, indexes and foreign keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs
from sqlalchemy import Column, ForeignKeyConstraint, Table
from sqlalchemy.schema import CreateIndex

from pycrm.errors import Problem
from pycrm.schema import Schema
from pycrm.storage.checkup.catalog import Catalog, FoundColumn, FoundIndex, Key, read_catalog
from pycrm.storage.dialect import SQLITE, Dialect
from pycrm.storage.field_sql import document_index, promoted_columns
from pycrm.storage.list_index_sql import list_index
from pycrm.storage.search_tables import entity_index_name, gram_index_name, gram_table_name
from pycrm.storage.tables import Tables
from pycrm.storage.unit import Unit

__all__ = ["WantedIndex", "find_drift", "wanted_indexes"]


@attrs.frozen
class WantedIndex:
    """An index that a declaration, a custom field or a custom index asks for.

    Attributes:
        table: Its table.
        create: The driver SQL that creates it.
    """

    table: str
    create: str

    def found(self, dialect: Dialect) -> FoundIndex:
        """Return what the catalogue says of it once it is there; PostgreSQL keeps no statement."""
        text = " ".join(self.create.replace("IF NOT EXISTS ", "").split())
        return FoundIndex(self.table, text.startswith("CREATE UNIQUE"), sql=text if dialect is SQLITE else None)


def find_drift(unit: Unit, schema: Schema, tables: Tables) -> Iterator[Problem]:
    """Yield how the database of *unit* differs from *schema* and its *tables*.

    Levels: what is missing or wrong is an error, a missing index a warning, what nobody declared a note. What parked
    plugins left is neither missing nor undeclared.
    """
    catalog = read_catalog(unit, tables.metadata.schema)
    promoted = _promoted_columns(schema, tables, unit.dialect)
    for table in _declared_tables(schema, tables):
        yield from _table_drift(table, promoted.get(table.name, ()), catalog, unit.dialect)
    yield from _index_drift(schema, tables, catalog, unit.dialect)
    known = {table.name for table in tables.metadata.tables.values()}
    grams = gram_table_name(tables.prefix)
    for name in sorted(catalog.tables.keys() - known):
        if name.startswith(tables.prefix) and not name.startswith(grams):
            yield Problem(
                "drift.extra_table", level="note", message="the table {table} belongs to nothing declared", table=name
            )


def wanted_indexes(schema: Schema, tables: Tables, dialect: Dialect) -> dict[str, WantedIndex]:
    """Return the indexes by name: those of the tables, then those of custom and extension fields and custom ones.

    What parked plugins left is not among them.
    """
    wanted = {
        str(index.name): WantedIndex(
            table.name, str(CreateIndex(index, if_not_exists=True).compile(dialect=dialect.sa))
        )
        for table in _declared_tables(schema, tables)
        for index in sorted(table.indexes, key=lambda index: str(index.name))
    }
    for entity in schema.entities.values():
        for field in entity.document_fields:
            if (field.indexed or field.unique) and not (field.retired or field.parked):
                own = document_index(tables.table(entity.name), field, dialect.name)
                wanted[own.name] = WantedIndex(tables.table(entity.name).name, own.create)
        for index in entity.custom_indexes:
            made = list_index(tables.table(entity.name), entity.fields, index, dialect.name)
            wanted[made.name] = WantedIndex(tables.table(entity.name).name, made.create)
    return wanted


def _declared_tables(schema: Schema, tables: Tables) -> list[Table]:
    parked = {tables.table(entity.name).name for entity in schema.entities.values() if entity.parked}
    return [table for table in tables.metadata.tables.values() if table.name not in parked]


def _promoted_columns(schema: Schema, tables: Tables, dialect: Dialect) -> dict[str, list[Column[Any]]]:
    """Return the columns of promoted custom fields by table."""
    found: dict[str, list[Column[Any]]] = {}
    for entity in schema.entities.values():
        for field in entity.document_fields:
            if field.promoted and not field.parked:
                own = promoted_columns(field, dialect.name)
                found.setdefault(tables.table(entity.name).name, []).extend(own)
    return found


def _table_drift(
    table: Table, promoted: Sequence[Column[Any]], catalog: Catalog, dialect: Dialect
) -> Iterator[Problem]:
    found = catalog.tables.get(table.name)
    if found is None:
        yield Problem(
            "drift.missing_table", message="the table {table} is missing; restore it from a backup", table=table.name
        )
        return
    declared = [*table.columns, *promoted]
    for column in declared:
        wanted = FoundColumn(_type_of(column.type.compile(dialect.sa)), bool(column.nullable))
        name = f"{table.name}.{column.name}"
        if column.name not in found:
            yield Problem(
                "drift.missing_column", message="the column {column} is missing; restore it from a backup", column=name
            )
        elif found[column.name] != wanted:
            yield Problem(
                "drift.other_column",
                message="the column {column} is {found}, and {wanted} was declared",
                column=name,
                found=_described(found[column.name]),
                wanted=_described(wanted),
            )
    for name in sorted(found.keys() - {column.name for column in declared}):
        yield Problem(
            "drift.extra_column",
            level="note",
            message="the column {column} belongs to nothing declared",
            column=f"{table.name}.{name}",
        )
    for key in sorted(_keys_of(table) - catalog.keys):
        yield Problem(
            "drift.missing_key",
            message="the foreign key of {column} to {target} is missing or was never validated; add it",
            column=f"{key[0]}.{key[1]}",
            target=key[2],
        )


def _index_drift(schema: Schema, tables: Tables, catalog: Catalog, dialect: Dialect) -> Iterator[Problem]:
    wanted = wanted_indexes(schema, tables, dialect)
    for name, index in wanted.items():
        expected, found = index.found(dialect), catalog.indexes.get(name)
        if found is None and index.table in catalog.tables:
            yield Problem(
                "drift.missing_index",
                level="error" if expected.unique else "warning",
                message="the index {index} of {table} is missing; `pycrm indexes apply` creates it",
                index=name,
                table=index.table,
            )
        elif found is not None and found != expected:
            yield Problem(
                "drift.other_index",
                message="the index {index} of {table} is not as it was declared, or was never finished; "
                "drop it and run `pycrm indexes apply`",
                index=name,
                table=index.table,
            )
    ours = {table.name for table in _declared_tables(schema, tables)}
    yield from _resting_indexes(schema)
    of_search = {gram_index_name(tables.prefix), entity_index_name(tables.prefix)}
    expected_too = {*of_search, *_left_by_parked(schema, tables, dialect)}
    for name in sorted(catalog.indexes.keys() - wanted.keys() - expected_too):
        if catalog.indexes[name].table in ours:
            yield Problem(
                "drift.extra_index",
                level="note",
                message="the index {index} of {table} belongs to nothing declared; it costs time at every write",
                index=name,
                table=catalog.indexes[name].table,
            )


def _left_by_parked(schema: Schema, tables: Tables, dialect: Dialect) -> Iterator[str]:
    for entity in schema.entities.values():
        table = tables.table(entity.name)
        for field in entity.document_fields:
            if field.parked and (field.indexed or field.unique):
                yield document_index(table, field, dialect.name).name
        for index in entity.indexes:
            fields = index.fields(entity.fields)
            if fields is not None and any(field.parked for field in fields):
                yield list_index(table, entity.fields, index, dialect.name).name


def _resting_indexes(schema: Schema) -> Iterator[Problem]:
    """Yield the defined indexes that are over fields of missing plugins."""
    for entity in schema.entities.values():
        for index in entity.indexes:
            fields = entity.fields
            resting = [path for path in index.paths if path not in fields or fields[path].parked]
            if resting:
                yield Problem(
                    "drift.resting_index",
                    level="note",
                    message="the index {keys} of {entity} waits for {paths}, whose plugin is not installed; install "
                    "it, or drop the index",
                    keys=index.text,
                    entity=entity.name,
                    paths=", ".join(resting),
                )


def _keys_of(table: Table) -> set[Key]:
    return {
        (table.name, key.column_keys[0], key.elements[0].target_fullname.split(".")[-2])
        for key in table.constraints
        if isinstance(key, ForeignKeyConstraint)
    }


def _type_of(declared: str) -> str:
    """Return a declared type in the words of the catalogue, where a collation stands elsewhere."""
    return declared.lower().partition(" collate ")[0]


def _described(column: FoundColumn) -> str:
    return column.type if column.nullable else f"{column.type} not null"
