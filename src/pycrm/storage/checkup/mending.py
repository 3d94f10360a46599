"""Creating the indexes that a database lacks."""

from __future__ import annotations

from pycrm.schema import Schema
from pycrm.storage.checkup.catalog import read_catalog
from pycrm.storage.checkup.drift import wanted_indexes
from pycrm.storage.tables import Tables
from pycrm.storage.unit import Unit

__all__ = ["create_missing_indexes"]


def create_missing_indexes(unit: Unit, schema: Schema, tables: Tables) -> list[str]:
    """Create the declared indexes that are not there, custom ones too, and return their names.

    Args:
        unit: A writing one. On PostgreSQL each table can be read and not written while an index of it is made.
        schema: What is declared.
        tables: Of the CRM.
    Raises:
        StorageError: The database refused, as where values are not unique.
    """
    there = read_catalog(unit, tables.metadata.schema)
    missing = {
        name: index
        for name, index in wanted_indexes(schema, tables, unit.dialect).items()
        if name not in there.indexes and index.table in there.tables
    }
    for index in missing.values():
        unit.execute(index.create)
    return list(missing)
