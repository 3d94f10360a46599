"""One compiled UPDATE per set of changed fields: what it sets, and what must still hold for that.

A row is written if nobody wrote it since it was loaded, or if the changed fields still hold what was loaded: then two
people changed different fields, and both changes stay. Fields of the document count one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import attrs
from sqlalchemy import ColumnElement, Table, and_, bindparam, func, literal_column, null, or_, update

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
from pycrm.storage.id_lists import driver_sql
from pycrm.storage.types import BIGINT, Document, Id, Instant

__all__ = ["RowUpdate", "Stamp", "bin_update", "field_update", "loaded_version", "required_name", "unbin_update"]

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
    """

    strict: str
    merging: str
    _encode_id: Any
    _columns: tuple[_Changed, ...] = ()
    _members: tuple[_Changed, ...] = ()
    _writer: DocumentWriter | None = None

    def strict_params(self, record: Record, stamp: Stamp) -> dict[str, Any]:
        """Return the parameters of `strict`."""
        key = record.id if self._encode_id is None else self._encode_id(record.id)
        params = {_ID: key, _LOADED: loaded_version(record), _AT: stamp.at, _BY: stamp.by}
        for column in self._columns:
            params.update(column.set_params(record))
        if self._members and self._writer:
            values = record.document_values()
            params[_PATCH] = self._writer.patch(
                {each.field.path: values.get(each.field.path) for each in self._members}
            )
        return params

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
    """Collects the clauses of one `RowUpdate`."""

    def __init__(self, entity: Entity, table: Table, dialect: Dialect) -> None:
        self.table = table
        self.dialect = dialect
        self.codec = CODECS[dialect.name]
        self.places = {field.path: place for place, field in enumerate(entity.column_fields)}
        self.sets: dict[Any, Any] = {
            table.c.version: table.c.version + literal_column("1"),
            table.c.updated_at: bindparam(_AT, type_=Instant()),
            table.c.updated_by: bindparam(_BY, type_=Id()),
        }
        self.conditions: list[ColumnElement[bool]] = [table.c.id == bindparam(_ID, type_=Id())]
        self.guards: list[ColumnElement[bool]] = []
        self.columns: list[_Changed] = []
        self.members: list[_Changed] = []

    def add_column(self, field: Field) -> None:
        number = len(self.columns)
        for at, name in enumerate(field.part_names):
            column = self.table.c[name]
            self.sets[column] = bindparam(f"_s{number}_{at}", type_=column.type)
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
            merged = whole.op("||")(bindparam(_PATCH, type_=Document()))
            self.sets[document] = func.jsonb_strip_nulls(merged, type_=Document())
        else:
            whole = func.coalesce(document, literal_column("'{}'"))
            self.sets[document] = func.json_patch(whole, bindparam(_PATCH, type_=Document()), type_=Document())

    def build(self, writer: DocumentWriter | None = None) -> RowUpdate:
        version = self.table.c.version
        is_loaded = version == bindparam(_LOADED, type_=BIGINT)
        strict = update(self.table).where(*self.conditions, is_loaded).values(self.sets)
        merging = update(self.table).where(*self.conditions).values(self.sets).returning(version)
        if self.guards:
            merging = merging.where(or_(is_loaded, and_(*self.guards)))
        return RowUpdate(
            strict=driver_sql(strict, self.dialect),
            merging=driver_sql(merging, self.dialect),
            encode_id=self.codec.encode(PartType.ID),
            columns=tuple(self.columns),
            members=tuple(self.members),
            writer=writer,
        )

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
    builder = _Builder(entity, table, dialect)
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
    return builder.build(DocumentWriter(entity))


def required_name(at: int) -> str:
    """Return the parameter of the required value number *at*."""
    return f"_r{at}"


def bin_update(entity: Entity, table: Table, dialect: Dialect) -> RowUpdate:
    """Return the update that puts a record into the bin, whatever else was changed meanwhile."""
    builder = _Builder(entity, table, dialect)
    builder.sets[table.c.deleted_at] = bindparam(_AT, type_=Instant())
    builder.conditions.append(table.c.deleted_at.is_(None))
    return builder.build()


def unbin_update(entity: Entity, table: Table, dialect: Dialect) -> RowUpdate:
    """Return the update that takes a record out of the bin."""
    builder = _Builder(entity, table, dialect)
    builder.sets[table.c.deleted_at] = null()
    builder.conditions.append(table.c.deleted_at.is_not(None))
    return builder.build()


def _member_dump(field: Field, dialect: Dialect) -> ValueDump:
    """Return a function from a value to what `json_sql` of each part is compared with."""
    kind = field.kind
    types = [part.type for part in kind.parts]
    # PostgreSQL compares jsonb; json_extract of SQLite gives scalars as such and lists as text.
    as_json = [dialect.name == "postgresql" or part_type is PartType.JSON for part_type in types]
    absent = (None,) * len(types)

    def dump(value: Any) -> tuple[Any, ...]:
        if value is None or value == kind.empty:
            return absent
        encoded = map(encode_part, types, kind.to_parts(value))
        return tuple(
            json_text(part) if text and part is not None else part for text, part in zip(as_json, encoded, strict=True)
        )

    return dump
