"""The kernel's own tables, which are only ever added to: what is missing is found by asking the database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import MetaData, Table, inspect

from pycrm.storage.kernel_tables import kernel_tables
from pycrm.storage.tables import Tables
from pycrm.storage.upgrade.operations import AddColumn, Bench, CreateTableIndex, CreateTables

__all__ = ["bring_kernel", "describe_kernel", "kernel_of"]


def kernel_of(prefix: str, db_schema: str | None) -> Tables:
    """Return the kernel's own tables by themselves."""
    metadata = MetaData(schema=db_schema)
    return Tables(metadata=metadata, prefix=prefix, entities={}, **kernel_tables(metadata, prefix))


def describe_kernel() -> dict[str, Any]:
    """Return the columns and indexes of each kernel table by name, for the core's snapshot."""
    return {
        name: {
            "columns": [column.name for column in table.columns],
            "indexes": sorted(str(index.name) for index in table.indexes),
        }
        for name, table in kernel_tables(MetaData(), "").items()
    }


def bring_kernel(bench: Bench, kernel: Tables) -> None:
    """Create the tables, columns and indexes of the kernel that the database lacks."""
    inspector = inspect(bench.unit.connection)
    schema = kernel.metadata.schema
    there = set(inspector.get_table_names(schema=schema))
    if missing := tuple(table for table in kernel.metadata.sorted_tables if table.name not in there):
        CreateTables(kernel.metadata, missing).run(bench)
    for table in kernel.metadata.sorted_tables:
        if table.name in there:
            _complete(bench, table, inspector)


def _complete(bench: Bench, table: Table, inspector: Any) -> None:
    columns = {column["name"] for column in inspector.get_columns(table.name, schema=table.schema)}
    indexes = {index["name"] for index in inspector.get_indexes(table.name, schema=table.schema)}
    for column in table.columns:
        if column.name not in columns:
            AddColumn(table, column).run(bench)
    for index in table.indexes:
        if index.name not in indexes:
            CreateTableIndex(index).run(bench)
