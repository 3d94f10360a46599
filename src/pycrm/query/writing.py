"""Filters written as text, so that `read_filter` reads the same filter again."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from pycrm.errors import QueryError
from pycrm.query.ast import (
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
    Path,
    Relative,
)
from pycrm.query.grammar import MAX_DIGITS
from pycrm.values.money import Money
from pycrm.values.periods import RELATIVE
from pycrm.values.quantity import Quantity
from pycrm.values.refs import Ref

__all__ = ["MAX_DIGITS", "instant_text", "number_text", "write_filter", "write_operand"]

# Matched as the grammar matches them: without regard to case, in which a Kelvin sign is a K.
_keyword = re.compile(
    "ALL|AND|ANY|BETWEEN|CONTAINS|FALSE|HAS|IN|IS|LIKE|NONE|NOT|NULL|OR|STARTS|TRUE|UNDER|WITH|ME|MY|MY_TEAM",
    re.IGNORECASE,
).fullmatch
_plain_name = re.compile(r"[^\W\d]\w*").fullmatch
_LOOSE, _JOINED, _TIGHT = range(3)


def write_filter(node: Node) -> str:
    """Return *node* as text. A value of another sort than text can name is written as text, which its kind reads.

    Raises:
        QueryError: It holds a value that no text can say.
    """
    return _node(node, _LOOSE)


def write_operand(operand: Operand) -> str:
    """Return *operand* as text, as a key of an order is written.

    Raises:
        QueryError: It holds a value that no text can say.
    """
    return _operand(operand)


def _node(node: Node, within: int) -> str:
    match node:
        case Or(items) if len(items) > 1:
            text = " OR ".join(_node(item, _JOINED) for item in items)
            return f"({text})" if within > _LOOSE else text
        case And(items) if len(items) > 1:
            text = " AND ".join(_node(item, _TIGHT) for item in items)
            return f"({text})" if within > _JOINED else text
        case Or((item,)) | And((item,)):
            return _node(item, within)
        case And():
            return "1 = 1"
        case Or():
            return "1 = 0"
        case Not(item):
            return _negated(item)
        case Linked(mode, link, condition):
            inner = "" if condition is None else f", {_node(condition, _LOOSE)}"
            return f"{mode.upper()}({_path(link)}{inner})"
        case IsNull(left, negated):
            return f"{_operand(left)} IS {'NOT ' if negated else ''}NULL"
        case In(left, values):
            return f"{_operand(left)} IN {_listed(values)}"
        case Compare(operator, left, right):
            several = operator in ("has any", "has all")
            return f"{_operand(left)} {operator.upper()} {_listed(right) if several else _operand(right)}"


def _negated(item: Node) -> str:
    match item:
        case In(left, values):
            return f"{_operand(left)} NOT IN {_listed(values)}"
        case Compare("like" | "contains" | "starts with" as operator, left, right):
            return f"{_operand(left)} NOT {operator.upper()} {_operand(right)}"
        case _:
            return f"NOT {_node(item, _TIGHT)}"


def _listed(values: tuple[Operand, ...]) -> str:
    match values:
        case (Parameter() | My() | MyTeam() as operand,):
            return _operand(operand)
        case _:
            return f"({', '.join(map(_operand, values))})"


def _operand(operand: Operand, *, inner: bool = False) -> str:
    match operand:
        case Path():
            return _path(operand)
        case Parameter(name):
            return f":{name}"
        case Relative(name, count):
            return name if count is None else f"{name}:{count}"
        case Me():
            return "ME"
        case MyTeam():
            return "MY_TEAM"
        case My(attribute):
            return f"MY.{_name(attribute)}"
        case Arithmetic(sign, left, right):
            text = f"{_operand(left, inner=True)} {sign} {_operand(right, inner=True)}"
            return f"({text})" if inner else text
        case Call(function, arguments):
            name = ".".join(map(_name, function.split(".")))
            return f"{name}({', '.join(map(_operand, arguments))})"
        case tuple():
            return _listed(operand)
        case _:
            return _value(operand)


def _path(path: Path) -> str:
    names = [_name(name) for name in path.names]
    if len(names) == 1 and names[0].upper() in RELATIVE:
        names = [f'"{names[0]}"']
    return ".".join(names)


def _name(name: str) -> str:
    if _plain_name(name) and not _keyword(name):
        return name
    return '"' + name.replace('"', '""') + '"'


def _value(value: Any) -> str:
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | Decimal():
            return number_text(value)
        case float():
            return number_text(Decimal(repr(value)))
        case Money():
            return f"{value.currency} {number_text(value.amount)}"
        case Quantity():
            return f"{number_text(value.amount)} {_text(value.uom)}"
        case datetime():
            return instant_text(value)
        case date():
            return value.isoformat()
        case str():
            return _text(value)
        case Ref():
            return _text(f"{value.entity}:{value.id}" if value.entity else str(value.id))
        case _ if hasattr(value, "id"):
            return _text(str(value.id))
        case tuple() | list() | dict() | None:
            raise QueryError(f"{value!r} cannot be said in the text of a filter; give it as a :parameter", value=value)
        case _:
            return _text(str(value))


def number_text(number: int | Decimal) -> str:
    """Return *number* in digits.

    Raises:
        QueryError: It has more of them than a filter takes, or is none, as infinity is.
    """
    if isinstance(number, Decimal):
        fits = number.is_finite() and abs(number.adjusted()) <= MAX_DIGITS
    else:
        fits = abs(number) < 10**MAX_DIGITS
    text = format(number, "f" if isinstance(number, Decimal) else "d") if fits else ""
    if not text or len(text.lstrip("-")) > MAX_DIGITS:
        raise QueryError(f"a filter takes numbers of at most {MAX_DIGITS} digits; give it as a :parameter")
    return text


def instant_text(instant: datetime) -> str:
    """Return *instant* in ISO 8601 with its offset, or in UTC where that is no whole number of minutes.

    Raises:
        QueryError: It has no time zone.
    """
    offset = instant.utcoffset()
    if offset is None:
        raise QueryError(f"{instant} has no time zone, and so is no instant; give it one", value=instant)
    return (instant.astimezone(UTC) if offset.total_seconds() % 60 else instant).isoformat()


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
