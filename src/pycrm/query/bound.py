"""A filter with its meaning on one entity: names are fields, operands have a sort, values have a judge.

Two things are made of it: SQL (`pycrm.query.conditions`) and a function of records in memory
(`pycrm.query.evaluate`). Values are not in it, only places for them, so that all filters of one shape share it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import attrs

from pycrm.fields.field import Field
from pycrm.query.ast import Mode, Operator, Sign
from pycrm.query.paths import ResolvedPath, ToMany
from pycrm.schema import Entity
from pycrm.storage.functions import Function, Sort

__all__ = [
    "AllOf",
    "ArithmeticTerm",
    "Bound",
    "CallTerm",
    "ConvertTerm",
    "FieldTest",
    "HasTest",
    "LinkTest",
    "ListTest",
    "MatchTest",
    "Matching",
    "NullTest",
    "OneOf",
    "Opposite",
    "PathTerm",
    "PeriodTest",
    "Slot",
    "Term",
    "TermTest",
    "UnderTest",
    "ValueTerm",
]

Take: TypeAlias = Callable[[Any], tuple[Any, ...]]
Matching: TypeAlias = Literal["contains", "starts with", "like"]


@attrs.frozen(eq=False)
class Slot:
    """A place for a value of the filter.

    Attributes:
        number: Which of `ast.values`.
        take: From a value to its parts, or to the value of a sort; raises `QueryError`.
        count: Of a list, how many values it has at most, its `bucket`; None for one value.
    """

    number: int
    take: Take
    count: int | None = None


# Operands that have a sort


@attrs.frozen(eq=False)
class PathTerm:
    """A field; of what is a number, or has one as its amount, the *places* behind the point that are stored."""

    path: ResolvedPath
    sort: Sort
    places: int = 0


@attrs.frozen(eq=False)
class ValueTerm:
    """A value of the filter."""

    slot: Slot
    sort: Sort


@attrs.frozen(eq=False)
class ArithmeticTerm:
    """A result of arithmetic; of money and quantities the amounts of one unit are what is computed with."""

    sign: Sign
    left: Term
    right: Term
    sort: Sort


@attrs.frozen(eq=False)
class CallTerm:
    """The result of a function."""

    function: Function
    arguments: tuple[Term, ...]
    sort: Sort


@attrs.frozen(eq=False)
class ConvertTerm:
    """Money in another currency, at the rates of a day.

    Attributes:
        money: What is converted.
        currency: Into which currency.
        day: Whose rates; missing, only money of that currency already has a result.
        base: The currency by way of which others convert, or an empty text.
        places: The digits behind the point that a rate is stored with.
    """

    money: Term
    currency: ValueTerm
    day: Term
    base: ValueTerm
    places: int
    sort: Sort = "money"


Term: TypeAlias = PathTerm | ValueTerm | ArithmeticTerm | CallTerm | ConvertTerm


# Conditions


@attrs.frozen(eq=False)
class FieldTest:
    """A field compared with a value that its kind judged; *zero* is the number 0, in any unit."""

    operator: Operator
    path: ResolvedPath
    slot: Slot
    zero: bool = False


@attrs.frozen(eq=False)
class ListTest:
    """A field that has one of some values."""

    path: ResolvedPath
    slot: Slot


@attrs.frozen(eq=False)
class PeriodTest:
    """A date or an instant compared with a stretch of days; the slot gives its first and its last moment."""

    operator: Operator
    term: Term
    slot: Slot


@attrs.frozen(eq=False)
class NullTest:
    """Something that is missing, or present when *negated*."""

    term: Term | ResolvedPath
    negated: bool


@attrs.frozen(eq=False)
class MatchTest:
    """A text that holds, begins with, or is like another, folded."""

    operator: Matching
    term: Term
    slot: Slot


@attrs.frozen(eq=False)
class HasTest:
    """A field of several values that has one of some values, or *every* one."""

    path: ResolvedPath
    slot: Slot
    every: bool


@attrs.frozen(eq=False)
class UnderTest:
    """A reference into a tree that leads to one of some records or below it; *parent* makes the tree."""

    path: ResolvedPath
    entity: Entity
    parent: Field
    slot: Slot


@attrs.frozen(eq=False)
class TermTest:
    """Two operands compared that have one sort."""

    operator: Operator
    left: Term
    right: Term


@attrs.frozen(eq=False)
class LinkTest:
    """A condition on the records that a link leads to."""

    mode: Mode
    link: ToMany
    condition: Bound | None


@attrs.frozen(eq=False)
class Opposite:
    """The opposite of a condition."""

    item: Bound


@attrs.frozen(eq=False)
class AllOf:
    """All of some conditions."""

    items: tuple[Bound, ...]


@attrs.frozen(eq=False)
class OneOf:
    """One of some conditions."""

    items: tuple[Bound, ...]


Bound: TypeAlias = (
    FieldTest
    | ListTest
    | PeriodTest
    | NullTest
    | MatchTest
    | HasTest
    | UnderTest
    | TermTest
    | LinkTest
    | Opposite
    | AllOf
    | OneOf
)
