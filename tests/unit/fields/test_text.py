"""Text, and what is refused in it everywhere."""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Any

import pytest

from pycrm.errors import ConfigurationError, Problem
from pycrm.fields.autonumber import AutonumberKind
from pycrm.fields.choices import ChoiceKind, MultiChoiceKind
from pycrm.fields.kind import Kind
from pycrm.fields.status import StatusKind
from pycrm.fields.tags import TagsKind
from pycrm.fields.text import MAX_TEXT, LongTextKind, TextKind
from pycrm.values.lifecycle import Lifecycle, State


def refused(kind: Kind, value: Any) -> Problem:
    with pytest.raises(Problem) as caught:
        kind.parse(value)
    return caught.value


@pytest.mark.parametrize("text", ["", "  a  ", "\u00e9", "e\u0301", "ﬁ", "\ufeff", "a\r\nb", "👩‍👩‍👧", "\U0010ffff"])
def test_text_is_kept_to_the_character(text: str) -> None:
    """Text is neither stripped nor normalised, and empty text is text."""
    assert TextKind().parse(text) == text


@pytest.mark.parametrize(
    ("kind", "wrap"),
    [
        (TextKind(), str),
        (LongTextKind(), str),
        (ChoiceKind(["a"]), str),
        (MultiChoiceKind(["a"]), lambda text: [text]),
        (TagsKind(), lambda text: [text]),
        (AutonumberKind("{seq}"), str),
        (StatusKind(Lifecycle(State("a"))), str),
    ],
)
@pytest.mark.parametrize(("bad", "character"), [("ab\0", "U+0000"), ("ab\ud800", "U+D800"), ("ab\udfff", "U+DFFF")])
def test_unstorable_text_is_refused(kind: Kind, wrap: Any, bad: str, character: str) -> None:
    """NUL and lone surrogates are refused wherever text is taken, and the message can be printed."""
    problem = refused(kind, wrap(bad))

    assert problem.code == "text.unstorable"
    assert f"holds {character} at position 2" in problem.message
    assert f"{problem} {problem.facts}".encode()


def test_long_text_is_refused() -> None:
    """Text over its size is refused with both lengths."""
    assert TextKind(max_length=3).parse("abc") == "abc"
    assert "has 4 characters where 3 are allowed" in refused(TextKind(max_length=3), "abcd").message
    assert refused(LongTextKind(), "x" * (MAX_TEXT + 1)).code == "text.too_long"


def test_other_types_are_refused() -> None:
    """Text is text: a number has to be converted first."""
    assert refused(TextKind(), 5).message == "takes text, not int; convert it first, as in str(value)"


def test_subclasses_become_plain() -> None:
    """Members of string enumerations become the text they stand for."""

    class Colour(StrEnum):
        RED = "red"

    class Old(str, Enum):  # noqa: UP042
        RED = "red"

    assert [(type(TextKind().parse(value)), TextKind().parse(value)) for value in (Colour.RED, Old.RED)] == [
        (str, "red"),
        (str, "red"),
    ]


@pytest.mark.parametrize("length", [0, -1, MAX_TEXT + 1])
def test_bad_length_is_refused(length: int) -> None:
    """A field of no or boundless length is refused."""
    with pytest.raises(ConfigurationError, match="out of bounds; choose 1 to 1000000"):
        TextKind(max_length=length)
