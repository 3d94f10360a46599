"""What lies between two snapshots, as data."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from pycrm.fields import declare as field
from pycrm.fields.field import Field
from pycrm.fields.kind import Kind
from pycrm.fields.registry import KINDS
from pycrm.schema.snapshot import field_to_json
from pycrm.schema.upgrade import Difference, MustBeUnique, MustExist, MustFit, Renamed, difference


def entity(**fields: Any) -> dict[str, Any]:
    """Return the part of a snapshot for an entity with these fields."""
    return {
        "title": "name",
        "list": ["name"],
        "unique": [],
        "plural": "things",
        "owned": False,
        "fields": {name: field_to_json(declared) for name, declared in fields.items()},
    }


def snapshot(*, unique: Any = (), extensions: Any = None, **fields: Field | Any) -> dict[str, Any]:
    """Return a snapshot of the owner ``shop`` with one entity, as JSON brings it back."""
    data = {
        "entities": {"shop.thing": {**entity(**fields), "unique": unique}},
        "extensions": {
            name: {path: field_to_json(declared) for path, declared in added.items()}
            for name, added in (extensions or {}).items()
        },
    }
    taken: dict[str, Any] = json.loads(json.dumps(data))
    return taken


def compare(stored: dict[str, Any], declared: dict[str, Any]) -> Difference:
    """Return the difference; the snapshots themselves must stay as they are."""
    kept = copy.deepcopy((stored, declared))
    found = difference("shop", stored, declared, KINDS)
    assert (stored, declared) == kept
    return found


def test_nothing() -> None:
    """Between equal snapshots nothing lies."""
    same = snapshot(name=field.text(), extensions={"account": {"place": field.text()}})

    assert compare(same, same) == Difference(snapshot=same)


def test_what_it_stores_is_at_rest() -> None:
    """Compared again with what it gave, a declaration differs in nothing, whatever was parked, renamed or retired."""
    old = snapshot(
        a=field.text(), b=field.choice(["x", "y"]), c=field.integer(), extensions={"account": {"d": field.tags()}}
    )
    new = snapshot(e=field.text(was="a"), b=field.choice(["x"]))

    found = compare(old, new)
    assert compare(found.snapshot, new) == Difference(snapshot=found.snapshot)
    assert found.snapshot["entities"]["shop.thing"]["fields"]["c"]["parked"] is True
    assert found.snapshot["extensions"]["account"]["d"]["parked"] is True
    assert found.snapshot["renamed"] == {"shop.thing": {"a": "e"}}


@pytest.mark.parametrize(
    ("old", "new", "checks"),
    [
        ({"x": field.text()}, {"x": field.text(unique=True)}, [MustBeUnique("shop.thing", ("x",))]),
        ({"x": field.text(unique=True)}, {"x": field.text()}, []),
        ({"x": field.ref("user", soft=True)}, {"x": field.ref("user")}, [MustExist("shop.thing", "x", "user")]),
        ({"x": field.ref("user")}, {"x": field.ref("user", soft=True)}, []),
        ({}, {"x": field.text(unique=True)}, []),
        ({"x": field.text(indexed=True)}, {"x": field.text()}, []),
        ({"a": field.text()}, {"x": field.text(unique=True, was="a")}, [MustBeUnique("shop.thing", ("x",))]),
    ],
)
def test_checks(old: Any, new: Any, checks: Any) -> None:
    """What values must fulfil is asked of fields that have values, under their new names."""
    assert compare(snapshot(**old), snapshot(**new)).checks == checks


def test_values_that_must_fit() -> None:
    """A narrower kind is a check with both kinds."""
    old, new = field.text(), field.text(max_length=3)
    found = compare(snapshot(x=old), snapshot(x=new))

    assert found.checks == [MustFit("shop.thing", "x", _kind(old), _kind(new))]
    assert found.lines == ["shop.thing.x: max_length changed"]


def test_combinations() -> None:
    """What is unique over several fields is compared under the new names."""
    old = snapshot(a=field.text(), b=field.text(), unique=[["a", "b"]])

    renamed = compare(old, snapshot(a=field.text(), c=field.text(was="b"), unique=[["a", "c"]]))
    assert (renamed.checks, renamed.renamed) == ([], [Renamed("shop.thing", "b", "c")])
    other = compare(old, snapshot(a=field.text(), b=field.text(), unique=[["b", "a"]]))
    assert other.checks == [MustBeUnique("shop.thing", ("b", "a"))]
    assert other.lines == ["shop.thing: unique by b, a", "shop.thing: no longer unique by a, b"]


def test_chain_of_names() -> None:
    """Former names lead to the name of today over all releases."""
    first = compare(snapshot(a=field.text()), snapshot(b=field.text(was="a")))
    second = compare(first.snapshot, snapshot(c=field.text(was="b"), extensions={"account": {"d": field.text()}}))
    third = compare(second.snapshot, snapshot(c=field.text(), extensions={"account": {"e": field.text(was="d")}}))

    assert third.snapshot["renamed"] == {
        "shop.thing": {"a": "c", "b": "c"},
        "account": {"shop.d": "shop.e"},
    }


def test_two_that_were_one() -> None:
    """Of two fields only one can have been another."""
    found = compare(snapshot(a=field.text()), snapshot(b=field.text(was="a"), c=field.text(was="a")))

    assert found.refusals == ["shop.thing.c: was a, and so was another field; only one can be it"]


def test_common_fields() -> None:
    """The fields of every record are only added to."""
    nothing: dict[str, Any] = {"entities": {}, "extensions": {}}
    id_, version = field_to_json(field.integer()), field_to_json(field.text())
    old = {**nothing, "common": {"id": id_}}

    added = difference("core", old, {**nothing, "common": {"id": id_, "version": version}}, KINDS)
    assert (added.lines, added.refusals) == (["every record's version: added"], [])
    changed = difference("core", old, {**nothing, "common": {"id": version}}, KINDS)
    assert changed.refusals == ["every record's id: changed; the fields that all records have are only added to"]


def test_parts_that_come() -> None:
    """A kind that keeps more parts than it did keeps the ones it had; one that drops any is refused."""
    stored = snapshot(x=field.text())
    stored["entities"]["shop.thing"]["fields"]["x"] = {"kind": "money", "options": {}, "parts": [["integer", ""]]}
    grown = compare(stored, snapshot(x=field.money()))
    assert (grown.lines, grown.refusals) == (["shop.thing.x: parts changed"], [])

    stored["entities"]["shop.thing"]["fields"]["x"]["parts"] += [["text", "_currency"], ["text", "_note"]]
    shrunk = compare(stored, snapshot(x=field.money()))
    assert shrunk.refusals == [
        "shop.thing.x: parts changed, which the stored values do not bear; declare a new field beside it"
    ]


def _kind(declared: Any) -> Kind:
    kind: Kind = declared.kind
    return kind
