"""A schema to map into, and short ways to bind and to prepare."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
from tests.sheets import Bind, Prepare

from pycrm import CRM
from pycrm.exchange.mapping import Mapping, bind_mapping, read_mapping_text
from pycrm.exchange.mapping.bound import BoundMapping, Prepared
from pycrm.exchange.rows import Row
from pycrm.fields.field import Field
from pycrm.fields.registry import kind_from
from pycrm.schema import Schema
from pycrm.schema.labels import Labels


@pytest.fixture(scope="session")
def crm() -> CRM:
    """A CRM of the built-ins alone, whose database nobody opens."""
    return CRM("sqlite://", plugins=[])


@pytest.fixture(scope="session")
def schema(crm: CRM) -> Schema:
    """The built-in entities."""
    return crm.schema


@pytest.fixture(scope="session")
def labels(crm: CRM) -> Labels:
    """Labels in all languages."""
    return crm.labels


@pytest.fixture(scope="session")
def with_customs(schema: Schema) -> Callable[[Mapping], Schema]:
    """Give the schema that has the custom fields of a mapping."""

    def make(mapping: Mapping) -> Schema:
        fields: dict[str, list[Field]] = {}
        for each in mapping.custom_fields:
            kind = kind_from(each.kind, each.options, schema.kinds)
            fields.setdefault(each.entity, []).append(Field(kind, name=each.name, unique=each.unique))
        return schema.with_custom_fields(fields, 1)

    return make


@pytest.fixture
def bind(schema: Schema) -> Bind:
    """Bind ``bind(text, columns)``, the text without its version."""

    def bound(text: str, columns: Sequence[str]) -> BoundMapping:
        return bind_mapping(read_mapping_text(f"version = 1\n{text}"), tuple(columns), schema)

    return bound


@pytest.fixture
def prepare(bind: Bind) -> Prepare:
    """Prepare ``prepare(text, columns, rows)``: what the last entity of the mapping makes of *rows*."""

    def prepared(text: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Prepared:
        lines = [Row(line, tuple(cells)) for line, cells in enumerate(rows, start=2)]
        return bind(text, columns).entities[-1].prepare(lines)

    return prepared
