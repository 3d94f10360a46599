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
from pycrm.query.ast import Node, Path, operand_shape, operand_values
from pycrm.query.bind import bind, bind_operand
from pycrm.query.conditions import Conditions
from pycrm.query.driver import driver_parts
from pycrm.query.keys import FIRST_SLOT, key_sql, term_keys
from pycrm.query.order import ID, Bounds, Key, Order, bounds_clauses
from pycrm.query.paths import ResolvedPath, resolve
from pycrm.query.scope import Scope
from pycrm.query.statement import Fill, Template
from pycrm.query.text import OrderKey
from pycrm.schema import Entity, Schema
from pycrm.storage.dialect import Dialect
from pycrm.storage.links import links_sql
from pycrm.storage.per_tables import per_tables
from pycrm.storage.tables import Tables, select_list
from pycrm.storage.value_lists import ValueList

__all__ = ["Templates", "Variant"]


@attrs.frozen
class Variant:
    """What may be said of every question.

    Attributes:
        binned: Records in the bin count, too.
        numbered: The stored schema number is the last column.
        exact: Fields are compared with numbers that they could never hold.
    """

    binned: bool = False
    numbered: bool = False
    exact: bool = False


@attrs.frozen
class Templates:
    """Makes the templates of one schema on one database."""

    schema: Schema
    tables: Tables
    dialect: Dialect

    def ids(self, entity: Entity, variant: Variant, *, whole: bool) -> ValueList:
        """Return the statement over a list of ids: *whole* records, or only the ids that exist."""
        scope = Scope(self.tables, self.dialect, entity)
        columns: list[ColumnElement[Any]] = self._record_columns(entity, scope) if whole else [scope.root.c.id]
        if whole and entity.link_fields:
            columns.append(links_sql(self.tables, scope.root.c.id, self.dialect))
        chosen = select(*columns, *self._number(variant)).where(*_alive(scope, variant))
        return ValueList(self.dialect, scope.root.c.id, chosen.where)

    def page(self, entity: Entity, node: Node | None, order: Order, bounds: Bounds, variant: Variant) -> Template:
        """Return the template of one range of a page; its size is the parameter ``limit``."""
        scope, clauses, conditions = self._filtered(entity, node, variant)
        expressions = [key_sql(scope, conditions, key) for key in order.keys]
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
        if entity.link_fields:
            statement = self._with_links(entity, statement, order, bounds)
        return self._compiled(statement, conditions.fills)

    def _with_links(self, entity: Entity, page: Select[Any], order: Order, bounds: Bounds) -> Select[Any]:
        """Return *page* with the links of each record behind its columns.

        They are read for the rows of the page: in the same SELECT, a database may read them for all that it sorts.
        """
        columns, names = list(page.subquery("page").c), self.tables.columns(entity)
        width = len(names)
        links = links_sql(self.tables, columns[names.index("id")], self.dialect)
        wider = [*columns[:width], links, *columns[width:]]
        keys = [wider[key.position] for key in order.keys]
        ordered = order.by(keys, bounds, spell_nulls=self.dialect.name == "postgresql")
        return select(*wider).order_by(*ordered)

    def count(self, entity: Entity, node: Node | None, variant: Variant, *, capped: bool) -> Template:
        """Return the template of a count, up to the parameter ``cap`` if *capped*."""
        scope, found_by, conditions = self._filtered(entity, node, variant)
        clauses = [*_alive(scope, variant), *found_by]
        if capped:
            found: Select[Any] = select(literal_column("1")).select_from(scope.source).where(*clauses)
            source = found.limit(bindparam("cap", type_=Integer())).subquery("found")
            statement = select(func.count(), *self._number(variant)).select_from(source)
        else:
            statement = select(func.count(), *self._number(variant)).select_from(scope.source).where(*clauses)
        return self._compiled(statement, conditions.fills)

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
            scope, found_by, conditions = self._filtered(entity, node, variant)
            fills = conditions.fills
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
        chosen: list[OrderKey] = []
        values: list[Any] = []
        width = len(self.tables.columns(entity)) + bool(entity.link_fields)
        for order_key in (*asked, OrderKey(ID, bool(asked) and asked[-1].descending)):
            if any(order_key.text == key.text for key in chosen):
                continue
            chosen.append(order_key)
            operand = order_key.operand
            beside = width + sum(key.position >= width for key in keys)
            if isinstance(operand, Path):
                keys += self._keys(entity, resolve(self.schema, entity, operand), order_key.descending, beside)
                if operand == ID:
                    break
            else:
                term = bind_operand(self.schema, entity, operand, FIRST_SLOT + len(values))
                keys += term_keys(term, order_key, self.dialect, beside)
                values += operand_values(operand)
        text = ", ".join(key.text + " DESC" * key.descending for key in chosen)
        shape = tuple((operand_shape(key.operand), key.descending) for key in chosen)
        return Order(entity.name, text, tuple(keys), width, shape, tuple(values))

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

    def _filtered(
        self, entity: Entity, node: Node | None, variant: Variant
    ) -> tuple[Scope, list[ColumnElement[bool]], Conditions]:
        scope = Scope(self.tables, self.dialect, entity)
        conditions = Conditions()
        bound = None if node is None else bind(self.schema, entity, node, exact=variant.exact)
        clauses = [] if bound is None else conditions.clauses(scope, bound)
        return scope, clauses, conditions

    def _record_columns(self, entity: Entity, scope: Scope) -> list[ColumnElement[Any]]:
        columns = select_list(entity, scope.root, self.dialect.name)
        if entity.link_fields:
            return columns  # which another SELECT goes around
        texts = _column_texts(self.tables, self.dialect)
        if entity.name not in texts:
            texts[entity.name] = ", ".join(str(column.compile(dialect=self.dialect.sa)) for column in columns)
        return [literal_column(texts[entity.name])]

    def _number(self, variant: Variant) -> list[ColumnElement[Any]]:
        return [select(self.tables.state.c.schema_number).scalar_subquery()] if variant.numbered else []

    def _compiled(self, statement: Select[Any] | CompoundSelect[Any], fills: Sequence[Fill]) -> Template:
        compiled = statement.compile(dialect=self.dialect.sa)
        # Parameters that have a value already, such as the OFFSET that SQLAlchemy gives SQLite.
        constants = {name: value for name, value in compiled.params.items() if value is not None}
        return Template(str(compiled), tuple(fills), constants)


def _alive(scope: Scope, variant: Variant) -> list[ColumnElement[bool]]:
    return [] if variant.binned else [scope.root.c.deleted_at.is_(None)]


@per_tables
def _column_texts(tables: Tables, dialect: Dialect) -> dict[str, str]:
    """Return the SQL of the columns of records as written so far, by entity; SQLAlchemy is slow to write so many."""
    return {}
