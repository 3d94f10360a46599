"""The SQL of each question that the compiler answers, for all values of one shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    bindparam,
    func,
    literal_column,
    select,
    union_all,
)

from pycrm.errors import QueryError
from pycrm.fields.field import Place
from pycrm.query.aggregate import Branch, Group, ResolvedMeasure, branch_select
from pycrm.query.ast import Node
from pycrm.query.bind import bind
from pycrm.query.conditions import Conditions
from pycrm.query.driver import driver_parts
from pycrm.query.order import ID, Bounds, Key, Order, bounds_clauses
from pycrm.query.paths import ResolvedPath, resolve
from pycrm.query.scope import Scope
from pycrm.query.statement import Fill, Template
from pycrm.query.text import OrderKey
from pycrm.schema import Entity, Schema
from pycrm.storage.dialect import Dialect
from pycrm.storage.tables import Tables, select_list
from pycrm.storage.value_lists import ValueList

__all__ = ["Templates", "Variant"]


@attrs.frozen
class Variant:
    """What may be said of every question.

    Attributes:
        binned: Records in the bin count, too.
        numbered: The stored schema number is the last column.
    """

    binned: bool = False
    numbered: bool = False


@attrs.frozen
class Templates:
    """Makes the templates of one schema on one database."""

    schema: Schema
    tables: Tables
    dialect: Dialect

    def ids(self, entity: Entity, variant: Variant, *, whole: bool) -> ValueList:
        """Return the statement over a list of ids: *whole* records, or only the ids that exist."""
        scope = Scope(self.tables, self.dialect, entity)
        columns = self._record_columns(entity, scope) if whole else [scope.root.c.id]
        chosen = select(*columns, *self._number(variant)).where(*_alive(scope, variant))
        return ValueList(self.dialect, scope.root.c.id, chosen.where)

    def page(self, entity: Entity, node: Node | None, order: Order, bounds: Bounds, variant: Variant) -> Template:
        """Return the template of one range of a page; its size is the parameter ``limit``."""
        scope, clauses, fills = self._filtered(entity, node)
        expressions = [scope.parts(key.path)[key.part] for key in order.keys]
        beside = [
            expression for key, expression in zip(order.keys, expressions, strict=True) if key.position >= order.width
        ]
        spell_nulls = self.dialect.name == "postgresql"
        statement = (
            select(*self._record_columns(entity, scope), *beside, *self._number(variant))
            .select_from(scope.source)
            .where(*_alive(scope, variant), *clauses, *bounds_clauses(expressions, bounds))
            .order_by(*order.by(expressions, bounds, spell_nulls=spell_nulls))
            .limit(bindparam("limit", type_=Integer()))
        )
        return self._compiled(statement, fills)

    def count(self, entity: Entity, node: Node | None, variant: Variant, *, capped: bool) -> Template:
        """Return the template of a count, up to the parameter ``cap`` if *capped*."""
        scope, found_by, fills = self._filtered(entity, node)
        clauses = [*_alive(scope, variant), *found_by]
        if capped:
            found: Select[Any] = select(literal_column("1")).select_from(scope.source).where(*clauses)
            source = found.limit(bindparam("cap", type_=Integer())).subquery("found")
            statement = select(func.count(), *self._number(variant)).select_from(source)
        else:
            statement = select(func.count(), *self._number(variant)).select_from(scope.source).where(*clauses)
        return self._compiled(statement, fills)

    def aggregate(
        self,
        entity: Entity,
        node: Node | None,
        measures: Sequence[ResolvedMeasure],
        groups: Sequence[Group],
        branches: Sequence[Branch],
        variant: Variant,
    ) -> Template:
        """Return the template of an aggregate: all branches in one statement."""
        selects: list[Select[Any]] = []
        fills: Sequence[Fill] = ()
        for number, branch in enumerate(branches):
            scope, found_by, fills = self._filtered(entity, node)
            chosen = branch_select(scope, number, branch, measures, groups)
            clauses = [*_alive(scope, variant), *found_by]
            selects.append(chosen.where(*clauses).add_columns(*self._number(variant)))
        return self._compiled(selects[0] if len(selects) == 1 else union_all(*selects), fills)

    def order(self, entity: Entity, asked: Sequence[OrderKey]) -> Order:
        """Return the total order that *asked* begins.

        Raises:
            QueryError: A field that is not sorted by.
        """
        keys: list[Key] = []
        texts: list[str] = []
        width = len(self.tables.columns(entity))
        for order_key in (*asked, OrderKey(ID, bool(asked) and asked[-1].descending)):
            path = resolve(self.schema, entity, order_key.path)
            if any(path.path == key.path.path for key in keys):
                continue
            texts.append(path.path.text + " DESC" * order_key.descending)
            beside = sum(key.position >= width for key in keys)
            keys += self._keys(entity, path, order_key.descending, width + beside)
            if path.path == ID:
                break
        return Order(entity.name, ", ".join(texts), tuple(keys), width)

    def _keys(self, entity: Entity, path: ResolvedPath, descending: bool, beside: int) -> list[Key]:
        """Return the keys of one field; those that are no column of the record stand from *beside* on."""
        field = path.field
        if not field.kind.sortable:
            raise QueryError(f"order_by {path}: records are not sorted by a {field.kind.name} field", path=str(path))
        drivers = driver_parts(field, self.dialect)
        is_own = not path.hops and field.place is Place.COLUMN
        columns = self.tables.columns(entity) if is_own else []
        keys = []
        # What tells amounts apart (a currency, an entity) comes before them.
        for number, part in enumerate(reversed(range(len(drivers)))):
            name = field.part_names[part]
            nullable = not is_own or bool(self.tables.table(entity.name).c[name].nullable)
            position = columns.index(name) if is_own else beside + number
            keys.append(Key(path, part, drivers[part], descending, nullable, position))
        return keys

    def _filtered(self, entity: Entity, node: Node | None) -> tuple[Scope, list[ColumnElement[bool]], Sequence[Fill]]:
        scope = Scope(self.tables, self.dialect, entity)
        if node is None:
            return scope, [], ()
        conditions = Conditions()
        clauses = conditions.clauses(scope, bind(self.schema, entity, node))
        return scope, clauses, conditions.fills

    def _record_columns(self, entity: Entity, scope: Scope) -> list[ColumnElement[Any]]:
        return select_list(entity, scope.root, self.dialect.name)

    def _number(self, variant: Variant) -> list[ColumnElement[Any]]:
        return [select(self.tables.state.c.schema_number).scalar_subquery()] if variant.numbered else []

    def _compiled(self, statement: Select[Any] | CompoundSelect[Any], fills: Sequence[Fill]) -> Template:
        compiled = statement.compile(dialect=self.dialect.sa)
        # Parameters that have a value already, such as the OFFSET that SQLAlchemy gives SQLite.
        constants = {name: value for name, value in compiled.params.items() if value is not None}
        return Template(str(compiled), tuple(fills), constants)


def _alive(scope: Scope, variant: Variant) -> list[ColumnElement[bool]]:
    return [] if variant.binned else [scope.root.c.deleted_at.is_(None)]
