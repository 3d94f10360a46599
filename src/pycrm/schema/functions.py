"""Functions of the filter language: what one is, and how a plugin makes one."""

from __future__ import annotations

import inspect
import itertools
import types
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, TypeAlias, get_args
from uuid import UUID

import attrs

from pycrm.errors import ConfigurationError, FunctionFailedError

__all__ = ["Function", "Sort", "make_function"]

Sort: TypeAlias = Literal["number", "text", "boolean", "date", "instant", "money", "quantity", "id"]
"""What an operand of a filter is, whatever its field's kind."""

_TYPES: Mapping[str, type] = types.MappingProxyType(
    {"number": Decimal, "text": str, "boolean": bool, "date": date, "instant": datetime, "id": UUID}
)
_numbers = itertools.count(1)


@attrs.frozen(eq=False)
class Function:
    """One function of the filter language.

    Attributes:
        name: In capitals, as filters are written; that of a plugin begins with the plugin's: ``"TRADE.MARGIN"``.
        takes: The sorts of its arguments.
        gives: The sort of its result.
        python: From the arguments, none of them missing, to the result; None for a missing one.
        postgresql: From the SQL of the arguments to that of the result.
        zoned: It gets the IANA name of the time zone of whoever asks as a further argument.
        require: Raises `MissingExtraError` where what it needs is not installed; None for nothing.
        plugin: Who brings it; empty for the language's own.
        words: How it is told in English, ``"the margin of {0}"``; empty to tell it as it is written.
        key: Its name within this process, where plugins of one name may live side by side.
    """

    name: str
    takes: tuple[Sort, ...]
    gives: Sort
    python: Callable[..., Any]
    postgresql: Callable[..., Any]
    zoned: bool = False
    require: Callable[[], None] | None = None
    plugin: str = ""
    words: str = ""
    key: str = attrs.field(init=False)

    @key.default
    def _key(self) -> str:
        return f"{self.name}#{next(_numbers)}" if self.plugin else self.name

    def call(self, *values: Any) -> Any:
        """Return the result of *values*, none of them missing; None for a missing one.

        Raises:
            FunctionFailedError: A plugin's function raised, or gave what is none of its sort.
        """
        if not self.plugin:
            return self.python(*values)
        try:
            result = self.python(*values)
        except Exception as error:
            raise self.failed(f"raised {type(error).__name__}: {error}") from error
        if self.gives == "number" and type(result) is int:
            return Decimal(result)
        if result is not None and not _is_of(self.gives, result):
            expected = _TYPES[self.gives].__name__
            raise self.failed(f"gave {result!r}, and a {self.gives} is of the type {expected}")
        return result

    def failed(self, what: str) -> FunctionFailedError:
        """Return the error that it did *what* it should not."""
        return FunctionFailedError(
            f"plugin {self.plugin!r}: the filter function {self.name}() {what}", plugin=self.plugin, function=self.name
        )


def make_function(
    plugin: str, python: Callable[..., Any], *, takes: Sequence[str], gives: str, postgresql: Any, words: str
) -> Function:
    """Return the function that *plugin* brings.

    Raises:
        ConfigurationError: A sort that functions do not take or give, or a form with another number of arguments.
    """
    name = f"{plugin}.{python.__name__}".upper()
    for sort in (*takes, gives):
        if sort not in _TYPES:
            known = ", ".join(each for each in get_args(Sort) if each in _TYPES)
            raise ConfigurationError(
                f"plugin {plugin!r}: {name}() takes and gives {known}, not {sort!r}", plugin=plugin, function=name
            )
    for what, form in (("its Python form", python), ("postgresql=", postgresql)):
        if not callable(form) or not _takes(form, len(takes)):
            raise ConfigurationError(
                f"plugin {plugin!r}: {name}(): {what} must be a function of {len(takes)} arguments, as takes= says",
                plugin=plugin,
                function=name,
            )
    return Function(name, tuple(takes), gives, python, postgresql, plugin=plugin, words=words)  # type: ignore[arg-type]


def _is_of(sort: Sort, value: Any) -> bool:
    if sort == "date" and isinstance(value, datetime):
        return False
    if sort == "instant" and isinstance(value, datetime) and value.tzinfo is None:
        return False
    return isinstance(value, _TYPES[sort])


def _takes(function: Callable[..., Any], count: int) -> bool:
    try:
        inspect.signature(function).bind(*[None] * count)
    except (TypeError, ValueError):
        return False
    return True
