"""Ratios and ratings."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Any

import pytest

from pycrm.builtin.kinds import RatingKind, RatioKind
from pycrm.errors import ConfigurationError, Problem
from pycrm.fields.kind import Fit
from pycrm.fields.numbers import DecimalKind, IntegerKind


def code(kind: Any, value: Any) -> str:
    with pytest.raises(Problem) as caught:
        kind.parse(value)
    return caught.value.code


@pytest.mark.parametrize(
    ("value", "ratio"),
    [("12.5%", "0.125"), ("100 ％", "1"), ("0%", "0"), ("0.5", "0.5"), (0.1, "0.1"), (1, "1"), (Decimal("0.5"), "0.5")],
)
def test_ratio_takes_shares_and_percents(value: Any, ratio: str) -> None:
    """A share is taken as a number from 0 to 1, or as a text with a percent sign."""
    assert RatioKind().parse(value) == Decimal(ratio)


def test_ratio_of_percent_ignores_context() -> None:
    """A thread's decimal context of few digits does not touch a percentage."""
    with localcontext(prec=2):
        ratio = RatioKind(percent=True).parse("12.3456%")
        shown = RatioKind(percent=True).display(ratio)

    assert (ratio, shown) == (Decimal("0.123456"), "12.3456%")


@pytest.mark.parametrize("value", ["12.5", -0.1, "100.1%", "-1%", 2])
def test_ratio_lies_between_zero_and_one(value: Any) -> None:
    """Twelve and a half is not taken for a percentage."""
    assert code(RatioKind(), value) == "ratio.out_of_range"


@pytest.mark.parametrize(("value", "problem"), [("%", "invalid"), ("a%", "invalid"), ("0.00000001", "too_precise")])
def test_ratio_is_decimal(value: Any, problem: str) -> None:
    """What is no number, or too precise a one, is refused as with any decimal."""
    assert code(RatioKind(), value) == f"decimal.{problem}"


@pytest.mark.parametrize(
    ("value", "percent", "shown"),
    [("0.125", True, "12.5%"), ("1", True, "100%"), ("0.50", True, "50%"), ("0", True, "0%"), ("0.50", False, "0.5")],
)
def test_ratio_is_shown(value: str, percent: bool, shown: str) -> None:
    """A percentage is shown as one, a ratio as a number, both without idle zeros."""
    kind = RatioKind(percent=percent)

    assert kind.display(kind.parse(value)) == shown


@pytest.mark.parametrize("value", [0, 6, -1, "9"])
def test_rating_has_bounds(value: Any) -> None:
    """A mark lies between 1 and the best."""
    assert code(RatingKind(), value) == "rating.out_of_range"
    assert [RatingKind(best=9).parse(each) for each in (1, "9")] == [1, 9]


@pytest.mark.parametrize("best", [1, 101])
def test_best_mark_has_bounds(best: int) -> None:
    """A scale has at least two marks, and no more than people can tell apart."""
    with pytest.raises(ConfigurationError, match="choose 2 to 100"):
        RatingKind(best)


def test_upgrade_keeps_scale() -> None:
    """A decimal of as many places becomes a ratio as it is; another scale would make other numbers of it."""
    assert RatioKind().fit(DecimalKind()) is RatioKind(percent=True).fit(RatioKind()) is Fit.ALL
    assert RatioKind(places=4).fit(DecimalKind()) is RatioKind().fit(IntegerKind()) is Fit.NONE
    assert RatingKind(best=9).fit(RatingKind()) is Fit.ALL
    assert RatingKind().fit(RatingKind(best=9)) is RatingKind().fit(IntegerKind()) is Fit.SOME
    assert RatingKind().fit(DecimalKind()) is Fit.NONE
