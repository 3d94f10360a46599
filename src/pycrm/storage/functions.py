"""What a filter computes, in SQL and in Python: arithmetic, comparisons of text, and the functions of the language.

PostgreSQL computes by itself. SQLite has neither exact decimals nor Unicode, so its connections get the Python forms as
SQL functions; there a number is the text of a decimal.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import date, datetime, timedelta, tzinfo
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

from sqlalchemy import Date, Integer, Numeric, Text, case, cast, extract, func, literal_column

from pycrm.errors import FunctionFailedError
from pycrm.schema.document import instant_text
from pycrm.schema.functions import Function, Sort
from pycrm.storage.pinyin_sql import name_pinyin_sql, pinyin_sql
from pycrm.storage.types import TEXT
from pycrm.values.exchange import exchanged
from pycrm.values.folding import fold, pattern_matcher
from pycrm.values.pinyin import require_readings, to_name_pinyin, to_pinyin
from pycrm.values.wall_clock import read_zone

__all__ = [
    "FIRST_DATE",
    "FUNCTIONS",
    "NUMBER_COLLATION",
    "QUOTIENT_PLACES",
    "Function",
    "Sort",
    "add_functions",
    "bounded_sql",
    "call_key",
    "computed",
    "days_between",
    "days_later",
    "folded_sql",
    "from_sqlite",
    "take_failure",
    "to_sqlite",
]

QUOTIENT_PLACES = 12
# Nothing that fits into a filter has as many digits, so sums and products are exact.
_EXACT = Context(prec=10_000, rounding=ROUND_HALF_UP)
NUMBER_COLLATION = "crm_number"
"""By which SQLite orders the texts of decimals."""

FIRST_DATE: Any = literal_column("DATE '0001-01-01'")
LAST_DATE: Any = literal_column("DATE '9999-12-31'")


# Arithmetic


def computed(sign: str, left: Decimal, right: Decimal) -> Decimal | None:
    """Return ``left sign right``; a quotient with 12 places, half away from zero, and None for a division by zero."""
    match sign:
        case "+":
            return _EXACT.add(left, right)
        case "-":
            return _EXACT.subtract(left, right)
        case "*":
            return _EXACT.multiply(left, right)
        case _ if not right:
            return None
        case _:
            return _quotient(left, right)


def _quotient(left: Decimal, right: Decimal) -> Decimal:
    """Return ``left / right`` with 12 places; of two that are equally near, the one away from zero."""
    (over, under), (times, by) = left.as_integer_ratio(), right.as_integer_ratio()
    dividend, divisor = over * by * 10**QUOTIENT_PLACES, under * times
    whole, rest = divmod(abs(dividend), abs(divisor))
    rounded = whole + (2 * rest >= abs(divisor))
    return Decimal(rounded if (dividend < 0) is (divisor < 0) else -rounded).scaleb(-QUOTIENT_PLACES, _EXACT)


def days_later(day: date, days: Decimal) -> date | None:
    """Return the day so many whole *days* later; None outside the years 1 to 9999."""
    try:
        return day + timedelta(days=int(days))
    except OverflowError:
        return None


def days_between(day: date, other: date) -> Decimal:
    """Return how many days *day* is after *other*."""
    return Decimal((day - other).days)


# The functions of the language


def _date_in(instant: datetime, zone: str) -> date:
    try:
        return instant.astimezone(_zone(zone)).date()
    except OverflowError:
        return date.min if instant.year == 1 else date.max


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo:
    return read_zone(name)


def _date_in_sql(instant: Any, zone: Any) -> Any:
    return bounded_sql(cast(func.timezone(zone, instant), Date()), FIRST_DATE, LAST_DATE)


def bounded_sql(value: Any, least: Any, most: Any) -> Any:
    """Return PostgreSQL's *value*, or the bound that it passes; missing stays missing, which LEAST would skip."""
    return case((value < least, least), (value > most, most), else_=value)


def _rounded(number: Decimal, places: Decimal) -> Decimal:
    digits = max(-100, min(100, int(places.to_integral_value(ROUND_DOWN))))
    return number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _EXACT)


def _rounded_sql(number: Any, places: Any) -> Any:
    digits = bounded_sql(func.trunc(places), literal_column("-100"), literal_column("100"))
    return func.round(number, cast(digits, Integer()), type_=Numeric())


def _part_of_date(name: str, part: str, python: Callable[[date], int]) -> Function:
    return Function(
        name,
        ("date",),
        "number",
        lambda day: Decimal(python(day)),
        lambda day: cast(extract(part, day), Numeric()),
    )


def _icu(text: Any) -> Any:
    # An expression takes one collation; that of a text out of a document is inside the cast.
    return cast(text, Text()).collate("und-x-icu")


def folded_sql(text: Any) -> Any:
    """Return the SQL of `fold` on PostgreSQL."""
    return func.lower(_icu(func.normalize(text, literal_column("NFKC"))), type_=TEXT).collate("C")


