from __future__ import annotations

import pytest

from pycrm.builtin.sales.payment_plan import is_overpaid
from pycrm.values import Money


@pytest.mark.parametrize(
    ("amount", "received", "overpaid"),
    [
        ("100", "99.99", False),
        ("100", "100", False),
        ("100", "100.01", True),
        ("100", "-5", False),
        ("0", "0", False),
        ("0", "0.01", True),
        ("-100", "-100", False),
        ("-100", "-100.01", True),
        ("-100", "5", False),
    ],
)
def test_overpaid_is_beyond_amount(amount: str, received: str, overpaid: bool) -> None:
    """More than was asked for, in the direction in which it was asked, is too much."""
    assert is_overpaid(Money(amount, "USD"), Money(received, "USD")) is overpaid
