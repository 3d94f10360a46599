"""Autonumbers."""

from __future__ import annotations

import pytest

from pycrm.errors import ConfigurationError, Problem
from pycrm.fields.autonumber import AutonumberKind


@pytest.mark.parametrize(
    ("pattern", "number"),
    [("SO-{year}-{seq:05}", "SO-2026-00042"), ("{seq}", "42"), ("第{seq:03}号", "第042号"), ("{{{seq}}}", "{42}")],
)
def test_number_follows_pattern(pattern: str, number: str) -> None:
    """A number is the pattern with year and count filled in."""
    assert AutonumberKind(pattern).format(2026, 42) == number


def test_count_outgrows_width() -> None:
    """A count that outgrows its width is written in full."""
    assert AutonumberKind("{seq:02}").format(2026, 12345) == "12345"


def test_sequence_per_year() -> None:
    """The count is one per field, and per year where the pattern has the year."""
    assert AutonumberKind("SO-{year}-{seq}").sequence_key("sales_order", "number", 2026) == "sales_order.number:2026"
    assert AutonumberKind("SO-{seq}").sequence_key("sales_order", "number", 2026) == "sales_order.number"


def test_own_number_is_taken() -> None:
    """A caller's own number is text of bounded length."""
    assert AutonumberKind("{seq}").parse("536365") == "536365"
    with pytest.raises(Problem, match=r"text\.too_long"):
        AutonumberKind("{seq}").parse("x" * 101)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("SO", "must hold {seq} once"),
        ("{seq}{seq}", "must hold {seq} once"),
        ("{month}{seq}", "placeholder 'month'"),
        ("{year:02}{seq}", "placeholder 'year'"),
        ("{seq:>9}", "placeholder 'seq'"),
        ("{seq!r}", "placeholder 'seq'"),
        ("{seq.real}", "placeholder 'seq.real'"),
        ("{seq:{year}}", "placeholder 'seq'"),
        ("{}{seq}", "placeholder ''"),
        ("{seq", "cannot be read"),
        ("a\0{seq}", "cannot be read"),
        ("x" * 95 + "{seq}", "more than 100 characters"),
    ],
)
def test_bad_pattern_is_refused(pattern: str, message: str) -> None:
    """A pattern that cannot count is refused when the field is declared."""
    with pytest.raises(ConfigurationError, match=message):
        AutonumberKind(pattern)
