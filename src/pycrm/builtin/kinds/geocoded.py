"""From what geocoders say of a place, in the words of OpenStreetMap, to the few parts of a postal address.

OpenStreetMap knows twenty levels from neighbourhood to state and names most of them for every house; a letter has two
or three. Which level stands for the city, and what is left out, is usage of each country.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from pycrm.builtin.kinds.country_codes import COUNTRIES

__all__ = ["parts_of_components"]

_NUMBER = ("house_number", "housenumber", "street_number")
_ROAD = ("road", "street", "pedestrian", "footway", "path", "cycleway", "road_reference", "road_reference_intl")
_DISTRICT = ("suburb", "city_district", "neighbourhood")
_SMALL_PLACE = ("hamlet", "village")
_POSTAL_CODE = ("postcode", "partial_postcode")
_NOT_WRITTEN = frozenset(
    {"borough", "continent", "country", "country_code", "county", "county_code", "district", "island"}
    | {"local_administrative_area", "place", "quarter", "region", "state", "state_code", "state_district"}
)
_CITY = ("village", "town", "city", "municipality", "local_administrative_area", "hamlet", "county", "state")
_CITY_OF = {
    "BR": ("village", "city", "town", "state_district"),
    "CN": ("city", "town", "village"),
    "US": ("village", "town", "city", "state_district", "suburb", "municipality", "county"),
}
_LEVELS = frozenset({*_NUMBER, *_ROAD, *_DISTRICT, *_SMALL_PLACE, *_POSTAL_CODE, *_CITY, *_NOT_WRITTEN})

_NUMBER_FIRST = frozenset(
    {"AU", "CA", "FR", "GB", "HK", "IE", "IN", "JP", "LU", "MY", "NZ", "PH", "SG", "TH", "US", "ZA"}
)
_COMMA_BEFORE_NUMBER = frozenset({"BR", "ES", "IT"})
_WITH_DISTRICT = frozenset({"BR", "CN", "JP"})
_WITH_COUNTY = frozenset({"CN", "GB"})
_WITHOUT_REGION = frozenset({"FR"})
# Where a place without streets stands on the line of the street, above the town that it belongs to.
_PLACE_FOR_STREET = frozenset({"BR", "US"})

# What is an office rather than a name, and names that letters do not use.
_CLEANED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "DE": (
        (r"^(Stadtteil|Gemeinde|Landkreis|Kreis|Freistaat|Free State of|Regierungsbezirk) ", ""),
        (r"^(Stadtbezirk|Ortsbeirat) \d+( :)? ", ""),
        (r"^Alt-Berlin$", "Berlin"),
    ),
    "FR": ((r" \d+er?\u00a0?e? Arrondissement$", ""),),
    "GB": (
        (r"^(London Borough of .+|Greater London|City of Westminster)$", "London"),
        (r"^City of (?!London$)", ""),
        (r"^(Royal |County )?Borough of ", ""),
        (r" CP$", ""),  # a civil parish
    ),
    "US": (
        (r"^Town of ", ""),
        (r"^Washington,? D\.?C\.?$", "District of Columbia"),
        (r"^United States (?=Virgin Islands$)", ""),
    ),
}
_ALSO_CALLED = {"US": ("US", "USA", "United States of America")}


def parts_of_components(components: Mapping[str, object]) -> dict[str, str]:
    """Return the parts of an `Address`, by name, for the *components* of a geocoder.

    Args:
        components: By the words of OpenStreetMap: ``road``, ``suburb``, ``state_district``, ``country_code`` … What
            has another key, such as ``restaurant``, is the name of the place.
    """
    country = str(components.get("country_code", "")).strip().upper()
    given = {key: _cleaned(str(value).strip(), country) for key, value in components.items() if value is not None}
    city_levels = list(_CITY_OF.get(country, _CITY))
    parts = {
        "name": "\n".join(value for key, value in given.items() if key not in _LEVELS),
        "postal_code": _postal_code(_first(given, _POSTAL_CODE)),
        "country": country,
        "country_name": _country_name(given.get("country", ""), country),
    }
    parts["street"] = _street(given, country)
    small = _first(given, _SMALL_PLACE)
    others = [level for level in city_levels if level not in _SMALL_PLACE]
    if not _first(given, _ROAD) and small:
        if given.keys() & _NUMBER:
            parts["street"] = _numbered(small, given, country)
        elif country in _PLACE_FOR_STREET or (_is_place(parts) and country == "GB" and "city" in given):
            parts["district"] = small
            city_levels = others
    parts["city"] = _first(given, city_levels)
    if "district" not in parts:
        parts["district"] = _district(given, parts, country)
    parts["county"] = given.get("county", "") if country in _WITH_COUNTY else ""
    parts["region"] = _region(given, country)
    return _without_repetition(parts)


def _first(given: Mapping[str, str], keys: Iterable[str]) -> str:
    return next((given[key] for key in keys if given.get(key)), "")


def _cleaned(text: str, country: str) -> str:
    for pattern, replacement in _CLEANED.get(country, ()):
        text = re.sub(pattern, replacement, text)
    return text


def _postal_code(text: str) -> str:
    """Return one postal code: of a list the first, of a range none."""
    return "" if ";" in text else text.partition(",")[0]


def _country_name(text: str, country: str) -> str:
    """Return how the country is written, where that is not its usual name: ``La Réunion, France``."""
    if text in (*COUNTRIES.get(country, ()), *_ALSO_CALLED.get(country, ())):
        return ""
    first, *others = text.replace(" (eaux territoriales)", "").split(", ")
    return f"{others[0]}, {first}" if others and first == "France" else first


def _street(given: Mapping[str, str], country: str) -> str:
    road = _first(given, _ROAD)
    return _numbered(road, given, country) if road else ""


def _numbered(road: str, given: Mapping[str, str], country: str) -> str:
    number = _first(given, _NUMBER)
    if country in _COMMA_BEFORE_NUMBER:
        return ", ".join(filter(None, (road, number, given.get("quarter", ""))))
    words = (number, road) if country in _NUMBER_FIRST else (road, number)
    return " ".join(filter(None, words))


def _is_place(parts: Mapping[str, str]) -> bool:
    return not (parts.get("street") or parts.get("postal_code"))


def _district(given: Mapping[str, str], parts: Mapping[str, str], country: str) -> str:
    if country == "GB" and parts["street"]:
        return given.get("quarter", "")
    if country in _WITH_DISTRICT or _is_place(parts):
        found = _first(given, _DISTRICT)
        return "" if found == parts["city"] else found
    return ""


def _region(given: Mapping[str, str], country: str) -> str:
    if country in _WITHOUT_REGION:
        return ""
    if country == "BR" and given.get("state_code"):
        return given["state_code"]
    if country == "GB" and "London" in (given.get("city"), given.get("county")):
        return ""
    return _first(given, ("state", "region"))


def _without_repetition(parts: Mapping[str, str]) -> dict[str, str]:
    """Return *parts* without empty ones, and without a county or city state that is called like the city."""
    kept = {part: text for part, text in parts.items() if text}
    if kept.get("county") == kept.get("city"):
        kept.pop("county", None)
    if kept.get("country") == "DE" and kept.get("region") == kept.get("city"):
        kept.pop("region", None)
    if kept.get("country") == "US" and kept.get("region") == "District of Columbia":
        kept.setdefault("city", "Washington")
    return kept
