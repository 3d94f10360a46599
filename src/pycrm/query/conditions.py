"""The conditions of a filter as SQL, with the same two-valued meaning on every database.

A comparison with a missing value is unknown to a database, and selects nothing, like a false one. Where that would
make a difference, under NOT and for ``!=``, the condition is asked whether it ``IS NOT TRUE``.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy import cast as sql_cast

from pycrm.errors import QueryError
from pycrm.fields.field import Field
from pycrm.fields.kind import PartType
from pycrm.fields.references import AnyRefKind, AnyRefsKind, LinkKind
from pycrm.query.ast import LARGEST_BUCKET
from pycrm.query.bound import (
    AllOf,
    Bound,
    FieldTest,
    HasTest,
    LinkTest,
    ListTest,
    MatchTest,
    NullTest,
    OneOf,
    Opposite,
    PathTerm,
    PeriodTest,
    Slot,
    TermTest,
    UnderTest,
)
from pycrm.query.driver import driver_parts
from pycrm.query.paths import ResolvedPath, ToMany
from pycrm.query.scope import Scope
from pycrm.query.statement import Encode, Fill, bind_name
from pycrm.query.terms import Terms
from pycrm.schema import Entity
from pycrm.storage.codecs import CODECS, json_text
from pycrm.storage.field_sql import reference_sql
from pycrm.storage.functions import folded_sql
from pycrm.storage.links import link_name
from pycrm.storage.types import TEXT, Document, Id

__all__ = ["Conditions"]

_COMPARE: Mapping[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "=": operator.eq,
    "!=": lambda left, right: left.is_distinct_from(right),
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

_ONE: ColumnElement[int] = literal_column("1", Integer())


class Conditions:
    """The conditions of one statement.

    Attributes:
        fills: How the filter's values become parameters, in the order of `ast.values`.
    """

    def __init__(self) -> None:
        self._fills: dict[int, Fill] = {}

    @property
    def fills(self) -> tuple[Fill, ...]:
        return tuple(self._fills[number] for number in sorted(self._fills))

    def clauses(self, scope: Scope, bound: Bound) -> list[ColumnElement[bool]]:
        """Return the conditions of *bound* on the rows of *scope*, to be joined by AND."""
        items = bound.items if isinstance(bound, AllOf) else (bound,)
        return [self._clause(scope, item) for item in items]

    def _clause(self, scope: Scope, bound: Bound) -> ColumnElement[bool]:
        match bound:
            case FieldTest():
                return self._field(scope, bound)
            case ListTest():
                return self._one_of(scope, bound)
            case AllOf(items):
                return and_(true(), *(self._clause(scope, item) for item in items))
            case OneOf(items):
                return or_(false(), *(self._clause(scope, item) for item in items))
            case Opposite(item):
                return _is_not_true(self._clause(scope, item))
            case NullTest(term, negated):
                first = scope.parts(term)[0] if isinstance(term, ResolvedPath) else self._terms(scope).of(term)[0]
                return first.is_not(None) if negated else first.is_(None)
            case PeriodTest():
                return self._period(scope, bound)
            case MatchTest():
                return self._match(scope, bound)
            case HasTest():
                return self._has(scope, bound)
            case UnderTest():
                return self._under(scope, bound)
            case TermTest(symbol, left, right):
                return self._terms(scope).compared(symbol, left, right)
            case LinkTest():
                return self._link(scope, bound)

    def _terms(self, scope: Scope) -> Terms:
        return Terms(scope, self.fill)

    def fill(self, slot: Slot, *encode: Encode) -> int:
        """Take how *slot* is encoded, and return the number of its parameters."""
        self._fills[slot.number] = Fill(slot, encode)
        return slot.number

    def _fill_whole(self, scope: Scope, slot: Slot) -> BindParameter[Any]:
        """Give *slot*, a list of texts, one parameter: JSON on SQLite, an array on PostgreSQL."""
        is_sqlite = scope.dialect.name == "sqlite"
        self._fills[slot.number] = Fill(slot, (), json_text if is_sqlite else list)
        return bindparam(bind_name(slot.number, 0, 0), type_=Text() if is_sqlite else ARRAY(Text()))

    # A field and values that its kind judges

    def _field(self, scope: Scope, test: FieldTest) -> ColumnElement[bool]:
        number = self.fill(test.slot, *_encoders(scope, test.path))
        compare = _COMPARE[test.operator]
        first, *others = scope.parts(test.path)
        main = compare(first, _bind(first, number, 0, 0))
        if test.zero or not others:
            return main
        # Only amounts of one unit have an order, and all parts must agree for two values to be equal.
        other = _COMPARE["!=" if test.operator == "!=" else "="]
        rest = [other(part, _bind(part, number, 0, at)) for at, part in enumerate(others, start=1)]
        return or_(main, *rest) if test.operator == "!=" else and_(main, *rest)

    def _one_of(self, scope: Scope, test: ListTest) -> ColumnElement[bool]:
        number = self.fill(test.slot, *_encoders(scope, test.path))
        parts = scope.parts(test.path)
        places = range(test.slot.count or 0)
        if not places:
            return false()
        if len(parts) == 1:
            binds = [_bind(parts[0], number, place, 0) for place in places]
            return parts[0] == binds[0] if len(binds) == 1 else parts[0].in_(binds)
        if len(places) > LARGEST_BUCKET:
            raise QueryError(
                f"{test.path} in: at most {LARGEST_BUCKET} values of kind {test.path.field.kind.name} are compared at "
                "once; ask in portions",
                path=test.path.path.text,
            )
        return or_(*(_equal(parts, number, place) for place in places))

    def _period(self, scope: Scope, test: PeriodTest) -> ColumnElement[bool]:
        if isinstance(test.term, PathTerm):
            (part,) = scope.parts(test.term.path)
            (encode,) = _encoders(scope, test.term.path)
        else:
            terms = self._terms(scope)
            (part,) = terms.of(test.term)
            encode = terms.encode
        number = self.fill(test.slot, encode, encode)
        first, last = _bind(part, number, 0, 0), _bind(part, number, 0, 1)
        match test.operator:
            case "<":
                return part < first
            case ">=":
                return part >= first
            case "<=":
                return part <= last
            case ">":
                return part > last
            case "!=":
                return _is_not_true(and_(part >= first, part <= last))
            case _:
                return and_(part >= first, part <= last)

    # Texts

    def _match(self, scope: Scope, test: MatchTest) -> ColumnElement[bool]:
        (text,) = self._terms(scope).of(test.term)
        number = self.fill(test.slot, _same)
        searched: Any = bindparam(bind_name(number, 0, 0), type_=TEXT)
        if scope.dialect.name == "sqlite":
            name = {"contains": "crm_contains", "starts with": "crm_starts_with", "like": "crm_like"}[test.operator]
            matched: ColumnElement[bool] = getattr(func, name)(text, searched) == _ONE
            return matched
        folded = folded_sql(text)
        match test.operator:
            case "contains":
                return func.strpos(folded, searched) > literal_column("0")
            case "starts with":
                return func.starts_with(folded, searched).is_(true())
            case "like":
                # A backslash escapes wildcards anyway; said, SQLAlchemy 2.0 would double it.
                condition: ColumnElement[bool] = folded.like(searched)
                return condition

    # Several values

    def _has(self, scope: Scope, test: HasTest) -> ColumnElement[bool]:
        if isinstance(test.path.field.kind, LinkKind):
            return self._has_link(scope, test)
        values = self._fill_whole(scope, test.slot)
        (part,) = scope.parts(test.path)
        if scope.dialect.name == "postgresql":
            symbol = "?&" if test.every else "?|"
            return sql_cast(part, Document()).op(symbol, is_comparison=True)(values)
        own = func.json_each(part).table_valued("value", name="own")
        wanted = func.json_each(values).table_valued("value", name="wanted")
        if not test.every:
            return exists(select(_ONE).select_from(own).join(wanted, own.c.value == wanted.c.value))
        missing = select(_ONE).select_from(wanted).where(wanted.c.value.not_in(select(own.c.value)))
        return and_(part.is_not(None), ~exists(missing))

    def _has_link(self, scope: Scope, test: HasTest) -> ColumnElement[bool]:
        encode = _id_encoder(scope)
        number = self.fill(test.slot, encode)
        count = 1 if test.slot.count is None else test.slot.count
        binds = [bindparam(bind_name(number, place, 0), type_=Id()) for place in range(count)]
        if not binds:
            return false()
        groups = [[bind] for bind in binds] if test.every else [binds]
        table = scope.table(test.path.hops)
        return and_(*(self._linked_to(scope, table, test.path, group) for group in groups))

    def _linked_to(
        self, scope: Scope, table: Any, path: ResolvedPath, binds: Sequence[BindParameter[Any]]
    ) -> ColumnElement[bool]:
        link = scope.tables.link.alias()
        chosen = select(_ONE).select_from(link).where(link.c.source_id == table.c.id)
        return exists(
            chosen.where(_is_of_field(link, path.entity, path.field), link.c.target_id.in_(binds)).correlate(table)
        )

    # Trees

    def _under(self, scope: Scope, test: UnderTest) -> ColumnElement[bool]:
        number = self.fill(test.slot, _id_encoder(scope))
        count = 1 if test.slot.count is None else test.slot.count
        if not count:
            return false()
        binds = [bindparam(bind_name(number, place, 0), type_=Id()) for place in range(count)]
        # A branch ends where a record may not be read.
        top, child = scope.within(test.entity), scope.within(test.entity)
        chosen, below = top.readable(), child.readable()
        found = (
            select(top.root.c.id.label("id"))
            .select_from(top.source)
            .where(top.root.c.id.in_(binds), *chosen)
            .cte(recursive=True)
        )
        parent = reference_sql(child.root, test.parent, scope.dialect.name)
        found = found.union(
            select(child.root.c.id).select_from(child.source).where(*below).join(found, parent == found.c.id)
        )
        return scope.reference(test.path).in_(select(found.c.id))

    # To-many links

    def _link(self, scope: Scope, test: LinkTest) -> ColumnElement[bool]:
        source = scope.table(test.link.hops)
        if test.link.target is None:
            chosen, inner = self._any_targets(scope, source, test.link), None
        else:
            inner = scope.within(test.link.target)
            chosen = self._related(scope, source, inner, test.link).where(*inner.readable())
        conditions = []
        if test.condition is not None and inner is not None:
            conditions = self.clauses(inner, test.condition)
            if test.mode == "all":
                conditions = [_is_not_true(and_(*conditions))]
        elif test.mode == "all":
            return true()
        if inner is not None:
            chosen = chosen.select_from(inner.source)
        found = exists(chosen.where(*conditions).correlate(source))
        return found if test.mode == "any" else ~found

    def _related(self, scope: Scope, source: Any, inner: Scope, link: ToMany) -> Select[Any]:
        child = inner.root
        chosen = select(_ONE).where(child.c.deleted_at.is_(None))
        if not link.is_back:
            between = scope.tables.link.alias()
            # The link is where the way begins, so it is what is joined to.
            inner.source = inner.source.join(between, between.c.target_id == child.c.id)
            return chosen.where(between.c.source_id == source.c.id, _is_of_field(between, link.source, link.field))
        reference = reference_sql(child, link.field, scope.dialect.name)
        chosen = chosen.where(reference == source.c.id)
        if isinstance(link.field.kind, AnyRefKind):
            entity = ResolvedPath(link.path, (), link.target or link.source, link.field)
            chosen = chosen.where(inner.parts(entity)[1] == _literal(link.source.name))
        return chosen

    def _any_targets(self, scope: Scope, source: Any, link: ToMany) -> Select[Any]:
        between = scope.tables.link.alias()
        return (
            select(_ONE)
            .select_from(between)
            .where(between.c.source_id == source.c.id, _is_of_field(between, link.source, link.field))
        )


def _is_not_true(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return condition.is_not(true())


def _encoders(scope: Scope, path: ResolvedPath) -> tuple[Encode, ...]:
    return tuple(part.encode for part in driver_parts(path.field, scope.dialect))


def _bind(part: ColumnElement[Any], number: int, position: int, at: int) -> BindParameter[Any]:
    return bindparam(bind_name(number, position, at), type_=part.type)


def _equal(parts: Sequence[ColumnElement[Any]], number: int, position: int) -> ColumnElement[bool]:
    return and_(*(part == _bind(part, number, position, at) for at, part in enumerate(parts)))


def _id_encoder(scope: Scope) -> Encode:
    return CODECS[scope.dialect.name].encode(PartType.ID) or _same


def _is_of_field(link: Any, entity: Entity, field: Field) -> ColumnElement[bool]:
    """Return the condition that a row of the link table belongs to *field*, wherever it leads."""
    name = link_name(entity, field)
    if not isinstance(field.kind, AnyRefsKind):
        same: ColumnElement[bool] = link.c.field == _literal(name)
        return same
    # The name goes on with a colon and the entity of the target; a semicolon is the next character.
    return and_(link.c.field >= _literal(f"{name}:"), link.c.field < _literal(f"{name};"))


def _literal(name: str) -> ColumnElement[str]:
    return literal_column("'" + name.replace("'", "''") + "'", TEXT)


def _same(value: Any) -> Any:
    return value
