"""How a step of a mapping is written: ``trim``, ``date(dmy)``, ``number('1.234,56')``, ``phone({Country})``."""

from __future__ import annotations

import re

import attrs

from pycrm.errors import Problem

__all__ = ["ColumnRef", "Step", "read_step"]

_step = re.compile(r"\s*([^\W\d][\w.]*)\s*(?:\((.*)\))?\s*", re.DOTALL).fullmatch
_argument = re.compile(
    r"""\s*(?:'(?P<single>(?:[^']|'')*)'|"(?P<double>(?:[^"]|"")*)"|\{(?P<column>[^{}]+)\}|(?P<bare>[^,'"{}]+?))\s*(?:,|$)""",
    re.DOTALL,
)


@attrs.frozen
class ColumnRef:
    """An argument that is what another column of the row holds: ``{Currency}``."""

    column: str


@attrs.frozen
class Step:
    """A transform by name, with its arguments: texts, and references to columns."""

    name: str
    arguments: tuple[str | ColumnRef, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that its arguments refer to."""
        return tuple(each.column for each in self.arguments if isinstance(each, ColumnRef))


def read_step(text: str) -> Step:
    """Return the step that *text* says. An argument with a comma, a bracket or blanks at its ends stands in quotes.

    Raises:
        Problem: It cannot be read.
    """
    found = _step(text)
    arguments = None if found is None else _arguments(found[2])
    if found is None or arguments is None:
        raise Problem(
            "mapping.unreadable_step",
            message="cannot read {value!r}; write the transform's name, and its arguments in brackets: date(dmy)",
            value=text,
        )
    return Step(found[1], arguments)


def _arguments(text: str | None) -> tuple[str | ColumnRef, ...] | None:
    """Return the arguments in *text*; None where it cannot be read."""
    if text is None or not text.strip():
        return ()
    arguments: list[str | ColumnRef] = []
    at = 0
    while True:
        found = _argument.match(text, at)
        if found is None:
            return None
        arguments.append(_value(found))
        at = found.end()
        if not found[0].endswith(",") or (at == len(text) and found[0].rstrip()[-1:] != ","):
            return tuple(arguments) if at == len(text) else None
        if at == len(text):
            return None  # a comma that nothing follows


def _value(found: re.Match[str]) -> str | ColumnRef:
    if found["column"] is not None:
        return ColumnRef(found["column"])
    if found["single"] is not None:
        return found["single"].replace("''", "'")
    if found["double"] is not None:
        return found["double"].replace('""', '"')
    return found["bare"]
