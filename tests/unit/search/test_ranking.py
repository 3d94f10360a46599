"""Which hits come first."""

from __future__ import annotations

from pycrm.search import parse_query, rank_by_share, wanted


def test_shares() -> None:
    """Those that hold most of what was asked for come first, among equals the newest, and the best are kept."""
    rows = [(n, "account", None) for n in (1, 2, 3)]
    shares = {1: 1 / 3, 2: 2 / 3, 3: 1 / 3}

    assert [row[0] for _, row in rank_by_share(rows, shares, 10)] == [2, 3, 1]
    assert [row[0] for _, row in rank_by_share(rows, shares, 2)] == [2, 3]


def test_wanted() -> None:
    """A single term is compared as search reads it, a phone number by its digits; several as they were typed."""
    assert wanted(parse_query("+86 138 1234 5678")).whole == "13812345678"
    assert wanted(parse_query("ACC-000001")).whole == "acc-000001"
    assert wanted(parse_query("海晨 Mei")).texts == ("海晨", "mei")
