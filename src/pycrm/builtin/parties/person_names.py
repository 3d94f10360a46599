"""What a person is called, from family name and given name."""

from __future__ import annotations

import re

__all__ = ["full_name"]

# Languages whose names begin with the family, whatever the script: CLDR 46, personNames, nameOrderLocales of "en".
_FAMILY_FIRST = frozenset({"hu", "ja", "km", "ko", "mn", "si", "ta", "te", "vi", "yue", "zh"})
# Written without a space between: Han characters, kana and Hangul, with the marks that stand among them.
_unspaced = re.compile(
    r"[\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff·]+"
).fullmatch


def full_name(family_name: str | None, given_name: str | None, language: str | None = None) -> str:
    """Return the name of a person in its usual order: ``王小明``, ``John Smith``, ``Nguyễn Văn An``.

    A name in Chinese, Japanese or Korean script begins with the family and has no space. In another script it begins
    with the given name, unless *language* is one whose names begin with the family. The name of somebody else in
    Chinese script, as ``约翰·史密斯``, cannot be told from its parts.

    Args:
        family_name: 王 of 王小明.
        given_name: 小明 of 王小明; further given names follow in it.
        language: The tag of the person's language, as ``zh`` or ``hu-HU``.
    Returns:
        The name, or what there is of it; empty where there is neither.
    """
    family, given = (family_name or "").strip(), (given_name or "").strip()
    if not family or not given:
        return family or given
    if _unspaced(family) and _unspaced(given):
        return family + given
    first = re.split("[-_]", language or "", maxsplit=1)[0].lower()
    begins_with_family = first in _FAMILY_FIRST or _unspaced(family) or _unspaced(given)
    return f"{family} {given}" if begins_with_family else f"{given} {family}"
