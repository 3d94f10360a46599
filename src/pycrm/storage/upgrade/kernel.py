"""The kernel's own tables by themselves, and as snapshots tell of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import MetaData

from pycrm.storage.kernel_tables import kernel_tables
from pycrm.storage.tables import Tables

__all__ = ["describe_kernel", "kernel_of"]


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
