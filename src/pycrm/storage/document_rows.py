"""Rows of one entity by their documents, for changes of what is kept under some keys in all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import attrs
from sqlalchemy import Integer, Select, Table, Text, bindparam, cast, func, literal_column, or_, select, update

from pycrm.fields.field import Field
from pycrm.fields.kind import PartType
from pycrm.storage.codecs import CODECS, json_text
from pycrm.storage.dialect import Dialect
from pycrm.storage.field_sql import json_sql
from pycrm.storage.types import Document, Id
from pycrm.storage.unit import Unit
from pycrm.storage.value_lists import driver_sql

__all__ = ["DocumentRow", "iterate_documents", "patch_documents"]

_AFTER, _LIMIT, _ID, _PATCH = "_after", "_limit", "_id", "_patch"
PORTION = 1_000


@attrs.frozen
class DocumentRow:
    """One record's row.

    Attributes:
        id: The record's.
        is_binned: Whether it is in the bin.
        document: The whole document as text.
    """

    id: UUID
    is_binned: bool
    document: str


def iterate_documents(
    unit: Unit, table: Table, fields: Sequence[Field], *, portion: int = PORTION
) -> Iterator[list[DocumentRow]]:
    """Yield the rows, in the bin too, that have a value in one of *fields*, in order of id and in portions.

    Rows of portions that were yielded may be changed meanwhile.
    """
    codec = CODECS[unit.dialect.name]
    decode = codec.decode(PartType.ID)
    statement = _select(table, fields, unit.dialect).compile(dialect=unit.dialect.sa)
    # Among the parameters is the OFFSET that SQLAlchemy gives SQLite.
    params = {**statement.params, _LIMIT: portion, _AFTER: codec.encode_value(PartType.ID, UUID(int=0))}
    while rows := unit.rows(str(statement), params):
        yield [DocumentRow(decode(id) if decode else id, bool(binned), document) for id, binned, document in rows]
        params[_AFTER] = rows[-1][0]


def patch_documents(unit: Unit, table: Table, patches: Mapping[UUID, Mapping[str, Any]]) -> None:
    """Merge *patches* into the documents of the rows with these ids; a key to be removed is None.

    The versions count up, so that whoever has loaded one of the records learns of it when he writes.
    """
    codec = CODECS[unit.dialect.name]
    rows = [
        {_ID: codec.encode_value(PartType.ID, record_id), _PATCH: json_text(patch)}
        for record_id, patch in patches.items()
    ]
    unit.execute_many(_update(table, unit.dialect), rows)


def _select(table: Table, fields: Sequence[Field], dialect: Dialect) -> Select[Any]:
    present = [json_sql(table, field.part_names[0], dialect.name).is_not(None) for field in fields]
    document = cast(table.c.doc, Text()) if dialect.name == "postgresql" else table.c.doc
    return (
        select(table.c.id, table.c.deleted_at.is_not(None), document)
        .where(or_(*present), table.c.id > bindparam(_AFTER, type_=Id()))
        .order_by(table.c.id)
        .limit(bindparam(_LIMIT, type_=Integer()))
    )


def _update(table: Table, dialect: Dialect) -> str:
    patch = bindparam(_PATCH, type_=Document())
    if dialect.name == "postgresql":
        merged = func.jsonb_strip_nulls(table.c.doc.op("||")(patch), type_=Document())
    else:
        merged = func.json_patch(table.c.doc, patch, type_=Document())
    values = {table.c.doc: merged, table.c.version: table.c.version + literal_column("1")}
    return driver_sql(update(table).where(table.c.id == bindparam(_ID, type_=Id())).values(values), dialect)
