"""Documents are spelled as the schema room means them, with keys that every database finds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.shop import HOSTILE, full_item, make_schema

from pycrm.schema.document import decode_document, encode_part
from pycrm.storage.documents import DocumentWriter
from pycrm.storage.field_sql import json_key

ITEM = make_schema().entity("item")
VALUES = full_item().document_values()


def parts(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a document that *changes* by path mean, part by part; None for a removed one."""
    members: dict[str, Any] = {}
    for path, value in changes.items():
        field = ITEM.fields[path]
        is_absent = value is None or value == field.kind.empty
        values = [None] * len(field.kind.parts) if is_absent else field.kind.to_parts(value)
        for name, part, stored in zip(field.part_names, field.kind.parts, values, strict=True):
            members[name] = encode_part(part.type, stored)
    return members


def test_text_says_what_the_schema_says() -> None:
    """The whole document equals the schema room's, and reads back."""
    text = DocumentWriter(ITEM).text(VALUES)
    assert text is not None

    assert json.loads(text) == {key: part for key, part in parts(VALUES).items() if part is not None}
    assert decode_document(ITEM, text) == VALUES


def test_patch_sets_and_removes() -> None:
    """A patch has the parts of changed fields only; null removes."""
    changes = {"custom.score": 5, "custom.budget": None, "custom.marks": (), 'custom.say "hi"': "x"}

    patch = DocumentWriter(ITEM).patch(changes)

    assert json.loads(patch) == parts(changes)
    assert json.loads(patch)["budget_currency"] is None


@pytest.mark.parametrize("values", [{}, {"custom.score": None}, {"custom.marks": ()}])
def test_nothing_is_no_document(values: dict[str, Any]) -> None:
    """A record without custom values stores no document at all."""
    assert DocumentWriter(ITEM).text(values) is None


def test_links_are_left_out() -> None:
    """A custom multi-reference is among the values, but its links are rows of their own."""
    assert DocumentWriter(ITEM).text({"custom.friends": (), "custom.score": 1}) == '{"score":1}'


@pytest.mark.parametrize("name", HOSTILE)
def test_key_is_json_without_escaped_quotes(name: str) -> None:
    """A key means its name, and holds nothing that ends a path early."""
    key = json_key(name)

    assert json.loads(key) == name
    assert '"' not in key[1:-1]
    assert "\\\\" not in key
