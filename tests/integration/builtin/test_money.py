"""Totals and numbers of documents, proved as `reliability` does it at length."""

from __future__ import annotations

import pytest

from reliability.check_money import money_exact, numbers_follow


@pytest.mark.slow
def test_totals_equal_oracle(database_url: str) -> None:
    """Random quotes in twelve currencies, written, changed and partly deleted, total what a Decimal oracle says."""
    figure = money_exact(lambda: database_url, 17, quotes=150)

    assert figure["passed"], figure


@pytest.mark.slow
def test_numbers_follow_one_another(database_url: str) -> None:
    """Writers at once, who think better of it now and then, leave no gap in gap-free numbers and none twice."""
    figure = numbers_follow(lambda: database_url, 17, writers=4, times=12)

    assert figure["passed"], figure
