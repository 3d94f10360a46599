"""Write the tables of country, language and time zone codes, with names in English and Chinese.

``uv run --with babel --with tzdata python -m tools.code_tables`` writes them anew; nothing needs either package later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from babel import Locale
from babel.core import get_global

FOLDER = Path(__file__).resolve().parents[1] / "src" / "pycrm" / "builtin" / "kinds"
NO_PLACES = frozenset({"Factory", "localtime", "posixrules"})

Names = Mapping[str, tuple[str, str]]


def main() -> None:
    """Write the three modules."""
    sources = f"Unicode CLDR (Babel {version('babel')}, Unicode licence)"
    zones = f"IANA time zone database (tzdata {version('tzdata')}, public domain)"
    english, chinese = Locale("en"), Locale.parse("zh_Hans")
    _write(
        "country_codes",
        "The countries of ISO 3166-1 by their codes of two letters, with English and Chinese names.",
        f"Codes: iso3166.tab of the {zones}.\nNames: {sources}.",
        {"COUNTRIES": _named(_countries(), english.territories, chinese.territories)},
    )
    _write(
        "language_codes",
        "Languages and scripts by the codes of ISO 639 and ISO 15924, with English and Chinese names.",
        f"Codes and names: {sources}; those that have a name in both.",
        {
            "LANGUAGES": _named(_languages(english), english.languages, chinese.languages),
            "SCRIPTS": _named(english.scripts, english.scripts, chinese.scripts),
        },
    )
    _write(
        "zone_names",
        "The time zones of IANA, older names too, with the English and Chinese names of their places.",
        f"Zones: {zones}. Names: {sources}.",
        {"ZONES": _zones(english, chinese)},
    )


def _countries() -> list[str]:
    lines = files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text("utf-8").splitlines()
    return [line.partition("\t")[0] for line in lines if line and not line.startswith("#")]


def _languages(english: Locale) -> list[str]:
    return [code for code in map(str, english.languages) if "_" not in code]


def _named(codes: Iterable[str], english: Mapping[str, str], chinese: Mapping[str, str]) -> Names:
    return {code: (english[code], chinese[code]) for code in sorted(codes) if code in english and code in chinese}


def _zones(english: Locale, chinese: Locale) -> Names:
    zones = files("tzdata").joinpath("zones").read_text("utf-8").split()
    # English names that follow from the zone's own are left out of CLDR.
    named = {
        zone: (english.time_zones.get(zone, {}).get("city", _city(zone)), place["city"])
        for zone, place in chinese.time_zones.items()
        if "city" in place
    }
    # CLDR has a zone under the name that it had first: Asia/Calcutta, whose city is Kolkata.
    renamed = {
        f"{zone.partition('/')[0]}/{first.removesuffix(' City')}": (first, second)
        for zone, (first, second) in named.items()
    }
    aliases: Mapping[str, str] = get_global("zone_aliases")
    return {
        zone: named.get(zone) or renamed.get(_spaced(zone)) or named.get(aliases.get(zone, "")) or (_city(zone),) * 2
        for zone in sorted(set(zones) - NO_PLACES)
    }


def _spaced(zone: str) -> str:
    return f"{zone.partition('/')[0]}/{_city(zone)}"


def _city(zone: str) -> str:
    return zone.rpartition("/")[2].replace("_", " ")


def _write(module: str, title: str, source: str, tables: Mapping[str, Names]) -> None:
    lines = [
        f'"""{title}',
        "",
        "Written by ``python -m tools.code_tables``; change the script instead.",
        source,
        '"""',
        "",
        "from __future__ import annotations",
        "",
        "from collections.abc import Mapping",
        "from typing import Final",
        "",
        f"__all__ = {sorted(tables)}".replace("'", '"'),
    ]
    for name, rows in tables.items():
        lines += ["", f"{name}: Final[Mapping[str, tuple[str, str]]] = {{"]
        lines += [f"    {_quoted(code)}: ({', '.join(map(_quoted, names))})," for code, names in rows.items()]
        lines += ["}", '"""Code to (English name, Chinese name)."""']
    (FOLDER / f"{module}.py").write_text("\n".join(lines) + "\n", "utf-8")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


if __name__ == "__main__":
    main()
