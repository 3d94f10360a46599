"""The one seam that says what the SQL of a field is: a column, or a literal path into the document.

Queries and indexes both take it from here, since a database uses an expression index only for the very same spelling.
For that reason the key of a document field is a literal in the statement, never a parameter, and is escaped here.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import attrs
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    FromClause,
    Index,
    MetaData,
    Table,
    Text,
    cast,
    column,
    func,
    literal_column,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateIndex, DropIndex
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from pycrm.fields.field import Field, Place
from pycrm.fields.kind import PartType
from pycrm.storage.dialect import DIALECTS
from pycrm.storage.names import short_name
from pycrm.storage.types import TEXT, Document, Id, Instant

__all__ = [
    "DescendingKey",
    "DocumentIndex",
    "IndexKey",
    "add_unhex",
    "document_index",
    "index_keys",
    "json_key",
    "json_sql",
    "part_sql",
    "promoted_columns",
    "reference_sql",
]

# Dates, instants and ids are text inside a document.
_SCALARS: dict[PartType, TypeEngine[Any]] = {PartType.INTEGER: BigInteger(), PartType.BOOLEAN: Boolean()}


def part_sql(table: FromClause, field: Field, part_index: int, dialect_name: str) -> ColumnElement[Any]:
    """Return the SQL expression of one part of *field*.

    Args:
        table: The entity's table, or an alias of it.
        field: A field of the entity that is kept in a column or in the document.
        part_index: Which of ``field.kind.parts``.
        dialect_name: ``"sqlite"`` or ``"postgresql"``.
    Returns:
        An expression whose driver values are those of the codec for a column, and of the JSON form for the document;
        on SQLite a boolean in a document reads as 0 or 1.
    """
    name = field.part_names[part_index]
    if field.place is not Place.DOCUMENT:
        return table.c[name]
    if field.promoted:
        return _promoted(table, field, part_index, dialect_name)
    part_type = field.kind.parts[part_index].type
    if dialect_name == "postgresql":
        if part_type is PartType.JSON:
            return json_sql(table, name, dialect_name)
        text = table.c.doc.op("->>", return_type=TEXT)(_literal(name))
        return cast(text, _SCALARS[part_type]) if part_type in _SCALARS else text.collate("C")
    # json_extract gives integers and texts as such, true and false as 1 and 0, so a CAST would add only cost.
    return _json_extract(table, name, _SCALARS.get(part_type, Text()))


def promoted_columns(field: Field, dialect_name: str) -> list[Column[Any]]:
    """Return the columns that repeat a promoted custom field's parts, as `part_sql` reads them from the document.

    No declared column has a dot in its name, so the names are free.
    """
    return [
        Column(short_name(f"custom.{name}"), _document_type(part.type, dialect_name))
        for name, part in zip(field.part_names, field.kind.parts, strict=True)
    ]


def _promoted(table: FromClause, field: Field, part_index: int, dialect_name: str) -> ColumnElement[Any]:
    own = promoted_columns(field, dialect_name)[part_index]
    if own.name in table.c:
        return table.c[own.name]
    # Tables are shared between schemas with other custom fields, so they do not have it.
    return column(own.name, own.type, _selectable=table)


def _document_type(part_type: PartType, dialect_name: str) -> TypeEngine[Any]:
    """Return the type of what `part_sql` makes of a part of a document field."""
    if dialect_name == "postgresql" and part_type is PartType.JSON:
        return Document()
    return _SCALARS.get(part_type, TEXT)


def reference_sql(table: FromClause, field: Field, dialect_name: str) -> ColumnElement[Any]:
    """Return the id that the reference *field* holds, comparable with the `id` column of a table.

    SQLite has ``unhex`` from 3.41; to a connection of an older library `add_unhex` must have given it.
    """
    part = part_sql(table, field, 0, dialect_name)
    if field.place is not Place.DOCUMENT:
        return part
    if dialect_name == "postgresql":
        return cast(part, Id())
    return func.unhex(func.replace(part, _literal("-"), _literal("")), type_=Id())


def add_unhex(driver: sqlite3.Connection) -> None:
    """Give *driver* the function ``unhex`` that `reference_sql` uses, for a SQLite older than 3.41."""
    driver.create_function("unhex", 1, _unhex, deterministic=True)


def _unhex(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text)


def json_sql(table: FromClause, key: str, dialect_name: str) -> ColumnElement[Any]:
    """Return whatever the document holds under *key*: jsonb on PostgreSQL, what json_extract makes of it on SQLite."""
    if dialect_name == "postgresql":
        return table.c.doc.op("->", return_type=Document())(_literal(key))
    return _json_extract(table, key, Text())


def json_key(key: str) -> str:
    r"""Return *key* as JSON text: the one spelling for writing, patching and paths.

    Before 3.45 SQLite compares a path with the bare text of the document and knows no escape for a quote in a path.
    Written as ``\u0022`` a quote needs none, and means the same to everybody else.
    """
    text = json.dumps(key, ensure_ascii=False)[1:-1]
    return '"' + text.replace("\\\\", "\\u005c").replace('\\"', "\\u0022") + '"'


def _json_extract(table: FromClause, key: str, type_: TypeEngine[Any]) -> ColumnElement[Any]:
    return func.json_extract(table.c.doc, _literal(f"$.{json_key(key)}"), type_=type_)


def _literal(text: str) -> ColumnElement[str]:
    """Return *text* as an SQL string literal; SQLAlchemy doubles percent signs where the driver wants it."""
    quoted = "'" + text.replace("'", "''") + "'"
    return literal_column(quoted, Text())


class IndexKey(FunctionElement[Any]):
    """One expression of an index. Missing values are the smallest, as in our page order, on both databases."""

    inherit_cache = True


@compiles(IndexKey)
def _index_key(element: IndexKey, compiler: SQLCompiler, **options: Any) -> str:
    (expression,) = element.clauses
    return str(compiler.process(expression, **options))


@compiles(IndexKey, "postgresql")
def _postgresql_index_key(element: IndexKey, compiler: SQLCompiler, **options: Any) -> str:
    (expression,) = element.clauses
    return f"{compiler.process(expression.self_group(), **options)} NULLS FIRST"


class DescendingKey(IndexKey):
    """One whose largest value comes first, and missing values last."""

    inherit_cache = True


@compiles(DescendingKey)
def _descending_key(element: DescendingKey, compiler: SQLCompiler, **options: Any) -> str:
    return f"{_index_key(element, compiler, **options)} DESC"


@compiles(DescendingKey, "postgresql")
def _postgresql_descending_key(element: DescendingKey, compiler: SQLCompiler, **options: Any) -> str:
    (expression,) = element.clauses
    return f"{compiler.process(expression.self_group(), **options)} DESC NULLS LAST"


def index_keys(table: FromClause, field: Field, dialect_name: str, *, descending: bool = False) -> list[IndexKey]:
    """Return what an index on *field* is over: all its parts in the order of a page's keys.

    What tells amounts apart (a currency, an entity) comes before them, as pages sort and filters compare. Missing
    values are first, or last where it is *descending*.
    """
    key = DescendingKey if descending else IndexKey
    parts = reversed(range(len(field.kind.parts)))
    return [key(part_sql(table, field, number, dialect_name)) for number in parts]


@attrs.frozen
class DocumentIndex:
    """An index as driver SQL for `Unit.execute`: over one custom or extension field, or over several fields.

    Attributes:
        name: Its name in the database.
        create: Creates it unless it exists.
        drop: Drops it if it exists.
    """

    name: str
    create: str
    drop: str


def document_index(table: Table, field: Field, dialect_name: str) -> DocumentIndex:
    """Return the index that *field* asks for with ``indexed`` or ``unique``.

    Args:
        table: The entity's table.
        field: One of its document fields.
        dialect_name: ``"sqlite"`` or ``"postgresql"``.
    Returns:
        For a unique field a unique index of the records outside the bin, else one ordered as pages are, id last.
    """
    # An index adds itself to its table, and tables are shared between schemas with other custom fields.
    lookalike = Table(
        table.name,
        MetaData(),
        Column("id", Id()),
        Column("doc", Document()),
        Column("deleted_at", Instant()),
        *(promoted_columns(field, dialect_name) if field.promoted else ()),
        schema=table.schema,
    )
    keys: list[Any] = index_keys(lookalike, field, dialect_name)
    alive = lookalike.c.deleted_at.is_(None) if field.unique else None
    index = Index(
        short_name(table.name, field.path.replace(".", "_"), "doc_key" if field.unique else "doc_idx"),
        *(keys if field.unique else [*keys, lookalike.c.id]),
        unique=field.unique,
        postgresql_where=alive,
        sqlite_where=alive,
    )
    sa = DIALECTS[dialect_name].sa
    return DocumentIndex(
        name=str(index.name),
        create=str(CreateIndex(index, if_not_exists=True).compile(dialect=sa)).strip(),
        drop=str(DropIndex(index, if_exists=True).compile(dialect=sa)).strip(),
    )
