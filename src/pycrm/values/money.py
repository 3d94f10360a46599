"""Money: an exact amount in one currency, and `Monies`, amounts in several.

Arithmetic is exact whatever the decimal context of the thread says; only division and `Money.rounded` round, both
half to even. Nothing converts between currencies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias, overload

from pycrm.errors import MoneyError, nearest
from pycrm.values.currencies import CURRENCIES, MINOR_UNITS
from pycrm.values.frozen import Frozen

Number: TypeAlias = Decimal | int

# The largest amount has 60 digits before the point: beyond any money, and far below what `EXACT` can hold.
_LARGEST_EXPONENT = 60

EXACT = Context(prec=200, rounding=ROUND_HALF_EVEN)
"""The context of exact arithmetic; the thread's own might round to fewer digits."""

_QUOTIENT = Context(prec=34, rounding=ROUND_HALF_EVEN)

_new = object.__new__


class Money(Frozen):
    """An amount in one currency; an immutable value.

    The amount is kept as given: ``Money("1.50", "USD")`` has two places, and equals ``Money("1.5", "USD")``. It
    compares and adds with money of the same currency, and with the number 0.

    Args:
        amount: A Decimal, an int, or text such as ``"-12.50"``; never a float, which cannot hold most prices.
        currency: A code of ISO 4217 in capitals.

    Raises:
        MoneyError: The amount is no finite number, or the currency is unknown.
    """

    if TYPE_CHECKING:

        @property
        def amount(self) -> Decimal: ...
        @property
        def currency(self) -> str: ...

    else:
        __slots__ = ("amount", "currency")

    def __init__(self, amount: Decimal | int | str, currency: str) -> None:
        if currency not in CURRENCIES:
            raise MoneyError(_unknown_currency(currency), value=currency)
        _set_amount(self, _exact(amount))
        _set_currency(self, currency)

    @staticmethod
    def _make(amount: Decimal, currency: str) -> Money:
        """Return money of values that are known to be right; for loaders and for results of arithmetic."""
        made: Money = _new(Money)
        _set_amount(made, amount)
        _set_currency(made, currency)
        return made

    @classmethod
    def parse(cls, text: str) -> Money:
        """Return the money that *text* names, as ``"USD 1234.50"``; the inverse of ``str()``.

        Raises:
            MoneyError: The text has another form.
        """
        match text.split():
            case [currency, amount]:
                return cls(amount, currency)
        raise MoneyError(f"{text!r} is no money; write currency and amount, as in 'USD 1234.50'", value=text)

    def rounded(self, places: int | None = None) -> Money:
        """Return it rounded half to even: to *places*, or to the currency's minor unit (JPY 0, USD 2, KWD 3).

        Money of a unit without a minor unit, such as gold, comes back as it is unless *places* says otherwise.
        """
        digits = MINOR_UNITS.get(self.currency) if places is None else places
        if digits is None:
            return self
        return Money._make(self.amount.quantize(_quantum(digits), context=EXACT), self.currency)

    def __add__(self, other: Money | int) -> Money:
        if isinstance(other, Money):
            return Money._make(EXACT.add(self.amount, self._same(other, "add")), self.currency)
        return self if _is_zero(other, "add") else NotImplemented

    __radd__ = __add__

    def __sub__(self, other: Money | int) -> Money:
        if isinstance(other, Money):
            return Money._make(EXACT.subtract(self.amount, self._same(other, "subtract")), self.currency)
        return self if _is_zero(other, "subtract") else NotImplemented

    def __rsub__(self, other: int) -> Money:
        return -self if _is_zero(other, "subtract") else NotImplemented

    def __mul__(self, factor: Number) -> Money:
        return Money._make(EXACT.multiply(self.amount, _number(factor, "multiply")), self.currency)

    __rmul__ = __mul__

    @overload
    def __truediv__(self, divisor: Money) -> Decimal: ...
    @overload
    def __truediv__(self, divisor: Number) -> Money: ...
    def __truediv__(self, divisor: Money | Number) -> Money | Decimal:
        """Return money divided by a number, or the ratio of two amounts; to 34 digits, half to even."""
        if isinstance(divisor, Money):
            return _QUOTIENT.divide(self.amount, _divisor(self._same(divisor, "divide")))
        return Money._make(_QUOTIENT.divide(self.amount, _divisor(_number(divisor, "divide"))), self.currency)

    def __neg__(self) -> Money:
        return Money._make(self.amount.copy_negate() if self.amount else self.amount, self.currency)

    def __pos__(self) -> Money:
        return self

    def __abs__(self) -> Money:
        return Money._make(self.amount.copy_abs(), self.currency)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __eq__(self, other: object) -> bool:
        """Whether amount and currency are equal; unequal currencies simply differ, for ``==`` must not fail there."""
        if isinstance(other, Money):
            return self.currency == other.currency and self.amount == other.amount
        return not self.amount if _is_zero(other, "compare") else NotImplemented

    def __hash__(self) -> int:
        return hash((self.amount, self.currency)) if self.amount else hash(0)

    def __lt__(self, other: Money | int) -> bool:
        return self.amount < self._comparable(other)

    def __le__(self, other: Money | int) -> bool:
        return self.amount <= self._comparable(other)

    def __gt__(self, other: Money | int) -> bool:
        return self.amount > self._comparable(other)

    def __ge__(self, other: Money | int) -> bool:
        return self.amount >= self._comparable(other)

    def __str__(self) -> str:
        return f"{self.currency} {self.amount:f}"

    def __repr__(self) -> str:
        return f"Money('{self.amount}', {self.currency!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Money, (self.amount, self.currency)

    def _same(self, other: Money, verb: str) -> Decimal:
        if self.currency != other.currency:
            raise MoneyError(
                f"cannot {verb} {self} and {other}: convert one of them first, or collect them in Monies",
                currencies=(self.currency, other.currency),
            )
        return other.amount

    def _comparable(self, other: object) -> Decimal | int:
        if isinstance(other, Money):
            return self._same(other, "compare")
        if _is_zero(other, "compare"):
            return 0
        raise MoneyError(f"cannot compare {self} with {other!r}: compare with Money, or with 0", value=other)


