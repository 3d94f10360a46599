"""Operands are given their meaning: what they are computed from, and of which sort they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from pycrm.errors import MoneyError, QueryError, UnknownNameError, nearest
from pycrm.query.ast import (
    CONVERT,
    Arithmetic,
    Call,
    Me,
    My,
    MyTeam,
    Operand,
    Parameter,
    Path,
    Relative,
    is_bare_zero,
    sort_of,
)
from pycrm.query.bound import ArithmeticTerm, CallTerm, ConvertTerm, PathTerm, Slot, Take, Term, ValueTerm
from pycrm.query.exchange import RATES
from pycrm.query.paths import ResolvedPath, resolve
from pycrm.query.sorts import kind_places, kind_sort, take_of
from pycrm.schema import Entity, Schema
from pycrm.storage.functions import FUNCTIONS, Sort
from pycrm.values.money import Money
from pycrm.values.periods import Period

__all__ = ["TermBinder", "is_value", "refuse_unsettled"]

CONVERT_WIDTH = 4  # money, currency, day and base; `settle` adds what is left out
_MEASURED: tuple[Sort, ...] = ("money", "quantity")


class TermBinder:
    """Binds operands in the order of reading, which is that of `ast.values`, and numbers their values.

    Args:
        schema: Resolves the names.
        first_slot: The number of the first value.
    """

    def __init__(self, schema: Schema, first_slot: int = 0) -> None:
        self._schema = schema
        self._slots = first_slot

    def slot(self, take: Take, count: int | None = None) -> Slot:
        """Return the place of the next value, or of a list of *count*."""
        slot = Slot(self._slots, take, count)
        self._slots += 1
        return slot

    def pair(self, entity: Entity, left: Operand, right: Operand) -> tuple[Term, Term]:
        """Return both sides of a comparison; a literal is read as the other side wants it."""
        first = self.term(entity, left, like=self.sort(entity, right))
        second = self.term(entity, right, like=first.sort)
        if first.sort != second.sort and not _is_zero_beside(first, second, left, right):
            raise QueryError(_unlike(first.sort, second.sort))
        return first, second

    def sort(self, entity: Entity, operand: Operand) -> Sort | None:
        """Return the sort of *operand*; None of a value, which is read as the other side wants it."""
        if is_value(operand):
            return None
        return TermBinder(self._schema).term(entity, operand).sort

    def term(self, entity: Entity, operand: Operand, like: Sort | None = None) -> Term:
        """Return what *operand* means on records of *entity*; a text is read as a value of the sort *like*.

        Raises:
            UnknownNameError: A name that leads nowhere; the nearest names are given.
            QueryError: What cannot be computed.
        """
        match operand:
            case Path():
                return self._path_term(resolve(self._schema, entity, operand))
            case Arithmetic(sign, left, right):
                first, second = self.term(entity, left), self.term(entity, right)
                return ArithmeticTerm(sign, first, second, _result(sign, first.sort, second.sort))
            case Call():
                return self._call(entity, operand)
            case _:
                return self._value(operand, like)

    def _path_term(self, path: ResolvedPath) -> Term:
        kind = path.field.kind
        sort = kind_sort(kind)
        if sort is None:
            raise QueryError(f"{path}: a {kind.name} field is compared with values only", path=path.path.text)
        has_places = sort in ("number", *_MEASURED)
        return PathTerm(path, sort, kind_places(kind) if has_places else 0)

    def _call(self, entity: Entity, call: Call) -> Term:
        if call.function == CONVERT:
            return self._convert(entity, call.arguments)
        brought = self._schema.functions
        function = FUNCTIONS.get(call.function) or brought.get(call.function)
        if function is None:
            hint = nearest(call.function, (*FUNCTIONS, CONVERT, *brought))
            raise UnknownNameError(f"there is no function {call.function}(){hint}", name=call.function)
        if function.require is not None:
            function.require()
        takes: tuple[Sort, ...] = (*function.takes, "text") if function.zoned else function.takes
        if len(call.arguments) != len(takes):
            given = len(call.arguments) - function.zoned
            raise QueryError(f"{function.name}() takes {len(function.takes)} values, not {given}")
        arguments = tuple(
            self.term(entity, argument, like=sort) for argument, sort in zip(call.arguments, takes, strict=True)
        )
        for argument, sort in zip(arguments, takes, strict=True):
            if argument.sort != sort:
                hint = "; turn it into a date by DATE(…)" if (argument.sort, sort) == ("instant", "date") else ""
                raise QueryError(f"{function.name}() takes a {sort}, not a {argument.sort}{hint}")
        return CallTerm(function, arguments, function.gives)

    def _convert(self, entity: Entity, arguments: Sequence[Operand]) -> Term:
        rates = self._schema.entities.get(RATES)
        if len(arguments) != CONVERT_WIDTH or rates is None:
            raise QueryError(f"{CONVERT}() takes money, a currency and, for the rates of another day than today, a day")
        money = self.term(entity, arguments[0])
        currency = self._value(arguments[1], "text")
        day = self.term(entity, arguments[2], like="date")
        base = self._value(arguments[3], "text")
        for term, sort in ((money, "money"), (currency, "text"), (day, "date"), (base, "text")):
            if term.sort != sort:
                hint = "; turn it into a date by DATE(…)" if (term.sort, sort) == ("instant", "date") else ""
                raise QueryError(f"{CONVERT}() takes money, a currency and a day, and this is a {term.sort}{hint}")
        places = kind_places(rates.fields["rate"].kind)
        return ConvertTerm(money, _with_take(currency, _currency), day, _with_take(base, _base), places)

    def _value(self, value: Any, like: Sort | None) -> ValueTerm:
        refuse_unsettled(value)
        if isinstance(value, tuple | list | set | frozenset):
            raise QueryError("a list is asked for by IN")
        found = sort_of(value)
        if isinstance(value, Period) or found == "other":
            raise QueryError(f"{value!r} is nothing to compute with", value=value)
        sort: Sort = like if like is not None and found == "text" else found  # type: ignore[assignment]  # see above
        return ValueTerm(self.slot(take_of(sort)), sort)


def _with_take(term: ValueTerm, take: Take) -> ValueTerm:
    return attrs.evolve(term, slot=attrs.evolve(term.slot, take=take))


def _currency(value: Any) -> tuple[str]:
    try:
        return (Money(0, value).currency,)
    except MoneyError as error:
        raise QueryError(f"{CONVERT}(): {error}", value=value) from error


def _base(value: Any) -> tuple[str]:
    return _currency(value) if value else ("",)


def is_value(operand: Operand) -> bool:
    """Return whether *operand* is a value, or a list of values."""
    return not isinstance(operand, Path | Arithmetic | Call)


def refuse_unsettled(value: Any) -> None:
    """Raise `QueryError` if *value* still depends on the moment or on who asks."""
    if isinstance(value, Parameter | Relative | Me | MyTeam | My):
        raise QueryError(f"{value!r} has no value here; settle the filter first, as a door to the data does")


def _is_zero_beside(first: Term, second: Term, left: Operand, right: Operand) -> bool:
    """Return whether money or a quantity is compared with the number 0."""
    return (first.sort in _MEASURED and is_bare_zero(right)) or (second.sort in _MEASURED and is_bare_zero(left))


def _unlike(first: Sort, second: Sort) -> str:
    text = f"a {first} is not compared with a {second}"
    return f"{text}; turn the instant into a date by DATE(…)" if {first, second} == {"date", "instant"} else text


def _result(sign: str, left: Sort, right: Sort) -> Sort:
    """Return the sort of ``left sign right``."""
    match left, sign, right:
        case ("number", _, "number"):
            return "number"
        case ("date", "+" | "-", "number"):
            return "date"
        case ("number", "+", "date"):
            return "date"
        case ("date", "-", "date"):
            return "number"
        case ("money" | "quantity", "+" | "-", _) if left == right:
            return left
        case ("money" | "quantity", "/", _) if left == right:
            return "number"
        case ("money" | "quantity", "*" | "/", "number"):
            return left
        case ("number", "*", "money" | "quantity"):
            return right
    raise QueryError(f"a {left} {sign} a {right} has no meaning")
