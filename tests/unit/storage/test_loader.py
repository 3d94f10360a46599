"""Generated loaders and dumpers undo each other without running any constructor."""

from __future__ import annotations

from typing import Any

import pytest
from tests.shop import Item, Team, User, full_item, make_schema, plain, stamped

from pycrm.schema import Entity, Record
from pycrm.schema.record import slot_of
from pycrm.storage.codecs import CODECS
from pycrm.storage.dialect import DIALECTS
from pycrm.storage.dumper import make_dumper, make_value_dumper
from pycrm.storage.loader import make_loader
from pycrm.values.refs import Ref

SCHEMA = make_schema()


def round_trip(dialect_name: str, entity: Entity, *records: Record) -> list[Any]:
    """Return *records* as they come back from a driver that answers what it was given."""
    dump = make_dumper(entity, CODECS[dialect_name].encode_source, str)
    return make_loader(entity, DIALECTS[dialect_name])(dump(records))


@pytest.mark.parametrize("dialect_name", DIALECTS)
def test_full_record_comes_back(dialect_name: str) -> None:
    """Every kind of value survives, in columns and in the document."""
    user = User(name="mei")
    item = full_item(owner=user, about=Ref(user.id, "user"), created_by=user)

    (loaded,) = round_trip(dialect_name, SCHEMA.entity("item"), item)

    assert plain(loaded) == plain(item)
    assert loaded.about.entity == "user"
    assert type(loaded) is Item


@pytest.mark.parametrize("dialect_name", DIALECTS)
def test_empty_record_comes_back(dialect_name: str) -> None:
    """Absent values are None, or empty for kinds of several values."""
    (item,) = stamped(Item(name=""))

    (loaded,) = round_trip(dialect_name, SCHEMA.entity("item"), item)

    assert plain(loaded) == plain(item)
    assert (loaded.name, loaded.tags, loaded.colours, loaded.price, loaded.owner) == ("", (), (), None, None)


def test_loaded_values_are_remembered() -> None:
    """What was loaded is known by column field, then by multi-reference, and nothing counts as changed."""
    team = SCHEMA.entity("team")
    (record,) = stamped(Team(name="east", lead=User(name="mei")))

    (loaded,) = round_trip("sqlite", team, record)

    assert loaded._loaded == (*(getattr(loaded, slot_of(each)) for each in team.column_fields), ())
    assert loaded._entity is team
    assert loaded._related is None


def test_document_is_decoded_on_demand() -> None:
    """A loaded record keeps the document as text until somebody looks."""
    (loaded,) = round_trip("sqlite", SCHEMA.entity("item"), full_item())

    assert loaded._document is None
    assert type(loaded._stored) is str
    assert loaded.custom.score == full_item().custom.score


def test_references_of_one_call_share_ids() -> None:
    """Repeated references are one object, so a page of them costs little."""
    owner = User(name="mei")
    loaded = round_trip("sqlite", SCHEMA.entity("item"), full_item(owner=owner), full_item(owner=owner))

    assert loaded[0]._owner is loaded[1]._owner
    assert loaded[0]._owner == owner.id


@pytest.mark.parametrize("dialect_name", DIALECTS)
def test_value_dumper_equals_row_dumper(dialect_name: str) -> None:
    """Updates write a value as inserts do."""
    entity, codec = SCHEMA.entity("item"), CODECS[dialect_name]
    item: Any = full_item(parent=full_item())
    row = make_dumper(entity, codec.encode_source, str)([item])[0]

    singly = [
        part
        for field in entity.column_fields
        for part in make_value_dumper(field, codec)(getattr(item, slot_of(field)))
    ]

    assert tuple(singly) == row[:-1]
    assert all(
        make_value_dumper(field, codec)(empty) == (None,) * len(field.kind.parts)
        for field in entity.column_fields
        for empty in (None, field.kind.empty)
    )
