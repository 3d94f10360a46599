"""Where one statement reads from: the entity's table, and one joined table per reference that its paths follow."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, FromClause

from pycrm.query.paths import ResolvedPath
from pycrm.schema import Entity
from pycrm.storage.dialect import Dialect
from pycrm.storage.field_sql import part_sql, reference_sql
from pycrm.storage.tables import Tables

__all__ = ["Scope"]


class Scope:
    """The FROM of one statement, growing with the paths that are asked of it.

    A reference followed by several paths is joined once. Joins are outer and lead to at most one row, so they neither
    drop nor repeat records; a missing reference makes everything behind it missing.

    Attributes:
        dialect: Whose SQL it is.
        root: The table of the entity that is asked for.
        source: What to select from; complete once all paths were asked for.
    """

    def __init__(self, tables: Tables, dialect: Dialect, entity: Entity) -> None:
        self._tables = tables
        self.dialect = dialect
        self.root: FromClause = tables.table(entity.name).alias("t")
        self.source: FromClause = self.root
        self._joined: dict[tuple[str, ...], FromClause] = {}

    def parts(self, path: ResolvedPath) -> tuple[ColumnElement[Any], ...]:
        """Return the SQL of each part of the field at *path*."""
        table = self._table(path)
        return tuple(part_sql(table, path.field, part, self.dialect.name) for part in range(len(path.field.kind.parts)))

    def _table(self, path: ResolvedPath) -> FromClause:
        """Return the table at the end of *path*'s references."""
        table = self.root
        way: tuple[str, ...] = ()
        for hop in path.hops:
            way = (*way, hop.field.path)
            if way not in self._joined:
                target = self._tables.table(hop.target.name).alias(f"j{len(self._joined) + 1}")
                reference = reference_sql(table, hop.field, self.dialect.name)
                self.source = self.source.outerjoin(target, target.c.id == reference)
                self._joined[way] = target
            table = self._joined[way]
        return table
