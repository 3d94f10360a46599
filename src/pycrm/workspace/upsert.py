"""Create or update, by unique values: the call of every import and every link to another system."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import attrs

from pycrm.errors import ConfigurationError, Problem
from pycrm.fields.field import Field
from pycrm.schema import Entity, Record
from pycrm.schema.diff import FieldReader, value_at
from pycrm.schema.parser import parse_fields
from pycrm.workspace.batch import OnProblem, raise_problems
from pycrm.workspace.create import create_many
from pycrm.workspace.results import BatchResult, Refused
from pycrm.workspace.unique import find_by_keys, key_of
from pycrm.workspace.update import update_many
from pycrm.workspace.view import View

__all__ = ["upsert_many"]

E = TypeVar("E", bound=Record)


def upsert_many(
    ws: View, entity_class: type[E], records: Sequence[E], by: Sequence[str], on_problem: OnProblem
) -> BatchResult[E]:
    """Create those of *records* whose key is new, update the others; see `Workspace.upsert_many`."""
    if not records:
        return BatchResult()
    ctx = ws._ctx
    ctx.begin_writing()
    entity = ctx.tools.schema.entity(entity_class)
    ws._require("read", entity)
    fields = _key_fields(entity, by)
    reader = FieldReader(fields)
    keys = [_parsed_key(entity, record, reader) for record in records]
    found = find_by_keys(ctx, entity, fields, [key for key in dict.fromkeys(keys) if key is not None])
    new: list[tuple[int, E]] = []
    old: list[tuple[int, E]] = []
    used: set[tuple[Any, ...]] = set()
    for position, (record, key) in enumerate(zip(records, keys, strict=True)):
        # The second record with one key is left to creation, which finds the key taken and says so.
        if key is not None and key in found and key not in used:
            used.add(key)
            old.append((position, _with_given_values(entity, found[key], record)))
        else:
            new.append((position, record))
    if on_problem == "refuse":
        return _write(ws, new, old, records)
    # Both halves are judged, so that the error lists the problems of all records, and neither stays without the other.
    with ctx.savepoint():
        result = _write(ws, new, old, records)
        if result.refused:
            in_order = sorted(result.refused, key=lambda each: each.position)
            raise_problems([problem for each in in_order for problem in each.problems], entity.name)
    return result


def _write(
    ws: View, new: Sequence[tuple[int, E]], old: Sequence[tuple[int, E]], records: Sequence[E]
) -> BatchResult[E]:
    created = create_many(ws, [record for _, record in new], "refuse")
    updated = update_many(ws, [record for _, record in old], "refuse")
    return _in_place(created, new, records) + _in_place(updated, old, records)


def _key_fields(entity: Entity, by: Sequence[str]) -> tuple[Field, ...]:
    fields = tuple(entity.field(path) for path in by)
    unique = [{field.path for field in key} for key in entity.unique_keys]
    if not any(key <= set(by) for key in unique):
        choices = " or ".join(str(sorted(key)) for key in unique)
        raise ConfigurationError(
            f"upsert by={list(by)!r}: {entity.name} is not unique by that; use {choices}", entity=entity.name
        )
    return fields


def _parsed_key(entity: Entity, record: Record, reader: FieldReader) -> tuple[Any, ...] | None:
    """Return the key in inside values; a part that does not parse makes no key, and creating reports it."""
    problems: list[Problem] = []
    parse_fields(entity, record, reader.fields, problems)
    return None if problems else key_of(record, reader)


def _with_given_values(entity: Entity, stored: E, given: Record) -> E:
    """Return *stored* with the values that *given* has; what *given* leaves empty stays."""
    for field in (*entity.own_fields, *entity.document_fields, *entity.link_fields):
        value = value_at(given, field)
        if value in (None, field.kind.empty) or field.read_only:
            continue
        if "." in field.path:
            stored.set_document_value(field.path, value)
        else:
            setattr(stored, field.name, value)
    return stored


def _in_place(result: BatchResult[E], sent: Sequence[tuple[int, E]], records: Sequence[E]) -> BatchResult[E]:
    """Return *result* with refused records at the positions of the call, and as the caller gave them."""
    refused = []
    for each in result.refused:
        position = sent[each.position][0]
        for problem in each.problems:
            problem.record = records[position]
        refused.append(Refused(position, records[position], each.problems))
    return attrs.evolve(result, refused=tuple(refused))
