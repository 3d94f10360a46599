"""The table of currencies."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from pycrm.values.currencies import CURRENCIES, MINOR_UNITS


@pytest.mark.parametrize(("code", "digits"), [("JPY", 0), ("CNY", 2), ("USD", 2), ("KWD", 3), ("CLF", 4)])
def test_minor_digits(code: str, digits: int) -> None:
    """Minor digits are those of ISO 4217."""
    assert MINOR_UNITS[code] == digits


def test_gold_has_no_minor_unit() -> None:
    """A unit without a minor unit is a currency all the same."""
    assert "XAU" in CURRENCIES
    assert "XAU" not in MINOR_UNITS


def test_every_currency_is_named_twice() -> None:
    """Every currency has an English name, and a Chinese one of its own."""
    chinese = [zh for _, _, zh in CURRENCIES.values()]

    assert all(en.strip() == en and en for _, en, _ in CURRENCIES.values())
    assert all(any("\u4e00" <= character <= "\u9fff" for character in zh) for zh in chinese)
    assert len(set(chinese)) == len(CURRENCIES)


def test_withdrawn_currencies_are_absent() -> None:
    """Money in a currency that no longer exists is refused."""
    assert not {"DEM", "FRF", "HRK", "ITL"} & CURRENCIES.keys()


def test_table_equals_source(case: Callable[[str], Path]) -> None:
    """The table has exactly the active codes of its source, with their digits."""
    with (case("ref-currencies") / "codes-all.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["AlphabeticCode"] and not row["WithdrawalDate"]]

    assert {row["AlphabeticCode"]: row["MinorUnit"] for row in rows} == {
        code: "-" if digits is None else str(digits) for code, (digits, _, _) in CURRENCIES.items()
    }
