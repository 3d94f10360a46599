from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal, localcontext
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycrm.builtin.products import PriceBook, PriceBookEntry, is_valid, tier_of
from pycrm.values import Money

DAY = date(2026, 3, 2)
QUANTITIES = st.integers(-(10**12), 10**12).map(lambda scaled: Decimal(scaled).scaleb(-6))


def entries(*least: Decimal) -> list[PriceBookEntry]:
    """Return an entry for each least quantity, at a price of its own."""
    return [
        PriceBookEntry(price_book=uuid4(), product=uuid4(), min_qty=qty, unit_price=Money(place, "USD"))
        for place, qty in enumerate(least)
    ]


@given(st.lists(QUANTITIES.map(abs), unique=True), QUANTITIES)
def test_largest_reached_tier_counts(least: list[Decimal], qty: Decimal) -> None:
    """Of the tiers that a quantity reaches the last one counts, in whatever order they come."""
    reached = sorted(each for each in least if each <= abs(qty))

    with localcontext(prec=3):
        tier = tier_of(entries(*least), qty)

    assert (tier.min_qty if tier else None) == (reached[-1] if reached else None)


@pytest.mark.parametrize(
    ("first", "last", "valid"),
    [
        (None, None, True),
        (0, 0, True),
        (1, None, False),
        (None, -1, False),
        (-1, None, True),
        (None, 1, True),
    ],
)
def test_both_days_count(first: int | None, last: int | None, valid: bool) -> None:
    """A book counts from its first to its last day; without one it is open to that side."""
    days = [None if offset is None else DAY + timedelta(days=offset) for offset in (first, last)]

    assert is_valid(PriceBook(name="x", currency="USD", valid_from_on=days[0], valid_until_on=days[1]), DAY) is valid