def _functions() -> list[Function]:
    return [
        Function("ABS", ("number",), "number", Decimal.copy_abs, lambda number: func.abs(number, type_=Numeric())),
        Function("ROUND", ("number", "number"), "number", _rounded, _rounded_sql),
        Function(
            "LENGTH",
            ("text",),
            "number",
            lambda text: Decimal(len(text)),
            lambda text: cast(func.char_length(text), Numeric()),
        ),
        Function(
            "LOWER",
            ("text",),
            "text",
            str.lower,
            lambda text: func.lower(_icu(text), type_=TEXT).collate("C"),
        ),
        Function("FOLD", ("text",), "text", fold, folded_sql),
        Function(
            "PINYIN", ("text",), "text", to_pinyin, lambda text: pinyin_sql(folded_sql(text)), require=require_readings
        ),
        Function(
            "PINYIN_NAME",
            ("text",),
            "text",
            to_name_pinyin,
            lambda name: name_pinyin_sql(folded_sql(name)),
            require=require_readings,
        ),
        Function("DATE", ("instant",), "date", _date_in, _date_in_sql, zoned=True),
        _part_of_date("YEAR", "year", lambda day: day.year),
        _part_of_date("QUARTER", "quarter", lambda day: (day.month + 2) // 3),
        _part_of_date("MONTH", "month", lambda day: day.month),
        _part_of_date("DAY", "day", lambda day: day.day),
        _part_of_date("WEEKDAY", "isodow", date.isoweekday),
    ]


FUNCTIONS: Mapping[str, Function] = MappingProxyType({each.name: each for each in _functions()})
"""The functions of the filter language by name."""


_brought: WeakValueDictionary[str, Function] = WeakValueDictionary()
_failures: ContextVar[Exception | None] = ContextVar("_failures", default=None)


def call_key(function: Function) -> str:
    """Return the name by which SQLite calls *function*; connections are shared by CRMs with different plugins."""
    if function.plugin:
        _brought[function.key] = function
    return function.key


def take_failure() -> Exception | None:
    """Return, once, the error of the function by which the last statement failed; SQLite tells only of a failure."""
    failure = _failures.get()
    _failures.set(None)
    return failure


# How SQLite gets them


def to_sqlite(value: Any) -> Any:
    """Return a computed *value* as SQLite has it."""
    match value:
        case None:
            return None
        case Decimal():
            return format(value, "f")
        case datetime():
            return instant_text(value)
        case date():
            return value.isoformat()
        case bool():
            return int(value)
        case UUID():
            return value.bytes
        case _:
            return value


def from_sqlite(sort: Sort, value: Any) -> Any:
    """Return the value that SQLite's *value* is; the inverse of `to_sqlite`, None stays None."""
    if value is None:
        return None
    match sort:
        case "number":
            return Decimal(value)
        case "date":
            return date.fromisoformat(value)
        case "instant":
            return datetime.fromisoformat(value)
        case "boolean":
            return bool(value)
        case "id":
            return UUID(bytes=value)
        case _:
            return value


def add_functions(driver: sqlite3.Connection) -> None:
    """Give *driver* what the SQL of computing conditions calls."""
    for name, count, function in (
        ("crm_number", 2, _number),
        ("crm_arithmetic", 3, _arithmetic),
        ("crm_compare", 2, _compare),
        ("crm_days_later", 2, _days_later),
        ("crm_days_between", 2, _days_between),
        ("crm_contains", 2, _contains),
        ("crm_starts_with", 2, _starts_with),
        ("crm_like", 2, _like),
        ("crm_exchanged", 5, _exchanged),
        ("crm_call", -1, _call),
    ):
        driver.create_function(name, count, function, deterministic=True)
    driver.create_collation(NUMBER_COLLATION, _compare_digits)


def _number(scaled: int | None, places: int) -> str | None:
    return None if scaled is None else format(Decimal(scaled).scaleb(-places, _EXACT), "f")


def _arithmetic(sign: str, left: str | None, right: str | None) -> str | None:
    if left is None or right is None:
        return None
    result: str | None = to_sqlite(computed(sign, Decimal(left), Decimal(right)))
    return result


def _compare(left: str | None, right: str | None) -> int | None:
    if left is None or right is None:
        return None
    return int(_EXACT.compare(Decimal(left), Decimal(right)))


def _compare_digits(left: str, right: str) -> int:
    return int(_EXACT.compare(Decimal(left), Decimal(right)))


def _days_later(day: str | None, days: str | None) -> str | None:
    if day is None or days is None:
        return None
    result: str | None = to_sqlite(days_later(date.fromisoformat(day), Decimal(days)))
    return result


def _days_between(day: str | None, other: str | None) -> str | None:
    if day is None or other is None:
        return None
    return format(days_between(date.fromisoformat(day), date.fromisoformat(other)), "f")


def _exchanged(amount: str | None, *factors: str | None) -> str | None:
    """Return the amount converted at one rate or two, each as what to multiply and what to divide by."""
    if amount is None or None in factors:
        return None
    up, down, second_up, second_down = (Decimal(each) for each in factors if each is not None)
    return format(exchanged(Decimal(amount), _EXACT.multiply(up, second_up), _EXACT.multiply(down, second_down)), "f")


def _contains(text: str | None, folded: str) -> bool | None:
    return None if text is None else folded in fold(text)


def _starts_with(text: str | None, folded: str) -> bool | None:
    return None if text is None else fold(text).startswith(folded)


def _like(text: str | None, folded: str) -> bool | None:
    return None if text is None else pattern_matcher(folded)(fold(text))


def _call(key: str, *arguments: Any) -> Any:
    if None in arguments:
        return None
    function = FUNCTIONS.get(key) or _brought[key]
    takes = (*function.takes, "text") if function.zoned else function.takes
    values = (from_sqlite(sort, value) for sort, value in zip(takes, arguments, strict=True))
    try:
        return to_sqlite(function.call(*values))
    except FunctionFailedError as error:
        _failures.set(error)
        raise