_money_slots: dict[str, Any] = dict(vars(Money))
_set_amount = _money_slots["amount"].__set__
_set_currency = _money_slots["currency"].__set__


@cache
def _quantum(places: int) -> Decimal:
    return EXACT.scaleb(1, -places)


def _exact(amount: object) -> Decimal:
    if isinstance(amount, bool) or not isinstance(amount, Decimal | int | str):
        cure = f"; write it as text or Decimal, as in Decimal('{amount}')" if isinstance(amount, float) else ""
        raise MoneyError(f"{amount!r} cannot be an amount of money{cure}", value=amount)
    try:
        exact = Decimal(amount)
    except InvalidOperation:
        raise MoneyError(f"{amount!r} is no number; write it as '1234.50'", value=amount) from None
    if not exact.is_finite() or abs(exact.adjusted()) > _LARGEST_EXPONENT:
        raise MoneyError(f"{amount!r} cannot be an amount of money; give a finite, sensible number", value=amount)
    return exact


def _unknown_currency(currency: object) -> str:
    close = nearest(currency.upper(), CURRENCIES) if isinstance(currency, str) else ""
    return f"{currency!r} is no active currency of ISO 4217; write its code in capitals, as in 'USD'{close}"


def _is_zero(other: object, verb: str) -> bool:
    """Return True for the number 0, False for what is no number; any other number is refused."""
    if not isinstance(other, int | float | Decimal):
        return False
    if other == 0:
        return True
    raise MoneyError(f"cannot {verb} money and the bare number {other}: say in which currency, as Money", value=other)


def _number(value: object, verb: str) -> Decimal:
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, Decimal):
        return value
    raise MoneyError(f"cannot {verb} money by {value!r}: use an int or a Decimal", value=value)


def _divisor(value: Decimal) -> Decimal:
    if not value:
        raise MoneyError("cannot divide money by zero", value=value)
    return value


class Monies(Mapping[str, Money]):
    """Amounts by currency, at most one each; an immutable mapping in the order of the codes.

    What a sum over several currencies is: `only` gives the single one.
    """

    __slots__ = ("_amounts",)

    def __init__(self, amounts: Mapping[str, Money] | None = None) -> None:
        for currency, money in (amounts or {}).items():
            if money.currency != currency:
                raise MoneyError(f"{money} cannot stand under {currency!r}; use Monies.of([…])", value=money)
        self._amounts = dict(sorted((amounts or {}).items()))

    @classmethod
    def of(cls, monies: Iterable[Money]) -> Monies:
        """Return the sums of *monies* by currency."""
        sums: dict[str, Money] = {}
        for money in monies:
            sums[money.currency] = money + sums.get(money.currency, 0)
        return cls(sums)

    def only(self) -> Money:
        """Return the amount of the single currency.

        Raises:
            MoneyError: There is none, or more than one.
        """
        if len(self._amounts) == 1:
            return next(iter(self._amounts.values()))
        if not self._amounts:
            raise MoneyError("these Monies are empty: nothing was summed, so no currency is known; test with bool()")
        raise MoneyError(f"these Monies hold {', '.join(self._amounts)}; pick one by its code", currencies=tuple(self))

    def __add__(self, other: Monies | Money | int) -> Monies:
        if isinstance(other, Money):
            return Monies.of([*self.values(), other])
        if isinstance(other, Monies):
            return Monies.of([*self.values(), *other.values()])
        return self if other == 0 else NotImplemented

    __radd__ = __add__

    def __getitem__(self, currency: str) -> Money:
        return self._amounts[currency]

    def __iter__(self) -> Iterator[str]:
        return iter(self._amounts)

    def __len__(self) -> int:
        return len(self._amounts)

    def __hash__(self) -> int:
        return hash(tuple(self._amounts.values()))

    def __str__(self) -> str:
        return ", ".join(map(str, self._amounts.values())) or "nothing"

    def __repr__(self) -> str:
        return f"Monies.of([{', '.join(map(repr, self._amounts.values()))}])"
