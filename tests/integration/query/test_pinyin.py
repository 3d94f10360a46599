"""Orders and filters by pinyin: the same on each database, whose own Chinese orders differ."""

from __future__ import annotations

import random
from typing import Any

import pytest

from pycrm.values.pinyin import to_name_pinyin, to_pinyin

NAMES = ["张三", "西安", "先", "李四", "阿里 Alpha", "Zeta", "zebra", "单丹", "曾增", "〇", "𠀀", "", "長", "重庆"]


def walked(world: Any, order: str, limit: int) -> list[str]:
    """Return the names of all deals in *order*, read page by page."""
    found: list[str] = []
    cursor = None
    while True:
        page = world.compiler.page(world.deal, None, order, limit=limit, after=cursor).read(world.unit.rows)
        found += [deal.name for deal in world.load(world.deal, page.rows)]
        if (cursor := page.next_cursor) is None:
            return found


@pytest.mark.parametrize("descending", [False, True])
def test_pages_in_the_order_of_pinyin(world: Any, nouns: Any, descending: bool) -> None:
    """Syllable by syllable, so that xi an comes before xian; missing names first; pages of any length."""
    draw = random.Random(7)
    names = NAMES + ["".join(draw.choices("".join(NAMES) + "海晨贸易区解", k=3)) for _ in range(60)]
    world.insert([nouns.Deal(name=name) for name in [*names, None]])
    order = "PINYIN(name) DESC, name DESC" if descending else "PINYIN(name), name"
    expected: list[Any] = sorted(names, key=lambda name: (to_pinyin(name), name), reverse=descending)
    expected.insert(len(expected) if descending else 0, None)

    assert walked(world, order, 7) == walked(world, order, 1_000) == expected


def test_surnames_have_readings_of_their_own(world: Any, nouns: Any) -> None:
    """单 is Shan and 曾 Zeng where they begin a person's name, in orders and in filters."""
    names = ["单丹", "丁一", "曾增", "仇秋", "车三", "区欧", "解谢", "查杰"]
    world.insert([nouns.Deal(name=name) for name in names])

    assert walked(world, "PINYIN_NAME(name)", 3) == sorted(names, key=to_name_pinyin)
    assert world.names("PINYIN_NAME(name) STARTS WITH 'shan'") == ["单丹"]
    assert world.names("PINYIN(name) STARTS WITH 'dan'") == ["单丹"]


def test_text_is_folded_and_spaced(world: Any, nouns: Any) -> None:
    """What is no Chinese stays, folded; one space sets syllables apart."""
    world.insert([nouns.Deal(name="青岛海晨  ＡＧ（中国）1号")])

    assert to_pinyin("青岛海晨  ＡＧ（中国）1号") == "qing dao hai chen ag( zhong guo )1 hao"
    assert world.count("PINYIN(name) = 'qing dao hai chen ag( zhong guo )1 hao'") == 1
