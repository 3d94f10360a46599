"""Money converted at the rates of the database, by the rules of `pycrm.values.exchange`, as SQL.

The rates are read where they are, in the statement that asks: of a pair of currencies the newest one that the day
knows, in either direction, and by way of the base where the pair was never quoted.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Numeric,
    Select,
    Text,
    case,
    cast,
    func,
    literal_column,
    select,
    union_all,
)

from pycrm.query.scope import Scope
from pycrm.values.exchange import EXCHANGE_PLACES

__all__ = ["RATES", "Converter"]

RATES = "exchange_rate"
"""The entity that holds the rates."""

# More digits than a quotient keeps, so that it is rounded once: the product of two rates has 20 places and 40 digits.
_GUARD_PLACES = 100


class Converter:
    """Makes the SQL of conversions within one scope.

    Args:
        scope: Where money and day are read from; their tables are joined already.
        places: The digits behind the point that a rate is stored with.
    """

    def __init__(self, scope: Scope, places: int) -> None:
        self._scope = scope
        self._places = places
        self._is_sqlite = scope.dialect.name == "sqlite"

    def amount(self, amount: Any, unit: Any, currency: Any, day: Any, base: Any) -> ColumnElement[Any]:
        """Return *amount* of *unit* in *currency*, at the rates of *day*; missing where no rate leads there."""
        straight = self._quotation(unit, currency, day).subquery()
        first = self._quotation(unit, base, day).subquery()
        second = self._quotation(base, currency, day).subquery()
        one = self._number("1")
        quoted = self._chosen(self._exchanged(amount, straight.c.up, straight.c.down, one, one), straight)
        crossed = self._chosen(
            self._exchanged(amount, first.c.up, first.c.down, second.c.up, second.c.down), first, second
        )
        return case((unit == currency, amount), else_=func.coalesce(quoted, crossed))

    def _chosen(self, value: Any, *sources: FromClause) -> Any:
        return select(value).select_from(*sources).correlate(*self._scope.joined).scalar_subquery()

    def _quotation(self, from_currency: Any, to_currency: Any, day: Any) -> Select[Any]:
        """Return the one row, if any, that says by what to multiply (``up``) and by what to divide (``down``)."""
        both = union_all(
            *(
                select(each.c.up, each.c.down, each.c.quoted_on, each.c.direct)
                for each in (
                    self._newest(from_currency, to_currency, day, direct=True).subquery(),
                    self._newest(to_currency, from_currency, day, direct=False).subquery(),
                )
            )
        ).subquery()
        return select(both.c.up, both.c.down).order_by(both.c.quoted_on.desc(), both.c.direct.desc()).limit(_ONE)

    def _newest(self, from_currency: Any, to_currency: Any, day: Any, *, direct: bool) -> Select[Any]:
        """Return the one row, if any, of the rates of one direction; of several of one day the one added last."""
        table = self._scope.tables.table(RATES)
        older, rate = table.alias(), table.alias()
        # A database finds the largest of an index at once; a sort might look at all rates of the pair.
        newest_day = (
            select(func.max(older.c.quoted_on))
            .where(*_of_pair(older, from_currency, to_currency), older.c.quoted_on <= day)
            .correlate(*self._scope.joined)
            .scalar_subquery()
        )
        factor, one = self._rate(rate), self._number("1")
        up, down = (factor, one) if direct else (one, factor)
        chosen = select(
            up.label("up"),
            down.label("down"),
            rate.c.quoted_on.label("quoted_on"),
            literal_column(str(int(direct)), Integer()).label("direct"),
        ).where(*_of_pair(rate, from_currency, to_currency), rate.c.quoted_on == newest_day)
        return chosen.order_by(rate.c.id.desc()).limit(_ONE).correlate(*self._scope.joined)

    def _rate(self, rate: FromClause) -> Any:
        if self._is_sqlite:
            return func.crm_number(rate.c.rate, literal_column(str(self._places)), type_=Text())
        return cast(rate.c.rate, Numeric()) * literal_column(f"1e-{self._places}", Numeric())

    def _number(self, text: str) -> Any:
        return literal_column(f"'{text}'", Text()) if self._is_sqlite else literal_column(f"{text}::numeric", Numeric())

    def _exchanged(self, amount: Any, up: Any, down: Any, second_up: Any, second_down: Any) -> Any:
        if self._is_sqlite:
            return func.crm_exchanged(amount, up, down, second_up, second_down, type_=Text())
        product, divisor = amount * up * second_up, down * second_down
        quotient = func.round(product, literal_column(str(_GUARD_PLACES)), type_=Numeric()) / divisor
        rounded = func.round(quotient, literal_column(str(EXCHANGE_PLACES)), type_=Numeric())
        return case((divisor == self._number("1"), product), else_=rounded)


def _of_pair(rate: FromClause, from_currency: Any, to_currency: Any) -> tuple[ColumnElement[bool], ...]:
    return (
        rate.c.from_currency == from_currency,
        rate.c.to_currency == to_currency,
        rate.c.rate > literal_column("0"),
        rate.c.deleted_at.is_(None),
    )


_ONE: Any = literal_column("1")
