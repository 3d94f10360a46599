"""Where one statement reads from: the entity's table, and one joined table per reference that its paths follow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any, Protocol

from sqlalchemy import ColumnElement, FromClause, and_, column

from pycrm.query.paths import Hop, ResolvedPath
from pycrm.schema import Entity
from pycrm.storage.dialect import Dialect
from pycrm.storage.field_sql import part_sql, reference_sql
from pycrm.storage.per_tables import per_tables
from pycrm.storage.tables import Tables

__all__ = ["Scope", "TableRules"]


class TableRules(Protocol):
    """Which rows of each table may be read."""

    def of_root(self, scope: Scope) -> list[ColumnElement[bool]]:
        """Return the conditions on the rows of *scope*, which may gain joined tables by it."""

    def of_joined(self, scope: Scope, entity: Entity, table: Any) -> list[ColumnElement[bool]]:
        """Return the conditions on *table*, which *scope* is about to join."""


class Scope:
    """The FROM of one statement, or of a subquery within it, growing with the paths that are asked of it.

    A reference followed by several paths is joined once. Joins lead to at most one row and are outer but for those that
    `require` made, so they neither drop nor repeat records; a missing reference makes everything behind it missing.

    Attributes:
        tables: All tables.
        dialect: Whose SQL it is.
        entity: What is asked for.
        root: The table of the entity that is asked for.
    """

    def __init__(
        self,
        tables: Tables,
        dialect: Dialect,
        entity: Entity,
        names: Iterator[str] | None = None,
        *,
        rules: TableRules | None = None,
        root: FromClause | None = None,
    ) -> None:
        self.tables = tables
        self.dialect = dialect
        self.entity = entity
        self._names = names or (f"j{number}" for number in count(1))
        self._rules = rules
        self.root: FromClause = root if root is not None else self._alias(entity, "t" if not names else next(names))
        self._source: FromClause = self.root
        self._host = self
        self._joined: dict[tuple[str, ...], FromClause] = {}

    def _alias(self, entity: Entity, name: str) -> FromClause:
        # What SQLAlchemy makes of dozens of columns costs as much as the rest of a statement; it may be shared.
        aliases, key = _aliases(self.tables, self.dialect), (entity.name, name)
        if key not in aliases:
            aliases[key] = self.tables.table(entity.name).alias(name)
        return aliases[key]

    @property
    def source(self) -> FromClause:
        """What to select from; complete once all paths were asked for."""
        return self._host._source

    @source.setter
    def source(self, source: FromClause) -> None:
        self._host._source = source

    @property
    def joined(self) -> tuple[FromClause, ...]:
        """The tables of the source so far."""
        return (self.root, *self._joined.values())

    @property
    def address(self) -> ColumnElement[Any]:
        """Where a row of the root is: within one statement nothing finds it faster."""
        return column(self.dialect.row_address, _selectable=self.root)

    def within(self, entity: Entity) -> Scope:
        """Return the scope of a subquery on *entity*, whose tables have names of their own."""
        return Scope(self.tables, self.dialect, entity, self._names, rules=self._rules)

    def again(self) -> Scope:
        """Return the scope of a subquery on what is asked for here."""
        return self.within(self.entity)

    def unruled(self, entity: Entity) -> Scope:
        """Return the scope of a subquery on *entity* that may read everything."""
        return Scope(self.tables, self.dialect, entity, self._names)

    def unruled_at(self, entity: Entity, table: FromClause) -> Scope:
        """Return a scope that may read everything and whose root is *table*, which somebody else reads from."""
        return Scope(self.tables, self.dialect, entity, self._names, root=table)

    def apart(self) -> Scope:
        """Return a scope that may read everything, with the same root, whose joins are joins of this one.

        Its paths do not share tables with those of this scope, which may not read everything.
        """
        scope = self.unruled_at(self.entity, self.root)
        scope._host = self._host
        return scope

    def readable(self) -> list[ColumnElement[bool]]:
        """Return the conditions that the rows of the root may be read; ask before `source` is used."""
        return [] if self._rules is None else self._rules.of_root(self)

    def require(self, hops: Sequence[Hop]) -> None:
        """Leave out the records from which *hops* lead nowhere; before any path over them is asked for.

        A database may then begin with what they lead to, which it never does behind an outer join.
        """
        self._follow(hops, is_outer=False)

    def parts(self, path: ResolvedPath) -> tuple[ColumnElement[Any], ...]:
        """Return the SQL of each part of the field at *path*."""
        table = self.table(path.hops)
        return tuple(part_sql(table, path.field, part, self.dialect.name) for part in range(len(path.field.kind.parts)))

    def reference(self, path: ResolvedPath) -> ColumnElement[Any]:
        """Return the SQL of the id at *path*, comparable with the `id` of a table."""
        return reference_sql(self.table(path.hops), path.field, self.dialect.name)

    def table(self, hops: Sequence[Hop]) -> FromClause:
        """Return the table at the end of *hops*."""
        return self._follow(hops, is_outer=True)

    def _follow(self, hops: Sequence[Hop], *, is_outer: bool) -> FromClause:
        table = self.root
        way: tuple[str, ...] = ()
        for hop in hops:
            way = (*way, hop.field.path)
            if way not in self._joined:
                target = self._alias(hop.target, next(self._names))
                reference = reference_sql(table, hop.field, self.dialect.name)
                rules = [] if self._rules is None else self._rules.of_joined(self, hop.target, target)
                self.source = self.source.join(target, and_(target.c.id == reference, *rules), isouter=is_outer)
                self._joined[way] = target
            table = self._joined[way]
        return table


@per_tables
def _aliases(tables: Tables, dialect: Dialect) -> dict[tuple[str, str], FromClause]:
    """Return the aliases made so far, by entity and name."""
    return {}
