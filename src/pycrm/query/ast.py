"""What a filter is once it is read: small immutable nodes, compared and hashed by their structure.

The text form, the Python builder and the JSON form make the same nodes. A node knows nothing of entities, fields or
SQL. Operands are paths, values as they are in Python, and what becomes a value when somebody asks: parameters, relative
dates, who asks. A condition is true or false and never unknown: a comparison with a missing value is false.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, TypeAlias
from uuid import UUID

import attrs

from pycrm.errors import QueryError
from pycrm.values.money import Money
from pycrm.values.periods import Period
from pycrm.values.quantity import Quantity

__all__ = [
    "CONVERT",
    "And",
    "Arithmetic",
    "Call",
    "Compare",
    "In",
    "IsNull",
    "Linked",
    "Me",
    "Mode",
    "My",
    "MyTeam",
    "Node",
    "Not",
    "Operand",
    "Operator",
    "Or",
    "Parameter",
    "Path",
    "Relative",
    "Sign",
    "bucket",
    "children",
    "is_bare_zero",
    "operand_shape",
    "operand_values",
    "operands",
    "shape",
    "values",
]

Operator: TypeAlias = Literal[
    "=", "!=", "<", "<=", ">", ">=", "contains", "starts with", "like", "has", "has any", "has all", "under"
]
Mode: TypeAlias = Literal["any", "all", "none"]
Sign: TypeAlias = Literal["+", "-", "*", "/"]

CONVERT = "CONVERT"
"""The function that crosses currencies; what it needs beyond its arguments comes with `settle`."""

LARGEST_BUCKET = 512
MAX_DEPTH = 40
MAX_LENGTH = 20_000
"""Characters of a filter, an order or another short text."""


@attrs.frozen
class Path:
    """A dotted name: ``("account", "custom", "market")``."""

    names: tuple[str, ...]

    @property
    def text(self) -> str:
        """The path as people write it."""
        return ".".join(self.names)


@attrs.frozen
class Parameter:
    """``:region``, a value that is given with the question."""

    name: str


@attrs.frozen
class Relative:
    """A stretch of days that depends on today: ``THIS_QUARTER``, or ``LAST_N_DAYS:30`` with its *count*."""

    name: str
    count: int | None = None


@attrs.frozen
class Me:
    """``ME``, the user who asks."""


@attrs.frozen
class MyTeam:
    """``MY_TEAM``, every team of the user who asks."""


@attrs.frozen
class My:
    """``MY.region``, an attribute of the principal who asks."""

    attribute: str


@attrs.frozen
class Arithmetic:
    """``amount * 2``; with a missing operand, and for a division by zero, the result is missing."""

    sign: Sign
    left: Operand
    right: Operand
    depth: int = attrs.field(init=False, eq=False, repr=False)

    @depth.default
    def _depth(self) -> int:
        return _deeper((self.left, self.right))


@attrs.frozen
class Call:
    """``YEAR(close_on)``: a function of the language, its name in capitals."""

    function: str
    arguments: tuple[Operand, ...]
    depth: int = attrs.field(init=False, eq=False, repr=False)

    @depth.default
    def _depth(self) -> int:
        return _deeper(self.arguments)


# A value stands for itself: str, bool, int, Decimal, date, datetime, Money, Quantity, UUID, Period; of a relative
# date the period. Whatever a field's kind takes may be given in Python.
Operand: TypeAlias = Any


@attrs.frozen
class Compare:
    """``amount > 1000``. With a missing value every comparison is false but ``!=``, which is true.

    The right side of ``has any``, ``has all`` is a tuple; that of ``under`` may be one.
    """

    operator: Operator
    left: Operand
    right: Operand


@attrs.frozen
class In:
    """``custom.region IN (…)``; with no values it is false."""

    left: Operand
    values: tuple[Operand, ...]


@attrs.frozen
class IsNull:
    """``close_on IS NULL``, or ``IS NOT NULL`` when *negated*."""

    left: Operand
    negated: bool = False


@attrs.frozen
class Linked:
    """``ANY(lines, qty > 10)``: a condition on the records that a to-many *link* leads to.

    Without a condition ``ANY(lines)`` says that there is one, ``NONE(lines)`` that there is none. ``ALL`` is true where
    there is none.
    """

    mode: Mode
    link: Path
    condition: Node | None = None
    depth: int = attrs.field(init=False, eq=False, repr=False)

    @depth.default
    def _depth(self) -> int:
        return _deeper((self.condition,))


@attrs.frozen
class Not:
    """The opposite of *item*."""

    item: Node
    depth: int = attrs.field(init=False, eq=False, repr=False)

    @depth.default
    def _depth(self) -> int:
        return _deeper((self.item,))


@attrs.frozen
class And:
    """All of *items*; with none it is true."""

    items: tuple[Node, ...]
    depth: int = attrs.field(init=False, eq=False, repr=False)

    @depth.default
    def _depth(self) -> int:
        return _deeper(self.items)


@attrs.frozen
class Or:
    """One of *items* at least; with none it is false."""

    items: tuple[Node, ...]
    depth: int = attrs.field(init=False, eq=False, repr=False)

    @depth.default
    def _depth(self) -> int:
        return _deeper(self.items)


Node: TypeAlias = Compare | In | IsNull | Linked | Not | And | Or


def _deeper(inner: tuple[Any, ...]) -> int:
    """Return the depth of what holds *inner*; nothing that walks a filter needs to fear for the stack."""
    depth = 1 + max((getattr(each, "depth", 0) for each in inner), default=0)
    if depth > MAX_DEPTH:
        raise QueryError(f"a filter is nested at most {MAX_DEPTH} deep; write it flatter, with IN or :parameters")
    return depth


def children(node: Node) -> tuple[Node, ...]:
    """Return the conditions that *node* is made of; none for a comparison."""
    match node:
        case And(items) | Or(items):
            return items
        case Not(item):
            return (item,)
        case Linked(condition=Compare() | In() | IsNull() | Linked() | Not() | And() | Or() as condition):
            return (condition,)
        case _:
            return ()


def operands(node: Node) -> tuple[Operand, ...]:
    """Return what *node* itself compares, in the order of reading."""
    match node:
        case Compare(left=left, right=right):
            return (left, right)
        case In(left, listed):
            return (left, *listed)
        case IsNull(left=left):
            return (left,)
        case _:
            return ()


def shape(node: Node | None) -> Hashable:
    """Return the structure of *node* without its values: nodes of one shape share one SQL statement.

    Of an ``IN`` the size of its `bucket` counts, not the number of values. Of a value the sort counts, and whether it
    is a bare zero, because money compares with zero in any currency and with everything else in one; so do quantities.
    """
    match node:
        case Compare(operator, left, right):
            return (operator, operand_shape(left), operand_shape(right))
        case In(left, listed):
            return ("in", operand_shape(left), bucket(len(listed)))
        case IsNull(left, negated):
            return ("is null", operand_shape(left), negated)
        case Linked(mode, link, condition):
            return (mode, link.names, shape(condition))
        case Not(item):
            return ("not", shape(item))
        case And(items):
            return ("and", *map(shape, items))
        case Or(items):
            return ("or", *map(shape, items))
        case None:
            return None


def operand_shape(operand: Operand) -> Hashable:
    """Return the structure of *operand* without its values; see `shape`."""
    match operand:
        case Path(names):
            return names
        case Arithmetic(sign, left, right):
            return (sign, operand_shape(left), operand_shape(right))
        case Call(function, arguments):
            return (function, *map(operand_shape, arguments))
        case tuple():
            return bucket(len(operand))
        case _:
            return "zero" if is_bare_zero(operand) else sort_of(operand)


def sort_of(value: Any) -> str:
    """Return of which sort a literal value is: ``"number"``, ``"text"`` …, or ``"other"``."""
    return _SORTS.get(type(value), "other")


_SORTS = {
    str: "text",
    bool: "boolean",
    int: "number",
    Decimal: "number",
    float: "number",
    date: "date",
    datetime: "instant",
    Money: "money",
    Quantity: "quantity",
    UUID: "id",
    Period: "period",
}


def values(node: Node | None) -> list[Any]:
    """Return the values of *node* in the order of reading: one per operand that is one, one tuple per list."""
    return list(_values(node))


def _values(node: Node | None) -> Iterator[Any]:
    match node:
        case Compare(left=left, right=right):
            yield from _operand_values(left)
            yield from _operand_values(right)
        case In(left, listed):
            yield from _operand_values(left)
            yield listed
        case IsNull(left=left):
            yield from _operand_values(left)
        case None:
            return
        case _:
            for child in children(node):
                yield from _values(child)


def operand_values(operand: Operand) -> list[Any]:
    """Return the values of *operand* in the order of reading."""
    return list(_operand_values(operand))


def _operand_values(operand: Operand) -> Iterator[Any]:
    match operand:
        case Path():
            return
        case Arithmetic(left=left, right=right):
            yield from _operand_values(left)
            yield from _operand_values(right)
        case Call(arguments=arguments):
            for argument in arguments:
                yield from _operand_values(argument)
        case _:
            yield operand


def bucket(count: int) -> int:
    """Return how many places an ``IN`` list of *count* values gets: a power of two to 512, then multiples of 512."""
    if count <= LARGEST_BUCKET:
        return 1 << (count - 1).bit_length() if count else 0
    return -(-count // LARGEST_BUCKET) * LARGEST_BUCKET


def is_bare_zero(value: object) -> bool:
    """Return whether *value* is the number 0 without a currency."""
    return type(value) in (int, Decimal) and not value
