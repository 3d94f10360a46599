"""What stands in the columns of a card: every property under a name that says what it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pycrm.exchange.reading.card_lines import Property, split_value, unescaped

__all__ = ["card_cells"]

_PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "N": ("family", "given", "additional", "prefix", "suffix"),
    "ADR": ("box", "extended", "street", "city", "region", "postcode", "country"),
}
_LISTS: Final = frozenset(("TEL", "EMAIL", "CATEGORIES"))
_LABELLED: Final = frozenset(("TEL", "EMAIL", "ADR", "URL", "IMPP", "X-ABDATE", "X-ABRELATEDNAMES", "LABEL"))
# In the order in which they are named; the others say how, not where.
_TYPES: Final = ("work", "home", "cell", "fax", "pager", "main", "car", "other", "x-work", "x-home", "x-mobile")
_HAN: Final = re.compile("[\u3400-\u9fff]")
_APPLE: Final = re.compile(r"_\$!<(.*)>!\$_")


def card_cells(properties: Iterable[Property]) -> dict[str, Any]:
    """Return the values of a card by column.

    Names are those of the properties. Parts stand behind a point, as ``"N.family"`` and ``"ADR.work.city"``; what is
    repeated gets a number, as ``"ORG (2)"``. ``"TEL"`` and ``"EMAIL"`` are lists of all, and the first of each type
    stands in ``"TEL.cell"`` as well. A card without FN has there what its N makes. Pictures, sounds
    and keys are left out.
    """
    given = [found for found in properties if not found.is_binary]
    labels = {found.group: _label(found.value) for found in given if found.group and found.name == "X-ABLABEL"}
    cells: dict[str, Any] = {}
    numbers: Counter[str] = Counter()
    for found in given:
        if found.name == "X-ABLABEL" or not found.value.strip():
            continue
        for name, value in _columns(found, labels.get(found.group, "")):
            if isinstance(value, list):
                cells.setdefault(name, []).extend(value)
            elif found.name in _LISTS:
                cells.setdefault(name, value)
            else:
                cells[_free(cells, name, numbers)] = value
    if "FN" not in cells and (name := _full_name(cells)):
        cells["FN"] = name
    return cells


def _full_name(cells: Mapping[str, Any]) -> str:
    """Return what FN would say of a card that only has N, as vCard 2.1 allows; in Chinese the family name first."""
    family, given = (str(cells.get(f"N.{part}", "")) for part in ("family", "given"))
    is_han = bool(_HAN.match(family or given))
    return family + given if is_han else " ".join(filter(None, (given, family)))


def _columns(found: Property, label: str) -> Iterator[tuple[str, Any]]:
    name = found.name
    if name in _LISTS:
        signs = ",;" if name == "CATEGORIES" else ""
        yield name, _items(found.value, signs)
    if name in _LABELLED:
        kind = label or " ".join(kind for kind in _TYPES if kind in found.types)
        if kind or name in _LISTS:
            name = f"{name}.{kind or 'other'}"
    if found.name in _PARTS:
        for part, value in zip(_PARTS[found.name], split_value(found.value, ";"), strict=False):
            if value.strip():
                yield f"{name}.{part}", unescaped(value).strip()
    elif found.name == "ORG":
        organisation, *units = split_value(found.value, ";")
        yield name, unescaped(organisation).strip()
        yield from (("ORG.unit", unescaped(unit).strip()) for unit in units if unit.strip())
    elif found.name != "CATEGORIES":
        yield name, unescaped(found.value).strip()


def _items(value: str, signs: str) -> list[str]:
    parts = [value]
    for sign in signs:
        parts = [item for part in parts for item in split_value(part, sign)]
    return [unescaped(part).strip() for part in parts if part.strip()]


def _label(value: str) -> str:
    found = _APPLE.fullmatch(value.strip())
    return found[1] if found else unescaped(value).strip()


def _free(cells: Mapping[str, Any], name: str, numbers: Counter[str]) -> str:
    free = name
    while free in cells:
        numbers[name] += 1
        free = f"{name} ({numbers[name] + 1})"
    return free
