"""Texts that differ in their values alone are read once; what is read is what the text says."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pycrm.errors import QueryError
from pycrm.query import F
from pycrm.query.lifting import lift
from pycrm.query.reading import read_filter


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("level = 'A' AND employee_count > 5", ["A", 5]),
        ("name LIKE 'it''s %' or ratio<=0.50", ["it's %", Decimal("0.50")]),
        ("level IN ('A', 'B') AND NOT (tags HAS 'vip')", ["A", "B", "vip"]),
        ("ANY(contacts, name STARTS WITH '王')", ["王"]),
    ],
)
def test_values_that_stand_alone_are_lifted(text: str, values: list[object]) -> None:
    """Strings and numbers that are a whole side of a comparison, or a member of a list, leave the text."""
    lifted, found = lift(text)

    assert found == values
    assert "'" not in lifted
    assert not any(digit in lifted.replace("lifted__", "").replace(":0", "") for digit in "56789")


@pytest.mark.parametrize(
    "text",
    [
        "close_on = 2026-03-01",
        "amount > USD 1000",
        "weight > 5 kg",
        "a > -5",
        "a > 5 + b",
        "created_at >= LAST_N_DAYS:30",
        "a BETWEEN 1 AND b",
        '"a = 5" IS NULL',
        "name BETWEEN 'a = 5 AND b' AND x",
        "a = :lifted__0 AND b = 5",
    ],
)
def test_what_is_part_of_something_stays(text: str) -> None:
    """Digits of dates, amounts, quantities and sums stay, and so does what only looks like a value within a string."""
    assert lift(text) == (text, [])


def test_texts_of_one_form_mean_what_they_say() -> None:
    """The second text of a form is not read as the first one."""
    first, second = read_filter("level = 'A' AND employee_count > 1"), read_filter("level = 'B' AND employee_count > 2")

    assert first == ((F.level == "A") & (F.employee_count > 1)).node
    assert second == ((F.level == "B") & (F.employee_count > 2)).node


def test_an_error_is_told_of_the_text_itself() -> None:
    """The place in an error counts the characters that the user wrote."""
    with pytest.raises(QueryError) as refused:
        read_filter("name = 'a long value' AND = 'A'")

    assert refused.value.facts["position"] == 27
    assert "a long value" in str(refused.value)
