"""Operands of a filter as SQL: fields, values, arithmetic and functions, each in the form of its sort.

A number is ``numeric`` on PostgreSQL and the text of a decimal on SQLite, whose own numbers are not exact; money and
quantities are an amount and a unit. An amount that is missing makes the whole missing.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    TIMESTAMP,
    Boolean,
    ColumnElement,
    Date,
    Integer,
    Numeric,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    true,
)

from pycrm.fields.field import Place
from pycrm.query.ast import Operator
from pycrm.query.bound import ArithmeticTerm, CallTerm, ConvertTerm, PathTerm, Slot, Term, ValueTerm
from pycrm.query.exchange import Converter
from pycrm.query.scope import Scope
from pycrm.query.statement import Encode, bind_name
from pycrm.storage.functions import FIRST_DATE, QUOTIENT_PLACES, Function, Sort, bounded_sql, call_key, to_sqlite
from pycrm.storage.types import TEXT, Day, Id, Instant

__all__ = ["Terms"]

_COMPARE: Mapping[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "=": operator.eq,
    "!=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MEASURED = ("money", "quantity")
# More digits than a quotient keeps, so that it is rounded once.
_GUARD_PLACES = 60

AddFill = Callable[..., int]


class Terms:
    """Makes the SQL of operands within one scope.

    Args:
        scope: Where fields are read from.
        fill: Takes a slot and how its parts are encoded, and returns the number of its parameters.
    """

    def __init__(self, scope: Scope, fill: AddFill) -> None:
        self._scope = scope
        self._fill = fill
        self._is_sqlite = scope.dialect.name == "sqlite"

    def compared(self, symbol: Operator, left: Term, right: Term) -> ColumnElement[bool]:
        """Return the SQL of ``left symbol right``."""
        first, second = self.of(left), self.of(right)
        is_number = left.sort in ("number", *_MEASURED)
        found = self._compared(symbol, first[0], second[0]) if is_number else _COMPARE[symbol](first[0], second[0])
        if len(first) == len(second) == 2:
            found = and_(first[1] == second[1], found)
        return found.is_not(true()) if symbol == "!=" else found

    def _compared(self, symbol: Operator, first: Any, second: Any) -> ColumnElement[bool]:
        if self._is_sqlite:
            return _COMPARE[symbol](func.crm_compare(first, second, type_=Integer()), literal_column("0"))
        return _COMPARE[symbol](first, second)

    def of(self, term: Term) -> tuple[Any, ...]:
        """Return the SQL of *term*: one expression, or amount and unit."""
        match term:
            case PathTerm():
                return self._path(term)
            case ValueTerm(slot, sort):
                return self._value(slot, sort)
            case CallTerm(function, arguments):
                inner = [part for argument in arguments for part in self.of(argument)]
                if self._is_sqlite:
                    name: Any = literal_column(f"'{call_key(function)}'")
                    return (func.crm_call(name, *inner, type_=self._type(term.sort)),)
                return (self._brought(function, inner) if function.plugin else function.postgresql(*inner),)
            case ConvertTerm(money, currency, day, base, places):
                amount, unit = self.of(money)
                (wanted,), (by_way_of,), (on,) = self.of(currency), self.of(base), self.of(day)
                return Converter(self._scope, places).amount(amount, unit, wanted, on, by_way_of), wanted
            case ArithmeticTerm():
                return self._arithmetic(term)

    def _brought(self, function: Function, inner: list[Any]) -> Any:
        """Return the SQL of a plugin's function, of the type that it promises, and missing where an argument is."""
        try:
            result = cast(function.postgresql(*inner), self._type(function.gives))
            given = case((and_(true(), *(argument.is_not(None) for argument in inner)), result))
        except Exception as error:
            raise function.failed(f"makes no SQL: {type(error).__name__}: {error}") from error
        return given.collate("C") if function.gives == "text" else given

    @property
    def encode(self) -> Encode:
        """How a value of any sort travels."""
        return to_sqlite if self._is_sqlite else _same

    def _type(self, sort: Sort) -> Any:
        if sort == "text":
            return TEXT
        if self._is_sqlite:
            return Boolean() if sort == "boolean" else Id() if sort == "id" else Text()
        return {"number": Numeric(), "boolean": Boolean(), "date": Day(), "instant": Instant(), "id": Id()}[sort]

    def _path(self, term: PathTerm) -> tuple[Any, ...]:
        parts = self._scope.parts(term.path)
        if term.sort == "number":
            return (self._number(parts[0], term.places),)
        if term.sort in _MEASURED:
            return self._number(parts[0], term.places), parts[1]
        if term.sort == "id":
            return (self._scope.reference(term.path),)
        if term.path.field.place is Place.DOCUMENT and not self._is_sqlite and term.sort in ("date", "instant"):
            return (cast(parts[0], Date() if term.sort == "date" else TIMESTAMP(timezone=True)),)
        return parts

    def _number(self, part: Any, places: int) -> Any:
        if self._is_sqlite:
            return func.crm_number(part, literal_column(str(places)), type_=Text())
        number = cast(part, Numeric())
        return number * literal_column(format(Decimal(1).scaleb(-places), "f"), Numeric()) if places else number

    def _value(self, slot: Slot, sort: Sort) -> tuple[Any, ...]:
        if sort in _MEASURED:
            number = self._fill(slot, self.encode, _same)
            return (
                bindparam(bind_name(number, 0, 0), type_=self._type("number")),
                bindparam(bind_name(number, 0, 1), type_=TEXT),
            )
        number = self._fill(slot, self.encode)
        return (bindparam(bind_name(number, 0, 0), type_=self._type(sort)),)

    # Arithmetic

    def _arithmetic(self, term: ArithmeticTerm) -> tuple[Any, ...]:
        left, right = self.of(term.left), self.of(term.right)
        sign, sorts = term.sign, (term.left.sort, term.right.sort)
        if "date" in sorts:
            return (self._with_days(sign, left[0], right[0], sorts),)
        amount = self._computed(sign, left[0], right[0])
        units = [operand[1] for operand in (left, right) if len(operand) == 2]
        if len(units) == 2:
            amount = case((units[0] == units[1], amount))
        return (amount, units[0]) if term.sort in _MEASURED else (amount,)

    def _computed(self, sign: str, left: Any, right: Any) -> Any:
        if self._is_sqlite:
            return func.crm_arithmetic(literal_column(f"'{sign}'"), left, right, type_=Text())
        match sign:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*":
                return left * right
        quotient = func.round(left, literal_column(str(_GUARD_PLACES)), type_=Numeric()) / func.nullif(
            right, literal_column("0", Numeric()), type_=Numeric()
        )
        return func.round(quotient, literal_column(str(QUOTIENT_PLACES)), type_=Numeric())

    def _with_days(self, sign: str, left: Any, right: Any, sorts: tuple[Sort, Sort]) -> Any:
        if sorts == ("date", "date"):
            if self._is_sqlite:
                return func.crm_days_between(left, right, type_=Text())
            return cast(left.op("-", return_type=Integer())(right), Numeric())
        day, days = (left, right) if sorts[0] == "date" else (right, left)
        if sign == "-":
            days = self._computed("-", literal_column("'0'" if self._is_sqlite else "0", Numeric()), days)
        if self._is_sqlite:
            return func.crm_days_later(day, days, type_=Text())
        # A date beyond what Python can tell is missing. PostgreSQL works out what is constant before it looks at a
        # condition, so that even what is not chosen must be within its limits.
        since_first = cast(day.op("-", return_type=Integer())(FIRST_DATE), Numeric()) + func.trunc(
            days, type_=Numeric()
        )
        first: Any = literal_column("0")
        last: Any = literal_column(str((date.max - date.min).days))
        moved = FIRST_DATE.op("+", return_type=Date())(cast(bounded_sql(since_first, first, last), Integer()))
        return case((and_(since_first >= first, since_first <= last), moved))


def _same(value: Any) -> Any:
    return value
