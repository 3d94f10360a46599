"""Which hits come first."""

from __future__ import annotations

from pycrm.search import parse_query, rank


def ranked(text: str, *heads: str, limit: int = 10, shares: dict[int, float] | None = None) -> list[int]:
    """Return the numbers of *heads*, counted from 1 and newest last, in the order of *text*."""
    rows = [(n, "account", None, f"\n{head}\n") for n, head in enumerate(heads, start=1)]
    return [row[0] for _, row in rank(parse_query(text), rows, limit, shares)]


def test_tiers() -> None:
    """What equals the text, then what begins with it, then a title that holds it, then any other."""
    assert ranked("海晨", "贸易\n大海晨", "大海晨", "海晨贸易", "海晨") == [4, 3, 2, 1]


def test_any_field() -> None:
    """A number or a mail address that equals the text counts as much as a title."""
    assert ranked("ACC-000001", "acc-000001x", "海晨\nacc-000001") == [2, 1]


def test_phone() -> None:
    """A number is compared without its country and however it was typed."""
    assert ranked("+86 138 1234 5678", "海晨\n13812345678", "海晨\n138123456789") == [1, 2]


def test_newest_first() -> None:
    """Among equals the newest comes first."""
    assert ranked("海晨", "海晨", "海晨", "海晨") == [3, 2, 1]


def test_limit() -> None:
    """The best are kept."""
    assert ranked("海晨", "海晨", "大海晨", "大海晨", limit=2) == [1, 3]


def test_shares() -> None:
    """Where none holds all terms, those that hold most of them come first."""
    assert ranked("a b c", "a", "a b", "b", shares={1: 1 / 3, 2: 2 / 3, 3: 1 / 3}) == [2, 3, 1]
