"""`F`, the way to write a filter in Python: ``(F.amount > 1000) & F["trade.incoterm"].is_not_null()``.

`F` is the empty path; attributes and items lengthen it, comparisons turn it into a `Condition`. A field whose name is
also a method here is reached as ``F["in_"]``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

from pycrm.errors import QueryError
from pycrm.query.ast import And, Compare, In, IsNull, Node, Operator, Path
from pycrm.query.text import read_path

__all__ = ["Condition", "F", "FieldPath", "node_of"]


class Condition:
    """A filter, joined with others by ``&``."""

    __slots__ = ("node",)

    def __init__(self, node: Node) -> None:
        self.node = node

    def __and__(self, other: Condition) -> Condition:
        if not isinstance(other, Condition):
            return NotImplemented
        return Condition(And((*_conjuncts(self.node), *_conjuncts(other.node))))

    def __bool__(self) -> NoReturn:
        raise QueryError(
            "a condition is not true or false by itself: join conditions with & instead of `and`, each in brackets, "
            "as in (F.amount > 1000) & (F.amount < 5000), and write no chain like 1 < F.position < 5"
        )

    def __repr__(self) -> str:
        return f"Condition({self.node!r})"


class FieldPath:
    """A field, named from the entity that is asked for: ``F.account.custom.market``."""

    __slots__ = ("_names",)
    __hash__ = None  # type: ignore[assignment]
    # Without these Python would try F[0], F[1] … for `in` and for loops.
    __iter__ = None
    __contains__ = None

    def __init__(self, names: tuple[str, ...] = ()) -> None:
        self._names = names

    def __getattr__(self, name: str) -> FieldPath:
        if name.startswith("_"):
            raise AttributeError(name)
        return FieldPath((*self._names, name))

    def __getitem__(self, text: str) -> FieldPath:
        return FieldPath((*self._names, *read_path(text).names))

    def __eq__(self, value: object) -> Condition:  # type: ignore[override]
        return self._compare("=", value)

    def __ne__(self, value: object) -> Condition:  # type: ignore[override]
        return self._compare("!=", value)

    def __lt__(self, value: object) -> Condition:
        return self._compare("<", value)

    def __le__(self, value: object) -> Condition:
        return self._compare("<=", value)

    def __gt__(self, value: object) -> Condition:
        return self._compare(">", value)

    def __ge__(self, value: object) -> Condition:
        return self._compare(">=", value)

    def in_(self, values: Iterable[object]) -> Condition:
        """Return the condition that the field has one of *values*; of no values, a condition that is never true."""
        if isinstance(values, (str, bytes)):
            raise QueryError(f"in_() takes a list of values, not one text: write in_([{values!r}])")
        listed = tuple(values)
        for value in listed:
            self._refuse(value, "in_()")
        return Condition(In(self._path(), listed))

    def is_null(self) -> Condition:
        """Return the condition that the field has no value."""
        return Condition(IsNull(self._path()))

    def is_not_null(self) -> Condition:
        """Return the condition that the field has a value."""
        return Condition(IsNull(self._path(), negated=True))

    def __bool__(self) -> NoReturn:
        raise QueryError(f"{self!r} is a field, not true or false: compare it, as in {self!r} == True")

    def __repr__(self) -> str:
        return ".".join(("F", *self._names))

    def _path(self) -> Path:
        if not self._names:
            raise QueryError("F alone names no field: write F.name or F['custom.name']")
        return Path(self._names)

    def _compare(self, operator: Operator, value: object) -> Condition:
        self._refuse(value, operator)
        return Condition(Compare(operator, self._path(), value))

    def _refuse(self, value: object, operator: str) -> None:
        if value is None:
            raise QueryError(f"{self!r} {operator} None: use {self!r}.is_null() or {self!r}.is_not_null()")
        if isinstance(value, (FieldPath, Condition)):
            raise QueryError(f"{self!r} {operator} {value!r}: a field is compared with a value, not with another field")


F = FieldPath()


def node_of(where: Condition | Node | None) -> Node | None:
    """Return the node of a filter in any form that the door takes.

    Raises:
        QueryError: *where* is no filter.
    """
    if isinstance(where, Condition):
        return where.node
    if where is None or isinstance(where, (Compare, In, IsNull, And)):
        return where
    raise QueryError(f"where= takes a condition such as F.name == 'x', not {where!r}")


def _conjuncts(node: Node) -> tuple[Node, ...]:
    return node.items if isinstance(node, And) else (node,)
