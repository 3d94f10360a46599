"""The delimiter is the sign that parts all lines alike."""

from __future__ import annotations

import pytest

from pycrm.exchange.reading.delimiters import Dialect, find_dialect


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_dialect_of_plain_table(delimiter: str) -> None:
    """Each of the usual signs is found."""
    rows = [["name", "city", "note"], ["Example", "Köln", "x"], ["Sample", "青岛", "y"]]

    assert find_dialect("".join(delimiter.join(row) + "\n" for row in rows)) == Dialect(delimiter)


@pytest.mark.parametrize(
    ("sample", "delimiter"),
    [
        ("name;price;weight\na;1,5;2,5\nb;2,7;3,1\n", ";"),
        ("name\tnote\na\tone, two, three\nb\tfour, five, six\n", "\t"),
        ("name,times\na,08:30;09:30;10:30\nb,11:30;12:30;13:30\n", ","),
        ('name,list\na,"1;2;3;4"\nb,"5;6;7;8"\n', ","),
        ("报表\n名称;金额\n甲;1\n乙;2\n", ";"),
        ("one column only\nfirst\nsecond\n", ","),
        ("名称，电话\n甲，1\n", ","),
        ("sep=|\na,b|c,d\n1,2|3,4\n", "|"),
        ("", ","),
    ],
)
def test_dialect_is_not_misled(sample: str, delimiter: str) -> None:
    """Prices, times, lists and titles have signs in them that part nothing; full-width commas are text."""
    assert find_dialect(sample).delimiter == delimiter


def test_dialect_with_blanks() -> None:
    """Where blanks stand between delimiter and quote, they are left out; elsewhere they belong to the cell."""
    assert find_dialect('name, note\na, "x, y"\nb, "z, w"\n').skips_blanks
    assert not find_dialect('name, note\na, "x"\nb, " y"\n').skips_blanks


def test_dialect_told() -> None:
    """A delimiter that is told is not judged."""
    assert find_dialect("a,b\n1,2\n", "~").delimiter == "~"
