"""Tables stay in line whatever their cells hold."""

from __future__ import annotations

import pytest

from pycrm.cli.table import fit, pad, render, visible, width


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", 0),
        ("plain", 5),
        ("大区", 4),
        ("Müller", 6),
        ("Mu\u0308ller", 6),
        ("ｆｕｌｌ", 8),
        ("한국", 4),
        ("\u1112\u1161\u11ab", 2),
        ("😀", 2),
        ("❤\ufe0f", 2),
        ("👍🏽", 2),
        ("👩\u200d👧\u200d👦", 2),
        ("a\u200bb", 2),
        ("…", 1),
    ],
)
def test_width_is_that_of_terminal(text: str, columns: int) -> None:
    """Wide characters count twice, combining ones not at all, a joined emoji once."""
    assert width(text) == columns


def test_columns_line_up() -> None:
    """Every row begins its columns in the same place."""
    table = render(("大区", "n", "Name"), [("华东", "7", "x"), ("a", "1200", "青岛海晨")], right=[1])

    assert table.splitlines() == [
        "大区     n  Name",
        "----  ----  --------",
        "华东     7  x",
        "a     1200  青岛海晨",
    ]


def test_control_characters_are_written_out() -> None:
    """Nothing in a cell moves the cursor or turns the line around."""
    assert visible("a\nb\t\x1b[31m\x00\u202e") == r"a\nb\t\x1b[31m\x00\u202e"


def test_lone_surrogate_can_be_shown() -> None:
    """Half a character is written out, for no output could encode it."""
    assert visible("\ud800") == r"\ud800"


def test_rows_may_be_missing() -> None:
    """A table without rows is its head."""
    assert render(("A", "B"), []) == "A  B\n-  -"


@pytest.mark.parametrize(("text", "cut"), [("short", "short"), ("longer", "long…"), ("青岛海晨", "青岛…")])
def test_fit_cuts_by_columns(text: str, cut: str) -> None:
    """What is cut takes no more columns than allowed, even where a wide character would stand on the edge."""
    assert fit(text, 5) == cut
    assert width(fit(text, 5)) <= 5


def test_pad_counts_columns() -> None:
    """Padding goes by columns, not by characters."""
    assert pad("大", 4) == "大  "
    assert pad("大", 4, right=True) == "  大"
