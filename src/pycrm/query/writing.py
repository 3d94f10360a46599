"""Filters written as text, so that `read_filter` reads the same filter again."""

from __future__ import annotations

import re
from datetime import date, datetime
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
from pycrm.values.money import Money
from pycrm.values.periods import RELATIVE
from pycrm.values.quantity import Quantity
from pycrm.values.refs import Ref

__all__ = ["write_filter"]

_KEYWORDS = frozenset(
    "ALL AND ANY BETWEEN CONTAINS FALSE HAS IN IS LIKE NONE NOT NULL OR STARTS TRUE UNDER WITH ME MY MY_TEAM".split()
)
_plain_name = re.compile(r"[^\W\d]\w*").fullmatch
_LOOSE, _JOINED, _TIGHT = range(3)


def write_filter(node: Node) -> str:
    """Return *node* as text. A value of another sort than text can name is written as text, which its kind reads.

    Raises:
        QueryError: It holds a value that no text can say.
    """
    return _node(node, _LOOSE)


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
            return f"{function}({', '.join(map(_operand, arguments))})"
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
    if _plain_name(name) and name.upper() not in _KEYWORDS:
        return name
    return '"' + name.replace('"', '""') + '"'


def _value(value: Any) -> str:
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            return str(value)
        case Decimal():
            return format(value, "f")
        case float():
            return format(Decimal(repr(value)), "f")
        case Money():
            return f"{value.currency} {value.amount:f}"
        case Quantity():
            return f"{value.amount:f} {_text(value.uom)}"
        case datetime() | date():
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


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
