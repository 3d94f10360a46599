"""One compiled UPDATE per set of changed fields: what it sets, and what must still hold for that.

A row is written if nobody wrote it since it was loaded, or if the changed fields still hold what was loaded: then two
people changed different fields, and both changes stay. Fields of the document count one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import attrs
from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Table,
    Update,
    and_,
    bindparam,
    case,
    column,
    func,
    literal_column,
    null,
    or_,
    update,
)
from sqlalchemy.types import TypeEngine

from pycrm.fields.field import Field, Place
from pycrm.fields.kind import PartType
from pycrm.schema import Entity, Record
from pycrm.schema.document import encode_part
from pycrm.schema.record import slot_of
from pycrm.storage.codecs import CODECS, json_text
from pycrm.storage.dialect import Dialect
from pycrm.storage.documents import DocumentWriter
from pycrm.storage.dumper import ValueDump, make_value_dumper
from pycrm.storage.field_sql import json_sql
from pycrm.storage.types import BIGINT, Document, Id, Instant
from pycrm.storage.value_lists import driver_sql

__all__ = [
    "AllParameters",
    "MixedUpdate",
    "RowUpdate",
    "Stamp",
    "bin_update",
    "field_update",
    "loaded_version",
    "mixed_update",
    "required_name",
    "unbin_update",
]

AllParameters: TypeAlias = list[dict[str, Any]] | dict[str, Any]
"""Of each row, or lists of all rows."""

_Given: TypeAlias = Callable[[str], ColumnElement[Any]]

# Parameters begin with an underscore, which no field name does: SQLAlchemy keeps the names of set columns to itself.
_VERSION_PLACE = 1  # the common fields come first: id, version, …
_ID, _LOADED, _AT, _BY, _PATCH = "_id", "_loaded", "_at", "_by", "_patch"
_FLAG = "_f"


@attrs.frozen
class Stamp:
    """Who writes and when, as driver values."""

    at: Any
    by: Any

    @classmethod
    def of(cls, dialect: Dialect, at: datetime, by: UUID | None) -> Stamp:
        """Return the stamp for *dialect*."""
        codec = CODECS[dialect.name]
        return cls(codec.encode_value(PartType.INSTANT, at), codec.encode_value(PartType.ID, by))


@attrs.frozen
class _Changed:
    """One changed field: where its values are in a record, and the parameters that its parts become."""

    field: Field
    slot: str
    place: int  # in `_loaded`; -1 for a field of the document
    dump: ValueDump
    sets: tuple[str, ...]
    guards: tuple[str, ...]

    def set_params(self, record: Record) -> zip[tuple[str, Any]]:
        return zip(self.sets, self.dump(getattr(record, self.slot)), strict=True)

    def guard_params(self, record: Record) -> zip[tuple[str, Any]]:
        loaded: Any = record._loaded
        value = record._stored.get(self.field.path) if self.place < 0 else loaded[self.place]
        return zip(self.guards, self.dump(value), strict=True)


@attrs.frozen
class RowUpdate:
    """The statement in two forms, with what fills its parameters.

    Attributes:
        strict: Writes a row whose version is the loaded one.
        merging: Writes also a row that somebody changed elsewhere, and returns the new version.
        together: `strict` for many rows at once, each parameter but the stamp a list; None where the database has no
            such form, or a call of the driver with many rows does as well.
    """

    strict: str
    merging: str
    together: str | None
    _encode_id: Any
    _columns: tuple[_Changed, ...] = ()
    _members: tuple[_Changed, ...] = ()
    _writer: DocumentWriter | None = None

    def strict_params(self, record: Record, stamp: Stamp) -> dict[str, Any]:
        """Return the parameters of `strict`."""
        params = _row_params(record, stamp, self._encode_id)
        for changed in self._columns:
            params.update(changed.set_params(record))
        if self._members and self._writer:
            params[_PATCH] = _patch(self._writer, record, [each.field.path for each in self._members])
        return params

    def for_all(self, records: Sequence[Record], stamp: Stamp) -> tuple[str, AllParameters]:
        """Return the strict statement for *records*, and its parameters: those of each, or lists of all."""
        rows = [self.strict_params(record, stamp) for record in records]
        return (self.strict, rows) if self.together is None else (self.together, _as_lists(rows, stamp))

    def merging_params(self, record: Record, stamp: Stamp) -> dict[str, Any]:
        """Return the parameters of `merging`."""
        params = self.strict_params(record, stamp)
        for changed in (*self._columns, *self._members):
            params.update(changed.guard_params(record))
        return params


@attrs.frozen
class MixedUpdate:
    """One statement for rows of which each changes other fields; like `RowUpdate.strict`, it writes none that moved.

    Attributes:
        sql: Each row says of every field whether it changes it.
        is_together: Whether it takes all rows at once, each parameter but the stamp a list.
    """

    sql: str
    is_together: bool
    _encode_id: Any
    _columns: tuple[_Changed, ...]
    _writer: DocumentWriter | None

    def for_all(
        self, records: Sequence[Record], changed: Mapping[UUID, Sequence[Field]], stamp: Stamp
    ) -> tuple[str, AllParameters]:
        """Return the statement for *records*, of which each changes the fields that *changed* has by its id."""
        rows = [self._params(record, {field.path for field in changed[record.id]}, stamp) for record in records]
        return self.sql, _as_lists(rows, stamp) if self.is_together else rows

    def _params(self, record: Record, changed: set[str], stamp: Stamp) -> dict[str, Any]:
        params = _row_params(record, stamp, self._encode_id)
        for number, each in enumerate(self._columns):
            params[f"{_FLAG}{number}"] = each.field.path in changed
            params.update(each.set_params(record) if each.field.path in changed else dict.fromkeys(each.sets))
        if self._writer is not None:
            members = [path for path in self._writer.paths if path in changed]
            params[_PATCH] = _patch(self._writer, record, members) if members else None
        return params


def _row_params(record: Record, stamp: Stamp, encode_id: Any) -> dict[str, Any]:
    key = record.id if encode_id is None else encode_id(record.id)
    return {_ID: key, _LOADED: loaded_version(record), _AT: stamp.at, _BY: stamp.by}


def _patch(writer: DocumentWriter, record: Record, paths: Sequence[str]) -> str:
    values = record.document_values()
    return writer.patch({path: values.get(path) for path in paths})


def _as_lists(rows: Sequence[dict[str, Any]], stamp: Stamp) -> dict[str, Any]:
    params: dict[str, Any] = {name: [row[name] for row in rows] for name in rows[0]}
    return params | {_AT: stamp.at, _BY: stamp.by}


def loaded_version(record: Record) -> int:
    """Return the version of *record* as it was loaded, whatever its slot says now."""
    loaded: Any = record._loaded
    version: int = loaded[_VERSION_PLACE]
    return version


class _Builder:
    """Collects the clauses of one `RowUpdate`; *given* makes the SQL of what is another value in each row."""

    def __init__(self, entity: Entity, table: Table, dialect: Dialect, given: _Given | None = None) -> None:
        self.table = table
        self.dialect = dialect
        self.types: dict[str, TypeEngine[Any]] = {}
        self._given = given
        self.codec = CODECS[dialect.name]
        self.places = {field.path: place for place, field in enumerate(entity.column_fields)}
        self.sets: dict[Any, Any] = {
            table.c.version: table.c.version + literal_column("1"),
            table.c.updated_at: bindparam(_AT, type_=Instant()),
            table.c.updated_by: bindparam(_BY, type_=Id()),
        }
        self.conditions: list[ColumnElement[bool]] = [table.c.id == self.given(_ID, Id())]
        self.guards: list[ColumnElement[bool]] = []
        self.columns: list[_Changed] = []
        self.members: list[_Changed] = []

    def given(self, name: str, type_: TypeEngine[Any]) -> ColumnElement[Any]:
        """Return the SQL of a value that each row has its own of."""
        self.types[name] = type_
        return self._given(name) if self._given else bindparam(name, type_=type_)

    def add_column(self, field: Field) -> None:
        number = len(self.columns)
        for at, name in enumerate(field.part_names):
            column = self.table.c[name]
            self.sets[column] = self.given(f"_s{number}_{at}", column.type)
            self.guards.append(column.is_not_distinct_from(bindparam(f"_g{number}_{at}", type_=column.type)))
        dump = make_value_dumper(field, self.codec)
        self.columns.append(self._changed(field, self.places[field.path], dump, str(number)))

    def add_member(self, field: Field) -> None:
        number = f"d{len(self.members)}"
        for at, key in enumerate(field.part_names):
            value = json_sql(self.table, key, self.dialect.name)
            self.guards.append(value.is_not_distinct_from(bindparam(f"_g{number}_{at}", type_=value.type)))
        self.members.append(self._changed(field, -1, _member_dump(field, self.dialect), number))

    def make_optional(self) -> None:
        """Let each row say which of the columns added so far it sets."""
        for number, changed in enumerate(self.columns):
            flag = self.given(f"{_FLAG}{number}", Boolean())
            for name in changed.field.part_names:
                column = self.table.c[name]
                self.sets[column] = case((flag, self.sets[column]), else_=column)

    def set_document(self, *, optional: bool = False) -> None:
        """Merge the members into the document, so that whoever sets another key does not lose it.

        Args:
            optional: Whether rows may have no patch; their documents stay.
        """
        document = self.table.c.doc
        patch = self.given(_PATCH, Document())
        merged: ColumnElement[Any]
        if self.dialect.name == "postgresql":
            whole = func.coalesce(document, literal_column("'{}'::jsonb", Document()))
            merged = func.jsonb_strip_nulls(whole.op("||")(patch), type_=Document())
        else:
            whole = func.coalesce(document, literal_column("'{}'"))
            merged = func.json_patch(whole, patch, type_=Document())
        self.sets[document] = case((patch.is_(None), document), else_=merged) if optional else merged

    def strict(self) -> Update:
        """Return the update of a row whose version is the loaded one."""
        return update(self.table).where(*self.conditions, self._is_loaded()).values(self.sets)

    def build(self, together: Update | None, writer: DocumentWriter) -> RowUpdate:
        """Return the statements, compiled."""
        version = self.table.c.version
        merging = update(self.table).where(*self.conditions).values(self.sets).returning(version)
        if self.guards:
            merging = merging.where(or_(self._is_loaded(), and_(*self.guards)))
        return RowUpdate(
            strict=driver_sql(self.strict(), self.dialect),
            merging=driver_sql(merging, self.dialect),
            together=None if together is None else driver_sql(together, self.dialect),
            encode_id=self.codec.encode(PartType.ID),
            columns=tuple(self.columns),
            members=tuple(self.members),
            writer=writer,
        )

    def _is_loaded(self) -> ColumnElement[bool]:
        return self.table.c.version == self.given(_LOADED, BIGINT)

    def _changed(self, field: Field, place: int, dump: ValueDump, number: str) -> _Changed:
        parts = range(len(field.kind.parts))
        return _Changed(
            field=field,
            slot=slot_of(field),
            place=place,
            dump=dump,
            sets=tuple(f"_s{number}_{at}" for at in parts),
            guards=tuple(f"_g{number}_{at}" for at in parts),
        )


def field_update(
    entity: Entity, table: Table, dialect: Dialect, changed: Sequence[Field], required: Sequence[str] = ()
) -> RowUpdate:
    """Return the update of the fields *changed* of a record outside the bin.

    Args:
        entity: Whose record.
        table: The entity's table.
        dialect: The database.
        changed: Column and document fields; a multi-reference among them only counts the version up, since its
            links are merged one by one.
        required: Paths of column fields that must hold the value of the parameters named by `required_name`.
    """

    def fill(builder: _Builder) -> None:
        builder.conditions.append(table.c.deleted_at.is_(None))
        for at, path in enumerate(required):
            column = table.c[entity.fields[path].part_names[0]]
            builder.conditions.append(column.is_not_distinct_from(bindparam(required_name(at), type_=column.type)))
        for field in changed:
            if field.place is Place.COLUMN:
                builder.add_column(field)
            elif field.place is Place.DOCUMENT:
                builder.add_member(field)
        if builder.members:
            builder.set_document()

    return _built(entity, table, dialect, fill)


def required_name(at: int) -> str:
    """Return the parameter of the required value number *at*."""
    return f"_r{at}"


def bin_update(entity: Entity, table: Table, dialect: Dialect) -> RowUpdate:
    """Return the update that puts a record into the bin, whatever else was changed meanwhile."""

    def fill(builder: _Builder) -> None:
        builder.sets[table.c.deleted_at] = bindparam(_AT, type_=Instant())
        builder.conditions.append(table.c.deleted_at.is_(None))

    return _built(entity, table, dialect, fill)


def unbin_update(entity: Entity, table: Table, dialect: Dialect) -> RowUpdate:
    """Return the update that takes a record out of the bin."""

    def fill(builder: _Builder) -> None:
        builder.sets[table.c.deleted_at] = null()
        builder.conditions.append(table.c.deleted_at.is_not(None))

    return _built(entity, table, dialect, fill)


def mixed_update(
    entity: Entity, table: Table, dialect: Dialect, columns: Sequence[Field], *, with_document: bool
) -> MixedUpdate:
    """Return the update of records outside the bin of which each changes other fields.

    Args:
        entity: Whose records.
        table: The entity's table.
        dialect: The database.
        columns: The column fields that any of them changes.
        with_document: Whether any of them changes a field of the document.
    """

    def fill(builder: _Builder) -> None:
        builder.conditions.append(table.c.deleted_at.is_(None))
        for field in columns:
            builder.add_column(field)
        builder.make_optional()
        if with_document:
            builder.set_document(optional=True)

    builder = _Builder(entity, table, dialect)
    fill(builder)
    strict = builder.strict()
    together = _together(entity, table, dialect, fill, builder.types)
    return MixedUpdate(
        driver_sql(strict if together is None else together, dialect),
        together is not None,
        builder.codec.encode(PartType.ID),
        tuple(builder.columns),
        DocumentWriter(entity) if with_document else None,
    )


def _built(entity: Entity, table: Table, dialect: Dialect, fill: Callable[[_Builder], None]) -> RowUpdate:
    builder = _Builder(entity, table, dialect)
    fill(builder)
    builder.strict()  # tells the last of the types
    return builder.build(_together(entity, table, dialect, fill, builder.types), DocumentWriter(entity))


def _together(
    entity: Entity,
    table: Table,
    dialect: Dialect,
    fill: Callable[[_Builder], None],
    types: Mapping[str, TypeEngine[Any]],
) -> Update | None:
    """Return the strict update over arrays, which writes three times the rows per second of one statement per row."""
    if dialect.name != "postgresql":
        return None
    arrays = [bindparam(name, type_=ARRAY(type_)) for name, type_ in types.items()]
    columns = [column(name, type_) for name, type_ in types.items()]
    given = func.unnest(*arrays).table_valued(*columns, name="given").render_derived()
    builder = _Builder(entity, table, dialect, given.c.__getitem__)
    fill(builder)
    return builder.strict()


def _member_dump(field: Field, dialect: Dialect) -> ValueDump:
    """Return a function from a value to what `json_sql` of each part is compared with."""
    kind = field.kind
    types = [part.type for part in kind.parts]
    # PostgreSQL compares jsonb; json_extract of SQLite gives scalars as such and lists as text.
    always = dialect.name == "postgresql"
    absent = (None,) * len(types)
    unlike = ('{"":{}}',) * len(types)  # no part is an object

    def dump(value: Any) -> tuple[Any, ...]:
        if value is None or value == kind.empty:
            return absent
        try:
            parts = kind.to_parts(value)
        except (ArithmeticError, AttributeError, TypeError, ValueError):
            return unlike  # loaded before the field got another kind, so that what is stored cannot be this
        encoded = map(encode_part, types, parts)
        return tuple(
            json_text(part) if part is not None and (always or isinstance(part, list)) else part for part in encoded
        )

    return dump
