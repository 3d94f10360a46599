"""Files of vCards: their columns are properties, so that a mapping is made of those that a file has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from pycrm.exchange.mapping.conditions import written_column
from pycrm.exchange.mapping.headers import slug
from pycrm.exchange.mapping.model import CustomField, EntityMap, FieldMap, Mapping
from pycrm.exchange.mapping.suggesting.sample import Sample
from pycrm.exchange.mapping.suggesting.suggestion import ColumnSuggestion, Suggestion
from pycrm.schema import Schema

__all__ = ["of_cards"]

SURE = 0.97
LINE = "\n"  # between the values of what is kept as it was written
KEY_LENGTH = 2000
LEFT_OUT = {"VERSION": "of the form of the card", "PRODID": "the program that wrote the card"}
NAMES = ("FN", "NICKNAME", "ORG", "EMAIL", "TEL")
PLAIN = {
    "N.family": "family_name",
    "N.given": "given_name",
    "N.prefix": "salutation",
    "TITLE": "job_title",
    "ORG.unit": "department",
    "X-WECHAT": "wechat",
    "LANG": "language",
    "NOTE": "description",
}
ADDRESS = {
    "street": "street",
    "city": "city",
    "region": "region",
    "postcode": "postal_code",
    "country": "country",
}
WAYS = {
    "email": ("EMAIL",),
    "mobile": ("TEL.cell", "TEL.work cell", "TEL.home cell"),
    "phone": ("TEL.work", "TEL.main", "TEL.home", "TEL.other"),
}
_NEEDED = ("account", "contact", "account_contact")


def of_cards(sample: Sample, schema: Schema, name: str, fingerprint: str) -> Suggestion | None:
    """Return the mapping for a file of vCards; None where the columns are not those of one, or contacts are not there.

    No card is refused for a value that a field does not take: such a field stays empty, and what the card says is kept
    as text in a custom field.

    Args:
        sample: Of the file.
        schema: Of the CRM.
        name: Of the mapping.
        fingerprint: Of the headers.
    """
    if "VERSION" not in sample.columns or not any(each in sample.columns for each in NAMES):
        return None
    if any(entity not in schema.entities for entity in _NEEDED):
        return None
    cards = _Cards(tuple(sample.columns), _key_columns(sample))
    fields = tuple(cards.fields())
    entities = [EntityMap("contact", fields=fields, by=("custom.card_key",))]
    if "ORG" in cards.columns:
        entities += _firm()
    mapping = Mapping(name=name, entities=tuple(entities), custom_fields=tuple(cards.customs), fingerprint=fingerprint)
    return Suggestion(mapping, tuple(_told(cards.columns, fields)), "preset", "vcard")


def _key_columns(sample: Sample) -> tuple[str, ...]:
    """Return what tells the cards apart: their UID where all have one, else all by which people are known."""
    if "UID" in sample.columns and len(sample.columns["UID"].filled) == sample.rows:
        return ("UID",)
    return tuple(each for each in ("UID", *NAMES) if each in sample.columns)


@attrs.define
class _Cards:
    """Makes the fields of a contact of *columns*, and notes the custom fields that they need."""

    columns: Sequence[str]
    key: tuple[str, ...]
    customs: list[CustomField] = attrs.field(factory=list)

    def fields(self) -> Iterator[FieldMap]:
        """Yield them; what has no field of its own, or may be refused by it, goes into custom fields as text."""
        there = tuple(each for each in NAMES if each in self.columns)
        yield FieldMap("name", there, join=LINE, split=LINE, part=1, default="?")
        for column, path in PLAIN.items():
            if column in self.columns:
                yield FieldMap(path, (column,), on_problem="empty")
        yield from self._ways()
        if "BDAY" in self.columns:
            yield FieldMap("birth_on", ("BDAY",), transforms=("date",), on_problem="empty")
        if "CATEGORIES" in self.columns:
            yield FieldMap("tags", ("CATEGORIES",), on_problem="empty")
        yield from self._address()
        self.customs.append(_custom("card_key", "Key of the card", "名片标识", unique=True))
        yield FieldMap("custom.card_key", self.key, join=LINE)
        yield from self._kept()

    def _ways(self) -> Iterator[FieldMap]:
        """Yield the first number and address of each sort."""
        for path, columns in WAYS.items():
            if there := tuple(each for each in columns if each in self.columns):
                yield FieldMap(path, there, join=LINE, split=LINE, part=1, on_problem="empty")

    def _address(self) -> Iterator[FieldMap]:
        kinds = [each.rpartition(".")[0] for each in self.columns if each.startswith("ADR")]
        place = next(iter(dict.fromkeys(kinds)), "")
        for part, path in ADDRESS.items():
            if place and f"{place}.{part}" in self.columns:
                steps = ("country",) if part == "country" else ()
                yield FieldMap(f"address.{path}", (f"{place}.{part}",), transforms=steps, on_problem="empty")

    def _kept(self) -> Iterator[FieldMap]:
        """Yield a custom field for every property that no field keeps to the character."""
        exact = {*PLAIN, *LEFT_OUT, "FN"} - {"LANG"}
        taken = {"card_key"}
        for column in self.columns:
            if column in exact or (column == "UID" and self.key == ("UID",)) or column == "ORG":
                continue
            if column.startswith("EMAIL.") or any(column in each for each in (WAYS["mobile"], WAYS["phone"])):
                continue  # the list of all has it; of other sorts, as of a fax, the sort is worth keeping
            name = slug(f"card {column}", taken)
            taken.add(name)
            self.customs.append(_custom(name, f"{column} of the card", f"名片 {column}", kind="long_text"))
            yield FieldMap(f"custom.{name}", (column,), join=LINE)


def _custom(name: str, english: str, chinese: str, *, kind: str = "text", unique: bool = False) -> CustomField:
    options = {"max_length": KEY_LENGTH} if unique else {}
    return CustomField("contact", name, kind, options, {"en": english, "zh": chinese}, unique)


def _firm() -> Iterator[EntityMap]:
    """Yield the account of a card, and what leads from one to the other."""
    when = f"{written_column('ORG')} IS NOT NULL"
    yield EntityMap("account", fields=(FieldMap("name", ("ORG",)),), when=when, by=("name",), on_match="skip")
    link = tuple(FieldMap(name, record=name) for name in ("account", "contact"))
    yield EntityMap("account_contact", fields=link, when=when, by=("account", "contact"), on_match="skip")


def _told(columns: Sequence[str], fields: Sequence[FieldMap]) -> Iterator[ColumnSuggestion]:
    own = {"ORG": ("account", "name")}
    for field in fields:
        for column in field.columns[:1]:
            own.setdefault(column, ("contact", field.path))
    for column in columns:
        if column in LEFT_OUT:
            yield ColumnSuggestion(column, "", "", 1.0, LEFT_OUT[column])
        elif column in own:
            entity, path = own[column]
            yield ColumnSuggestion(column, entity, path, SURE, "vCard", path.startswith("custom."))
        else:
            whole = column.partition(".")[0]
            yield ColumnSuggestion(column, "", "", 1.0, f"{whole} has it, too")
