"""Bytes are told apart by how common the characters are that come out of them."""

from __future__ import annotations

import pytest

from pycrm.exchange.reading.likeness import likelihoods


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("客户名称,电话\n王小明,138\n", "gb18030"),
        ("张三", "gb18030"),
        ("北京", "gb18030"),
        ("姓名\n贾静雯\n", "gb18030"),
        ("客戶名稱,電話\n王小明,138\n", "big5hkscs"),
        ("張三", "big5hkscs"),
        ("北京", "big5hkscs"),
        ("台灣積體電路製造股份有限公司", "big5hkscs"),
        ("이름,회사\n김철수,주식회사 예제\n", "cp949"),
        ("name,city\nMüller,Köln\nJosé,São Paulo\n", "cp1252"),
    ],
)
def test_likelihoods_find_encoding(text: str, encoding: str) -> None:
    """A few characters of everyday language are enough."""
    shares = likelihoods(text.encode(encoding))

    assert max(shares, key=shares.__getitem__) == encoding
    assert sum(shares.values()) == pytest.approx(1)


def test_likelihoods_admit_others() -> None:
    """Cyrillic is none of them."""
    shares = likelihoods("имя,город\nПетров,Москва\nИванов,Санкт-Петербург\n".encode("cp1251"))

    assert max(shares, key=shares.__getitem__) == ""
