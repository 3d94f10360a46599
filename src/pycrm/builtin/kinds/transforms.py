"""What import mappings do to bring outside values into these kinds: names of countries and languages, phone numbers."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from pycrm.builtin.kinds.codes import CountryKind, LanguageKind
from pycrm.builtin.kinds.phone import Phone, PhoneKind
from pycrm.builtin.kinds.plugin import plugin
from pycrm.plugin import Problem

__all__ = ["country_code"]

# How countries are called beside their names in CLDR; in lower case, without accents, dots and the article.
_ALIASES: Mapping[str, str] = {
    "america": "US",
    "bolivia plurinational state of": "BO",
    "bosnia": "BA",
    "brunei darussalam": "BN",
    "burma": "MM",
    "cape verde": "CV",
    "czech republic": "CZ",
    "deutschland": "DE",
    "eire": "IE",
    "england": "GB",
    "espana": "ES",
    "great britain": "GB",
    "holland": "NL",
    "hong kong": "HK",
    "iran islamic republic of": "IR",
    "italia": "IT",
    "ivory coast": "CI",
    "korea": "KR",
    "korea republic of": "KR",
    "republic of korea": "KR",
    "lao peoples democratic republic": "LA",
    "macao": "MO",
    "macau": "MO",
    "macedonia": "MK",
    "mainland china": "CN",
    "moldova republic of": "MD",
    "northern ireland": "GB",
    "osterreich": "AT",
    "palestine": "PS",
    "peoples republic of china": "CN",
    "pr china": "CN",
    "prc": "CN",
    "republic of ireland": "IE",
    "rok": "KR",
    "rsa": "ZA",
    "russian federation": "RU",
    "schweiz": "CH",
    "scotland": "GB",
    "slovak republic": "SK",
    "swaziland": "SZ",
    "syrian arab republic": "SY",
    "taiwan province of china": "TW",
    "tanzania united republic of": "TZ",
    "turkey": "TR",
    "uae": "AE",
    "uk": "GB",
    "united kingdom of great britain and northern ireland": "GB",
    "united states of america": "US",
    "usa": "US",
    "venezuela bolivarian republic of": "VE",
    "viet nam": "VN",
    "wales": "GB",
    "中国大陆": "CN",
    "中华人民共和国": "CN",
    "台灣": "TW",
    "阿联酋": "AE",
    "香港": "HK",
    "澳门": "MO",
    "澳門": "MO",
    "南韩": "KR",
    "美利坚合众国": "US",
}
_COUNTRY = CountryKind()
_LANGUAGE = LanguageKind()


@plugin.transform("country", gives="country")
def country_code(value: Any) -> str:
    """Return the code of the country that *value* names, in English or Chinese, or already is."""
    text = str(value)
    found = _countries_by_name().get(_plain(text))
    return found or _COUNTRY.parse(text)


@plugin.transform("language", gives="language")
def language_code(value: Any) -> str:
    """Return the tag of the language that *value* names, in English or Chinese, or already is."""
    text = str(value)
    found = _languages_by_name().get(_plain(text))
    return found or _LANGUAGE.parse(text.partition(".")[0])


def _unknown_region(region: str = "") -> str:
    """Return what is wrong with *region*, which no country is called."""
    try:
        _ = region.strip() and country_code(region)
    except Problem:
        return f"there is no country {region!r}; write a code, as phone(CN), or a name"
    return ""


@plugin.transform("phone", gives="phone", check=_unknown_region)
def phone_number(value: Any, region: str = "") -> Phone:
    """Return the phone number that *value* is, of *region* where it says no country; a name of a country will do."""
    return _phone_kind(region).parse(str(value))


@lru_cache(maxsize=1024)
def _phone_kind(region: str) -> PhoneKind:
    try:
        return PhoneKind(country_code(region) if region.strip() else "")
    except Problem:
        return PhoneKind()  # what is wrong with the country, its own field says


@cache
def _countries_by_name() -> Mapping[str, str]:
    named = {_plain(name): code for code, names in _COUNTRY.names().items() for name in names}
    return {**named, **_ALIASES}


@cache
def _languages_by_name() -> Mapping[str, str]:
    return {_plain(name): code for code, names in _LANGUAGE.names().items() for name in names}


def _plain(name: str) -> str:
    """Return *name* as names are compared: without accents, points, the article, and with words for signs."""
    text = unicodedata.normalize("NFKD", name.replace("&", " and ").casefold())
    words = "".join(each for each in text if each.isalnum() or each.isspace()).split()
    return " ".join(words[1:] if words[:1] == ["the"] else words)
