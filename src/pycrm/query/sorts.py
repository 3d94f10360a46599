"""Of which sort an operand of a filter is, and how a value of a sort is taken."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pycrm.errors import MoneyError, Problem, QuantityError, QueryError
from pycrm.fields.dates import InstantKind
from pycrm.fields.kind import Kind, PartType
from pycrm.fields.numbers import take_decimal
from pycrm.fields.text import take_text
from pycrm.storage.functions import Sort
from pycrm.values.money import Money
from pycrm.values.quantity import Quantity

__all__ = ["kind_places", "kind_sort", "take_of"]

_INSTANT = InstantKind()


def kind_sort(kind: Kind) -> Sort | None:
    """Return the sort of a *kind*'s values; None where nothing is computed with them."""
    if kind.sensitive:
        return None
    match [part.type for part in kind.parts]:
        case [PartType.TEXT] if issubclass(kind.python_type, str):
            return "text"
        case [PartType.INTEGER] if kind.python_type in (int, Decimal):
            return "number"
        case [PartType.BOOLEAN]:
            return "boolean"
        case [PartType.DATE]:
            return "date"
        case [PartType.INSTANT]:
            return "instant"
        case [PartType.ID]:
            return "id"
        case [PartType.INTEGER, PartType.TEXT] if kind.python_type is Money:
            return "money"
        case [PartType.INTEGER, PartType.TEXT] if kind.python_type is Quantity:
            return "quantity"
    return None


def kind_places(kind: Kind) -> int:
    """Return how many digits behind the point the first part of *kind* holds, which is a scaled number."""
    if kind.unit_part is None:
        one = Decimal(kind.from_parts(1))
        exponent = one.as_tuple().exponent
        return -exponent if isinstance(exponent, int) else 0
    return int(getattr(kind, "scale", 0))


def take_of(sort: Sort) -> Any:
    """Return the function from a literal value to the tuple that stands for it among values of *sort*.

    That is one value, or amount and unit. A text is read as the sort wants it: ``'2026-03-01'`` as a date.

    Raises, when called:
        QueryError: The value is none of that sort.
    """
    take = _TAKE[sort]

    def taken(value: Any) -> tuple[Any, ...]:
        try:
            result = take(value)
        except (Problem, ValueError, MoneyError, QuantityError) as error:
            raise QueryError(f"{value!r} is no {sort}: {error}", value=value) from error
        return result if isinstance(result, tuple) else (result,)

    return taken


def _number(value: Any) -> Decimal:
    return take_decimal(value)


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError("write TRUE or FALSE")


def _date(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    return date.fromisoformat(take_text(value))


def _instant(value: Any) -> datetime:
    taken: datetime = _INSTANT.parse(value)
    return taken


def _money(value: Any) -> tuple[Decimal, str]:
    if isinstance(value, str):
        currency, _, amount = value.partition(" ")
        value = Money(amount.strip(), currency)
    if isinstance(value, Money):
        return value.amount, value.currency
    raise ValueError("write it with its currency, as in USD 1000")


def _quantity(value: Any) -> tuple[Decimal, str]:
    if isinstance(value, str):
        value = Quantity.parse(value)
    if isinstance(value, Quantity):
        return value.amount, value.uom
    raise ValueError("write it with its unit, as in 5 kg")


def _id(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(take_text(getattr(value, "id", value)))


_TAKE: dict[Sort, Any] = {
    "number": _number,
    "text": take_text,
    "boolean": _boolean,
    "date": _date,
    "instant": _instant,
    "money": _money,
    "quantity": _quantity,
    "id": _id,
}
