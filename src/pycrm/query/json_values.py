"""The values of a filter as data for JSON. What JSON has no type for is a mapping, told by its keys."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID

from pycrm.errors import MoneyError, QuantityError, QueryError
from pycrm.query.ast import Me, My, MyTeam, Operand, Parameter, Relative
from pycrm.query.writing import MAX_DIGITS, instant_text, number_text
from pycrm.values.money import Money
from pycrm.values.periods import COUNTED, RELATIVE
from pycrm.values.quantity import Quantity
from pycrm.values.refs import Ref, reference_slot

__all__ = ["READERS", "is_name", "read_plain", "refusal", "take_list", "take_text", "within", "write_value"]

MAX_TEXT = 20_000

is_name = re.compile(r"[^\W\d]\w*").fullmatch
_number = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII).fullmatch


def write_value(value: Any) -> Any:
    """Return *value* as data.

    Raises:
        QueryError: A filter cannot keep it, such as one of a type of your own.
    """
    match value:
        case bool():
            return value
        case int():
            number_text(value)
            return int(value)
        case float() if math.isfinite(value):
            return value
        case str():
            return str.__str__(value)  # of a text that is also a member of an enumeration, the text
        case Decimal():
            return {"decimal": number_text(value)}
        case Money():
            return {"amount": number_text(value.amount), "currency": value.currency}
        case Quantity():
            return {"amount": number_text(value.amount), "uom": value.uom}
        case datetime():
            return {"instant": instant_text(value)}
        case date():
            return {"date": value.isoformat()}
        case UUID():
            return {"id": str(value)}
    reference = reference_slot(value)
    if isinstance(reference, Ref):
        return {"entity": reference.entity, "id": str(reference.id)}
    raise QueryError(f"{value!r} cannot be kept in a filter; give it as a :parameter", value=value)


def read_plain(data: object, place: str) -> Any:
    """Return the value that stands for itself in JSON, a text, a truth value or a number."""
    match data:
        case bool():
            return data
        case int() if abs(data) < 10**MAX_DIGITS:
            return data
        case float() if math.isfinite(data):
            return data
        case str():
            return take_text(data, place)
    raise refusal(place, "a value or a mapping for one", data)


def _decimal(data: Mapping[Any, Any], place: str) -> Decimal:
    return _digits(data["decimal"], within(place, "decimal"))


def _digits(data: object, place: str) -> Decimal:
    text = take_text(data, place)
    if not _number(text) or len(text.lstrip("-")) > MAX_DIGITS:
        raise refusal(place, f'a number as text with at most {MAX_DIGITS} digits, as in "12.50"', data)
    return Decimal(text)


def _money(data: Mapping[Any, Any], place: str) -> Money:
    amount = _digits(data["amount"], within(place, "amount"))
    try:
        return Money(amount, take_text(data["currency"], within(place, "currency")))
    except MoneyError as error:
        raise _problem(place, str(error)) from error


def _quantity(data: Mapping[Any, Any], place: str) -> Quantity:
    amount = _digits(data["amount"], within(place, "amount"))
    try:
        return Quantity(amount, take_text(data["uom"], within(place, "uom")))
    except QuantityError as error:
        raise _problem(place, str(error)) from error


def _date(data: Mapping[Any, Any], place: str) -> date:
    there = within(place, "date")
    try:
        return date.fromisoformat(take_text(data["date"], there))
    except ValueError:
        raise refusal(there, 'a day, as in "2026-03-01"', data["date"]) from None


def _instant(data: Mapping[Any, Any], place: str) -> datetime:
    there = within(place, "instant")
    try:
        instant = datetime.fromisoformat(take_text(data["instant"], there))
    except ValueError:
        instant = datetime.min
    if instant.tzinfo is None:
        raise refusal(there, 'an instant with its time zone, as in "2026-03-01T08:00+08:00"', data["instant"])
    return instant


def _id(data: Mapping[Any, Any], place: str) -> UUID:
    there = within(place, "id")
    try:
        return UUID(take_text(data["id"], there))
    except ValueError:
        raise refusal(there, "an id, which is a UUID", data["id"]) from None


def _reference(data: Mapping[Any, Any], place: str) -> Ref[Any]:
    entity = data["entity"]
    return Ref(_id(data, place), None if entity is None else take_text(entity, within(place, "entity")))


def _parameter(data: Mapping[Any, Any], place: str) -> Parameter:
    there = within(place, "parameter")
    name = take_text(data["parameter"], there)
    if not is_name(name):
        raise refusal(there, "the name of a parameter, made of letters, digits and underscores", name)
    return Parameter(name)


def _relative(data: Mapping[Any, Any], place: str) -> Relative:
    name, count = data["relative"], data.get("count")
    if name not in (COUNTED if "count" in data else RELATIVE):
        raise refusal(within(place, "relative"), 'the name of a relative date, with a "count" where it wants one', name)
    if "count" in data and (type(count) is not int or not 0 <= count < 10**MAX_DIGITS):
        raise refusal(within(place, "count"), "a whole number", count)
    return Relative(name, count)


def _me(data: Mapping[Any, Any], place: str) -> Me:
    _require_true(data["me"], within(place, "me"))
    return Me()


def _my_team(data: Mapping[Any, Any], place: str) -> MyTeam:
    _require_true(data["my team"], within(place, "my team"))
    return MyTeam()


def _my(data: Mapping[Any, Any], place: str) -> My:
    there = within(place, "my")
    attribute = take_text(data["my"], there)
    if not attribute:
        raise refusal(there, "the name of an attribute", attribute)
    return My(attribute)


READERS: Mapping[frozenset[str], Callable[[Mapping[Any, Any], str], Operand]] = MappingProxyType(
    {
        frozenset({"decimal"}): _decimal,
        frozenset({"amount", "currency"}): _money,
        frozenset({"amount", "uom"}): _quantity,
        frozenset({"date"}): _date,
        frozenset({"instant"}): _instant,
        frozenset({"id"}): _id,
        frozenset({"entity", "id"}): _reference,
        frozenset({"parameter"}): _parameter,
        frozenset({"relative"}): _relative,
        frozenset({"relative", "count"}): _relative,
        frozenset({"me"}): _me,
        frozenset({"my team"}): _my_team,
        frozenset({"my"}): _my,
    }
)
"""How a value is read, by the keys of its mapping; each raises `QueryError`."""


def take_list(data: object, place: str) -> list[Any] | tuple[Any, ...]:
    """Return *data*, which is a list."""
    if not isinstance(data, list | tuple):
        raise refusal(place, "a list", data)
    return data


def take_text(data: object, place: str) -> str:
    """Return *data*, which is a text."""
    if not isinstance(data, str):
        raise refusal(place, "a text", data)
    if len(data) > MAX_TEXT:
        raise _problem(place, f"a text in a filter has at most {MAX_TEXT} characters; give it as a :parameter")
    return data


def _require_true(data: object, place: str) -> None:
    if data is not True:
        raise refusal(place, "true", data)


def within(place: str, key: object) -> str:
    """Return the JSON Pointer of what is under *key* at *place*."""
    step = str(key)[:80].replace("~", "~0").replace("/", "~1")
    return f"{place}/{step}"


def refusal(place: str, expected: str, data: object) -> QueryError:
    """Return the error that *data* at *place* is not what was *expected*."""
    return _problem(place, f"expected {expected}, got {_shown(data)}")


def _problem(place: str, message: str) -> QueryError:
    return QueryError(f"filter{f' at {place}' if place else ''}: {message}", place=place)


def _shown(data: object) -> str:
    """Return a short form of *data*, which may be of any size and depth."""
    match data:
        case Mapping():
            keys = [_shown(key) if isinstance(key, str) else f"a {type(key).__name__}" for key in list(data)[:4]]
            return f"a mapping with {', '.join(keys)}" if data else "an empty mapping"
        case list() | tuple():
            return f"a list of {len(data)}"
        case str():
            return repr(data if len(data) <= 80 else data[:79] + "…")
        case bool() | float() | None:
            return repr(data)
        case int() if abs(data) < 10**MAX_DIGITS:
            return repr(data)
        case _:
            return f"a {type(data).__name__}"
