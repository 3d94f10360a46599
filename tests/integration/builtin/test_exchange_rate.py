from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from pycrm import ExchangeRate, ExchangeRates, F, Money, ValidationError, Workspace

FACTS: dict[str, Any] = {
    "from_currency": "USD",
    "to_currency": "CNY",
    "quoted_on": date(2026, 3, 2),
    "rate": Decimal("7.1025"),
}


def test_stored_rates_convert(ws: Workspace) -> None:
    """Records of rates are what `ExchangeRates` takes."""
    ws.create_many(
        [
            ExchangeRate(**FACTS),
            ExchangeRate(**{**FACTS, "quoted_on": date(2026, 3, 9), "rate": "7.2"}),
            ExchangeRate(**{**FACTS, "source": "ecb", "rate": "9"}),
        ]
    )
    rates = ExchangeRates(ws.iterate(ExchangeRate, where=F.source == "own"))

    assert rates.convert(Money("100", "USD"), "CNY", on=date(2026, 3, 8)) == Money("710.25", "CNY")


@pytest.mark.parametrize("rate", ["0.0000000001", "99999999.9999999999", "26015.5", "1"])
def test_rate_comes_back_exactly(ws: Workspace, rate: str) -> None:
    """A rate has up to ten digits after the point and eight before it."""
    stored = ws.create(ExchangeRate(**{**FACTS, "rate": Decimal(rate)}))

    assert ws.get(ExchangeRate, stored.id).rate == Decimal(rate)


@pytest.mark.parametrize(
    ("changed", "code", "path"),
    [
        ({"to_currency": "USD"}, "exchange_rate.same_currency", "to_currency"),
        ({"to_currency": "RMB"}, "exchange_rate.unknown_currency", "to_currency"),
        ({"from_currency": "usd"}, "exchange_rate.unknown_currency", "from_currency"),
        ({"rate": Decimal(0)}, "exchange_rate.not_positive", "rate"),
        ({"rate": Decimal(-7)}, "exchange_rate.not_positive", "rate"),
        ({"rate": Decimal("0.00000000001")}, "decimal.too_precise", "rate"),
    ],
)
def test_rate_is_judged(ws: Workspace, changed: dict[str, Any], code: str, path: str) -> None:
    """A rate leads from one currency to another and is more than nothing, new or changed."""
    stored = ws.create(ExchangeRate(**FACTS))
    with pytest.raises(ValidationError) as caught_new:
        ws.create(ExchangeRate(**{**FACTS, "quoted_on": date(2026, 3, 3), **changed}))
    with pytest.raises(ValidationError) as caught_changed:
        ws.update(stored, **changed)

    for caught in (caught_new, caught_changed):
        assert [(problem.code, problem.field) for problem in caught.value.problems] == [(code, path)]


def test_one_rate_per_pair_day_and_source(ws: Workspace) -> None:
    """Two sources may quote one day; one of them does it once."""
    ws.create(ExchangeRate(**FACTS))
    ws.create(ExchangeRate(**FACTS, source="ecb"))

    with pytest.raises(ValidationError) as caught:
        ws.create(ExchangeRate(**FACTS, source="ecb"))
    assert [problem.code for problem in caught.value.problems] == ["field.not_unique"]
