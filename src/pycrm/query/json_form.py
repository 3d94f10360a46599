"""Filters as data for JSON, so that a program builds, keeps and sends them: each node is a mapping.

A condition is ``{"and": […]}``, ``{"or": […]}``, ``{"not": …}``, ``{"any": "lines", "where": …}`` (or ``all``,
``none``), ``{"is null": …}``, ``{"is not null": …}``, or an operator with what it compares:
``{">": [{"path": "amount"}, {"amount": "1000", "currency": "USD"}]}``. Texts, truth values and whole numbers stand for
themselves; what JSON has no type for is a mapping, with the keys that exported records have too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, cast, get_args

from pycrm.errors import QueryError
from pycrm.query.ast import (
    MAX_DEPTH,
    And,
    Arithmetic,
    Call,
    Compare,
    In,
    IsNull,
    Linked,
    Me,
    Mode,
    My,
    MyTeam,
    Node,
    Not,
    Operand,
    Operator,
    Or,
    Parameter,
    Path,
    Relative,
    Sign,
)
from pycrm.query.json_values import READERS, is_name, read_plain, refusal, take_list, take_text, within, write_value

__all__ = ["filter_from_json", "filter_to_json"]

Data: TypeAlias = dict[str, Any]

MAX_PARTS = 25_000

_OPERATORS: tuple[str, ...] = get_args(Operator)
_MODES: tuple[str, ...] = get_args(Mode)
_SIGNS: tuple[str, ...] = get_args(Sign)
_SEVERAL = ("has any", "has all")


def filter_to_json(node: Node) -> Data:
    """Return *node* as data for `json.dumps`, from which `filter_from_json` makes the same node again.

    Raises:
        QueryError: It holds a value that a filter cannot keep, such as one of a type of your own.
    """
    match node:
        case And(items):
            return {"and": [filter_to_json(item) for item in items]}
        case Or(items):
            return {"or": [filter_to_json(item) for item in items]}
        case Not(item):
            return {"not": filter_to_json(item)}
        case Linked(mode, link, condition):
            return {mode: _path(link)} | ({} if condition is None else {"where": filter_to_json(condition)})
        case IsNull(left, negated):
            return {"is not null" if negated else "is null": _operand(left)}
        case In(left, values):
            return {"in": [_operand(left), [_operand(value) for value in values]]}
        case Compare(operator, left, right):
            return {operator: [_operand(left), _right(right)]}


def _right(right: Operand) -> Any:
    return [_operand(value) for value in right] if isinstance(right, tuple) else _operand(right)


def _path(path: Path) -> str | list[str]:
    return path.text if all(map(is_name, path.names)) else list(path.names)


def _operand(operand: Operand) -> Any:
    match operand:
        case Path():
            return {"path": _path(operand)}
        case Parameter(name):
            return {"parameter": name}
        case Relative(name, count):
            return {"relative": name} if count is None else {"relative": name, "count": count}
        case Me():
            return {"me": True}
        case MyTeam():
            return {"my team": True}
        case My(attribute):
            return {"my": attribute}
        case Arithmetic(sign, left, right):
            return {sign: [_operand(left), _operand(right)]}
        case Call(function, arguments):
            return {"call": function, "with": [_operand(argument) for argument in arguments]}
        case _:
            return write_value(operand)


def filter_from_json(data: object) -> Node:
    """Return the filter that *data* says, as `json.loads` gives it.

    Raises:
        QueryError: It is no filter; `place` is the JSON Pointer (RFC 6901) of what is wrong.
    """
    return _Reader().condition(data, "", 0)


class _Reader:
    def __init__(self) -> None:
        self._parts = 0

    # Conditions

    def condition(self, data: object, place: str, depth: int) -> Node:
        self._count(place, depth)
        if not isinstance(data, Mapping) or not data:
            raise refusal(place, 'a condition such as {"=": [{"path": "name"}, "x"]}', data)
        for mode in _MODES:
            if mode in data:
                return self._linked(cast("Mode", mode), data, place, depth)
        key = next(iter(data))
        inner = data[key]
        there = within(place, key)
        if len(data) > 1:
            raise refusal(place, "one key", data)
        match key:
            case "and" | "or":
                listed = take_list(inner, there)
                items = tuple(
                    self.condition(item, within(there, number), depth + 1) for number, item in enumerate(listed)
                )
                return And(items) if key == "and" else Or(items)
            case "not":
                return Not(self.condition(inner, there, depth + 1))
            case "is null" | "is not null":
                return IsNull(self.operand(inner, there, 0), negated=key == "is not null")
            case "in":
                left, right = self._pair(inner, there)
                return In(self.operand(left, within(there, 0), 0), self._values(right, within(there, 1)))
            case _ if key in _OPERATORS:
                return self._compare(cast("Operator", key), inner, there)
        known = ", ".join(["and", "or", "not", *_MODES, "is null", "is not null", "in", *_OPERATORS])
        raise refusal(place, f"a condition, by one of {known}", data)

    def _linked(self, mode: Mode, data: Mapping[Any, Any], place: str, depth: int) -> Node:
        if data.keys() - {mode, "where"}:
            raise refusal(place, f'the keys {mode!r} and "where"', data)
        link = self._path(data[mode], within(place, mode))
        if "where" not in data:
            return Linked(mode, link)
        return Linked(mode, link, self.condition(data["where"], within(place, "where"), depth + 1))

    def _compare(self, operator: Operator, data: object, place: str) -> Node:
        left, right = self._pair(data, place)
        first = self.operand(left, within(place, 0), 0)
        there = within(place, 1)
        if operator in _SEVERAL or (operator == "under" and isinstance(right, list | tuple)):
            return Compare(operator, first, self._values(right, there))
        return Compare(operator, first, self.operand(right, there, 0))

    def _values(self, data: object, place: str) -> tuple[Operand, ...]:
        return tuple(
            self.operand(value, within(place, number), 0) for number, value in enumerate(take_list(data, place))
        )

    @staticmethod
    def _pair(data: object, place: str) -> tuple[Any, Any]:
        if not isinstance(data, list | tuple) or len(data) != 2:
            raise refusal(place, "a list of two, the left side and the right", data)
        return data[0], data[1]

    # Operands

    def operand(self, data: object, place: str, depth: int) -> Operand:
        self._count(place, depth)
        if isinstance(data, Mapping) and data:
            return self._mapping(data, place, depth)
        return read_plain(data, place)

    def _mapping(self, data: Mapping[Any, Any], place: str, depth: int) -> Operand:
        keys = frozenset(data)
        if keys == {"path"}:
            return self._path(data["path"], within(place, "path"))
        if keys == {"call", "with"}:
            return self._call(data, place, depth)
        if len(keys) == 1 and keys <= frozenset(_SIGNS):
            (sign,) = keys
            there = within(place, sign)
            left, right = self._pair(data[sign], there)
            first = self.operand(left, within(there, 0), depth + 1)
            return Arithmetic(cast("Sign", sign), first, self.operand(right, within(there, 1), depth + 1))
        if (read := READERS.get(keys)) is None:
            raise refusal(place, "a value or a mapping for one", data)
        return read(data, place)

    def _call(self, data: Mapping[Any, Any], place: str, depth: int) -> Operand:
        function = take_text(data["call"], within(place, "call"))
        if not all(map(is_name, function.split("."))):
            raise refusal(within(place, "call"), "the name of a function", function)
        there = within(place, "with")
        arguments = enumerate(take_list(data["with"], there))
        return Call(
            function.upper(),
            tuple(self.operand(argument, within(there, number), depth + 1) for number, argument in arguments),
        )

    def _path(self, data: object, place: str) -> Path:
        names = data.split(".") if isinstance(data, str) else data
        if not isinstance(names, list | tuple) or not names or not all(isinstance(name, str) for name in names):
            raise refusal(place, 'the name of a field, as in "account.name"', data)
        self._count(place, 0, len(names))
        if isinstance(data, str) and not all(map(is_name, names)):
            raise refusal(place, "the name of a field; one with other signs than letters is given as a list", data)
        if not all(names):
            raise refusal(place, "names that are not empty", data)
        return Path(tuple(take_text(name, place) for name in names))

    def _count(self, place: str, depth: int, parts: int = 1) -> None:
        if depth > MAX_DEPTH:
            raise QueryError(f"a filter is nested at most {MAX_DEPTH} deep; write it flatter", place=place)
        self._parts += parts
        if self._parts > MAX_PARTS:
            raise QueryError(
                f"a filter has at most {MAX_PARTS} conditions and values; give long lists as :parameters", place=place
            )
