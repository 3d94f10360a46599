"""A filter's values, judged: by the kind of the field that they are compared with, or by what is computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from decimal import Decimal
from math import isfinite
from typing import Any

import attrs

from pycrm.errors import Problem, QueryError
from pycrm.fields.choices import ChoiceKind
from pycrm.fields.identifier import IdKind
from pycrm.fields.kind import Kind
from pycrm.fields.money import MoneyKind
from pycrm.query.ast import is_bare_zero
from pycrm.query.paths import ResolvedPath
from pycrm.query.sorts import kind_sort
from pycrm.schema import Record
from pycrm.values.money import Money
from pycrm.values.quantity import Quantity
from pycrm.values.refs import Ref

__all__ = ["Judge", "UnheldError", "held", "is_countable", "is_zero_of_any_unit"]


_UNHELD = (".too_large", ".too_precise")


class UnheldError(QueryError):
    """A number that the field could never hold; it is compared all the same, by other means."""


@attrs.frozen
class Judge:
    """Turns the values of one comparison into the parts that the field's kind stores.

    Attributes:
        path: The field that is compared.
        operator: How.
        bare_zero: The value is the number 0, compared with an amount of whatever unit.
    """

    path: ResolvedPath
    operator: str
    bare_zero: bool = False

    def __call__(self, value: Any) -> tuple[Any, ...]:
        """Return the parts of *value*.

        Raises:
            UnheldError: A number, money or quantity that is too large or too precise for the field.
            QueryError: The kind refuses the value; entity, path, value and cure are named.
        """
        if self.bare_zero:
            return (0,)
        kind = self.path.field.kind
        if value is None:
            raise self._refusal(value, "a missing value is asked for with is_null() or is_not_null()")
        if isinstance(kind, MoneyKind) and isinstance(value, (int, float, Decimal)):
            raise self._refusal(value, "money is compared with Money(amount, currency), or with the number 0")
        try:
            return kind.to_parts(_parse(kind, value))
        except Problem as problem:
            if is_countable(kind, value) and (kind_sort(kind) == "number" or problem.code.endswith(_UNHELD)):
                raise UnheldError(f"{self.path} could never be {value!r}", path=self.path.path.text) from problem
            raise self._refusal(value, problem.message, problem.code) from problem

    def _refusal(self, value: Any, reason: str, problem: str = "") -> QueryError:
        name = f"{self.path.entity.name}.{self.path.field.path}"
        shown = repr(value)
        return QueryError(
            f"{name} {self.operator} {shown if len(shown) <= 80 else shown[:79] + '…'}: {reason}",
            entity=self.path.entity.name,
            path=self.path.path.text,
            value=value,
            problem=problem,
        )


def is_countable(kind: Kind, value: Any) -> bool:
    """Return whether *value* is of the sort that a *kind* of numbers, money or quantities has, whatever its size."""
    sort = kind_sort(kind)
    if sort == "number":
        if isinstance(value, int):
            return not isinstance(value, bool)
        return value.is_finite() if isinstance(value, Decimal) else isinstance(value, float) and isfinite(value)
    return isinstance(value, Money if sort == "money" else Quantity) if sort in ("money", "quantity") else False


def held(take: Callable[[Any], tuple[Any, ...]], values: Iterable[Any]) -> list[tuple[Any, ...]]:
    """Return what *take* makes of those of *values* that the field could hold; the others equal nothing."""
    found = []
    for value in values:
        with suppress(UnheldError):
            found.append(take(value))
    return found


def is_zero_of_any_unit(path: ResolvedPath, value: Any) -> bool:
    """Return whether *value* is the number 0, to be compared with the amounts of *path* in any currency or unit."""
    return path.field.kind.unit_part is not None and is_bare_zero(value)


def _parse(kind: Kind, value: Any) -> Any:
    # What is no longer taken stays readable, and so it may be asked for.
    if isinstance(kind, ChoiceKind) and isinstance(value, str) and value in kind.by_value:
        return value
    if isinstance(kind, IdKind) and isinstance(value, Record | Ref):
        value = value.id
    return kind.parse(value)
