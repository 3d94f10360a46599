"""Unique values are looked for before writing, so that the problem names the record; the index has the last word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pycrm.errors import Problem
from pycrm.fields.field import Field, Place
from pycrm.fields.references import AnyRefKind
from pycrm.query import F
from pycrm.query.aggregate import MAX_GROUPS
from pycrm.schema import Entity, Record
from pycrm.schema.diff import FieldReader
from pycrm.values.refs import Ref
from pycrm.workspace.batch import Batch
from pycrm.workspace.context import UnitContext

__all__ = ["CHUNK", "find_by_keys", "key_conditions", "key_of", "taken_keys", "taken_values"]

CHUNK = 500


def key_of(record: Record, reader: FieldReader) -> tuple[Any, ...] | None:
    """Return the values that *reader* reads, references as ids; None where one is missing: that is not compared.

    A reference to any entity stays one, for its id alone is not asked for.
    """
    values = reader.read(record)
    if None in values:
        return None
    return tuple(
        value.id if isinstance(value, Ref) and not isinstance(field.kind, AnyRefKind) else value
        for field, value in zip(reader.fields, values, strict=True)
    )


def taken_values(batch: Batch) -> list[Problem]:
    """Return a problem for each record whose unique values another record has, in the batch or in the database."""
    problems: list[Problem] = []
    for reader in batch.tools.unique:
        fields = reader.fields
        holders: dict[tuple[Any, ...], Record] = {}
        for record in batch.sound():
            if batch.kind == "update" and not any(field in fields for field in batch.changed[record.id]):
                continue
            if (key := key_of(record, reader)) is None:
                continue
            if key in holders:
                problems.append(_taken(record, fields, key))
            else:
                holders[key] = record
        if batch.kind == "create":
            taken = taken_keys(batch.ws._ctx, batch.entity, fields, list(holders))
        else:
            found = find_by_keys(batch.ws._ctx, batch.entity, fields, list(holders))
            taken = {key for key, other in found.items() if other.id != holders[key].id}
        problems += [_taken(holders[key], fields, key) for key in holders if key in taken]
    return problems


def taken_keys(
    ctx: UnitContext, entity: Entity, fields: Sequence[Field], keys: Sequence[tuple[Any, ...]]
) -> set[tuple[Any, ...]]:
    """Return those of *keys* that records outside the bin have; only the fields themselves are read."""
    if len(fields) == 1 and fields[0].place is Place.COLUMN and len(fields[0].kind.parts) == 1:
        to_parts = fields[0].kind.to_parts
        by_part = {to_parts(value)[0]: (value,) for (value,) in keys}
        return {by_part[part] for part in ctx.of(entity).writer.taken(ctx.unit, fields[0], list(by_part))}
    if len(fields) > MAX_GROUPS or any(not field.kind.sortable or len(field.kind.parts) > 1 for field in fields):
        return set(find_by_keys(ctx, entity, fields, keys))
    wanted = set(keys)
    paths = [field.path for field in fields]
    found: set[tuple[Any, ...]] = set()
    for where in key_conditions(fields, keys):
        plan = ctx.tools.compiler.aggregate(entity, ["count()"], paths, where)
        for group in plan.read(ctx.unit.rows).groups:
            values = (group[path] for path in paths)
            found.add(tuple(value.id if isinstance(value, Ref) else value for value in values))
    return found & wanted


def find_by_keys(
    ctx: UnitContext, entity: Entity, fields: Sequence[Field], keys: Sequence[tuple[Any, ...]]
) -> dict[tuple[Any, ...], Any]:
    """Return the records outside the bin whose *fields* have one of *keys*, by key; one query per 500 keys."""
    wanted = set(keys)
    reader = FieldReader(fields)
    found: dict[tuple[Any, ...], Any] = {}
    for where in key_conditions(fields, keys):
        for record in ctx.matching(entity, where):
            if (key := key_of(record, reader)) in wanted:
                found[key] = record
    return found


def key_conditions(fields: Sequence[Field], keys: Sequence[tuple[Any, ...]]) -> Iterator[Any]:
    """Yield filters that together select every record with one of *keys*, and few others."""
    for start in range(0, len(keys), CHUNK):
        chunk = keys[start : start + CHUNK]
        where = None
        for position, field in enumerate(fields):
            one = F[field.path].in_(sorted({key[position] for key in chunk}, key=str))
            where = one if where is None else where & one
        yield where


def _taken(record: Record, fields: Sequence[Field], key: tuple[Any, ...]) -> Problem:
    others = ", ".join(field.path for field in fields[1:])
    values = tuple(field.shown(value) for field, value in zip(fields, key, strict=True))
    return Problem(
        "field.not_unique",
        record,
        fields[0].path,
        message="is taken by another record{combination}; choose another value or update that record",
        combination=f" (together with {others})" if others else "",
        value=values[0] if len(values) == 1 else values,
    )
