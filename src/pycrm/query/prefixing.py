"""A filter asked of what a reference leads to."""

from __future__ import annotations

import attrs

from pycrm.query.ast import And, Arithmetic, Call, Compare, In, IsNull, Linked, Node, Not, Operand, Or, Path

__all__ = ["prefixed"]


def prefixed(node: Node, names: tuple[str, ...]) -> Node:
    """Return *node*, a filter of the records that the reference *names* leads to, as a filter of those that hold it."""
    match node:
        case And(items) | Or(items):
            return type(node)(tuple(prefixed(item, names) for item in items))
        case Not(item):
            return Not(prefixed(item, names))
        case Linked(mode, link, condition):
            return Linked(mode, Path((*names, *link.names)), condition)
        case IsNull(left, negated):
            return IsNull(_operand(left, names), negated)
        case In(left, values):
            return In(_operand(left, names), tuple(_operand(value, names) for value in values))
        case Compare(operator, left, right):
            return Compare(operator, _operand(left, names), _operand(right, names))


def _operand(operand: Operand, names: tuple[str, ...]) -> Operand:
    match operand:
        case Path():
            return Path((*names, *operand.names))
        case Arithmetic(_, left, right):
            return attrs.evolve(operand, left=_operand(left, names), right=_operand(right, names))
        case Call(_, arguments):
            return attrs.evolve(operand, arguments=tuple(_operand(argument, names) for argument in arguments))
        case _:
            return operand
