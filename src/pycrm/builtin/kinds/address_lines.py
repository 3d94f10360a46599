"""From the parts of an address to its lines, in the order of its country."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from pycrm.builtin.kinds.address_layouts import LAYOUTS, REGION_CODES
from pycrm.builtin.kinds.country_codes import COUNTRIES

__all__ = ["country_line", "lines_of"]

Parts = Mapping[str, str]

# Where the registers of postal services differ from what people write, or name no place for a part of ours.
_OWN_LAYOUTS = {
    "BR": "{name}\n{street}\n{district}\n{city} - {region}\n{postal_code}",
    "CN": "{postal_code} {country}\n{region}\n{city}\n{county}\n{district}\n{street}\n{name}",
    "JP": "{name}\n{street}\n{district}\n{city}, {region} {postal_code}",
}
# In Chinese the parts of a place follow each other without a gap, the largest first.
_CHINESE_LAYOUT = "{postal_code} {country}\n{region}{city}{county}{district}{street}\n{name}"
_IN_CHINESE = frozenset({"CN", "HK", "MO", "TW"})
_USUAL_LAYOUT = "{name}\n{street}\n{city} {postal_code}"
# A place without street and postal code is named from small to large everywhere.
_PLACE_LAYOUT = "{name}\n{district}\n{city}\n{county}\n{region}"
_PLACE_WITH_REGION = "{name}\n{district}\n{city}{between}{region}"
_POSTAL_CODE_GROUPS = {"BR": (5, 8), "JP": (3, 7)}  # digits before the hyphen, and all of them
_COUNTRY_NAMES = {("US", "en"): "United States of America"}  # as on letters; elsewhere its short name is usual

_part = re.compile(r"([^{}]*)\{(\w+)\}")


def lines_of(parts: Parts, language: str) -> tuple[str, ...]:
    """Return the lines of an address.

    Args:
        parts: Those that it has, by their names in `Address`.
        language: Of the country's name; a Chinese address is set in Chinese if this is Chinese.
    """
    country = parts.get("country", "")
    shown = {**parts, "country": country_line(parts, language)}
    layout = _layout(country, language)
    if is_place := not (parts.get("street") or parts.get("postal_code")):
        layout = _place_layout(layout)
    if "{region}" in layout and not (is_place and country == "US"):
        # In America the code goes with the street or the postal code, the name stands where neither does.
        shown["region"] = region_code(country, parts.get("region", ""))
    shown["postal_code"] = _grouped(country, parts.get("postal_code", ""))
    if not is_place:
        layout = _with_missing(layout, shown)
    if "{country}" not in layout:
        layout += "\n{country}"
    lines = [line for template in layout.split("\n") for line in _filled(template, shown).split("\n") if line]
    return tuple(line for at, line in enumerate(lines) if line != (lines[at - 1] if at else ""))


def country_line(parts: Parts, language: str) -> str:
    """Return the name of the country, as it is to be written on this address."""
    code = parts.get("country", "")
    if own := parts.get("country_name"):
        return own
    short = language.partition("-")[0]
    if (code, short) in _COUNTRY_NAMES:
        return _COUNTRY_NAMES[code, short]
    names = COUNTRIES.get(code)
    return code if names is None else names[short == "zh"]


def region_code(country: str, region: str) -> str:
    """Return the code of *region* where the country writes one, else *region*."""
    return _region_codes(country).get(region.casefold(), region)


@cache
def _region_codes(country: str) -> Mapping[str, str]:
    pairs = (pair.partition("=") for pair in REGION_CODES.get(country, "").split(";"))
    return {name.casefold(): code for code, _, name in pairs}


@cache
def _layouts() -> Mapping[str, str]:
    return {country: layout for layout, countries in LAYOUTS.items() for country in countries.split()} | _OWN_LAYOUTS


def _layout(country: str, language: str) -> str:
    if country in _IN_CHINESE and language.partition("-")[0] == "zh":
        return _CHINESE_LAYOUT
    return _layouts().get(country, _USUAL_LAYOUT)


def _place_layout(layout: str) -> str:
    """Return the layout of a bare place; city and region stay on one line where the country's *layout* has them so."""
    if layout == _CHINESE_LAYOUT:
        return layout
    found = re.search(r"\{city\}([ ,-]+)\{region\}", layout)
    return _PLACE_WITH_REGION.replace("{between}", found[1]) if found else _PLACE_LAYOUT


def _with_missing(layout: str, parts: Parts) -> str:
    """Return *layout* with lines for parts that the country has no place for but without which nobody gets there."""
    if "{district}" not in layout and parts.get("district"):
        layout = layout.replace("{street}", "{street}\n{district}", 1)
    wanted = ["city", "postal_code"] if parts.get("city") else ["county", "region", "postal_code"]
    return layout + "".join(f"\n{{{part}}}" for part in wanted if f"{{{part}}}" not in layout)


def _grouped(country: str, postal_code: str) -> str:
    """Return *postal_code* with the hyphen that its country writes in it."""
    before, length = _POSTAL_CODE_GROUPS.get(country, (0, 0))
    if not (postal_code.isdecimal() and len(postal_code) == length):
        return postal_code
    return f"{postal_code[:before]}-{postal_code[before:]}"


def _filled(template: str, parts: Parts) -> str:
    """Return *template* with its parts; what stands between two of them goes where either is missing."""
    pieces = list(_pieces(template, parts))
    if not pieces and "{" in template:
        return ""
    rest = _part.sub("", template) if pieces else template
    return "".join(pieces) + (rest if not template.endswith("}") else "")


def _pieces(template: str, parts: Parts) -> Iterator[str]:
    is_first = True
    for number, (before, part) in enumerate(_part.findall(template)):
        if text := parts.get(part):
            if not is_first or number == 0:
                yield before
            yield text
            is_first = False
