"""Money converted within filters: what `ExchangeRates.convert` gives, on each database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pycrm.entities import ExchangeRate
from pycrm.errors import MissingRateError
from pycrm.query import Compare, F, call, node_of
from pycrm.query.ast import Call, IsNull, Path
from pycrm.values.exchange import ExchangeRates
from pycrm.values.money import Money

from .test_against_oracle import DAYS, MONIES, holding
from .test_language import BASES, CURRENCIES, rates

__all__ = ["holding"]  # the fixture

checked = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@checked
@given(
    quoted=rates(),
    monies=st.lists(st.sampled_from(MONIES), min_size=1, max_size=5),
    currency=CURRENCIES,
    base=BASES,
    day=st.sampled_from(DAYS),
)
def test_it_is_what_exchange_rates_give(
    holding: Any, nouns: Any, quoted: Any, monies: Sequence[Money], currency: str, base: str, day: date
) -> None:
    """To the last digit; where no rate leads to the currency, the result is missing."""
    known = ExchangeRates(sorted((r for r in quoted if r.deleted_at is None), key=lambda r: r.id), base or None)
    deals = [nouns.Deal(name=str(number), amount=money) for number, money in enumerate(monies)]
    converted = Call("CONVERT", (Path(("amount",)), currency, day, base))
    with holding([], deals) as world:
        world.insert(quoted)
        for deal in deals:
            own = node_of(F.name == deal.name)
            try:
                expected = known.convert(deal.amount, currency, day)
            except MissingRateError:
                asked = IsNull(converted)
            else:
                asked = Compare("=", converted, expected)

            assert world.ids(own) == [deal.id]
            assert deal.id in world.ids(asked), (deal.amount, currency)


def test_newest_of_one_day_counts(world: Any, nouns: Any) -> None:
    """Several sources may quote a pair on one day; the rate that was added last is taken."""
    world.insert([nouns.Deal(name="a", amount=Money(100, "USD"))])
    for source, rate in (("ecb", 7), ("pboc", 8), ("own", 9)):
        one = ExchangeRate(from_currency="USD", to_currency="CNY", quoted_on=DAYS[2], rate=rate, source=source)
        world.insert([one])
    asked = call("CONVERT", F.amount, "CNY", DAYS[2], "")

    assert world.names(asked == Money(900, "CNY")) == ["a"]
