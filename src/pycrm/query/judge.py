"""A filter's values, judged by the field's kind and brought into the driver's form."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs

from pycrm.errors import Problem, QueryError
from pycrm.fields.choices import ChoiceKind
from pycrm.fields.kind import Kind
from pycrm.fields.money import MoneyKind
from pycrm.query.ast import is_bare_zero
from pycrm.query.driver import DriverPart
from pycrm.query.paths import ResolvedPath

__all__ = ["Judge", "is_zero_of_any_unit"]


@attrs.frozen
class Judge:
    """Turns the values of one comparison into driver scalars, one per stored part.

    Attributes:
        path: The field that is compared.
        operator: How.
        parts: How the field's parts travel.
        bare_zero: The value is the number 0, compared with an amount of whatever unit.
    """

    path: ResolvedPath
    operator: str
    parts: tuple[DriverPart, ...]
    bare_zero: bool = False

    def __call__(self, value: Any) -> tuple[Any, ...]:
        """Return the driver form of *value*.

        Raises:
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
            parts = kind.to_parts(_parse(kind, value))
        except Problem as problem:
            raise self._refusal(value, problem.message, problem.code) from problem
        if len(parts) == 1:
            return (self.parts[0].encode(parts[0]),)
        return tuple(part.encode(scalar) for part, scalar in zip(self.parts, parts, strict=True))

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


def is_zero_of_any_unit(path: ResolvedPath, value: Any) -> bool:
    """Return whether *value* is the number 0, to be compared with the amounts of *path* in any currency or unit."""
    return path.field.kind.unit_part is not None and is_bare_zero(value)


def _parse(kind: Kind, value: Any) -> Any:
    # What is no longer taken stays readable, and so it may be asked for.
    if isinstance(kind, ChoiceKind) and isinstance(value, str) and value in kind.by_value:
        return value
    return kind.parse(value)
