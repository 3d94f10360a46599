"""Numbers of payment cards."""

from __future__ import annotations

from pycrm.builtin.kinds.scheme import Scheme

__all__ = ["PAYMENT_CARD"]


def _prove_card(number: str) -> str | None:
    """Test the sum of Luhn: every second digit from the right doubled, their digits summed, divisible by ten."""
    doubled = "".join(str(2 * int(digit)) for digit in number[-2::-2])
    return number if sum(map(int, number[-1::-2] + doubled)) % 10 == 0 else None


PAYMENT_CARD = Scheme(
    name="payment_card",
    label={"en": "payment card number", "zh": "银行卡号"},
    form="[1-9][0-9]{11,18}",
    example="4111111111111111",
    prove=_prove_card,
    sensitive=True,
)
"""The primary account number of a payment card, ISO/IEC 7812."""
