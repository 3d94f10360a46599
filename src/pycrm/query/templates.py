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
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    true,
    union_all,
)

from pycrm.errors import QueryError
from pycrm.fields.field import Field, Place
from pycrm.query.aggregate import Branch, Group, ResolvedMeasure, branch_select
from pycrm.query.ast import Node, Path, operand_shape, operand_values
from pycrm.query.bind import bind, bind_operand
from pycrm.query.conditions import Conditions
from pycrm.query.driver import driver_parts
from pycrm.query.keys import FIRST_SLOT, key_sql, term_keys
from pycrm.query.order import ID, Bounds, Key, Order, bounds_clauses
from pycrm.query.paths import Hop, ResolvedPath, resolve
from pycrm.query.row_rules import RowRules, RuledTables
from pycrm.query.scope import Scope
from pycrm.query.statement import IdList, Template
from pycrm.query.text import OrderKey
from pycrm.query.ways import Readable, Way, way
from pycrm.schema import Entity, Schema
from pycrm.schema.sight import SeenEntity
from pycrm.storage.dialect import Dialect
from pycrm.storage.links import links_sql
from pycrm.storage.per_tables import per_tables
from pycrm.storage.tables import Tables, select_list
from pycrm.storage.types import TEXT, Id
from pycrm.storage.value_lists import ValueList

__all__ = ["Templates", "Variant"]


@attrs.frozen
class Variant:
    """What may be said of every question.

    Attributes:
        binned: Records in the bin count, too.
        numbered: The stored schema number is the last column.
        exact: Fields are compared with numbers that they could never hold.
        readable: How many records of the entity may be read at all, where that is known.
    """

    binned: bool = False
    numbered: bool = False
    exact: bool = False
    readable: Readable | None = None


