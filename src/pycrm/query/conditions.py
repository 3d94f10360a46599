"""A filter's nodes as SQL conditions, with the same two-valued meaning on every database.

A condition here is only ever joined by AND, where an unknown and a false comparison select the same rows; so only
``!=`` needs a spelling of its own to be true for a missing value.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, false, or_

from pycrm.errors import QueryError
from pycrm.query.ast import LARGEST_BUCKET, And, Compare, In, IsNull, Node, Path, bucket
from pycrm.query.driver import driver_parts
from pycrm.query.judge import Judge, is_zero_of_any_unit
from pycrm.query.paths import ResolvedPath
from pycrm.query.scope import Scope
from pycrm.query.statement import Fill, bind_name

__all__ = ["Conditions"]

_COMPARE: Mapping[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "=": operator.eq,
    "!=": lambda left, right: left.is_distinct_from(right),
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Conditions:
    """The conditions of one statement.

    Attributes:
        clauses: To be joined by AND.
        fills: How the filter's values become parameters, in the order of `ast.values`.
    """

    def __init__(self, scope: Scope, resolve: Callable[[Path], ResolvedPath]) -> None:
        self.clauses: list[ColumnElement[bool]] = []
        self.fills: list[Fill] = []
        self._scope = scope
        self._resolve = resolve

    def add(self, node: Node) -> None:
        """Add the conditions of *node*.

        Raises:
            QueryError: A comparison that a field's kind does not offer.
            UnknownNameError: A path that leads nowhere.
        """
        match node:
            case And(items):
                for item in items:
                    self.add(item)
            case Compare(path=path):
                self.clauses.append(self._compare(self._resolve(path), node))
            case In(path, values):
                self.clauses.append(self._in(self._resolve(path), len(values)))
            case IsNull(path, negated):
                self.clauses.append(self._is_null(self._resolve(path), negated))

    def _compare(self, path: ResolvedPath, node: Compare) -> ColumnElement[bool]:
        require_operator(path, node.operator)
        zero = is_zero_of_any_unit(path, node.value)
        number = self._add_fill(path, node.operator, bare_zero=zero)
        compare = _COMPARE[node.operator]
        first, *others = self._scope.parts(path)
        main = compare(first, _bind(first, number, 0, 0))
        if zero or not others:
            return main
        # Only amounts of one unit have an order, and all parts must agree for two values to be equal.
        other = _COMPARE["!=" if node.operator == "!=" else "="]
        rest = [other(part, _bind(part, number, 0, at)) for at, part in enumerate(others, start=1)]
        return or_(main, *rest) if node.operator == "!=" else and_(main, *rest)

    def _in(self, path: ResolvedPath, count: int) -> ColumnElement[bool]:
        require_operator(path, "in")
        number = self._add_fill(path, "in", listed=True)
        parts = self._scope.parts(path)
        places = range(bucket(count))
        if not places:
            return false()
        if len(parts) == 1:
            binds = [_bind(parts[0], number, place, 0) for place in places]
            return parts[0] == binds[0] if len(binds) == 1 else parts[0].in_(binds)
        if len(places) > LARGEST_BUCKET:
            raise QueryError(
                f"{path} in: at most {LARGEST_BUCKET} values of kind {path.field.kind.name} are compared at once, "
                f"not {count}; ask in portions",
                path=path.path.text,
            )
        return or_(*(_equal(parts, number, place) for place in places))

    def _is_null(self, path: ResolvedPath, negated: bool) -> ColumnElement[bool]:
        require_operator(path, "is null")
        first = self._scope.parts(path)[0]
        return first.is_not(None) if negated else first.is_(None)

    def _add_fill(self, path: ResolvedPath, operator: str, *, listed: bool = False, bare_zero: bool = False) -> int:
        number = len(self.fills)
        judge = Judge(path, operator, driver_parts(path.field, self._scope.dialect), bare_zero)
        self.fills.append(Fill(number, judge, listed))
        return number


def require_operator(path: ResolvedPath, operator: str) -> None:
    """Raise `QueryError` unless the field's kind offers *operator*."""
    kind = path.field.kind
    if operator not in kind.operators:
        raise QueryError(
            f"{path}: a {kind.name} field is not compared by {operator!r}; "
            f"it offers {', '.join(sorted(kind.operators)) or 'no comparison'}",
            path=path.path.text,
            operator=operator,
        )


def _bind(part: ColumnElement[Any], number: int, position: int, at: int) -> BindParameter[Any]:
    return bindparam(bind_name(number, position, at), type_=part.type)


def _equal(parts: Sequence[ColumnElement[Any]], number: int, position: int) -> ColumnElement[bool]:
    return and_(*(part == _bind(part, number, position, at) for at, part in enumerate(parts)))
