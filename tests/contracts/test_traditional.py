"""The labels in the Chinese of Taiwan are those that the script would derive now."""

from __future__ import annotations

import os

import pytest

from tools.traditional import converter, outdated, traditional

pytestmark = pytest.mark.docs


@pytest.fixture(autouse=True)
def opencc() -> None:
    """Skip where the converter is not installed, but under CI."""
    if not os.environ.get("CI"):
        pytest.importorskip("opencc")


def test_derived_labels_are_current() -> None:
    """Each ``zh_TW.toml`` follows from the ``zh.toml`` beside it."""
    assert outdated() == [], "run python -m tools.traditional"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("客户类型", "客戶類型"),
        ("联系人的邮箱", "聯絡人的電子郵件"),
        ("不是微信号", "不是微信號"),
        ("最多 {limit} 个字符", "最多 {limit} 個字元"),
        ("请写成 '1小时30分'", "請寫成 '1小时30分'"),
        ("默认视图", "預設檢視"),
    ],
)
def test_terms_of_taiwan(text: str, expected: str) -> None:
    """Words as Taiwan uses them; what is to be typed, and what is filled in, stays as it is."""
    assert traditional(text, converter()) == expected
