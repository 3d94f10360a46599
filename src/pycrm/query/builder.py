"""`F`, the way to write a filter in Python: ``(F.amount > 1000) & F["trade.incoterm"].is_not_null()``.

`F` is the empty path; attributes and items lengthen it, arithmetic makes it an expression, comparisons turn it into a
`Condition`. A field whose name is also a method here is reached as ``F["like"]``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from pycrm.errors import QueryError
from pycrm.query.ast import (
    And,
    Arithmetic,
    Call,
    Compare,
    In,
    IsNull,
    Linked,
    Mode,
    Node,
    Not,
    Operand,
    Operator,
    Or,
    Path,
    Sign,
)
from pycrm.query.text import read_path

__all__ = ["Condition", "Expression", "F", "FieldPath", "call", "node_of"]


class Condition:
    """A filter, joined with others by ``&`` and ``|``, and turned into its opposite by ``~``; ``str()`` is its text."""

    __slots__ = ("node",)

    def __init__(self, node: Node) -> None:
        self.node = node

    @classmethod
    def of(cls, where: Condition | Node | str | Mapping[str, Any]) -> Condition:
        """Return the filter that *where* is in any form: text, JSON, or what `F` made.

        Raises:
            QueryError: It cannot be read; `position` says where in the text, `place` where in the data.
        """
        node = node_of(where)
        if node is None:
            raise QueryError("a condition is made of a filter, not of None")
        return cls(node)

    def to_json(self) -> dict[str, Any]:
        """Return it as data for `json.dumps`; ``where=`` takes that again, and so does `of`.

        Raises:
            QueryError: It holds a value that a filter cannot keep, such as one of a type of your own.
        """
        from pycrm.query.json_form import filter_to_json  # only who keeps it needs it

        return filter_to_json(self.node)

    def __and__(self, other: Condition) -> Condition:
        if not isinstance(other, Condition):
            return NotImplemented
        return Condition(And((*_parts(And, self.node), *_parts(And, other.node))))

    def __or__(self, other: Condition) -> Condition:
        if not isinstance(other, Condition):
            return NotImplemented
        return Condition(Or((*_parts(Or, self.node), *_parts(Or, other.node))))

    def __invert__(self) -> Condition:
        return Condition(Not(self.node))

    def __bool__(self) -> NoReturn:
        raise QueryError(
            "a condition is not true or false by itself: join conditions with & and | instead of `and` and `or`, each "
            "in brackets, as in (F.amount > 1000) & (F.amount < 5000), and write no chain like 1 < F.position < 5"
        )

    def __str__(self) -> str:
        from pycrm.query.writing import write_filter  # only who prints needs it

        return write_filter(self.node)

    def __repr__(self) -> str:
        return f"Condition({self.node!r})"


class Expression:
    """Something that a filter compares."""

    __slots__ = ("_operand",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, operand: Operand) -> None:
        self._operand = operand

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

    def __add__(self, value: object) -> Expression:
        return self._computed("+", value)

    def __radd__(self, value: object) -> Expression:
        return self._computed("+", value, turned=True)

    def __sub__(self, value: object) -> Expression:
        return self._computed("-", value)

    def __rsub__(self, value: object) -> Expression:
        return self._computed("-", value, turned=True)

    def __mul__(self, value: object) -> Expression:
        return self._computed("*", value)

    def __rmul__(self, value: object) -> Expression:
        return self._computed("*", value, turned=True)

    def __truediv__(self, value: object) -> Expression:
        return self._computed("/", value)

    def __rtruediv__(self, value: object) -> Expression:
        return self._computed("/", value, turned=True)

    def between(self, low: object, high: object) -> Condition:
        """Return the condition that it lies between *low* and *high*, both counted in."""
        return (self >= low) & (self <= high)

    def contains(self, text: str) -> Condition:
        """Return the condition that *text* occurs in it, without regard to case and to full or half width."""
        return self._compare("contains", text)

    def starts_with(self, text: str) -> Condition:
        """Return the condition that it begins with *text*, without regard to case and to full or half width."""
        return self._compare("starts with", text)

    def like(self, pattern: str) -> Condition:
        """Return the condition that it is like *pattern*, in which ``%`` is any text and ``_`` one character."""
        return self._compare("like", pattern)

    def is_null(self) -> Condition:
        """Return the condition that it has no value."""
        return Condition(IsNull(self._asked()))

    def is_not_null(self) -> Condition:
        """Return the condition that it has a value."""
        return Condition(IsNull(self._asked(), negated=True))

    def __bool__(self) -> NoReturn:
        raise QueryError(f"{self!r} is a field, not true or false: compare it, as in {self!r} == True")

    def __repr__(self) -> str:
        return f"Expression({self._operand!r})"

    def _asked(self) -> Operand:
        return self._operand

    def _compare(self, operator: Operator, value: object) -> Condition:
        self._refuse(value, operator)
        return Condition(Compare(operator, self._asked(), _operand(value)))

    def _computed(self, sign: Sign, value: object, *, turned: bool = False) -> Expression:
        self._refuse(value, sign)
        own, other = self._asked(), _operand(value)
        return Expression(Arithmetic(sign, other, own) if turned else Arithmetic(sign, own, other))

    def _refuse(self, value: object, operator: str) -> None:
        if value is None:
            raise QueryError(f"{self!r} {operator} None: use {self!r}.is_null() or {self!r}.is_not_null()")
        if isinstance(value, Condition):
            raise QueryError(f"{self!r} {operator} {value!r}: a field is compared with a value, not with a condition")


class FieldPath(Expression):
    """A field, named from the entity that is asked for: ``F.account.custom.market``."""

    __slots__ = ("_names",)
    # Without these Python would try F[0], F[1] … for `in` and for loops.
    __iter__ = None
    __contains__ = None

    def __init__(self, names: tuple[str, ...] = ()) -> None:
        super().__init__(Path(names))
        self._names = names

    def __getattr__(self, name: str) -> FieldPath:
        if name.startswith("_"):
            raise AttributeError(name)
        return FieldPath((*self._names, name))

    def __getitem__(self, text: str) -> FieldPath:
        return FieldPath((*self._names, *read_path(text).names))

    def in_(self, values: Iterable[object]) -> Condition:
        """Return the condition that the field has one of *values*; of no values, a condition that is never true."""
        return Condition(In(self._asked(), self._listed(values, "in_")))

    def has(self, value: object) -> Condition:
        """Return the condition that *value* is among those of a field of several."""
        return self._compare("has", value)

    def has_any(self, values: Iterable[object]) -> Condition:
        """Return the condition that one of *values* is among those of the field."""
        return Condition(Compare("has any", self._asked(), self._listed(values, "has_any")))

    def has_all(self, values: Iterable[object]) -> Condition:
        """Return the condition that each of *values* is among those of the field."""
        return Condition(Compare("has all", self._asked(), self._listed(values, "has_all")))

    def under(self, record: object) -> Condition:
        """Return the condition that the reference leads to *record* or to what lies below it in its tree."""
        return self._compare("under", record)

    def any(self, condition: Condition | None = None) -> Condition:
        """Return the condition that one of the records that the link leads to fulfils *condition*."""
        return self._linked("any", condition)

    def all(self, condition: Condition | None = None) -> Condition:
        """Return the condition that all records that the link leads to fulfil *condition*."""
        return self._linked("all", condition)

    def none(self, condition: Condition | None = None) -> Condition:
        """Return the condition that no record that the link leads to fulfils *condition*."""
        return self._linked("none", condition)

    def __repr__(self) -> str:
        return ".".join(("F", *self._names))

    def _asked(self) -> Path:
        if not self._names:
            raise QueryError("F alone names no field: write F.name or F['custom.name']")
        return Path(self._names)

    def _linked(self, mode: Mode, condition: Condition | None) -> Condition:
        if condition is not None and not isinstance(condition, Condition):
            raise QueryError(f"{self!r}.{mode}() takes a condition such as F.qty > 10, not {condition!r}")
        return Condition(Linked(mode, self._asked(), None if condition is None else condition.node))

    def _listed(self, values: Iterable[object], method: str) -> tuple[Any, ...]:
        if isinstance(values, (str, bytes)):
            raise QueryError(f"{method}() takes a list of values, not one text: write {method}([{values!r}])")
        listed = tuple(values)
        for value in listed:
            self._refuse(value, f"{method}()")
            if isinstance(value, Expression):
                raise QueryError(f"{self!r} {method}() {value!r}: a field is compared with a list of values")
        return listed


F = FieldPath()


def call(function: str, *arguments: object) -> Expression:
    """Return what a *function* of the filter language gives: ``call("YEAR", F.close_on) == 2026``."""
    return Expression(Call(function.upper(), tuple(map(_operand, arguments))))


def node_of(where: Condition | Node | str | Mapping[str, Any] | None) -> Node | None:
    """Return the node of a filter in any form that the door takes.

    Raises:
        QueryError: *where* is no filter, or a text or data that cannot be read.
    """
    if isinstance(where, Condition):
        return where.node
    if isinstance(where, str):
        from pycrm.query.reading import read_filter  # the parser is loaded by who uses it

        return read_filter(where)
    if isinstance(where, Mapping):
        from pycrm.query.json_form import filter_from_json  # likewise

        return filter_from_json(where)
    if where is None or isinstance(where, (Compare, In, IsNull, Linked, Not, And, Or)):
        return where
    raise QueryError(f"where= takes a condition such as F.name == 'x', or the text \"name = 'x'\", not {where!r}")


def _operand(value: object) -> Operand:
    return value._asked() if isinstance(value, Expression) else value


def _parts(joined: type[And | Or], node: Node) -> tuple[Node, ...]:
    return node.items if isinstance(node, joined) else (node,)
