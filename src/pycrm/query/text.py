"""The short texts of the door, read: paths, ``order_by``, measures and ``include``.

Names are Python identifiers, Chinese ones too, taken as they stand. Errors give the place as the number of a
character, counted from 1, and say what was expected there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NoReturn, TypeAlias

import attrs

from pycrm.errors import QueryError, UnknownNameError, nearest
from pycrm.query.ast import MAX_LENGTH, Operand, Path

__all__ = ["Include", "Measure", "OrderKey", "read_include", "read_measure", "read_order", "read_path"]

Include: TypeAlias = Mapping[str, "Include"]


@attrs.frozen
class OrderKey:
    """One key of an ``order_by``: a field, or what is computed of some.

    Attributes:
        operand: What is sorted by.
        descending: Largest first.
        text: How it is written; a settled operand keeps the text that it had.
    """

    operand: Operand
    descending: bool = False
    text: str = attrs.field()

    @text.default
    def _text(self) -> str:
        if isinstance(self.operand, Path):
            return self.operand.text
        from pycrm.query.writing import write_operand  # only who sorts by what is computed needs it

        return write_operand(self.operand)


@attrs.frozen
class Measure:
    """One measure of an aggregate; `text` is what the caller wrote and finds the answer by."""

    function: str
    path: Path | None
    text: str


_MEASURES = {"count": False, "count_distinct": True, "sum": True}  # does it take a field?
_TOKEN = re.compile(r"[,.()]|[^\s,.()]+")


def read_path(text: str) -> Path:
    """Return the path that *text* names: ``"account.custom.market"``."""
    return _read_path(_text(text, "field"))


def read_order(text: str | None) -> tuple[OrderKey, ...]:
    """Return the sort keys of ``"close_on, PINYIN(name) DESC"``; none for an empty text."""
    return _read_order(_text(text, "order_by")) if text else ()


def read_measure(text: str) -> Measure:
    """Return the measure ``"count()"``, ``"sum(amount)"`` or ``"count_distinct(account)"``."""
    return _read_measure(_text(text, "measure"))


def read_include(text: str | None) -> Include:
    """Return the names of ``"account lines.product"`` as a tree: ``{"account": {}, "lines": {"product": {}}}``."""
    return _read_include(_text(text, "include")) if text else MappingProxyType({})


@lru_cache(maxsize=1024)
def _read_path(text: str) -> Path:
    reader = _Reader(text, "field")
    path = reader.path()
    reader.end("'.' or the end")
    return path


@lru_cache(maxsize=1024)
def _read_order(text: str) -> tuple[OrderKey, ...]:
    if "(" in text:
        from pycrm.query.reading import read_order_keys  # the parser is loaded by who uses it

        return tuple(OrderKey(operand, descending) for operand, descending in read_order_keys(text))
    reader = _Reader(text, "order_by")
    keys = [_order_key(reader)]
    while reader.take(","):
        keys.append(_order_key(reader))
    reader.end("ASC, DESC, ',' or the end")
    return tuple(keys)


def _order_key(reader: _Reader) -> OrderKey:
    path = reader.path()
    descending = reader.next.upper() == "DESC"
    if reader.next.upper() in ("ASC", "DESC"):
        reader.take(reader.next)
    return OrderKey(path, descending)


@lru_cache(maxsize=1024)
def _read_measure(text: str) -> Measure:
    reader = _Reader(text, "measure")
    function = reader.name("a measure")
    if function not in _MEASURES:
        raise UnknownNameError(
            f"measure {text!r}: there is no {function}(), only {', '.join(f'{name}()' for name in _MEASURES)}"
            f"{nearest(function, _MEASURES)}",
            name=function,
            position=1,
        )
    reader.expect("(")
    path = reader.path() if _MEASURES[function] else None
    reader.expect(")")
    reader.end("the end")
    return Measure(function, path, text)


@lru_cache(maxsize=1024)
def _read_include(text: str) -> Include:
    reader = _Reader(text, "include")
    tree: dict[str, object] = {}
    while reader.next:
        branch = tree
        for name in reader.path().names:
            branch = branch.setdefault(name, {})  # type: ignore[assignment]
    return _frozen(tree)


def _frozen(tree: Mapping[str, object]) -> Include:
    return MappingProxyType({name: _frozen(branch) for name, branch in tree.items()})  # type: ignore[arg-type]


def _text(text: object, what: str) -> str:
    if not isinstance(text, str):
        raise QueryError(f"{what} is a text, not {text!r}", text=text)
    if len(text) > MAX_LENGTH:
        raise QueryError(f"{what} has at most {MAX_LENGTH} characters, not {len(text)}", length=len(text))
    return text


class _Reader:
    """Walks the tokens of one text; `next` is the token that comes, an empty text at the end."""

    def __init__(self, text: str, what: str) -> None:
        self.text = text
        self.what = what
        self._tokens = [(match.group(), match.start() + 1) for match in _TOKEN.finditer(text)]
        self._tokens.append(("", len(text) + 1))
        self._at = 0

    @property
    def next(self) -> str:
        return self._tokens[self._at][0]

    def take(self, token: str) -> bool:
        """Step over *token* if it comes, and say whether it did."""
        if self.next != token:
            return False
        self._at += 1
        return True

    def expect(self, token: str) -> None:
        if not self.take(token):
            self._fail(repr(token))

    def end(self, expected: str) -> None:
        if self.next:
            self._fail(expected)

    def name(self, expected: str = "a name") -> str:
        name = self.next
        if not name.isidentifier():
            self._fail(expected)
        self._at += 1
        return name

    def path(self) -> Path:
        names = [self.name("the name of a field")]
        while self.take("."):
            names.append(self.name("a name after '.'"))
        return Path(tuple(names))

    def _fail(self, expected: str) -> NoReturn:
        token, position = self._tokens[self._at]
        got = repr(token) if token else "the end"
        raise QueryError(
            f"{self.what} {self.text!r}: expected {expected} at character {position}, got {got}",
            text=self.text,
            position=position,
            expected=expected,
        )
