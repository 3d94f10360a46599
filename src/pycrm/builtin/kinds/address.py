"""Postal addresses: in parts that know the order of their country, or as lines that somebody wrote."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from pycrm.builtin.kinds.codes import CountryKind
from pycrm.builtin.kinds.plugin import plugin
from pycrm.plugin import EQUALITY, Kind, Problem, nearest, take_text

__all__ = ["Address", "AddressKind"]

MAX_PART = 500
MAX_TEXT = 2000

_han = re.compile("[\u3400-\u9fff]").search


@attrs.frozen
class Address:
    """A postal address. Parts that are not known are empty.

    Attributes:
        name: The house, the firm or the building, above the street.
        street: Street and number, in the country's order; of several lines where need be.
        district: The part of the city, or the place within the municipality.
        city: The city, town or village that the post goes to.
        county: Between city and region, where the country writes it.
        region: State or province, its name or its code.
        postal_code: As its country writes it.
        country: The two letters of ISO 3166-1.
        country_name: What to write for the country where its usual name does not serve: ``Deutschland``.
        text: The whole address as somebody wrote it, line by line; then there are no other parts.
    """

    name: str = ""
    street: str = ""
    district: str = ""
    city: str = ""
    county: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""
    country_name: str = ""
    text: str = ""

    @classmethod
    def of_components(cls, components: Mapping[str, object]) -> Address:
        """Return the address of what a geocoder says of a place in the words of OpenStreetMap.

        Args:
            components: ``{"house_number": 7, "road": "Gontardstraße", "city": "Berlin", "country_code": "de", …}``.
        """
        from pycrm.builtin.kinds.geocoded import parts_of_components

        return cls(**parts_of_components(components))

    @property
    def parts(self) -> dict[str, str]:
        """The parts that are known, by name."""
        return {name: text for name in PARTS if (text := getattr(self, name))}

    def lines(self, language: str = "") -> tuple[str, ...]:
        """Return its lines in the order of its country; free text as it is.

        Args:
            language: Of the country's name, English or Chinese; an address in China is set in Chinese for the latter.
                Where absent it is Chinese for one whose city or region is written in Chinese, else English.
        """
        if self.text:
            return tuple(self.text.splitlines())
        from pycrm.builtin.kinds.address_lines import lines_of

        return lines_of(self.parts, language or ("zh" if _is_chinese(self) else "en"))

    def format(self, language: str = "") -> str:
        """Return its `lines` as one text."""
        return "\n".join(self.lines(language))

    def __str__(self) -> str:
        return ", ".join(self.lines())

    def __bool__(self) -> bool:
        return bool(self.parts)


def _is_chinese(address: Address) -> bool:
    return address.country in ("CN", "HK", "MO", "TW") and _han(address.city + address.region) is not None


PARTS = tuple(attribute.name for attribute in attrs.fields(Address))


@plugin.field_kind
@attrs.frozen
class AddressKind(Kind):
    """A postal address, given as an `Address`, as its parts by name, or as free text of several lines."""

    name: ClassVar[str] = "address"
    python_type: ClassVar[type] = Address
    operators: ClassVar[frozenset[str]] = EQUALITY
    sortable: ClassVar[bool] = False
    replaces: ClassVar[frozenset[str]] = frozenset({"text"})

    def parse(self, value: Any) -> Address:
        match value:
            case Address():
                parts = self._parts(value.parts, value)
            case Mapping():
                parts = self._parts(value, value)
            case _:
                parts = {"text": take_text(value)}
        length = sum(map(len, parts.values()))
        if not length:
            raise _no_address(value)
        if length > MAX_TEXT:
            raise Problem(
                "address.too_long",
                message="has more than {limit} characters; keep what is no address elsewhere",
                limit=MAX_TEXT,
                value=value,
            )
        return Address(**parts)

    def _parts(self, given: Mapping[Any, Any], value: Any) -> dict[str, str]:
        """Return parts from outside, judged; a part that is None counts as absent."""
        parts = {part: self._part(str(part), text) for part, text in given.items() if text is not None}
        if country := parts.get("country"):
            parts["country"] = _country.parse(country)
        if parts.get("text") and any(text for part, text in parts.items() if part != "text"):
            raise _no_address(value)
        return parts

    @staticmethod
    def _part(name: str, text: Any) -> str:
        if name not in PARTS:
            raise Problem(
                "address.unknown_part",
                message="has no part {part!r}; there are {parts}{hint}",
                part=name,
                parts=list(PARTS),
                hint=nearest(name, PARTS),
                value=text,
            )
        taken = take_text(text)
        if name != "text" and len(taken) > MAX_PART:
            raise Problem(
                "address.long_part",
                message="has a part {part!r} of more than {limit} characters; shorten it",
                part=name,
                limit=MAX_PART,
                value=text,
            )
        return taken

    def dump(self, value: Address) -> str | dict[str, str]:
        """Return free text as it is, an address of parts as an object."""
        return value.text or value.parts

    def to_parts(self, value: Address) -> tuple[str]:
        """Return free text as it is, so that columns which held text keep their form, and parts as JSON."""
        if self.from_parts(value.text) == value:
            return (value.text,)
        return (json.dumps(value.parts, ensure_ascii=False, separators=(",", ":")),)

    def from_parts(self, *parts: Any) -> Address:
        text: str = parts[0]
        if text.startswith('{"'):
            try:
                stored = json.loads(text)
            except ValueError:
                return Address(text=text)
            if stored.keys() <= set(PARTS) and all(type(part) is str for part in stored.values()):
                return Address(**stored)
        return Address(text=text)

    def json_schema(self) -> dict[str, Any]:
        part = {"type": "string", "maxLength": MAX_PART}
        properties = dict.fromkeys(PARTS[:-1], part)
        return {
            "oneOf": [
                {"type": "string", "maxLength": MAX_TEXT},
                {"type": "object", "properties": properties, "minProperties": 1, "additionalProperties": False},
            ]
        }


_country = CountryKind()


def _no_address(value: Any) -> Problem:
    return Problem(
        "address.no_parts",
        message="is no address: give free text, or else at least one of the parts {parts}",
        parts=list(PARTS[:-1]),
        value=value,
    )
