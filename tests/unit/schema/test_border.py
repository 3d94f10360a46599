"""The border: outside data in, inside data out, equal to the parser by construction."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import marshmallow
import pytest
from tests.shop import HOSTILE, Item, full_item, make_schema, plain

from pycrm.errors import UnknownNameError, ValidationError
from pycrm.schema.border import border_schema, json_schema, load_values
from pycrm.schema.diff import make_remember
from pycrm.schema.dump import dump_record

ITEM = make_schema().entity("item")
BORDER = border_schema(ITEM)


@pytest.fixture
def item() -> Item:
    """An item with a value everywhere."""
    made = full_item()
    make_remember(ITEM)(made)
    return made


def test_round_trip(item: Item) -> None:
    """What goes out as JSON comes in as the same values."""
    out = json.loads(json.dumps(dump_record(ITEM, item), ensure_ascii=False))
    given = {path: value for path, value in out.items() if not ITEM.fields[path].read_only and value not in (None, [])}
    loaded: dict[str, Any] = BORDER.load(given)  # type: ignore[assignment]

    own = {path: value for path, value in loaded.items() if "." not in path}
    custom = {path.removeprefix("custom."): value for path, value in loaded.items() if "." in path}
    back = full_item(id=item.id, **{**dict.fromkeys(own), **own}, custom=custom)
    assert plain(back) == plain(item)


def test_hostile_names(item: Item) -> None:
    """Fields of any name go out and come in under it."""
    out = dump_record(ITEM, item)

    assert {name: out[f"custom.{name}"] for name in HOSTILE} == {name: f"value of {name}" for name in HOSTILE}
    assert BORDER.load({f"custom.{HOSTILE[0]}": "x"}) == {f"custom.{HOSTILE[0]}": "x"}


def test_refusals_in_words_of_kinds() -> None:
    """A bad value is refused by its kind, all of them at once, under the field's path."""
    with pytest.raises(marshmallow.ValidationError) as error:
        BORDER.load({"rank": "x", "size": "XL", "custom.score": "y"})

    assert error.value.messages.keys() == {"rank", "size", "custom.score"}  # type: ignore[union-attr]
    assert "is none of" in error.value.messages["size"][0]  # type: ignore[index, call-overload]


@pytest.mark.parametrize("path", ["nothing", "version", "created_at"])
def test_unknown_and_read_only(path: str) -> None:
    """Unknown names are errors, and so are fields that only come out."""
    with pytest.raises(marshmallow.ValidationError, match=path):
        BORDER.load({path: 1})


def test_json_schema_fits_dump(item: Item) -> None:
    """The JSON Schema names every field that goes out, and what is required."""
    described = json_schema(ITEM)

    assert described["properties"].keys() == dump_record(ITEM, item).keys()
    assert "name" in described["required"]
    json.dumps(described)


def test_load_values_goes_by_path() -> None:
    """Dots in names are names, and an id may come from outside."""
    id = "01890000-0000-7000-8000-000000000001"

    assert load_values(ITEM, {"custom.score": "7", "rank": 3, "id": id}) == {
        "custom.score": 7,
        "rank": 3,
        "id": UUID(id),
    }


def test_load_values_keeps_problems() -> None:
    """Each problem comes with its code, field and value, as the door would tell it."""
    with pytest.raises(ValidationError) as error:
        load_values(ITEM, {"rank": "x", "custom.region": "华冬"})

    assert [(each.field, each.code) for each in error.value.problems] == [
        ("rank", "integer.invalid"),
        ("custom.region", "choice.unknown"),
    ]


def test_load_values_passes_output_on() -> None:
    """What only comes out is left to the door, so that a dumped record may come back whole."""
    assert load_values(ITEM, {"version": "3"}) == {"version": "3"}


def test_load_values_names_nearest() -> None:
    """An unknown name is told with those that it may have been."""
    with pytest.raises(UnknownNameError, match="did you mean 'rank'"):
        load_values(ITEM, {"rnk": 1})


def test_schema_dumps_like_function(item: Item) -> None:
    """Both ways out give the same."""
    assert BORDER.dump(item) == dump_record(ITEM, item)
