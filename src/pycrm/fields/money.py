"""Money fields: an amount and its currency, stored as a scaled integer and a code."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any, ClassVar

import attrs

from pycrm.errors import ConfigurationError, MoneyError, Problem, nearest
from pycrm.fields.kind import Fit, Kind, Part, PartType
from pycrm.fields.numbers import check_places, from_scaled, to_scaled
from pycrm.values.currencies import CURRENCIES, MINOR_UNITS
from pycrm.values.money import EXACT, Money, Monies

USUAL_PLACES = 4  # no currency has more minor digits

_scaleb = EXACT.scaleb
_make = Money._make

# What a stored amount of the usual scale must be a multiple of, so that it fits the currency's minor unit.
_FINEST = {code: 10 ** (USUAL_PLACES - MINOR_UNITS.get(code, USUAL_PLACES)) for code in CURRENCIES}


@cache
def _display(places: int) -> Mapping[str, tuple[int, int]]:
    """Return by currency how an amount of minor units is told and made: the divisor, and the exponent."""
    # A unit without minor digits, such as gold, may be divided at will, but is shown without idle zeros.
    minors = {code: min(MINOR_UNITS.get(code, 0), places) for code in CURRENCIES}
    return {code: (10 ** (places - minor), -minor) for code, minor in minors.items()}


def load_money(scaled: int, currency: str, places: int) -> Money:
    """Return the money of a stored amount, with the currency's minor digits, or more where it needs more."""
    divisor, exponent = _display(places)[currency]
    whole, rest = divmod(scaled, divisor)
    return _make(from_scaled(scaled, places) if rest else _scaleb(whole, exponent), currency)


@attrs.frozen
class MoneyKind(Kind):
    """An amount of money in any currency.

    Attributes:
        places: Digits after the point, whatever the currency, for unit prices; without it the amount must fit the
            currency's minor unit (JPY 0, USD 2, KWD 3).
        currency: The currency of a bare number. Without it a bare number is refused.
    """

    name: ClassVar[str] = "money"
    python_type: ClassVar[type] = Money
    parts: ClassVar[tuple[Part, ...]] = (Part(PartType.INTEGER), Part(PartType.TEXT, "_currency"))
    summable: ClassVar[bool] = True
    unit_part: ClassVar[int | None] = 1

    places: int | None = None
    currency: str | None = None

    def __attrs_post_init__(self) -> None:
        if self.places is not None:
            check_places(self.places)
        if self.currency is not None and self.currency not in CURRENCIES:
            raise ConfigurationError(
                f"currency={self.currency!r} is no active currency of ISO 4217{nearest(self.currency, CURRENCIES)}",
                value=self.currency,
            )

    @property
    def scale(self) -> int:
        """The stored amount is the amount times 10 ** scale."""
        return USUAL_PLACES if self.places is None else self.places

    def fit(self, old: Kind) -> Fit:
        if not isinstance(old, MoneyKind) or old.scale != self.scale:
            return Fit.NONE
        return Fit.SOME if self.places is None and old.places is not None else Fit.ALL

    def parse(self, value: Any) -> Money:
        money = value if type(value) is Money else self._read(value)
        try:
            scaled = to_scaled(money.amount, self.scale)
        except OverflowError:
            raise Problem(
                "money.too_large",
                message="is too large; at most {digits} digits fit before the point",
                digits=18 - self.scale,
                value=str(money),
            ) from None
        if scaled is None or (self.places is None and scaled % _FINEST[money.currency]):
            places = self.scale if self.places is not None else MINOR_UNITS.get(money.currency, USUAL_PLACES)
            raise Problem(
                "money.too_precise",
                message="has more than the {places} decimal digits that {currency} has here; use .rounded({places})",
                currency=money.currency,
                places=places,
                value=str(money),
            )
        return money

    def _read(self, value: Any) -> Money:
        amount, currency = self._unpack(value)
        if currency is None:
            raise Problem(
                "money.no_currency", message="lacks a currency; write it as 'USD 1234.50' or Money(…)", value=value
            )
        if currency not in CURRENCIES:
            raise Problem(
                "money.unknown_currency",
                message="names {currency}, no active currency of ISO 4217; write its code in capitals{hint}",
                currency=currency,
                hint=nearest(currency.upper(), CURRENCIES),
                value=value,
            )
        try:
            return Money(amount, currency)
        except MoneyError:
            raise Problem(
                "money.invalid",
                message="has no exact, finite amount; write it as 'USD 1234.50', never as a float",
                value=value,
            ) from None

    def _unpack(self, value: Any) -> tuple[Any, str | None]:
        """Return amount and currency; neither is judged yet."""
        match value:
            case Money():
                return value.amount, value.currency
            case {"amount": amount, "currency": str(currency), **others} if not others:
                return amount, currency
            case str():
                words = value.split()
                if len(words) == 2:
                    return words[1], words[0]
                if len(words) == 1:
                    return words[0], self.currency
            case int() | Decimal() | float() if not isinstance(value, bool):
                return value, self.currency
        raise Problem("money.invalid", message="is no money; write it as 'USD 1234.50'", value=value)

    def dump(self, value: Money) -> dict[str, str]:
        """Return amount and currency as texts, with the minor digits of the currency, or more where it needs more."""
        text = f"{value.amount:f}" if value.amount else "0"  # there is a Decimal("-0.00")
        _, exponent = _display(self.scale)[value.currency]
        if len(text.partition(".")[2]) != -exponent:
            text = f"{self.from_parts(*self.to_parts(value)).amount:f}"
        return {"amount": text, "currency": value.currency}

    def to_parts(self, value: Money) -> tuple[int, str]:
        return int(_scaleb(value.amount, self.scale)), value.currency

    def from_parts(self, *parts: Any) -> Money:
        return load_money(parts[0], parts[1], self.scale)

    def total(self, sums: Mapping[Any, int]) -> Monies:
        return Monies.of(self.from_parts(amount, currency) for currency, amount in sums.items())

    def json_schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {
                "amount": {"type": "string", "format": "decimal"},
                "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
            },
            "required": ["amount", "currency"],
            "additionalProperties": False,
        }

    def load_source(self, *parts: str) -> str:
        amount, currency = parts
        return f"load_money({amount}, {currency}, {self.scale})"

    def dump_source(self, value: str) -> tuple[str, ...]:
        return f"int(scaleb({value}.amount, {self.scale}))", f"{value}.currency"
