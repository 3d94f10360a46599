"""The header is the first full row, and its names are unique."""

from __future__ import annotations

import pytest

from pycrm.exchange.reading.headers import column_names, find_header


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        ([["name", "city"], ["a", "b"]], 0),
        ([["客户清单"], [], ["名称", "城市", "电话"], ["甲", "青岛", ""], ["乙", "", "1"]], 2),
        ([["Report", "Contacts"], ["name", "city", "phone"], ["a", "b", "c"], ["d", "e", "f"]], 1),
        ([["客户清单", "", ""], ["", "", ""], ["名称", "城市", "电话"], ["甲", "", ""]], 2),
        ([["name", "", "phone"], ["a", "b", "c"], ["d", "e", "f"]], 0),
        ([["name", "city"], ["a", "b", ""], ["c", "d", ""]], 0),
        ([["name"], ["a"], ["b"]], 0),
        ([["", ""], []], -1),
    ],
)
def test_header_is_first_full_row(rows: list[list[str]], place: int) -> None:
    """Titles and blank lines above it fill few cells."""
    assert find_header(rows) == place


def test_column_names_are_unique() -> None:
    """What has no name is named by its place; a second one of the same name gets a number."""
    names = column_names(["\ufeffname ", "", "name", None, "two\r\nlines", "'=cmd", "name (2)", 2024])

    assert names == ("name", "column 2", "name (2)", "column 4", "two lines", "=cmd", "name (2) (2)", "2024")


def test_column_names_can_be_written() -> None:
    """Bytes that are no text, and halves of surrogate pairs, are no part of a name, for names are written to files."""
    assert column_names(["caf\udce9", "a\x00b", "\ud800"]) == ("caf\ufffd", "ab", "\ufffd")
