from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycrm.exchange.formulas import MARK, neutral, original

SIGNS = "=+-@＝＋－＠﹦﹢﹣﹫−"
UNSEEN = [
    "",
    " ",
    "\t",
    "\r",
    "\n",
    "\0",
    "\x1f",
    "\x7f",
    "\xa0",
    "\u200b",
    "\u2060",
    "\u3000",
    "\ufeff",
    "\u202e",
    "\u3164",
]
RISKY = [f"{before}{sign}1+1" for sign in SIGNS for before in [*UNSEEN, "\u3000 \u200b"]]

texts = st.text() | st.lists(st.sampled_from([*SIGNS, *UNSEEN, MARK, "a", "1", "国"]), max_size=8).map("".join)


def begins_a_formula(text: str) -> bool:
    """What the strictest of spreadsheets would do: trim whatever is not seen, and look at the first character."""
    if text[:1] in {"\t", "\r", "\n"}:
        return True
    rest = text.lstrip("".join(UNSEEN))
    return unicodedata.normalize("NFKC", rest[:1]) in set("=+-@")


@given(texts)
def test_every_text_comes_back(text: str) -> None:
    """The mark is taken off exactly where it was put."""
    assert original(neutral(text)) == text


@given(texts)
def test_no_written_text_begins_a_formula(text: str) -> None:
    """Whatever the text is, what is written begins no formula."""
    assert not begins_a_formula(neutral(text))


@pytest.mark.parametrize("text", RISKY)
def test_risky_text_is_marked(text: str) -> None:
    """What stands before the sign unseen does not hide it."""
    assert neutral(text) == MARK + text


@pytest.mark.parametrize("text", ["'=1+1", "''@x", "'\t1", "' =1"])
def test_text_like_a_marked_one_is_marked_again(text: str) -> None:
    """A text that looks as if it had been marked gets a mark of its own."""
    assert neutral(text) == MARK + text


@pytest.mark.parametrize("text", ["", "'s-Hertogenbosch", "'quoted'", "''", "a=b", "1-2", "青岛海晨", " plain", "(+)"])
def test_harmless_text_stays(text: str) -> None:
    """What begins no formula is written and read as it stands, apostrophes of other programs included."""
    assert neutral(text) == original(text) == text


@given(texts)
def test_marks_do_not_pile_up(text: str) -> None:
    """Text that was written twice is read twice."""
    assert original(original(neutral(neutral(text)))) == text
