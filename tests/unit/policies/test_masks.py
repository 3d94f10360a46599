from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycrm import ConfigurationError
from pycrm.policies.masks import MASKS, mask


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("6222021234561234", "************1234"),
        ("12345", "***45"),
        ("王小明", "**明"),
        ("7", "*"),
        ("", "***"),
    ],
)
def test_last_four_are_at_most_half(text: str, shown: str) -> None:
    """The last four characters are shown, of a short text at most half."""
    assert mask("last4", text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("13812345678", "138****5678"),
        ("+8613812345678", "+86138****5678"),
        ("138-1234-5678", "138-****-5678"),
        ("021 6234 5678", "021 **** 5678"),
        ("6234567", "6*****7"),
    ],
)
def test_numbers_keep_their_ends(text: str, shown: str) -> None:
    """A telephone number is told as people do, with its separators."""
    assert mask("first_last", text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [("王小明", "王*明"), ("欧阳小红", "欧**红"), ("张三", "张*"), ("张", "***"), ("Mei Wang", "M******g")],
)
def test_names_keep_their_ends(text: str, shown: str) -> None:
    """Of a name the first and the last character are shown, of two only the first, of one nothing."""
    assert mask("first_last", text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [("mei@example.com", "***@example.com"), ("小明@例子.中国", "***@例子.中国"), ("nobody", "***"), ("mei@", "***")],
)
def test_address_keeps_its_domain(text: str, shown: str) -> None:
    """Of an address only the place is shown; what is none is hidden."""
    assert mask("domain", text) == shown


def test_all_hides_the_length() -> None:
    """What is hidden whole does not tell how long it is."""
    assert {mask("all", text) for text in ("", "a", "一个很长的名字")} == {"***"}


def test_nothing_stays_nothing() -> None:
    """A field without a value looks the same to everybody."""
    assert [mask(pattern, None) for pattern in MASKS] == [None] * len(MASKS)


def test_unknown_mask_names_nearest() -> None:
    """A wrong name is refused with the one that was meant."""
    with pytest.raises(ConfigurationError, match="did you mean 'last4'"):
        mask("last_4", "secret")


@given(st.text(min_size=1, max_size=30), st.sampled_from(sorted(MASKS)))
def test_no_mask_shows_all(text: str, pattern: str) -> None:
    """Whatever the text is, something of it is hidden."""
    assert mask(pattern, text) != text or "*" in text
