"""Snapshots: what an owner brings, as JSON and back."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest
from tests.lab import DECLARED, SAMPLE, lab
from tests.shop import CUSTOM, make_schema

from pycrm import CRM
from pycrm.fields import KINDS as BASIC
from pycrm.fields import declare as field
from pycrm.schema import OwnerDeclarations, assemble
from pycrm.schema.snapshot import (
    field_from_json,
    field_to_json,
    parked_entities,
    parked_fields,
    snapshot,
)


@pytest.fixture(scope="module")
def owners() -> list[OwnerDeclarations]:
    """The declarations of a CRM with the laboratory."""
    crm = CRM("sqlite://", plugins=[lab])
    return crm._owners


@pytest.fixture(scope="module")
def stored(owners: list[OwnerDeclarations]) -> dict[str, Any]:
    """The laboratory's snapshot after a journey through JSON."""
    taken: dict[str, Any] = json.loads(json.dumps(snapshot(assemble(owners), "lab"), ensure_ascii=False))
    return taken


KINDS = {**DECLARED, **CUSTOM, "status": field.status(SAMPLE), "number": field.autonumber("A-{year}-{seq:04}")}


@pytest.mark.parametrize("name", KINDS)
def test_field_round_trip(name: str) -> None:
    """A field of each kind comes back from JSON with the same kind, options and facts."""
    declared = attrs.evolve(KINDS[name], name="x", unique=True, hidden=True)
    back = field_from_json("x", json.loads(json.dumps(field_to_json(declared))), BASIC)

    assert (back.kind, back.unique, back.hidden, back.indexed) == (declared.kind, True, True, declared.indexed)
    assert field_to_json(back) == field_to_json(declared)


def test_schema_round_trip(owners: list[OwnerDeclarations], stored: dict[str, Any]) -> None:
    """A schema with a parked owner has that owner's entities and fields, marked as parked."""
    whole = assemble(owners)
    rest = [owner for owner in owners if owner.owner != "lab"]
    parked = assemble(rest, parked_entities("lab", stored, BASIC), parked_fields("lab", stored, BASIC))

    assert parked.entities.keys() == whole.entities.keys()
    for name, entity in whole.entities.items():
        other = parked.entities[name]
        assert other.parked is (entity.owner == "lab")
        assert other.fields.keys() == entity.fields.keys()
        for path, known in entity.fields.items():
            found = other.fields[path]
            assert (found.kind, found.place, found.part_names) == (known.kind, known.place, known.part_names)
            assert found.parked is (path.startswith("lab."))
        assert (other.back.keys(), other.unique, other.table_name) == (
            entity.back.keys(),
            entity.unique,
            entity.table_name,
        )


def test_parked_snapshot_is_the_same(owners: list[OwnerDeclarations], stored: dict[str, Any]) -> None:
    """What was read from a snapshot gives the same snapshot."""
    rest = [owner for owner in owners if owner.owner != "lab"]
    parked = assemble(rest, parked_entities("lab", stored, BASIC), parked_fields("lab", stored, BASIC))

    assert snapshot(parked, "lab") == stored


def test_owner_without_anything() -> None:
    """An owner that brings nothing has an empty snapshot."""
    assert snapshot(make_schema(), "nobody") == {"entities": {}, "extensions": {}}
