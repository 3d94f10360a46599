from __future__ import annotations

import pytest

from pycrm.builtin.parties.person_names import full_name


@pytest.mark.parametrize(
    ("family", "given", "language", "name"),
    [
        ("王", "小明", None, "王小明"),
        ("欧阳", "娜娜", "zh", "欧阳娜娜"),
        ("司馬", "遷", "zh-Hant", "司馬遷"),
        ("阿不都热合曼", "买买提·艾力", None, "阿不都热合曼买买提·艾力"),
        ("𠮷田", "太郎", "ja", "𠮷田太郎"),
        ("佐々木", "さくら", None, "佐々木さくら"),
        ("김", "민수", "ko", "김민수"),
        ("王", "小明", "en", "王小明"),
    ],
)
def test_east_asian_name_begins_with_family(family: str, given: str, language: str | None, name: str) -> None:
    """In Chinese, Japanese and Korean script the family name comes first and nothing stands between."""
    assert full_name(family, given, language) == name


@pytest.mark.parametrize(
    ("family", "given", "language", "name"),
    [
        ("Smith", "John", None, "John Smith"),
        ("van der Berg", "Anna Maria", "nl", "Anna Maria van der Berg"),
        ("Müller-Lüdenscheidt", "Jörg", "de-DE", "Jörg Müller-Lüdenscheidt"),
        ("Кузнецова", "Ольга", "ru", "Ольга Кузнецова"),
        ("O’Neill", "Áine", "en_IE", "Áine O’Neill"),
    ],
)
def test_western_name_begins_with_given_name(family: str, given: str, language: str | None, name: str) -> None:
    """In another script the given name comes first."""
    assert full_name(family, given, language) == name


@pytest.mark.parametrize(
    ("family", "given", "language", "name"),
    [
        ("Nguyễn", "Văn An", "vi", "Nguyễn Văn An"),
        ("Nagy", "János", "hu-HU", "Nagy János"),
        ("Wang", "Xiaoming", "zh-Latn", "Wang Xiaoming"),
        ("欧阳", "Nana", None, "欧阳 Nana"),
    ],
)
def test_language_puts_family_first(family: str, given: str, language: str | None, name: str) -> None:
    """A language whose names begin with the family does so in Latin letters too; so does a name half in Han."""
    assert full_name(family, given, language) == name


@pytest.mark.parametrize(
    ("family", "given", "name"),
    [
        ("王", None, "王"),
        (None, "Björk", "Björk"),
        (" Smith ", " John", "John Smith"),
        (None, "", ""),
        ("  ", "明", "明"),
    ],
)
def test_missing_parts(family: str | None, given: str | None, name: str) -> None:
    """Of one part the name is made of that; blanks around parts are no part of it."""
    assert full_name(family, given) == name
