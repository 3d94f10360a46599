"""A filter made ready to be asked: what depends on the moment or on who asks becomes a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, tzinfo
from typing import Any, Protocol
from uuid import UUID

import attrs

from pycrm.errors import QueryError, nearest
from pycrm.query.ast import (
    CONVERT,
    And,
    Arithmetic,
    Call,
    Compare,
    In,
    IsNull,
    Linked,
    Me,
    My,
    MyTeam,
    Node,
    Not,
    Operand,
    Or,
    Parameter,
    Relative,
)
from pycrm.query.text import OrderKey
from pycrm.storage.functions import FUNCTIONS
from pycrm.values.periods import Period, relative_period

__all__ = ["Asker", "settle", "settle_order"]


class Asker(Protocol):
    """Who asks, and when."""

    @property
    def today(self) -> date:
        """The day where it is asked."""

    @property
    def zone(self) -> tzinfo:
        """The time zone there."""

    @property
    def zone_name(self) -> str:
        """Its IANA name."""

    @property
    def fiscal_start(self) -> int:
        """The month in which the fiscal year begins."""

    @property
    def base_currency(self) -> str:
        """The currency by way of which others convert; an empty text for none."""

    @property
    def me(self) -> UUID:
        """The user who asks; an id that no record has for somebody unknown."""

    @property
    def teams(self) -> Sequence[UUID]:
        """The teams of that user."""

    @property
    def attributes(self) -> Mapping[str, Any]:
        """What the principal brings along."""


def settle(node: Node, asker: Asker, values: Mapping[str, Any] | None = None) -> Node:
    """Return *node* with values in the place of parameters, relative dates, ``ME``, ``MY_TEAM`` and ``MY.…``.

    Args:
        node: A filter.
        asker: Who asks.
        values: The values of its parameters by name; a list where the filter wants one.
    Raises:
        QueryError: A value that is missing or None, that no parameter wants, or an attribute that the principal lacks.
    """
    settler = _Settler(asker, values or {})
    settled = settler.node(node)
    if unused := [name for name in settler.values if name not in settler.used]:
        known = f"{nearest(unused[0], settler.used)}" if settler.used else "; it has no parameters"
        raise QueryError(f"values: the filter has no parameter :{unused[0]}{known}", name=unused[0])
    return settled


def settle_order(keys: Sequence[OrderKey], asker: Asker) -> tuple[OrderKey, ...]:
    """Return *keys* with values in the place of relative dates and of who asks.

    Raises:
        QueryError: A parameter, which an order has none of, or an attribute that the principal lacks.
    """
    settler = _Settler(asker, {})
    return tuple(attrs.evolve(key, operand=settler.operand(key.operand)) for key in keys)


class _Settler:
    def __init__(self, asker: Asker, values: Mapping[str, Any]) -> None:
        self.asker = asker
        self.values = values
        self.used: set[str] = set()

    def node(self, node: Node) -> Node:
        match node:
            case Compare(operator, left, right):
                return self._compare(node, self._operand(left), self._right(operator, right))
            case In(left, listed):
                return self._in(node, self._operand(left), self._list(listed))
            case IsNull(left, negated):
                settled = self._operand(left)
                return node if settled is left else IsNull(settled, negated)
            case Linked(mode, link, condition) if condition is not None:
                inner = self.node(condition)
                return node if inner is condition else Linked(mode, link, inner)
            case Not(item):
                inner = self.node(item)
                return node if inner is item else Not(inner)
            case And(items) | Or(items):
                settled = tuple(map(self.node, items))
                same = all(new is old for new, old in zip(settled, items, strict=True))
                return node if same else type(node)(settled)
            case _:
                return node

    def operand(self, operand: Operand) -> Operand:
        return self._operand(operand)

    def _right(self, operator: str, right: Operand) -> Operand:
        if isinstance(right, tuple):
            # Elsewhere a tuple is one value, of a kind whose values are tuples.
            return self._list(right) if operator in _SEVERAL else right
        return self._operand(right, listed=operator in _LISTED)

    def _compare(self, node: Compare, left: Operand, right: Operand) -> Node:
        if isinstance(right, tuple) and right is not node.right and node.operator in ("=", "!="):
            found = In(left, right)
            return found if node.operator == "=" else Not(found)
        return node if left is node.left and right is node.right else Compare(node.operator, left, right)

    def _in(self, node: In, left: Operand, listed: tuple[Operand, ...]) -> Node:
        if not any(isinstance(value, Period) for value in listed):
            return node if left is node.left and listed is node.values else In(left, listed)
        others = tuple(value for value in listed if not isinstance(value, Period))
        periods = tuple(Compare("=", left, value) for value in listed if isinstance(value, Period))
        return Or((In(left, others), *periods))

    def _list(self, listed: tuple[Operand, ...]) -> tuple[Operand, ...]:
        settled: list[Operand] = []
        for each in listed:
            value = self._operand(each, listed=True)
            settled += value if isinstance(value, tuple) else (value,)
        same = len(settled) == len(listed) and all(new is old for new, old in zip(settled, listed, strict=True))
        return listed if same else tuple(settled)

    def _operand(self, operand: Operand, *, listed: bool = False) -> Operand:
        match operand:
            case Parameter(name):
                return self._given(name, listed=listed)
            case Relative(name, count):
                asker = self.asker
                return relative_period(name, count, asker.today, asker.zone, asker.fiscal_start)
            case Me():
                return self.asker.me
            case MyTeam():
                return tuple(self.asker.teams)
            case My(attribute):
                return self._attribute(attribute)
            case Arithmetic(left=left, right=right):
                return self._arithmetic(operand, self._operand(left), self._operand(right))
            case Call(function, arguments):
                settled = tuple(map(self._operand, arguments))
                if function == CONVERT:
                    return self._convert(settled)
                if (known := FUNCTIONS.get(function)) is not None and known.zoned:
                    settled = (*settled, self.asker.zone_name)
                return Call(function, settled)
            case _:
                return operand

    def _convert(self, arguments: tuple[Operand, ...]) -> Call:
        """Return the conversion with its day, today where it has none, and with the base currency."""
        if len(arguments) == 2:
            arguments = (*arguments, self.asker.today)
        if len(arguments) == 3:
            arguments = (*arguments[:2], _day(arguments[2]), self.asker.base_currency)
        return Call(CONVERT, arguments)

    def _arithmetic(self, operand: Arithmetic, left: Operand, right: Operand) -> Operand:
        if isinstance(left, Period) and type(right) is int and operand.sign in "+-":
            return left.shifted(right if operand.sign == "+" else -right)
        left, right = _day(left), _day(right)
        return (
            operand
            if left is operand.left and right is operand.right
            else attrs.evolve(operand, left=left, right=right)
        )

    def _given(self, name: str, *, listed: bool) -> Operand:
        if name not in self.values:
            raise QueryError(
                f"the filter has a parameter :{name} without a value{nearest(name, self.values)}; "
                f"give values={{'{name}': …}}",
                name=name,
            )
        self.used.add(name)
        value = self.values[name]
        if value is None:
            raise QueryError(f"values: {name}=None; a missing value is asked for with IS NULL", name=name)
        if isinstance(value, Sequence | AbstractSet) and not isinstance(value, str | bytes):
            if not listed:
                raise QueryError(f"values: {name} is a list; compare it with IN :{name}", name=name)
            return tuple(value)
        return value

    def _attribute(self, name: str) -> Operand:
        value = self.asker.attributes.get(name)
        if value is None:
            raise QueryError(
                f"MY.{name}: the principal has no attribute {name!r}{nearest(name, self.asker.attributes)}", name=name
            )
        return (
            tuple(value) if isinstance(value, Sequence | AbstractSet) and not isinstance(value, str | bytes) else value
        )


def _day(operand: Operand) -> Operand:
    """Return the day that a period of one is."""
    return operand.first if isinstance(operand, Period) and operand.first == operand.last else operand


_SEVERAL = frozenset({"under", "has any", "has all"})
_LISTED = _SEVERAL | {"=", "!="}
