"""The one maker of SQL that reads business data: from entity, filter and order to statements for the driver.

Statements are SQLAlchemy Core, compiled once per shape and kept, so a filter of a known shape costs no more than the
judging of its values. Every value is a named parameter; a field's SQL comes from the storage room, whose indexes it
fits.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from copy import copy
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import Any, TypeAlias
from uuid import UUID

import attrs

from pycrm.errors import QueryError
from pycrm.fields.field import Field
from pycrm.fields.references import AnyRefKind
from pycrm.query.aggregate import (
    AggregatePlan,
    Branch,
    Group,
    ResolvedMeasure,
    branches,
    read_groups,
    read_measures,
)
from pycrm.query.ast import LARGEST_BUCKET, Node, Path, shape, values
from pycrm.query.builder import Condition, node_of
from pycrm.query.cursor import CursorSeal
from pycrm.query.judge import UnheldError
from pycrm.query.kept import Kept
from pycrm.query.order import Bounds, Order, bounds_after, bounds_from_start, bounds_params
from pycrm.query.pages import PagePlan
from pycrm.query.paths import ResolvedPath, resolve
from pycrm.query.row_rules import RowRules
from pycrm.query.statement import IdList, Statement, Template
from pycrm.query.templates import Templates, Variant
from pycrm.query.text import OrderKey, read_order
from pycrm.query.ways import HowMany
from pycrm.schema import Entity, Schema
from pycrm.storage.dialect import Dialect
from pycrm.storage.tables import Tables

__all__ = ["Compiler", "Where"]

Where: TypeAlias = Condition | Node | str | Mapping[str, Any] | None
_Measured: TypeAlias = tuple[tuple[ResolvedMeasure, ...], tuple[Group, ...], tuple[Branch, ...]]

MAX_VALUES = 20_000
MOST_DIGITS = 1_000  # no field holds so many, and writing millions of them out takes a while
KEPT = 512
MOST_ROWS = 2**31 - 2  # a plan asks for one row more, and LIMIT is a 32-bit number on PostgreSQL


class Compiler:
    """Makes the reading statements of one schema on one database.

    Records in the bin are left out unless ``include_binned=True``; what a path leads to counts wherever it is. With
    ``with_schema_number=True`` the stored schema number is the last column of every row.

    Args:
        schema: Resolves the names.
        tables: The tables of that schema.
        dialect: Whose SQL is made.
        secret: With which the cursors of pages are signed.
        rules: Which rows may be read; all where there are none.
    """

    def __init__(
        self, schema: Schema, tables: Tables, dialect: Dialect, secret: bytes, rules: RowRules | None = None
    ) -> None:
        self.schema = schema
        self.dialect = dialect
        self.rules = rules
        self._secret = secret
        self._make = Templates(schema, tables, dialect, rules)
        self._templates: Kept[Template] = Kept(KEPT)
        self._orders: Kept[Order] = Kept(KEPT)
        self._seals: Kept[CursorSeal] = Kept(KEPT)
        self._id_lists: Kept[IdList] = Kept(KEPT)
        self._measured: Kept[_Measured] = Kept(KEPT)

    def under(self, rules: RowRules) -> Compiler:
        """Return a compiler of rules of the same shape with other values; the two share what they have made."""
        other = copy(self)
        other.rules = rules
        return other

    def resolve(self, entity: Entity, path: Path) -> ResolvedPath:
        """Return what *path* means on *entity*.

        Raises:
            UnknownNameError: It leads nowhere; the nearest names are given.
            QueryError: It cannot be followed.
        """
        return resolve(self.schema, entity, path)

    def by_ids(
        self, entity: Entity, ids: Sequence[UUID], *, include_binned: bool = False, with_schema_number: bool = False
    ) -> list[Statement]:
        """Return the statements that read the records with these ids, in no order, some hundreds per statement."""
        return self._by_ids(entity, ids, Variant(include_binned, with_schema_number), whole=True)

    def exists_ids(self, entity: Entity, ids: Sequence[UUID], *, include_binned: bool = False) -> list[Statement]:
        """Return the statements that say which of these ids exist: rows of one column, the id as the driver has it."""
        return self._by_ids(entity, ids, Variant(include_binned), whole=False)

    def referring(
        self, entity: Entity, field: Field, target: str, ids: Sequence[UUID], *, include_binned: bool = False
    ) -> list[Statement]:
        """Return the statements that read the records whose *field*, a reference with a column, leads to these ids."""
        params = {"_target": target} if isinstance(field.kind, AnyRefKind) else {}
        return self._by_ids(entity, ids, Variant(include_binned), whole=True, by=field, params=params)

    def every(self, entity: Entity, where: Where = None, *, include_binned: bool = False) -> Statement:
        """Return the statement that reads all records that *where* selects, in no order.

        A page would be walked in its order where nothing is known of how many there are; this is looked up.
        """
        asked = _Asked.of(where)
        return self._statement(
            ("every", entity.name, asked.shape),
            partial(self._make.every, entity, asked.node),
            Variant(include_binned),
            asked,
        )

    def page(
        self,
        entity: Entity,
        where: Where = None,
        order_by: str | Sequence[OrderKey] | None = None,
        *,
        limit: int = 50,
        after: str | None = None,
        include_binned: bool = False,
        with_schema_number: bool = False,
        how_many: HowMany = lambda closely: None,
    ) -> PagePlan:
        """Return how to read a page of the records that *where* selects.

        Args:
            entity: Whose records.
            where: A filter; None selects all.
            order_by: ``"close_on, amount DESC"``, or its settled keys; ``id`` follows by itself, which makes the order
                total.
            limit: Records on the page.
            after: The `next_cursor` of the page before.
            include_binned: Records in the bin, too.
            with_schema_number: Whether the rows carry it.
            how_many: Says how many of its records may be read.
        Raises:
            QueryError: A comparison, order, limit or cursor that cannot be served.
            UnknownNameError: A name that leads nowhere.
        """
        if limit < 1:
            raise QueryError(f"limit={limit}: a page has room for at least one record", limit=limit)
        if limit > MOST_ROWS:
            raise QueryError(f"a page has at most {MOST_ROWS} records; ws.iterate reads all", limit=limit)
        asked = _Asked.of(where)
        keys = read_order(order_by) if order_by is None or isinstance(order_by, str) else tuple(order_by)
        order = self._order(entity, keys)
        readable = how_many(asked.node is not None or order.is_led)
        variant = Variant(include_binned, with_schema_number, readable=readable)
        seal = self._seals.get(asked.shape, partial(CursorSeal.of, self._secret, asked.shape, self.schema.number))
        last = None if after is None else order.read(after, seal)

        def statement(bounds: Bounds, rows: int) -> Statement:
            return self._statement(
                ("page", entity.name, asked.shape, order.shape, bounds),
                partial(self._make.page, entity, asked.node, order, bounds),
                variant,
                asked,
                order.values,
                {"limit": rows, **bounds_params(order.keys, last or (), bounds)},
            )

        return PagePlan(
            order=order,
            seal=seal,
            limit=limit,
            ranges=bounds_from_start(order.keys) if last is None else tuple(bounds_after(order.keys, last)),
            statement=statement,
            numbered=with_schema_number,
        )

    def count(
        self,
        entity: Entity,
        where: Where = None,
        *,
        cap: int | None = None,
        include_binned: bool = False,
        with_schema_number: bool = False,
    ) -> Statement:
        """Return the statement whose one row begins with the number of records; with *cap* counting stops there."""
        if cap is not None and cap < 1:
            raise QueryError(f"cap={cap}: counting stops at 1 or later", cap=cap)
        asked = _Asked.of(where)
        capped = cap is not None
        variant = Variant(include_binned, with_schema_number)
        return self._statement(
            ("count", entity.name, asked.shape, capped),
            partial(self._make.count, entity, asked.node, capped=capped),
            variant,
            asked,
            params={"cap": cap} if capped else {},
        )

    def aggregate(
        self,
        entity: Entity,
        measures: Sequence[str],
        group_by: str | Sequence[str] | None = None,
        where: Where = None,
        *,
        include_binned: bool = False,
        with_schema_number: bool = False,
    ) -> AggregatePlan:
        """Return how to compute *measures* over the records that *where* selects, per group.

        Args:
            entity: Whose records.
            measures: Such as ``"count()"``, ``"count_distinct(account)"``, ``"sum(amount)"``.
            group_by: Up to two fields.
            where: A filter; None selects all.
            include_binned: Records in the bin, too.
            with_schema_number: Whether the rows carry it.
        Raises:
            QueryError: A measure, group or comparison that cannot be served.
            UnknownNameError: A name that leads nowhere.
        """
        asked = _Asked.of(where)
        # Lists cannot be keys; a text in place of the list stays one, so that it is refused.
        texts = (
            measures if isinstance(measures, str) else tuple(measures),
            group_by if group_by is None or isinstance(group_by, str) else tuple(group_by),
        )
        parts = self._measured.get((entity.name, texts), partial(self._measure, entity, *texts))
        variant = Variant(include_binned, with_schema_number)
        statement = self._statement(
            ("aggregate", entity.name, asked.shape, texts),
            partial(self._make.aggregate, entity, asked.node, *parts),
            variant,
            asked,
        )
        return AggregatePlan(statement, *parts, with_schema_number)

    def documents(self, names: Sequence[str], wide: Collection[str]) -> Statement | None:
        """Return the condition that a row of the search index may be found, with its parameters; None where each may.

        Args:
            names: The entities whose rows are asked for.
            wide: Those of them of which many records may be read.
        """
        rules = self.rules
        if rules is None or not any(name in rules.rules for name in names):
            return None
        key = ("documents", tuple(names), frozenset(wide))
        template = self._templates.get(key, partial(self._make.documents, tuple(names), frozenset(wide)))
        return template.statement(rules.values_of(template.ruled), **rules.params)

    def _measure(self, entity: Entity, measures: Sequence[str], group_by: str | Sequence[str] | None) -> _Measured:
        at_entity = partial(self.resolve, entity)
        resolved = read_measures(measures, at_entity)
        return resolved, read_groups(group_by, at_entity, self.dialect), tuple(branches(resolved))

    def _by_ids(
        self,
        entity: Entity,
        ids: Sequence[UUID],
        variant: Variant,
        *,
        whole: bool,
        by: Field | None = None,
        params: Mapping[str, Any] = MappingProxyType({}),
    ) -> list[Statement]:
        make = partial(self._make.ids, entity, variant, whole=whole, by=by)
        id_list = self._id_lists.get((entity.name, variant, whole, by and by.path), make)
        if self.rules is None:
            return id_list.statements(ids, (), **params)
        return id_list.statements(ids, self.rules.values_of(id_list.ruled), **params, **self.rules.params)

    def _order(self, entity: Entity, asked: tuple[OrderKey, ...]) -> Order:
        return self._orders.get((entity.name, asked), partial(self._make.order, entity, asked))

    def _statement(
        self,
        key: tuple[Hashable, ...],
        make: Callable[..., Template],
        variant: Variant,
        asked: _Asked,
        beyond: Sequence[Any] = (),
        params: Mapping[str, Any] = MappingProxyType({}),
    ) -> Statement:
        """Return the statement of what *make* makes of *variant*; *beyond* are values behind those of the filter."""
        found = [*asked.values, *beyond]
        try:
            return self._filled(self._template((*key, variant), partial(make, variant=variant), asked), found, params)
        except UnheldError:
            # Numbers that a field could never hold are compared one by one, which no index helps.
            exact = attrs.evolve(variant, exact=True)
            return self._filled(self._template((*key, exact), partial(make, variant=exact), asked), found, params)

    def _filled(self, template: Template, found: list[Any], params: Mapping[str, Any]) -> Statement:
        if self.rules is None:
            return template.statement(found, **params)
        return template.statement([*found, *self.rules.values_of(template.ruled)], **params, **self.rules.params)

    def _template(self, key: Hashable, make: Callable[[], Template], asked: _Asked) -> Template:
        # A statement with thousands of parameters is too large to keep for the off-chance of meeting it again.
        return make() if asked.count > LARGEST_BUCKET else self._templates.get(key, make)


@attrs.frozen
class _Asked:
    """A filter, taken apart.

    Attributes:
        node: The filter.
        shape: Its structure.
        values: Its values, one tuple per IN.
        count: How many values that is.
    """

    node: Node | None
    shape: Hashable
    values: list[Any]
    count: int

    @classmethod
    def of(cls, where: Where) -> _Asked:
        node = node_of(where)
        if node is None:
            return cls(None, None, [], 0)
        found = values(node)
        count = sum(len(value) if isinstance(value, tuple) else 1 for value in found)
        if count > MAX_VALUES:
            raise QueryError(
                f"where= holds {count} values; at most {MAX_VALUES} are compared at once. Ask in portions, or by a "
                "field that these records have in common.",
                count=count,
            )
        for value in found:
            for each in value if isinstance(value, tuple) else (value,):
                if isinstance(each, (int, Decimal)) and _is_endless(each):
                    raise QueryError(f"where= holds a number of more than {MOST_DIGITS} digits")
        return cls(node, shape(node), found, count)


def _is_endless(number: int | Decimal) -> bool:
    if isinstance(number, Decimal):
        return number.is_finite() and abs(number.adjusted()) > MOST_DIGITS
    return number.bit_length() > MOST_DIGITS * 10 / 3
