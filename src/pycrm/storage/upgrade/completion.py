"""The kernel's own tables are only ever added to: what is missing is found by asking the database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, inspect

from pycrm.storage.tables import Tables
from pycrm.storage.upgrade.operations import AddColumn, Bench, CreateTableIndex, CreateTables

__all__ = ["complete_kernel"]


def complete_kernel(bench: Bench, kernel: Tables) -> None:
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
