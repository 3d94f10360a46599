"""Values lifted out of a filter's text, so that texts that differ in their values alone are read once.

What is typed into a form changes from request to request while the filter around it stays the same. Reading the text
costs more than all that follows until the database is asked; finding the values in it does not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from pycrm.query.ast import And, Arithmetic, Call, Compare, In, IsNull, Linked, Node, Not, Operand, Or, Parameter

__all__ = ["lift", "put_back"]

_PREFIX = "lifted__"

# Only values that stand alone, between a comparison, a bracket or a comma and the end of what they are compared in:
# anywhere else a number may be part of a date, an amount or a sum. Other strings and quoted names are passed over.
_places = re.compile(
    r"""((?:[=<>(,]|\b(?:LIKE|CONTAINS|WITH|HAS)\b)\s*)
        ('(?:[^']|'')*'|\d{1,18}(?:\.\d{1,18})?)
        (?=\s*(?:[),]|\Z|(?:AND|OR)\b))
      | '(?:[^']|'')*' | "(?:[^"]|"")*" """,
    re.IGNORECASE | re.VERBOSE,
).sub


def lift(text: str) -> tuple[str, list[Any]]:
    """Return *text* with parameters in the place of values, and these values in order.

    Nothing is lifted from a text that uses such parameters itself.
    """
    values: list[Any] = []
    if _PREFIX in text:
        return text, values

    def lifted(found: re.Match[str]) -> str:
        before, literal = found.group(1, 2)
        if literal is None:
            return found.group()
        values.append(_value(literal))
        return f"{before}:{_PREFIX}{len(values) - 1}"

    return _places(lifted, text), values


def _value(literal: str) -> Any:
    if literal[0] == "'":
        return literal[1:-1].replace("''", "'")
    return Decimal(literal) if "." in literal else int(literal)


def put_back(node: Node, values: Sequence[Any]) -> Node:
    """Return what was read of a lifted text with its *values* in their places."""
    match node:
        case Compare(operator, left, right):
            return Compare(operator, _operand(left, values), _operand(right, values))
        case In(left, listed):
            return In(_operand(left, values), tuple(_operand(each, values) for each in listed))
        case IsNull(left, negated):
            return IsNull(_operand(left, values), negated)
        case And(items):
            return And(tuple(put_back(item, values) for item in items))
        case Or(items):
            return Or(tuple(put_back(item, values) for item in items))
        case Not(item):
            return Not(put_back(item, values))
        case Linked(mode, link, condition) if condition is not None:
            return Linked(mode, link, put_back(condition, values))
        case _:
            return node


def _operand(operand: Operand, values: Sequence[Any]) -> Operand:
    match operand:
        case Parameter(name) if name.startswith(_PREFIX):
            return values[int(name.removeprefix(_PREFIX))]
        case Arithmetic(sign, left, right):
            return Arithmetic(sign, _operand(left, values), _operand(right, values))
        case Call(function, arguments):
            return Call(function, tuple(_operand(each, values) for each in arguments))
        case tuple():
            return tuple(_operand(each, values) for each in operand)
        case _:
            return operand
