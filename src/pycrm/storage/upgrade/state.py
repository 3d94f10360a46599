"""What a database consists of at one moment of an upgrade, by the snapshots of its owners alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from pycrm.fields.field import Field
from pycrm.fields.kind import Kind
from pycrm.schema import Entity, Schema
from pycrm.schema.frozen import frozen_schema
from pycrm.schema.upgrade import Renamed
from pycrm.storage.tables import Tables, build_tables

__all__ = ["Place", "Renames", "State"]


@attrs.frozen
class Place:
    """Where the tables of one CRM are, and the field kinds that it knows."""

    prefix: str
    db_schema: str | None
    kinds: Mapping[str, type[Kind]]

    def state(self, snapshots: Mapping[str, Mapping[str, Any]]) -> State:
        """Return the state that *snapshots* by owner describe."""
        schema = frozen_schema(snapshots, self.kinds)
        return State(schema, build_tables(schema, self.prefix, self.db_schema))


@attrs.frozen(eq=False)
class State:
    """The schema of some snapshots and its tables."""

    schema: Schema
    tables: Tables

    def field(self, entity: str, path: str) -> tuple[Entity, Field] | None:
        """Return the field at *path* with its entity; None where there is none."""
        found = self.schema.entities.get(entity)
        return (found, found.fields[path]) if found is not None and path in found.fields else None


class Renames:
    """Which path a field had before some renamings, and which it has after them."""

    def __init__(self, renamed: Iterable[Renamed] = ()) -> None:
        self._renamed = tuple(renamed)

    def after(self, entity: str, path: str) -> str:
        """Return what *path* became."""
        for each in self._renamed:
            if each.entity == entity and each.old == path:
                path = each.new
        return path

    def before(self, entity: str, path: str) -> str | None:
        """Return what *path* was; None for a field that took the name of one that was renamed."""
        former = path
        for each in reversed(self._renamed):
            if each.entity == entity and each.new == former:
                former = each.old
        return former if self.after(entity, former) == path else None
