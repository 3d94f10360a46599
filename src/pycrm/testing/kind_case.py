"""A field kind with values to try it on, and the checks that are made of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

import attrs

from pycrm.errors import Problem
from pycrm.fields.kind import Kind
from pycrm.fields.references import LinkKind
from pycrm.plugin.plugin import Plugin
from pycrm.workspace import Workspace

__all__ = ["Check", "Checks", "KindCase", "plain", "require", "same"]

S = TypeVar("S")


@attrs.frozen(eq=False)
class KindCase:
    """A kind, what it takes and what it refuses.

    Attributes:
        kind: The kind, with its options.
        good: Values from outside that it takes.
        bad: Values from outside that it refuses.
        plugins: What brings it, and whatever its values need.
        prepare: Writes the records that its values refer to.
        is_stored: Whether a field of an entity can have it; the kind of the records' own ids cannot.
        is_custom: Whether a custom field can have it.
    """

    kind: Kind
    good: tuple[Any, ...] = attrs.field(converter=tuple)
    bad: tuple[Any, ...] = attrs.field(converter=tuple)
    plugins: tuple[Plugin, ...] = ()
    prepare: Callable[[Workspace], None] | None = None
    is_stored: bool = True
    is_custom: bool = True

    @cached_property
    def values(self) -> tuple[Any, ...]:
        """The inside values that the good ones are, each once, the empty one left out."""
        found: list[Any] = []
        for value in map(self.kind.parse, self.good):
            known = any(value == other and same(self.kind, value, other) for other in found)
            if value != self.kind.empty and not known:
                found.append(value)
        return tuple(found)

    @property
    def is_linked(self) -> bool:
        """Whether its values are rows of the link table."""
        return isinstance(self.kind, LinkKind)


@attrs.frozen
class Check(Generic[S]):
    """One rule that a kind keeps.

    Attributes:
        name: Short, in words with underscores.
        rule: The rule as a sentence.
        run: Raises `AssertionError` where it is broken; takes the case, or the case and a database.
    """

    name: str
    rule: str
    run: Callable[[KindCase, S], None]


class Checks(Generic[S]):
    """A register of checks, used as a decorator: the name is the function's, the rule its docstring."""

    def __init__(self) -> None:
        self.all: list[Check[S]] = []

    def __call__(self, function: Callable[[KindCase, S], None]) -> Callable[[KindCase, S], None]:
        self.all.append(Check(function.__name__, str(function.__doc__), function))
        return function


def require(holds: bool, case: KindCase, value: Any, says: str) -> None:
    """Raise `AssertionError` unless *holds*; pytest rewrites no ``assert`` in an installed package."""
    if not holds:
        shown = f"{value!r}"
        raise AssertionError(f"{case.kind.name}: {shown if len(shown) <= 200 else shown[:199] + '…'}: {says}")


def same(kind: Kind, one: Any, other: Any) -> bool:
    """Return whether two inside values are stored alike, which tells more apart than Python's ``==`` does."""
    if isinstance(kind, LinkKind):
        return bool(plain(one) == plain(other))
    return bool(kind.to_parts(one) == kind.to_parts(other))


def plain(value: Any) -> Any:
    """Return *value* with references as ids, whose records may be at hand or not."""
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    return getattr(value, "id", value)


def problem_of(kind: Kind, value: Any) -> Problem | None:
    """Return why *kind* does not take *value*, or None if it does."""
    try:
        kind.parse(value)
    except Problem as problem:
        return problem
    return None


def pairs(values: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Return every ordered pair of *values*."""
    return [(one, other) for one in values for other in values]
