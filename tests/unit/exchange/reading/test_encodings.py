"""The encoding of a file of text is told, or found by a ladder that says how sure it is."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

from pycrm.errors import MissingExtraError, ReadError
from pycrm.exchange.reading.encodings import find_encoding

CHINESE = "客户名称,电话\r\n王小明,13800000001\r\n上海示例贸易有限公司,021-5555\r\n"
ENGLISH = "name,phone\r\nExample,13800000001\r\n"


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """Where a test writes its file."""
    return tmp_path / "customers.csv"


@pytest.mark.parametrize("text", [CHINESE, ENGLISH])
@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"],
)
def test_encoding_of_unicode(written: Path, encoding: str, text: str) -> None:
    """A mark tells it, or the zeros of ASCII characters, or that it is valid UTF-8."""
    written.write_bytes(text.encode(encoding))

    found = find_encoding(written)

    assert found.name == encoding
    assert found.certainty >= 0.9
    assert written.read_bytes()[found.mark_bytes :].decode(found.codec) == text
    assert found.digest == hashlib.sha256(written.read_bytes()).hexdigest()


@pytest.mark.parametrize(("encoding", "text"), [("gb18030", CHINESE), ("big5hkscs", "客戶名稱,電話\n歐陽鋒,138\n")])
def test_encoding_of_china(written: Path, encoding: str, text: str) -> None:
    """Two encodings that are valid for each other's bytes are told apart, and never called certain."""
    written.write_bytes(text.encode(encoding))

    found = find_encoding(written)

    assert found.name == encoding
    assert 0.9 < found.certainty < 1


def test_encoding_far_into_file(written: Path) -> None:
    """All bytes are looked at: a file that begins with a megabyte of ASCII is no UTF-8 for that."""
    written.write_bytes(ENGLISH.encode() * 40_000 + CHINESE.encode("gb18030"))

    assert find_encoding(written).name == "gb18030"


def test_encoding_with_broken_line(written: Path) -> None:
    """One line of other bytes does not make thousands of good characters something else; it costs certainty."""
    written.write_bytes(CHINESE.encode() * 50 + b"\xff\xfe broken\n" + CHINESE.encode())

    found = find_encoding(written)

    assert found.name == "utf-8"
    assert 0.9 < found.certainty < 1


def test_encoding_cut_between_blocks(written: Path) -> None:
    """A character that stands across the border of two reads is whole."""
    written.write_bytes(b"x" * ((1 << 18) - 1) + "公司\n".encode())

    assert find_encoding(written).name == "utf-8"
    assert find_encoding(written).certainty == 1


def test_encoding_told(written: Path) -> None:
    """What somebody knows is taken as it is."""
    written.write_bytes(CHINESE.encode("gb18030"))

    found = find_encoding(written, "big5")

    assert (found.name, found.certainty) == ("big5", 1.0)


def test_encoding_told_with_mark(written: Path) -> None:
    """A mark of the encoding told is no part of the text."""
    written.write_bytes(CHINESE.encode("utf-8-sig"))

    assert find_encoding(written, "utf8").mark_bytes == 3


@pytest.mark.parametrize("told", ["klingon", "base64", "rot13", "undefined"])
def test_encoding_told_unknown(written: Path, told: str) -> None:
    """What is no encoding of text is refused."""
    written.write_bytes(b"x")

    with pytest.raises(ReadError, match=f"no encoding '{told}'"):
        find_encoding(written, told)


def test_encoding_guessed(written: Path) -> None:
    """What is none of the first ones is guessed, with little certainty."""
    pytest.importorskip("charset_normalizer")
    written.write_bytes("имя,город\nПетров,Москва\nИванов,Санкт-Петербург\n".encode("cp1251"))

    found = find_encoding(written)

    assert found.name == "cp1251"
    assert found.certainty < 0.9


def test_encoding_guess_needs_extra(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package that guesses, the error says both cures."""
    monkeypatch.setitem(sys.modules, "charset_normalizer", None)
    written.write_bytes("имя,город\nПетров,Москва\nИванов,Санкт-Петербург\n".encode("cp1251"))

    with pytest.raises(MissingExtraError, match=r"encoding='cp1252'.*pip install 'pycrm\[import\]'"):
        find_encoding(written)
