"""Declarations of fields."""

from __future__ import annotations

from typing import Any

import pytest

from pycrm.fields import declare as field
from pycrm.fields.field import Field, Place
from pycrm.fields.kind import Kind
from pycrm.fields.registry import KINDS
from pycrm.values.lifecycle import Lifecycle, State

DECLARED: dict[str, Any] = {
    "text": field.text(max_length=20),
    "long_text": field.long_text(max_length=5000),
    "integer": field.integer(),
    "decimal": field.decimal(places=4),
    "boolean": field.boolean(),
    "date": field.date(),
    "datetime": field.datetime(),
    "choice": field.choice(["a", field.Option("b")]),
    "multi_choice": field.multi_choice(["a", "b"]),
    "money": field.money(places=6, currency="CNY"),
    "ref": field.ref("account", many="orders", on_delete="clear", part_of=True, rights_from=True, soft=True),
    "refs": field.refs("user"),
    "any_ref": field.any_ref("account", "contact"),
    "autonumber": field.autonumber("SO-{seq}"),
    "any_refs": field.any_refs("contact", "user"),
    "attachment": field.attachment(max_bytes=5_000_000, content_types=["image/*"]),
    "tags": field.tags(),
    "status": field.status(Lifecycle(State("open"))),
}


@pytest.mark.parametrize(("name", "declared"), DECLARED.items())
def test_each_function_declares_its_kind(name: str, declared: Any) -> None:
    """At run time a declaration is a Field of the kind that the function is named after."""
    assert isinstance(declared, Field)
    assert declared.kind.name == name


def test_every_kind_can_be_declared() -> None:
    """Every basic kind but the record's own id has a function."""
    assert DECLARED.keys() == KINDS.keys() - {"id"}


def test_options_reach_kind_and_field() -> None:
    """A kind's own options go to the kind, the common ones to the field."""
    declared: Any = field.money(places=6, label={"zh": "单价"}, indexed=True, was="price", default=None)

    assert declared.kind.options() == {"places": 6}
    assert (declared.label, declared.indexed, declared.was, declared.required) == ({"zh": "单价"}, True, "price", False)


def test_default_may_be_made() -> None:
    """A default is a value, or a callable that makes one for each record."""
    fixed: Any = field.integer(default=5)
    made: Any = field.multi_choice(["a"], default=list)

    assert fixed.make_default() == 5
    assert made.make_default() is not made.make_default()


def test_refs_live_in_links() -> None:
    """A multi-reference is stored apart from its record."""
    for name in ("refs", "any_refs"):
        assert DECLARED[name].place is Place.LINK
        assert DECLARED[name].part_names == ()


def test_any_ref_to_everything() -> None:
    """Without targets every entity may be referred to."""
    declared: Any = field.any_ref()

    assert declared.kind.targets == ("*",)


def test_kind_of_a_plugin() -> None:
    """A plugin declares fields of its own kind with all common options."""

    class Hull(Kind):
        name = "hull"

    declared: Any = field.of_kind(Hull(), unique=True)

    assert (declared.kind.name, declared.unique) == ("hull", True)


def test_part_names() -> None:
    """Columns are named after the field and the parts of its kind."""
    declared = Field(kind=DECLARED["money"].kind, name="price", path="trade.price", owner="trade")

    assert declared.part_names == ("price", "price_currency")
