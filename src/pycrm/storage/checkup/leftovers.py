"""What nobody uses any more: parked plugins, counters of numbers without a field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import select

from pycrm.errors import Problem
from pycrm.fields.autonumber import AutonumberKind
from pycrm.schema import Schema
from pycrm.storage.tables import Tables
from pycrm.storage.unit import Unit

__all__ = ["find_leftovers"]


def find_leftovers(unit: Unit, schema: Schema, tables: Tables, parked: Mapping[str, str]) -> Iterator[Problem]:
    """Yield what waits for its owner, or has none.

    Args:
        unit: Where to look.
        schema: What is declared, parked plugins' entities too.
        tables: Of the CRM.
        parked: Missing plugins by name, with their versions.
    """
    for plugin, version in parked.items():
        yield Problem(
            "plugin.parked",
            level="note",
            message="the plugin {plugin} {version} is not installed; its data waits for it",
            plugin=plugin,
            version=version,
        )
    counted = {
        f"{entity.name}.{field.path}"
        for entity in schema.entities.values()
        for field in entity.fields.values()
        if isinstance(field.kind, AutonumberKind)
    }
    for key in unit.connection.execute(select(tables.sequence.c.key).order_by(tables.sequence.c.key)).scalars():
        if key.partition(":")[0] not in counted:
            yield Problem(
                "drift.orphan_counter",
                level="note",
                message="the counter {key} belongs to no field that gives numbers",
                key=key,
            )
