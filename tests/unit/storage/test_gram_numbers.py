"""Grams as numbers, in the forms in which PostgreSQL takes them."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from pycrm.storage.gram_numbers import BLOCK_BITS, array_text, binary_array, gram_number

GRAMS = st.lists(st.text(st.characters(exclude_characters=" ", exclude_categories=["Cs"]), min_size=1), min_size=1)


@given(st.lists(GRAMS, min_size=1), st.integers(1, 1 << 40))
def test_binary_array(words: list[list[str]], n: int) -> None:
    """It has the number of each gram, and behind them that of the block of the row, which is negative."""
    sent = binary_array("account", [" ".join(grams) for grams in words], n)
    dimensions, nulls, element_type, count, first = struct.unpack(">5i", sent[:20])
    elements = struct.unpack(f">{2 * count}i", sent[20:])

    assert (dimensions, nulls, element_type, first) == (1, 0, 23, 1)
    assert set(elements[::2]) == {4}
    assert elements[-1] == ~(n >> BLOCK_BITS)
    assert sorted(elements[1:-1:2]) == sorted(gram_number("account", gram) for grams in words for gram in grams)


def test_asked_again() -> None:
    """Whether grams were met before makes no difference, be they kept or not."""
    words = ["ha hai", "1860 18600 186000", "x123456 x1", "海 海晨 +hai", ""]

    assert sorted(array_text("account", words)) == sorted(array_text("account", words))
    assert sorted(array_text("account", words[::-1])) == sorted(array_text("account", words))


def test_array_text() -> None:
    """As text it has the numbers of all grams, which are not negative."""
    numbers = [gram_number("account", gram) for gram in ("ha", "hai", "海")]

    assert array_text("account", ["ha hai", "海"]) == "{" + ",".join(map(str, numbers)) + "}"
    assert array_text("account", []) == "{}"
    assert min(numbers) >= 0


def test_of_its_entity() -> None:
    """The same gram has another number in another entity."""
    assert gram_number("account", "海") != gram_number("contact", "海")
    assert array_text("account", ["海"]) != array_text("contact", ["海"])
