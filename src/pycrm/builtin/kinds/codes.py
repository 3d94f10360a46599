"""Countries, currencies, languages and time zones: codes of public registers, in any case, with names to show.

The tables are large beside their use, so each is imported when its first value is judged.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar

import attrs

from pycrm.builtin.kinds.plugin import plugin
from pycrm.plugin import CURRENCIES, Problem, ScalarKind, nearest, take_text

__all__ = ["CountryKind", "CurrencyKind", "LanguageKind", "TimeZoneKind"]

Names = Mapping[str, tuple[str, str]]
"""Code to (English name, Chinese name)."""

_tag = re.compile(r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|\d{3}))?((?:-(?:[a-z\d]{5,8}|\d[a-z\d]{3}))*)").fullmatch


@cache
def _countries() -> Names:
    from pycrm.builtin.kinds.country_codes import COUNTRIES

    return COUNTRIES


@cache
def _currencies() -> Names:
    return {code: (english, chinese) for code, (_, english, chinese) in CURRENCIES.items()}


@cache
def _languages() -> Names:
    from pycrm.builtin.kinds.language_codes import LANGUAGES

    return LANGUAGES


@cache
def _scripts() -> Names:
    from pycrm.builtin.kinds.language_codes import SCRIPTS

    return SCRIPTS


@cache
def _zones() -> Names:
    from pycrm.builtin.kinds.zone_names import ZONES

    return ZONES


@cache
def _zones_in_lower_case() -> Mapping[str, str]:
    return {zone.lower(): zone for zone in _zones()}


def _chosen(names: tuple[str, str], language: str) -> str:
    return names[language.partition("-")[0] == "zh"]


def _hint(text: str, table: Names) -> str:
    """Return the end of a message: the codes of what is called like *text*, or else the codes nearest to it."""
    by_name: dict[str, str] = {}
    for code, names in table.items():
        for name in names:
            by_name.setdefault(name.casefold(), code)
    close = difflib.get_close_matches(text.casefold(), by_name, n=3, cutoff=0.7)
    codes = dict.fromkeys(by_name[name] for name in close[: 1 if text.casefold() in by_name else 3])
    if not codes:
        return nearest(text.upper(), table)
    return f"; did you mean {' or '.join(f'{code} ({table[code][0]})' for code in codes)}?"


@attrs.frozen
class _CodeKind(ScalarKind):
    """What all four share: text in one spelling, and its name in two languages."""

    python_type: ClassVar[type] = str
    replaces: ClassVar[frozenset[str]] = frozenset({"text"})

    def names(self) -> Names:
        """Return every code that may be chosen, with its English and Chinese name."""
        raise NotImplementedError

    def label(self, value: str, language: str = "en") -> str:
        """Return the name of *value* in *language*, English or Chinese; a value that has none stands for itself."""
        names = self.names().get(value)
        return value if names is None else _chosen(names, language)


@plugin.field_kind
@attrs.frozen
class CountryKind(_CodeKind):
    """A country or territory: the two letters of ISO 3166-1, kept as capitals."""

    name: ClassVar[str] = "country"
    source_names: ClassVar[Mapping[str, Any]] = {"country_codes": _countries}

    def names(self) -> Names:
        return _countries()

    def parse(self, value: Any) -> str:
        text = take_text(value).strip()
        if (code := text.upper()) not in _countries():
            raise Problem(
                "country.unknown",
                message="is no code of a country; write the two letters of ISO 3166-1, as CN{hint}",
                hint=_hint(text, _countries()),
                value=value,
            )
        return code

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(_countries())}

    def parse_source(self, value: str) -> str:
        return f"(type({value}) is str and {value} in country_codes())"


@plugin.field_kind
@attrs.frozen
class CurrencyKind(_CodeKind):
    """A currency: the three letters of ISO 4217, kept as capitals."""

    name: ClassVar[str] = "currency"
    source_names: ClassVar[Mapping[str, Any]] = {"currency_codes": _currencies}

    def names(self) -> Names:
        return _currencies()

    def parse(self, value: Any) -> str:
        text = take_text(value).strip()
        if (code := text.upper()) not in _currencies():
            raise Problem(
                "currency.unknown",
                message="is no code of a currency in use; write the three letters of ISO 4217, as CNY{hint}",
                hint=_hint(text, _currencies()),
                value=value,
            )
        return code

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(_currencies())}

    def parse_source(self, value: str) -> str:
        return f"(type({value}) is str and {value} in currency_codes())"


@plugin.field_kind
@attrs.frozen
class LanguageKind(_CodeKind):
    """A language: a tag of BCP 47 such as ``zh``, ``zh-Hans`` or ``pt-BR``, kept in its usual spelling."""

    name: ClassVar[str] = "language"
    source_names: ClassVar[Mapping[str, Any]] = {"language_codes": _languages}

    def names(self) -> Names:
        return _languages()

    def parse(self, value: Any) -> str:
        text = take_text(value).strip()
        found = _tag(text.lower().replace("_", "-"))
        language, script, region, variants = found.groups() if found else ("", "", "", "")
        script, region = (script or "").title(), (region or "").upper()
        is_known = (
            language in _languages()
            and (not script or script in _scripts())
            and (not region or region.isdecimal() or region in _countries())
        )
        if not is_known:
            raise Problem(
                "language.unknown",
                message="is no code of a language; write it as ISO 639 and BCP 47 have it, as zh or pt-BR{hint}",
                hint=_hint(text, _languages()),
                value=value,
            )
        return "-".join(filter(None, (language, script, region))) + variants

    def label(self, value: str, language: str = "en") -> str:
        """Return the name of the language, with script and country in brackets: ``Chinese (Traditional, Taiwan)``."""
        main, *subtags = value.split("-")
        known = {**_scripts(), **_countries()}
        details = [_chosen(known[tag], language) if tag in known else tag for tag in subtags]
        name = super().label(main, language)
        if not details:
            return name
        left, comma, right = ("（", "，", "）") if language.partition("-")[0] == "zh" else (" (", ", ", ")")
        return f"{name}{left}{comma.join(details)}{right}"

    def parse_source(self, value: str) -> str:
        return f"(type({value}) is str and {value} in language_codes())"

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?(-[a-z0-9]{4,8})*$"}


@plugin.field_kind
@attrs.frozen
class TimeZoneKind(_CodeKind):
    """A time zone by its name in the database of IANA: ``Asia/Shanghai``. Older names are kept as they are."""

    name: ClassVar[str] = "time_zone"

    def names(self) -> Names:
        return _zones()

    def parse(self, value: Any) -> str:
        text = take_text(value).strip()
        zone = _zones_in_lower_case().get(text.lower().replace(" ", "_"))
        if zone is None:
            raise Problem(
                "time_zone.unknown",
                message="is no time zone; write its name as IANA has it, as Asia/Shanghai{hint}",
                hint=_hint(text, _zones()),
                value=value,
            )
        return zone

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string"}  # six hundred names would be most of a document
