"""Which mapping is suggested for vCards, whose columns are the properties that a file has."""

from __future__ import annotations

from collections.abc import Callable

from tests.sheets import Sheet

from pycrm.exchange.mapping import Mapping, bind_mapping, mapping_text, read_mapping_text, suggest
from pycrm.exchange.rows import Row
from pycrm.schema import Schema

COLUMNS = ("VERSION", "PRODID", "UID", "FN", "TEL", "TEL.work", "ORG", "EMAIL", "EMAIL.other")
FULL = (
    "3.0",
    "-//x",
    "u-1",
    "Zoë Test",
    ["BusinessPhone", "+4940123456"],
    ["BusinessPhone", "+4940123456"],
    "Elbe",
    None,
    None,
)
BARE = ("3.0", None, "u-2", None, None, None, None, ["a@b.example", "c@d.example"], "a@b.example")


class Cards:
    """A table of the cards above."""

    name = "people"
    columns = COLUMNS

    def rows(self, *, after: int = 0) -> list[Row]:
        """Give all of them."""
        return [Row(1, FULL), Row(9, BARE)]


def test_every_card_is_a_contact(schema: Schema, with_customs: Callable[[Mapping], Schema]) -> None:
    """A card without a name is called by its address; a refused number leaves its field empty and stays as text."""
    mapping = suggest(Cards(), schema).mapping
    bound = bind_mapping(mapping, COLUMNS, with_customs(mapping))

    contact = next(each for each in bound.entities if each.map.entity == "contact")
    prepared = contact.prepare(Cards().rows())
    assert prepared.wanted == [True, True]
    assert prepared.values["name"] == ["Zoë Test", "a@b.example"]
    assert prepared.values["email"] == [None, "a@b.example"]
    assert prepared.values["phone"] == [None, None]
    assert prepared.values["custom.card_tel"] == ["BusinessPhone\n+4940123456", None]
    assert prepared.values["custom.card_email"] == [None, "a@b.example\nc@d.example"]
    assert prepared.values["custom.card_key"] == ["u-1", "u-2"]


def test_each_column_is_told(schema: Schema) -> None:
    """Columns are left out with a reason, and the mapping is a file like any other."""
    suggestion = suggest(Cards(), schema)

    told = {each.column: each for each in suggestion.columns}
    assert tuple(told) == COLUMNS
    assert (told["VERSION"].path, told["VERSION"].reason) == ("", "of the form of the card")
    assert (told["PRODID"].path, told["PRODID"].reason) == ("", "the program that wrote the card")
    assert (told["ORG"].entity, told["UID"].path) == ("account", "custom.card_key")
    assert read_mapping_text(mapping_text(suggestion.mapping)) == suggestion.mapping


def test_cards_without_uid(schema: Schema) -> None:
    """Where a card has no UID, all that people are known by tells it from others."""
    cells = (("3.0", "u", "A", None), ("3.0", None, "A", ["a@b.example"]))
    sheet = Sheet("people", ("VERSION", "UID", "FN", "EMAIL"), cells)

    [contact] = suggest(sheet, schema).mapping.entities
    key = next(field for field in contact.fields if field.path == "custom.card_key")
    assert (contact.by, key.columns) == (("custom.card_key",), ("UID", "FN", "EMAIL"))
