"""Phone numbers, with the library that knows every country's plan and without it."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import CASES, absent

from pycrm import Phone
from pycrm.builtin.kinds import PhoneKind
from pycrm.builtin.kinds.phone import _library, _parsed
from pycrm.errors import ConfigurationError, Problem


@pytest.fixture
def without_library(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installation without the extra ``people``."""
    monkeypatch.setitem(sys.modules, "phonenumbers", None)
    _library.cache_clear()
    yield
    monkeypatch.undo()
    _library.cache_clear()


def refused(value: Any) -> str:
    with pytest.raises(Problem) as caught:
        PhoneKind().parse(value)
    return caught.value.code


def test_public_case() -> None:
    """Numbers of 13 regions in five writings come out as the tables of the library say; damaged ones unverified."""
    path = CASES / "phone-numbers" / "phones.csv"
    if not path.exists():
        absent(f"public case {path}")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))

    wrong = [row for row in rows if judged(row) != (row["expected_e164"], row["valid"] == "True")]

    assert len(rows) == 295
    assert wrong == []


def judged(row: dict[str, str]) -> tuple[str, bool]:
    try:
        phone = PhoneKind(region=row["default_region"]).parse(row["input"])
    except Problem:
        return "", False
    return (phone, True) if phone.is_verified else ("", False)


@pytest.mark.parametrize(
    ("value", "region", "phone"),
    [
        ("+86 138 1234 5678", "", "+8613812345678"),
        ("0086 138-1234-5678", "", "+8613812345678"),
        ("＋８６ １３８ １２３４ ５６７８", "", "+8613812345678"),
        ("138 1234 5678", "CN", "+8613812345678"),
        ("010 1234 5678 转 12", "CN", "+861012345678;ext=12"),
        ("+49 (0)30 901820 ext. 7", "", "+4930901820;ext=7"),
        ("+49 (0)30 901820", "", "+4930901820"),
        ("tel:+1-201-555-0123", "", "+12015550123"),
    ],
)
def test_number_in_e164(value: str, region: str, phone: str) -> None:
    """A number of a known country is kept in E.164, an extension behind it."""
    parsed = PhoneKind(region=region).parse(value)

    assert (str(parsed), parsed.is_verified) == (phone, True)


@pytest.mark.parametrize(
    ("value", "phone"),
    [
        ("138 1234 5678", "13812345678"),
        ("+49 1", "+491"),
        ("95588", "95588"),
        ("(021) 5555 x 12", "0215555;ext=12"),
        ("٠١٢٣٤٥", "012345"),
    ],
)
def test_number_not_verified(value: str, phone: str) -> None:
    """What is no number of any plan keeps its digits, and says that nobody has verified it."""
    parsed = PhoneKind().parse(value)

    assert (str(parsed), parsed.is_verified) == (phone, False)
    assert PhoneKind().display(parsed).endswith(" (?)")


@pytest.mark.parametrize("value", ["", "call me", "1-800-FLOWERS", "12", "1" * 21, "+", "a1234567", "5", 13812345678])
def test_no_number(value: Any) -> None:
    """What is no number at all is refused; letters are not guessed at."""
    assert refused(value) in ("phone.invalid", "text.invalid")


@pytest.mark.usefixtures("without_library")
def test_without_library() -> None:
    """Without the extra the digits are kept, nothing is verified, and a number is still found by another writing."""
    kind = PhoneKind(region="CN")
    parsed = kind.parse("+86 138-1234-5678")

    assert (str(parsed), parsed.is_verified, parsed.international) == ("+8613812345678", False, "+8613812345678")
    assert kind.parse("138 1234 5678") == "13812345678"
    assert kind.parse("+86 (138) 1234.5678") == parsed


def test_verified_later() -> None:
    """A number that was kept without the library is verified once it is there."""
    stored = PhoneKind().from_parts("+8613812345678")

    assert stored.is_verified
    assert stored.international == "+86 138 1234 5678"
    assert PhoneKind().display(stored) == "+86 138 1234 5678"


def test_old_text_is_readable() -> None:
    """A column that held text gives it as it is."""
    old = PhoneKind().from_parts("ask Mei: 0138")

    assert (old, old.is_verified) == ("ask Mei: 0138", False)


@pytest.mark.parametrize("region", ["China", "cn", "86"])
def test_region_is_code(region: str) -> None:
    """A region is a country's code in capitals."""
    with pytest.raises(ConfigurationError, match="write its code, as CN"):
        PhoneKind(region=region)


@given(st.text(st.sampled_from("+0123456789 -()/.x转;=et０１"), max_size=30))
def test_parsed_once_for_all(text: str) -> None:
    """What was parsed comes back equal from parsing, and from what is stored."""
    kind = PhoneKind(region="DE")
    try:
        phone = kind.parse(text)
    except Problem:
        return

    assert kind.parse(phone) == phone
    assert type(kind.from_parts(*kind.to_parts(phone))) is Phone
    assert kind.from_parts(*kind.to_parts(phone)) == phone


@given(
    st.sampled_from([1, 7, 34, 36, 39, 44, 49, 52, 54, 55, 61, 65, 81, 84, 86, 91, 370, 375, 382, 886, 971, 999]),
    st.from_regex(r"\A0?[0-9 .-]{4,14}\Z"),
)
def test_short_way_is_the_same(country: int, rest: str) -> None:
    """Numbers with a country and without brackets take a short way, to what the library itself would write."""
    text = f"+{country} {rest}"
    library = _library()
    try:
        phone = PhoneKind().parse(text)
    except Problem:
        return
    number = _parsed(library, text, "")

    assert number is None or phone == library.format_number(number, library.PhoneNumberFormat.E164)
