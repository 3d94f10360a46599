"""What a list's index is over, as text and back; which ones an entity can have."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycrm.errors import ConfigurationError
from pycrm.fields import declare as field
from pycrm.plugin import Plugin, Record
from pycrm.schema import assemble
from pycrm.schema.list_index import ListIndex, ListKey, read_list_index

OWN = st.builds(ListKey, st.sampled_from(["name", "custom.大区", "trade.incoterm"]), st.booleans())
IDS = st.builds(ListKey, st.just("id"), st.booleans())
KEYS = st.builds(lambda own, ids: [*own, *ids], st.lists(OWN, min_size=1), st.lists(IDS, max_size=1))


@given(KEYS)
def test_text_and_back(keys: list[ListKey]) -> None:
    """The one spelling is read as what it was written from."""
    index = ListIndex.of(keys)

    assert read_list_index(index.text) == index


@given(KEYS)
def test_id_ends_it(keys: list[ListKey]) -> None:
    """As in an order the id comes last, in the direction of the key before it unless it is said otherwise."""
    all_keys = ListIndex.of(keys).all_keys

    assert all_keys[-1].path == "id"
    assert all_keys == (tuple(keys) if keys[-1].path == "id" else (*keys, ListKey("id", keys[-1].descending)))


@pytest.mark.parametrize("text", ["", "level,", "level down", "level DESC ASC", ", level"])
def test_what_is_no_index(text: str) -> None:
    """Whoever declares one is told how it is written."""
    with pytest.raises(ConfigurationError, match="is not written as an order is; give fields with commas"):
        read_list_index(text)


def declared(*indexes: str) -> Any:
    plugin = Plugin("depot", version="1.0")

    @plugin.entity(title="name", indexes=indexes)
    class Shelf(Record):
        name: str = field.text()
        hall: str | None = field.text()
        colours: tuple[str, ...] = field.multi_choice(["red"])

    return assemble([plugin.pycrm_register_declarations(False)]).entities["depot.shelf"]


def test_declared_by_code() -> None:
    """An entity has what its owner declares, each once."""
    entity = declared("hall, name DESC", "hall ASC, name desc, id DESC")

    assert entity.indexes == (ListIndex((ListKey("hall"), ListKey("name", True)), "depot"),)
    assert entity.custom_indexes == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("hal, name", "depot.shelf lists 'hal', which is no field of it"),
        ("custom.region", "depot.shelf lists 'custom.region', which is no field of it"),
        ("hall, colours", "names colours, and records are not sorted by a multi_choice field; leave it out"),
        ("hall, hall", "names hall twice"),
    ],
)
def test_refused_declaration(text: str, told: str) -> None:
    """A plugin's mistake is told when it is loaded."""
    with pytest.raises(ConfigurationError, match=told):
        declared(text)
