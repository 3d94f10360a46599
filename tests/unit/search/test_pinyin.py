"""Chinese names by the letters that people type for them."""

from __future__ import annotations

import pytest

from pycrm.search.pinyin import SYLLABLES, pair_grams, readings, segmentations
from pycrm.search.query import parse_query

pytest.importorskip("pypinyin")


def test_readings() -> None:
    """A character has the syllables that it is read as, the usual one first; what is none has no reading."""
    assert readings("海") == ("hai",)
    assert readings("重")[:2] == ("zhong", "chong")
    assert "lv" in readings("绿")
    assert readings("x") == ()


def test_readings_are_syllables() -> None:
    """The readings of usual characters are syllables that typed letters are read as."""
    usual = "青岛海晨贸易有限公司科技集团王李张刘陈杨黄赵吴周上海北京重庆厦门绿城女士"
    assert {reading for each in usual for reading in readings(each)} <= SYLLABLES


def test_pair() -> None:
    """A pair gives itself, its first character with its syllables, and the initials of both."""
    assert set(pair_grams("海晨").split()) == {"海晨", "海", "+hai", "~hc"}
    assert {"~cq", "~zq"} <= set(pair_grams("重庆").split())


@pytest.mark.parametrize(
    ("letters", "ways"),
    [
        ("haichen", [("hai", "chen"), ("hai", "che", "n")]),
        ("haich", [("hai", "ch")]),
        ("xian", [("xian",), ("xia", "n"), ("xi", "an"), ("xi", "a", "n")]),
        ("hcmy", []),
        ("", []),
    ],
)
def test_segmentations(letters: str, ways: list[tuple[str, ...]]) -> None:
    """Letters are read as whole syllables, the last perhaps only begun."""
    assert segmentations(letters) == ways


@pytest.mark.parametrize(("typed", "is_held"), [("hc", True), ("haichen", True), ("haich", True), ("chenhai", False)])
def test_held(typed: str, is_held: bool) -> None:
    """A name holds its initials and its pinyin, whole or begun, and no other order of syllables."""
    (term,) = parse_query(typed).terms
    grams = {gram for pair in ("青岛", "岛海", "海晨", "晨") for gram in pair_grams(pair).split()}

    assert term.is_held_by(grams) is is_held
