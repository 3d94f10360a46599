"""The rules of exchange rates."""

from __future__ import annotations

from collections.abc import Iterator

from pycrm.builtin.sales.plugin import plugin
from pycrm.plugin import CURRENCIES, ChangeSet, ExchangeRate, Problem, Workspace


@plugin.check(ExchangeRate, changed="from_currency to_currency rate")
def convertible_rate(ws: Workspace, changes: ChangeSet[ExchangeRate]) -> Iterator[Problem]:
    """A rate leads from one currency of ISO 4217 to another, and is more than nothing."""
    for rate in changes:
        for path, code in (("from_currency", rate.from_currency), ("to_currency", rate.to_currency)):
            if code not in CURRENCIES:
                yield Problem(
                    "exchange_rate.unknown_currency",
                    rate,
                    path,
                    message="is no currency of ISO 4217; write its code in capitals, as in USD",
                    value=code,
                )
        if rate.from_currency == rate.to_currency:
            yield Problem(
                "exchange_rate.same_currency",
                rate,
                "to_currency",
                message="is the currency that the rate is from; give another one",
                value=rate.to_currency,
            )
        if rate.rate <= 0:
            yield Problem(
                "exchange_rate.not_positive",
                rate,
                "rate",
                message="is no rate; give what one {from_currency} is worth in {to_currency}, which is more than 0",
                from_currency=rate.from_currency,
                to_currency=rate.to_currency,
                value=rate.rate,
            )
