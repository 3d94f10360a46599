"""Choices, multi-choices and tags."""

from __future__ import annotations

from typing import Any

import pytest

from pycrm.errors import ConfigurationError, Problem
from pycrm.fields.choices import ChoiceKind, MultiChoiceKind, Option
from pycrm.fields.tags import TagsKind

TERMS = [Option("FOB", label={"zh": "离岸价"}), "CIF", Option("DAF", retired=True)]


def problem(kind: Any, value: Any) -> Problem:
    with pytest.raises(Problem) as caught:
        kind.parse(value)
    return caught.value


def test_unknown_choice_names_options() -> None:
    """An unknown option is refused with those offered and the nearest."""
    refused = problem(ChoiceKind(TERMS), "FOBB")

    assert refused.code == "choice.unknown"
    assert refused.message == "is none of ['FOB', 'CIF']; did you mean 'FOB'?"


def test_choice_is_exact() -> None:
    """Options are compared to the character."""
    assert problem(ChoiceKind(TERMS), "fob").code == "choice.unknown"
    assert problem(ChoiceKind(TERMS), "").code == "choice.unknown"


def test_retired_option_is_not_offered() -> None:
    """A retired option is no longer taken, yet read: its value loads as it was stored."""
    kind = ChoiceKind(TERMS)

    assert problem(kind, "DAF").code == "choice.retired"
    assert kind.from_parts("DAF") == "DAF"
    assert kind.offered == ("FOB", "CIF")
    assert "DAF" in kind.json_schema()["enum"]
    assert "DAF" not in str(kind.parse_source("v"))


def test_all_options_retired() -> None:
    """A choice whose options are all retired takes nothing."""
    kind = ChoiceKind([Option("old", retired=True)])

    assert kind.parse_source("v") is None
    assert problem(kind, "old").code == "choice.retired"


def test_multi_choice_is_ordered() -> None:
    """Several options stand once each in the order of the options."""
    kind = MultiChoiceKind(["b", "a", "c"])

    assert kind.parse(["a", "b", "a"]) == ("b", "a")
    assert kind.parse({"c", "b"}) == ("b", "c")
    assert kind.parse([]) == kind.empty == ()
    assert kind.dump(("b", "a")) == ["b", "a"]


@pytest.mark.parametrize("kind", [MultiChoiceKind(["a", "b"]), TagsKind()])
@pytest.mark.parametrize("value", ["ab", b"ab", {"a": 1}, 5, None])
def test_several_values_are_wanted(kind: Any, value: Any) -> None:
    """One text is no collection of texts."""
    assert problem(kind, value).code == "values.invalid"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("FOB", "is one text; give a list"),
        ([], "at least one option"),
        (["a", "a"], "'a' is given twice"),
        ([""], "has 0 characters"),
        (["x" * 256], "has 256 characters"),
        (["a\0"], "holds U\\+0000"),
        ([5], "takes text, not int"),
    ],
)
def test_bad_options_are_refused(options: Any, message: str) -> None:
    """What cannot be offered is refused when the field is declared."""
    with pytest.raises(ConfigurationError, match=message):
        ChoiceKind(options)


def test_tags_are_a_sorted_set() -> None:
    """Tags stand once each in order, unstripped."""
    assert TagsKind().parse(["vip", " vip", "东", "vip"]) == (" vip", "vip", "东")


def test_tags_are_bounded() -> None:
    """Empty and long tags are refused, and too many."""
    assert problem(TagsKind(), [""]).code == "tags.bad_length"
    assert problem(TagsKind(), ["x" * 101]).code == "tags.bad_length"
    assert problem(TagsKind(), map(str, range(101))).message == "has 101 tags; at most 100 fit"
