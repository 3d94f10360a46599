from __future__ import annotations

from itertools import pairwise

from pycrm.builtin.sales.sales_order import SALES_ORDER


def test_order_cancels_before_shipping() -> None:
    """An order can be cancelled from any state before it is shipped, and from no other."""
    cancellable = {state for state in SALES_ORDER.states if SALES_ORDER.move_between(state, "cancelled")}

    assert cancellable == {"draft", "confirmed", "in_production", "partly_shipped"}


def test_order_reaches_completion() -> None:
    """The long way leads through every state."""
    way = ["draft", "confirmed", "in_production", "partly_shipped", "shipped", "completed"]
    moves = [SALES_ORDER.move_between(before, after) for before, after in pairwise(way)]

    assert [move.name for move in moves if move] == ["confirm", "start_production", "ship_partly", "ship", "complete"]
