"""One compiled UPDATE per set of changed fields: what it sets, and what must still hold for that.

A row is written if nobody wrote it since it was loaded, or if the changed fields still hold what was loaded: then two
people changed different fields, and both changes stay. Fields of the document count one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import attrs
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Table,
    Update,
    and_,
    bindparam,
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

__all__ = ["RowUpdate", "Stamp", "bin_update", "field_update", "loaded_version", "required_name", "unbin_update"]

_Given: TypeAlias = Callable[[str], ColumnElement[Any]]

# Parameters begin with an underscore, which no field name does: SQLAlchemy keeps the names of set columns to itself.
_VERSION_PLACE = 1  # the common fields come first: id, version, …
_ID, _LOADED, _AT, _BY, _PATCH = "_id", "_loaded", "_at", "_by", "_patch"


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
        key = record.id if self._encode_id is None else self._encode_id(record.id)
        params = {_ID: key, _LOADED: loaded_version(record), _AT: stamp.at, _BY: stamp.by}
        for changed in self._columns:
            params.update(changed.set_params(record))
        if self._members and self._writer:
            values = record.document_values()
            params[_PATCH] = self._writer.patch(
                {each.field.path: values.get(each.field.path) for each in self._members}
            )
        return params

    def together_params(self, records: Sequence[Record], stamp: Stamp) -> dict[str, Any]:
        """Return the parameters of `together`."""
        rows = [self.strict_params(record, stamp) for record in records]
        params: dict[str, Any] = {name: [row[name] for row in rows] for name in rows[0]}
        return params | {_AT: stamp.at, _BY: stamp.by}

    def merging_params(self, record: Record, stamp: Stamp) -> dict[str, Any]:
        """Return the parameters of `merging`."""
        params = self.strict_params(record, stamp)
        for changed in (*self._columns, *self._members):
            params.update(changed.guard_params(record))
        return params


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

    def set_document(self) -> None:
        """Merge the members into the document, so that whoever sets another key does not lose it."""
        document = self.table.c.doc
        if self.dialect.name == "postgresql":
            whole = func.coalesce(document, literal_column("'{}'::jsonb", Document()))
            merged = whole.op("||")(self.given(_PATCH, Document()))
            self.sets[document] = func.jsonb_strip_nulls(merged, type_=Document())
        else:
            whole = func.coalesce(document, literal_column("'{}'"))
            self.sets[document] = func.json_patch(whole, self.given(_PATCH, Document()), type_=Document())

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


def _built(entity: Entity, table: Table, dialect: Dialect, fill: Callable[[_Builder], None]) -> RowUpdate:
    builder = _Builder(entity, table, dialect)
    fill(builder)
    builder.strict()  # tells the last of the types
    together = None
    if dialect.name == "postgresql":
        # One statement over arrays writes three times the rows per second of one statement per row.
        arrays = [bindparam(name, type_=ARRAY(type_)) for name, type_ in builder.types.items()]
        columns = [column(name, type_) for name, type_ in builder.types.items()]
        given = func.unnest(*arrays).table_valued(*columns, name="given").render_derived()
        other = _Builder(entity, table, dialect, given.c.__getitem__)
        fill(other)
        together = other.strict()
    return builder.build(together, DocumentWriter(entity))


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
