"""vCard 3.0 (RFC 2426) and 4.0 (RFC 6350): contacts and accounts for telephones and address books."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import IO, Any, Final, Literal, TypeAlias

from pycrm.errors import ExportError, UnknownNameError
from pycrm.exchange.exporting.columns import Column, column_of
from pycrm.schema import Entity, Record, Schema
from pycrm.values.refs import Ref

__all__ = ["CARD_ENTITIES", "CardWriter"]

Version: TypeAlias = Literal["3.0", "4.0"]
Line: TypeAlias = tuple[str, str]
"""Name with parameters, and the value as it is written."""

CARD_ENTITIES: Final = ("contact", "account")
_MOST_OCTETS: Final = 75
_ADDRESS: Final = ("street", "city", "region", "postal_code", "country")
_POINTS: Final = {
    "phone": "TEL;TYPE=voice",
    "email": "EMAIL",
    "fax": "TEL;TYPE=fax",
    "website": "URL",
    "wechat": "X-WECHAT",
    "wecom": "X-WECOM",
    "whatsapp": "X-WHATSAPP",
    "dingtalk": "X-DINGTALK",
}
# fmt: off
_PATHS: Final = (
    "name", "kind", "family_name", "given_name", "salutation", "job_title", "department", "email", "phone", "mobile",
    "wechat", "website", "address", "birth_on", "language", "description", "tags", "updated_at",
)
# fmt: on
_line_end = re.compile(r"\r\n|\r|\n")


class CardWriter:
    """Writes one card per record.

    Args:
        file: Where to; stays open.
        schema: As the reader sees it.
        entity: Contacts or accounts, as the reader sees them; what is hidden from him is left out.
        version: Of vCard.
    Raises:
        ExportError: Records of the entity are no cards.
    """

    def __init__(self, file: IO[bytes], schema: Schema, entity: Entity, version: Version) -> None:
        if entity.name not in CARD_ENTITIES:
            raise ExportError(
                f"{entity.name} has no form as vCard; export {' or '.join(CARD_ENTITIES)}, or take another format",
                entity=entity.name,
            )
        self._file = file
        self._entity = entity
        self._is_4 = version == "4.0"
        self._version = version
        self._columns = dict(_columns(schema, entity))
        # The firms of a contact, and further ways to reach anybody.
        self.include = " ".join(
            text for text in ("accounts.account", "contact_points") if text.partition(".")[0] in entity.back
        )

    def write(self, records: Sequence[Record]) -> None:
        """Write the cards of *records*, which `include` was loaded for."""
        for record in records:
            self._file.write("".join(_folded(f"{name}:{value}") for name, value in self._card(record)).encode())

    def _card(self, record: Record) -> Iterator[Line]:
        values = {path: column.value(record) for path, column in self._columns.items()}
        yield "BEGIN", "VCARD"
        yield "VERSION", self._version
        yield "UID", f"urn:uuid:{record.id}" if self._is_4 else str(record.id)
        yield from self._names(record, values)
        yield from self._ways(record, values)
        if address := values.get("address"):
            yield self._address(address)
        if birth_on := values.get("birth_on"):
            yield "BDAY", _day(birth_on, is_basic=self._is_4)
        if self._is_4 and values.get("language"):
            yield "LANG", str(values["language"])
        if tags := values.get("tags"):
            yield "CATEGORIES", ",".join(map(_escaped, tags))
        if description := values.get("description"):
            yield "NOTE", _escaped(description)
        if isinstance(at := values.get("updated_at"), datetime):
            yield "REV", f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        yield "END", "VCARD"

    def _names(self, record: Record, values: Mapping[str, Any]) -> Iterator[Line]:
        name = str(values.get("name") or record.id)
        is_firm = self._entity.name == "account" and values.get("kind") != "person"
        yield "FN", _escaped(name)
        family, given = values.get("family_name") or "", values.get("given_name") or ""
        if not (is_firm or family or given):
            family = name
        yield "N", _parted(family, given, "", values.get("salutation") or "", "")
        if self._is_4 and is_firm:
            yield "KIND", "org"
        firm = name if is_firm else next(iter(_firms(record)), "")
        if department := values.get("department"):
            yield "ORG", _parted(firm, department)
        elif firm:
            yield "ORG", _escaped(firm)
        if title := values.get("job_title"):
            yield "TITLE", _escaped(title)

    def _ways(self, record: Record, values: Mapping[str, Any]) -> Iterator[Line]:
        for path, name in (("email", "EMAIL;TYPE=work"), ("phone", "TEL;TYPE=work"), ("mobile", "TEL;TYPE=cell")):
            if value := values.get(path):
                yield name, _escaped(str(value))
        if website := values.get("website"):
            yield "URL", str(website)
        if wechat := values.get("wechat"):
            yield "X-WECHAT", _escaped(wechat)
        for point in _related(record, "contact_points"):
            if point.is_valid and point.value and point.kind in _POINTS:
                yield _POINTS[point.kind], point.value if point.kind == "website" else _escaped(point.value)

    def _address(self, address: Any) -> Line:
        """Return an address; one that is nothing but text as its street, which keeps it whole."""
        data = self._columns["address"].path.field.kind.dump(address) if not isinstance(address, str) else address
        parts = {"street": data} if isinstance(data, str) else data
        street = ", ".join(filter(None, (parts.get("name"), parts.get("street"), parts.get("district"))))
        told = {**parts, "street": street, "country": parts.get("country_name") or parts.get("country", "")}
        return "ADR;TYPE=work", _parted("", "", *(told.get(part, "") for part in _ADDRESS))


def _columns(schema: Schema, entity: Entity) -> Iterator[tuple[str, Column]]:
    for path in _PATHS:
        try:
            yield path, column_of(schema, entity, path)
        except UnknownNameError:  # the entity has none, or the reader does not see it
            continue


def _firms(contact: Record) -> Iterator[str]:
    """Yield the names of the accounts that *contact* belongs to, the primary one first."""
    links = sorted(_related(contact, "accounts"), key=lambda link: not link.is_primary)
    for link in links:
        if isinstance(link.account, Ref) and link.account.is_loaded and link.account.record.name:
            yield str(link.account.record.name)


def _related(record: Record, way: str) -> Sequence[Any]:
    found: Sequence[Any] = (record._related or {}).get(way, ())
    return found


def _day(value: Any, *, is_basic: bool) -> str:
    return f"{value:%Y%m%d}" if is_basic and isinstance(value, date) else str(value)


def _escaped(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return _line_end.sub(r"\\n", plain)


def _parted(*texts: str) -> str:
    return ";".join(map(_escaped, texts))


def _folded(line: str) -> str:
    """Return *line* in pieces of at most 75 octets, none of which splits a character; each further one is indented."""
    if len(line.encode()) <= _MOST_OCTETS:
        return f"{line}\r\n"
    pieces: list[str] = []
    piece, count = "", 0
    for character in line:
        size = len(character.encode())
        if count + size > _MOST_OCTETS:
            pieces.append(piece)
            piece, count = " ", 1
        piece += character
        count += size
    return "\r\n".join([*pieces, piece]) + "\r\n"
