"""Custom fields and indexes between their rows in the database and the values that a schema has."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from pycrm.entities import CustomField, CustomIndex
from pycrm.errors import ConfigurationError
from pycrm.fields.field import Field
from pycrm.fields.kind import Kind
from pycrm.schema.list_index import ListIndex, read_list_index
from pycrm.schema.snapshot import field_from_json, field_to_json

__all__ = ["CONVERTED_FROM", "definition_of", "fields_of_rows", "indexes_of_rows"]

CONVERTED_FROM = "converted_from"
"""The key under which a definition says what the field was before a conversion, so that it can be undone."""


def definition_of(field: Field, converted_from: Mapping[str, Any] | None = None) -> str:
    """Return *field* as the JSON text of a `CustomField` row; a default is kept in its dumped form."""
    if callable(field.default):
        raise ConfigurationError(
            f"custom.{field.name}: the default of a custom field is kept as data; give a value, not a function",
            field=field.path,
        )
    data: dict[str, Any] = field_to_json(field)
    if field.default is not None:
        data["default"] = field.kind.dump(field.kind.parse(field.default))
    for part in ("label", "help"):
        if texts := getattr(field, part):
            data[part] = dict(texts)
    if field.stored_as:
        data["stored_as"] = field.stored_as
    if field.promoted:
        data["promoted"] = True
    if converted_from is not None:
        data[CONVERTED_FROM] = dict(converted_from)
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def fields_of_rows(rows: Iterable[CustomField], kinds: Mapping[str, type[Kind]]) -> dict[str, list[Field]]:
    """Return the custom fields by entity name, in the order they were defined.

    A field whose kind is none of *kinds* is parked: the plugin that brings its kind is gone.
    """
    fields: dict[str, list[Field]] = {}
    for row in rows:
        data = json.loads(row.definition)
        field = field_from_json(row.name, data, kinds)
        default = None if field.parked else data.get("default")
        fields.setdefault(row.entity, []).append(
            attrs.evolve(
                field,
                default=None if default is None else field.kind.parse(default),
                label=data.get("label", {}),
                help=data.get("help", {}),
                retired=row.retired,
                stored_as=data.get("stored_as", ""),
                promoted=data.get("promoted", False),
            )
        )
    return fields


def indexes_of_rows(rows: Iterable[CustomIndex]) -> dict[str, list[ListIndex]]:
    """Return the custom indexes by entity name, in the order they were defined."""
    indexes: dict[str, list[ListIndex]] = {}
    for row in rows:
        indexes.setdefault(row.entity, []).append(read_list_index(row.keys))
    return indexes
