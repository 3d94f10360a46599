"""Countries, currencies, languages and time zones."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.conftest import CASES, absent

from pycrm.builtin.kinds import CountryKind, CurrencyKind, LanguageKind, TimeZoneKind
from pycrm.errors import Problem


def rows_of(*path: str) -> list[dict[str, str]]:
    file: Path = CASES.joinpath(*path)
    if not file.exists():
        absent(f"public case {file}")
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [
        (CountryKind(), "CN", "CN"),
        (CountryKind(), "de", "DE"),
        (CountryKind(), " us ", "US"),
        (CurrencyKind(), "cny", "CNY"),
        (LanguageKind(), "zh", "zh"),
        (LanguageKind(), "ZH_hans_cn", "zh-Hans-CN"),
        (LanguageKind(), "pt-br", "pt-BR"),
        (LanguageKind(), "es-419", "es-419"),
        (LanguageKind(), "de-CH-1996", "de-CH-1996"),
        (LanguageKind(), "yue", "yue"),
        (TimeZoneKind(), "asia/shanghai", "Asia/Shanghai"),
        (TimeZoneKind(), "America/New York", "America/New_York"),
        (TimeZoneKind(), "utc", "UTC"),
        (TimeZoneKind(), "Asia/Calcutta", "Asia/Calcutta"),
    ],
)
def test_code_in_usual_spelling(kind: Any, value: str, code: str) -> None:
    """A code is taken in any case and kept in its usual spelling."""
    assert kind.parse(value) == code
    assert kind.parse(code) == code


@pytest.mark.parametrize(
    ("kind", "value", "problem", "hint"),
    [
        (CountryKind(), "Germany", "country.unknown", "did you mean DE (Germany)?"),
        (CountryKind(), "德国", "country.unknown", "did you mean DE (Germany)?"),
        (CountryKind(), "Chna", "country.unknown", "CN (China)"),
        (CountryKind(), "CHN", "country.unknown", "two letters"),
        (CountryKind(), "", "country.unknown", "two letters"),
        (CurrencyKind(), "人民币", "currency.unknown", "CNY (Yuan Renminbi)"),
        (CurrencyKind(), "DEM", "currency.unknown", "three letters"),
        (LanguageKind(), "German", "language.unknown", "did you mean de (German)?"),
        (LanguageKind(), "zh-Xxxx", "language.unknown", "BCP 47"),
        (LanguageKind(), "zh-XX", "language.unknown", "BCP 47"),
        (LanguageKind(), "x", "language.unknown", "BCP 47"),
        (TimeZoneKind(), "New York", "time_zone.unknown", "America/New_York"),
        (TimeZoneKind(), "+08:00", "time_zone.unknown", "IANA"),
    ],
)
def test_name_is_no_code(kind: Any, value: str, problem: str, hint: str) -> None:
    """A name is refused, with the code that it may have meant."""
    with pytest.raises(Problem) as caught:
        kind.parse(value)

    assert caught.value.code == problem
    assert hint in caught.value.message


@pytest.mark.parametrize(
    ("kind", "code", "english", "chinese"),
    [
        (CountryKind(), "CN", "China", "中国"),
        (CurrencyKind(), "USD", "US Dollar", "美元"),
        (LanguageKind(), "zh", "Chinese", "中文"),
        (LanguageKind(), "zh-Hant-TW", "Chinese (Traditional, Taiwan)", "中文（繁体，台湾）"),
        (LanguageKind(), "es-419", "Spanish (419)", "西班牙语（419）"),
        (TimeZoneKind(), "Asia/Shanghai", "Shanghai", "上海"),
        (TimeZoneKind(), "Europe/Kyiv", "Kyiv", "基辅"),
        (CountryKind(), "Atlantis", "Atlantis", "Atlantis"),
    ],
)
def test_names_in_two_languages(kind: Any, code: str, english: str, chinese: str) -> None:
    """A code has an English and a Chinese name; an old text stands for itself."""
    assert (kind.label(code), kind.label(code, "zh"), kind.label(code, "zh-TW")) == (english, chinese, chinese)


@pytest.mark.parametrize("kind", [CountryKind(), CurrencyKind(), LanguageKind(), TimeZoneKind()])
def test_every_code_is_its_own_spelling(kind: Any) -> None:
    """What a form offers is taken, and has two names without blanks around them."""
    for code, names in kind.names().items():
        assert kind.parse(code) == code
        assert all(name and name == name.strip() for name in names)


def test_countries_of_public_table() -> None:
    """The codes are those of the public table of ISO 3166-1."""
    table = {row["ISO3166-1-Alpha-2"].strip() for row in rows_of("ref-countries", "country-codes.csv")}

    assert set(CountryKind().names()) == {code for code in table if code}


def test_currencies_of_public_table() -> None:
    """The codes are those of the public table of ISO 4217 that are not withdrawn."""
    rows = rows_of("ref-currencies", "codes-all.csv")
    active = {row["AlphabeticCode"] for row in rows if row["AlphabeticCode"] and not row["WithdrawalDate"]}

    assert set(CurrencyKind().names()) == active


def test_zones_can_be_used() -> None:
    """A zone of the table is one that Python knows."""
    for zone in ("Asia/Shanghai", "America/New_York", "Europe/Berlin", "UTC"):
        assert ZoneInfo(TimeZoneKind().parse(zone)).key == zone
