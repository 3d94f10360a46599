"""References of rows, found by a value of their target: looked up once per batch, made where the mapping says so."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Any
from uuid import UUID

import attrs

from pycrm.errors import Problem
from pycrm.exchange.importing.matching import KeyMatcher
from pycrm.exchange.mapping import BoundEntity, Lookup
from pycrm.schema import Entity
from pycrm.workspace.create import create_many
from pycrm.workspace.view import View

__all__ = ["Found", "look_up", "missing_target"]


@attrs.define
class Found:
    """What the keys of one reference lead to.

    Attributes:
        ids: By key, of the record.
        problems: By key, why there is none; of keys that the mapping leaves empty there is neither.
        made: The records that were created for it.
    """

    ids: dict[Any, UUID] = attrs.field(factory=dict)
    problems: dict[Any, Problem] = attrs.field(factory=dict)
    made: list[Any] = attrs.field(factory=list)


def look_up(ws: View, bound: BoundEntity, path: str, keys: Iterable[Any], own: Container[Any] = frozenset()) -> Found:
    """Return what *keys* lead to: the values that rows give for the reference at *path*, tuples where it is several.

    Of keys in *own*, which rows of the same batch have, those are neither made nor missed that nobody has yet.
    """
    lookup = bound.lookups[path]
    wanted = list(dict.fromkeys(_single(keys) if lookup.several else (key for key in keys if key is not None)))
    target = ws._ctx.tools.schema.entity(lookup.entity)
    matches = KeyMatcher().find(ws, target, [lookup.field], [(key,) for key in wanted])
    found = Found()
    missing: list[Any] = []
    for key in wanted:
        records = matches.get((key,), [])
        if len(records) == 1:
            found.ids[key] = records[0].id
        elif records:
            found.problems[key] = _ambiguous(lookup, key, len(records))
        elif key not in own:
            missing.append(key)
    if missing and lookup.otherwise == "create":
        _create(ws, target, lookup, missing, found)
    elif missing and lookup.otherwise == "refuse":
        found.problems |= {key: missing_target(lookup, key) for key in missing}
    return found


def _single(keys: Iterable[Any]) -> Iterable[Any]:
    return (key for several in keys for key in several or ())


def _create(ws: View, target: Entity, lookup: Lookup, keys: Sequence[Any], found: Found) -> None:
    records = [_new_target(target, lookup, key) for key in keys]
    result = create_many(ws, records, "refuse")
    refused = {each.position: each.problems for each in result.refused}
    for place, (key, record) in enumerate(zip(keys, records, strict=True)):
        if place in refused:
            told = "; ".join(str(problem) for problem in refused[place])
            found.problems[key] = Problem(
                "import.not_created",
                message="leads to a new {entity} that is refused: {told}",
                entity=target.name,
                told=told,
                value=key,
            )
        else:
            found.ids[key] = record.id
    found.made += result.created


def _new_target(target: Entity, lookup: Lookup, key: Any) -> Any:
    """Return a new record that *key* finds; where it needs a title, that is the key, too."""
    record = target.record_class()
    title = target.fields.get(target.record_class.__title__)
    if title is not None and title.required and title.path != lookup.field:
        setattr(record, title.path, str(key))
    if "." in lookup.field:
        record.set_document_value(lookup.field, key)
    else:
        setattr(record, lookup.field, key)
    return record


def missing_target(lookup: Lookup, key: Any) -> Problem:
    """Return what is wrong with a reference whose *key* nobody has."""
    return Problem(
        "import.not_found",
        message="leads to no {entity} with this {key}; import those first, or let the mapping create or leave it",
        entity=lookup.entity,
        key=lookup.field,
        value=key,
    )


def _ambiguous(lookup: Lookup, key: Any, count: int) -> Problem:
    return Problem(
        "import.ambiguous",
        message="is the {key} of {count} records of {entity}; look up by a field that is unique",
        entity=lookup.entity,
        key=lookup.field,
        count=count,
        value=key,
    )