@attrs.frozen
class Templates:
    """Makes the templates of one schema on one database.

    Attributes:
        schema: Resolves the names.
        tables: Its tables.
        dialect: Whose SQL it is.
        rules: Which rows may be read; all where there are none.
    """

    schema: Schema
    tables: Tables
    dialect: Dialect
    rules: RowRules | None = None

    def ids(self, entity: Entity, variant: Variant, *, whole: bool, by: Field | None = None) -> IdList:
        """Return the statement over a list of ids: *whole* records, or only the ids that exist.

        The ids are the records' own, or those that the reference *by*, a column, leads to; where it leads anywhere, to
        an entity that is the parameter ``_target``.
        """
        asked = self._filtered(entity, None, variant)
        scope = asked.scope
        columns = self._whole(entity, scope) if whole else [scope.root.c.id]
        chosen = select(*columns, *self._number(variant)).select_from(scope.source).where(*asked.clauses)
        listed: ColumnElement[Any] = scope.root.c.id
        if by is not None:
            listed, *others = scope.parts(resolve(self.schema, entity, Path(tuple(by.path.split(".")))))
            chosen = chosen.where(*(part == bindparam("_target", type_=part.type) for part in others))
        ids = ValueList(self.dialect, listed, chosen.where)
        return IdList(ids, asked.conditions.fills, tuple(asked.ruled))

    def every(self, entity: Entity, node: Node | None, variant: Variant) -> Template:
        """Return the template of all records at once, in no order."""
        asked = self._filtered(entity, node, variant)
        chosen = select(*self._whole(entity, asked.scope)).select_from(asked.scope.source).where(*asked.clauses)
        return self._compiled(chosen, asked)

    def page(self, entity: Entity, node: Node | None, order: Order, bounds: Bounds, variant: Variant) -> Template:
        """Return the template of one range of a page; its size is the parameter ``limit``."""
        led = [
            key.path.hops
            for key, bound in zip(order.keys, bounds, strict=False)
            if key.path is not None and key.path.hops and bound not in ("absent", "missing")
        ]
        asked = self._filtered(entity, node, variant, required=led, is_by_id=order.keys[0].is_id)
        scope, conditions = asked.scope, asked.conditions
        expressions = [key_sql(scope, conditions, key) for key in order.keys]
        beside = [
            expression for key, expression in zip(order.keys, expressions, strict=True) if key.position >= order.width
        ]
        once: list[ColumnElement[bool]] = []
        if order.keys[0].reference is not None and bounds[:1] in (("absent",), ("missing",)):
            lacking = self._lacking(scope, order.keys[0])
            once = [lacking if bounds[0] == "missing" else ~lacking]
            if bounds[0] == "absent":
                expressions[0] = scope.root.c[order.keys[0].reference]
        spell_nulls = self.dialect.name == "postgresql"
        statement = (
            select(*self._record_columns(entity, scope), *beside, *self._number(variant))
            .select_from(scope.source)
            .where(*once, *asked.clauses, *bounds_clauses(expressions, bounds))
            .order_by(*order.by(expressions, bounds, spell_nulls=spell_nulls))
            .limit(bindparam("limit", type_=Integer()))
        )
        if entity.link_fields:
            statement = self._with_links(entity, statement, order, bounds)
        return self._compiled(statement, asked)

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
        asked = self._filtered(entity, node, variant, guarded=False)
        source = asked.scope.source
        found: Select[Any] = select(literal_column("1")).select_from(source).where(*asked.clauses)
        if capped:
            source = found.limit(bindparam("cap", type_=Integer())).subquery("found")
            statement = select(func.count(), *self._number(variant)).select_from(source)
        else:
            statement = select(func.count(), *self._number(variant)).select_from(source).where(*asked.clauses)
        # Not among the conditions: nothing counted would be an answer, too.
        return self._compiled(statement.having(*asked.guards) if asked.guards else statement, asked)

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
        for number, branch in enumerate(branches):
            asked = self._filtered(entity, node, variant, guarded=False)
            chosen = branch_select(asked.scope, number, branch, measures, groups)
            chosen = chosen.where(*asked.clauses).add_columns(*self._number(variant))
            selects.append(chosen.having(*asked.guards) if asked.guards else chosen)
        return self._compiled(selects[0] if len(selects) == 1 else union_all(*selects), asked)

    def documents(self, names: Sequence[str], wide: frozenset[str]) -> Template:
        """Return the condition that a row of the search index, the alias ``doc``, is of a record that may be read.

        Args:
            names: The entities whose rows are asked for.
            wide: Those of them of which many records may be read; each is looked up then, instead of all beforehand.
        """
        conditions = Conditions()
        assert self.rules is not None, "where all may be read there is no such condition"
        ruled = RuledTables(self.rules, conditions, exact=False)
        entity_name, record_id = literal_column("doc.entity", TEXT), literal_column("doc.record_id", Id())
        top = Scope(self.tables, self.dialect, self.schema.entities[names[0]], rules=ruled)
        whole: list[ColumnElement[str]] = []
        ways: list[ColumnElement[bool]] = []
        for name in names:
            inner = top.within(self.schema.entities[name])
            literal = literal_column(f"'{name}'", TEXT)  # names of entities are identifiers and dots
            if not (clauses := inner.readable()):
                whole.append(literal)
                continue
            ids = select(inner.root.c.id).select_from(inner.source).where(*clauses)
            found = exists(ids.where(inner.root.c.id == record_id)) if name in wide else record_id.in_(ids)
            ways.append(and_(entity_name == literal, found))
        readable = or_(*([entity_name.in_(whole)] if whole else []), *ways)
        sql = str(and_(readable, ruled.guard(top)).compile(dialect=self.dialect.sa))
        return Template(sql, conditions.fills, {}, tuple(ruled.entities))

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
            keys.append(Key(path, part, drivers[part], descending, nullable, position, self._reference_before(path)))
        return keys

    def _reference_before(self, path: ResolvedPath) -> str | None:
        """Return the `Key.reference` of a key at *path*."""
        if len(path.hops) != 1 or (self.rules is not None and path.entity.name in self.rules.rules):
            return None
        (hop,) = path.hops
        column = self.tables.table(hop.entity.name).c.get(hop.field.path)
        return None if column is None or not column.foreign_keys else hop.field.path

    def _lacking(self, scope: Scope, key: Key) -> ColumnElement[bool]:
        """Return the condition that one of the records that *key*'s reference leads to lacks it, asked just once."""
        assert key.path is not None, "what is computed lies behind no reference"
        inner = scope.within(key.path.entity)
        part = inner.parts(attrs.evolve(key.path, hops=()))[key.part]
        return exists(select(literal_column("1")).select_from(inner.source).where(part.is_(None)))

    def _filtered(
        self,
        entity: Entity,
        node: Node | None,
        variant: Variant,
        *,
        guarded: bool = True,
        required: Sequence[Sequence[Hop]] = (),
        is_by_id: bool = True,
    ) -> _Asked:
        """Return what is asked of *entity*.

        Args:
            entity: Whose records.
            node: The filter.
            variant: What else is said.
            guarded: The guards are among the conditions.
            required: Ways that must lead somewhere.
            is_by_id: What is asked for is sorted by id, if at all.
        """
        conditions = Conditions()
        ruled = None if self.rules is None else RuledTables(self.rules, conditions, exact=variant.exact)
        scope = Scope(self.tables, self.dialect, entity, rules=ruled)
        for hops in required:
            scope.require(hops)
        guards: list[ColumnElement[bool]] = [] if ruled is None else [ruled.guard(scope)]
        clauses: list[ColumnElement[bool]] = [] if variant.binned else [scope.root.c.deleted_at.is_(None)]
        test = None if node is None else bind(self.schema, entity, node, exact=variant.exact)
        is_server = self.dialect.name == "postgresql"
        chosen = way(variant.readable, test, is_led=bool(required), has_statistics=is_server)
        clauses += [] if ruled is None else self._readable(ruled, scope, chosen, is_by_id=is_by_id)
        if test is not None:
            clauses += conditions.clauses(scope, test)
        if guarded:
            clauses += guards
        return _Asked(scope, clauses, guards, conditions, () if ruled is None else ruled.entities)

    def _readable(
        self, ruled: RuledTables, scope: Scope, chosen: Way | None, *, is_by_id: bool
    ) -> list[ColumnElement[bool]]:
        """Return the conditions that the records may be read, in the form that has them looked for as *chosen*."""
        if chosen is None or (chosen == "gather" and not ruled.has_rule(scope.entity)):
            return scope.readable()
        if chosen == "walk":
            clauses = scope.readable()
            return [and_(*clauses).is_(true())] if clauses else []
        inner = scope.again()
        # An index has the ids in order; otherwise the shortest way to a row will do.
        wanted, found = (each.root.c.id if is_by_id else each.address for each in (scope, inner))
        addresses = select(found).where(*inner.readable()).select_from(inner.source)
        if self.dialect.name == "postgresql":
            # An array is made first, whatever the planner thinks of what is in it.
            return [wanted == func.any(func.array(addresses.scalar_subquery()))]
        return [wanted.in_(addresses)]

    def _whole(self, entity: Entity, scope: Scope) -> list[ColumnElement[Any]]:
        """Return the columns of a record and its links."""
        columns = self._record_columns(entity, scope)
        return [*columns, links_sql(self.tables, scope.root.c.id, self.dialect)] if entity.link_fields else columns

    def _record_columns(self, entity: Entity, scope: Scope) -> list[ColumnElement[Any]]:
        columns = select_list(entity, scope.root, self.dialect.name)
        if entity.link_fields:
            return columns  # which another SELECT goes around
        texts = _column_texts(self.tables, self.dialect)
        key = entity.name, entity.withheld if isinstance(entity, SeenEntity) else frozenset()
        if key not in texts:
            texts[key] = ", ".join(str(column.compile(dialect=self.dialect.sa)) for column in columns)
        return [literal_column(texts[key])]

    def _number(self, variant: Variant) -> list[ColumnElement[Any]]:
        return [select(self.tables.state.c.schema_number).scalar_subquery()] if variant.numbered else []

    def _compiled(self, statement: Select[Any] | CompoundSelect[Any], asked: _Asked) -> Template:
        compiled = statement.compile(dialect=self.dialect.sa)
        # Parameters that have a value already, such as the OFFSET that SQLAlchemy gives SQLite.
        constants = {name: value for name, value in compiled.params.items() if value is not None}
        return Template(str(compiled), asked.conditions.fills, constants, tuple(asked.ruled))


@attrs.frozen
class _Asked:
    """What one statement, or a branch of it, asks for.

    Attributes:
        scope: Where it reads from.
        clauses: Its conditions.
        guards: The condition that rights are what they were, where there are row rules.
        conditions: What the values of its conditions become.
        ruled: The entities whose rules are in it so far.
    """

    scope: Scope
    clauses: list[ColumnElement[bool]]
    guards: list[ColumnElement[bool]]
    conditions: Conditions
    ruled: Sequence[str]


@per_tables
def _column_texts(tables: Tables, dialect: Dialect) -> dict[tuple[str, frozenset[str]], str]:
    """Return the SQL of the columns of records as written so far; SQLAlchemy is slow to write so many.

    By entity and what is withheld of it.
    """
    return {}
