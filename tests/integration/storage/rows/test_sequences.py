"""Counters give every number once, and again what was rolled back."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import pytest

from pycrm.storage.sequences import take


def test_numbers_follow(shop: Any) -> None:
    """The first number is 1; a batch takes consecutive ones; keys count apart."""
    with shop.unit() as unit:
        taken = [
            take(unit, shop.tables, key, count) for key, count in [("a", 1), ("a", 10), ("a", 1), ("'b'", 5), ("a", 1)]
        ]

    assert taken == [1, 2, 12, 1, 13]


def test_rolled_back_number_is_given_again(shop: Any) -> None:
    """Committed numbers have no gaps."""
    with shop.unit() as unit:
        take(unit, shop.tables, "a", 3)
    with contextlib.suppress(KeyError), shop.unit() as unit:
        take(unit, shop.tables, "a", 100)
        raise KeyError

    with shop.unit() as unit:
        assert take(unit, shop.tables, "a", 1) == 4


@pytest.mark.parametrize("threads", [4])
def test_concurrent_units_never_share_a_number(shop: Any, threads: int) -> None:
    """Each of several units gets numbers of its own."""
    taken: list[int] = []

    def work() -> None:
        for _ in range(10):
            with shop.unit() as unit:
                first = take(unit, shop.tables, "a", 2)
            taken.extend((first, first + 1))

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sorted(taken) == list(range(1, 20 * threads + 1))
