"""Asking the stored values whether a newer declaration may be taken over, before anything is changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Row, Select, func, select

from pycrm.errors import Problem
from pycrm.fields.field import Field, Place
from pycrm.fields.kind import Part, PartType
from pycrm.schema.document import decode_part
from pycrm.schema.upgrade import Check, MustBeUnique, MustExist, MustFit
from pycrm.storage.field_sql import part_sql
from pycrm.storage.unit import Unit
from pycrm.storage.upgrade.state import Renames, State

__all__ = ["broken", "read_value", "value_columns"]

SHOWN = 5


def broken(unit: Unit, state: State, checks: Iterable[tuple[Check, Renames]]) -> list[str]:
    """Return one line per check that the stored values do not pass, with the first of the values.

    Args:
        unit: Where to look.
        state: What the database consists of now.
        checks: Each with the renamings that lie between *state* and the paths that it names.
    """
    lines = []
    for check, renames in checks:
        match check:
            case MustBeUnique():
                line = _repeated(unit, state, check, renames)
            case MustFit():
                line = _unfit(unit, state, check, renames)
            case MustExist():
                line = _dangling(unit, state, check, renames)
        if line:
            lines.append(line)
    return lines


def value_columns(table: FromClause, field: Field, dialect_name: str) -> list[ColumnElement[Any]]:
    """Return what to select for `read_value`."""
    return [part_sql(table, field, number, dialect_name) for number in range(len(field.kind.parts))]


def read_value(field: Field, stored: Sequence[Any]) -> Any:
    """Return the inside value of what `value_columns` gave; None where there is none."""
    if not stored or stored[0] is None:
        return None
    return field.kind.from_parts(*_parts(field, stored))


def _parts(field: Field, stored: Sequence[Any]) -> tuple[Any, ...]:
    """Return the parts as Python values; SQLAlchemy has decoded columns already, documents it cannot."""
    if field.place is not Place.DOCUMENT:
        return tuple(stored)
    return tuple(
        bool(value)
        if part.type is PartType.BOOLEAN and value is not None
        else value
        if part.type is PartType.JSON and not isinstance(value, str)
        else decode_part(part.type, value)
        for part, value in zip(field.kind.parts, stored, strict=True)
    )


def _found(state: State, entity: str, path: str, renames: Renames) -> tuple[FromClause, Field] | None:
    """Return the field as it stands in *state*, with its table; None if it is not there yet."""
    before = renames.before(entity, path)
    found = None if before is None else state.field(entity, before)
    return None if found is None else (state.tables.table(entity), found[1])


def _repeated(unit: Unit, state: State, check: MustBeUnique, renames: Renames) -> str | None:
    found = [_found(state, check.entity, path, renames) for path in check.paths]
    fields = [each[1] for each in found if each is not None]
    if len(fields) < len(check.paths):
        return None  # a field that is new has no values yet
    table = state.tables.table(check.entity)
    columns = [column for field in fields for column in value_columns(table, field, unit.dialect.name)]
    count = func.count()
    statement = (
        select(count, *columns)
        .where(table.c.deleted_at.is_(None), *(column.is_not(None) for column in columns))
        .group_by(*columns)
        .having(count > 1)
        .order_by(count.desc(), *columns)
        .limit(SHOWN + 1)
    )
    rows = _read(unit, statement)
    if not rows:
        return None
    shown = [f"{_told(fields, row[1:])} stands in {row[0]} records" for row in rows[:SHOWN]]
    more = "; and more" if len(rows) > SHOWN else ""
    name = check.paths[0] if len(check.paths) == 1 else f"({', '.join(check.paths)})"
    return f"{check.entity}.{name}: must be unique, but {'; '.join(shown)}{more}"


def _unfit(unit: Unit, state: State, check: MustFit, renames: Renames) -> str | None:
    if (found := _found(state, check.entity, check.path, renames)) is None:
        return None
    table, field = found
    columns = value_columns(table, field, unit.dialect.name)
    statement = select(*columns).where(columns[0].is_not(None)).distinct()
    shown: list[str] = []
    count = 0
    for row in _stream(unit, statement):
        # The parts by themselves: of several steps at once, an earlier one may add parts that are not there yet.
        stored = dict(zip(field.kind.parts, _parts(field, row), strict=True))
        if reason := _objection(check, stored):
            count += 1
            if len(shown) < SHOWN:
                shown.append(f"{_told([field], row)} {reason}")
    if not count:
        return None
    more = f"; {count} such values in all" if count > SHOWN else ""
    return f"{check.entity}.{check.path}: {'; '.join(shown)}{more}"


def _objection(check: MustFit, stored: Mapping[Part, Any]) -> str | None:
    """Return why a value cannot stay as it is under the newer kind."""
    value = check.old.from_parts(*(stored.get(part) for part in check.old.parts))
    try:
        taken = check.new.to_parts(check.new.parse(check.old.dump(value)))
    except Problem as problem:
        return problem.message
    changed = any(stored.get(part, now) != now for part, now in zip(check.new.parts, taken, strict=True))
    return "would be stored differently" if changed else None


def _dangling(unit: Unit, state: State, check: MustExist, renames: Renames) -> str | None:
    found = _found(state, check.entity, check.path, renames)
    if found is None or check.target not in state.schema.entities or found[1].place is not Place.COLUMN:
        return None  # a reference that is kept in a document has no foreign key that would refuse it
    table, field = found
    target = state.tables.table(check.target).alias()
    reference = table.c[field.part_names[0]]
    nobody = ~select(target.c.id).where(target.c.id == reference).exists()
    statement = select(reference).where(reference.is_not(None), nobody).distinct().order_by(reference).limit(SHOWN + 1)
    rows = _read(unit, statement)
    if not rows:
        return None
    shown = ", ".join(str(row[0]) for row in rows[:SHOWN])
    more = " and others" if len(rows) > SHOWN else ""
    return f"{check.entity}.{check.path}: leads to no {check.target} with the ids {shown}{more}"


def _told(fields: Sequence[Field], stored: Sequence[Any]) -> str:
    """Return values as a message shows them."""
    told = []
    values = iter(stored)
    for field in fields:
        value = read_value(field, [next(values) for _ in field.kind.parts])
        told.append(repr(field.kind.dump(value)))
    return ", ".join(told)


def _read(unit: Unit, statement: Select[Any]) -> Sequence[Row[Any]]:
    return unit.connection.execute(statement).all()


def _stream(unit: Unit, statement: Select[Any]) -> Iterator[Row[Any]]:
    """Yield rows without having them all in memory."""
    yield from unit.connection.execute(statement, execution_options={"yield_per": 1000})
