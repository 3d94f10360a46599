"""The SQL of indexes over several fields, of the very expressions that filters and orders are made of."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, Index, MetaData, Table
from sqlalchemy.schema import CreateIndex, DropIndex

from pycrm.fields.field import Field
from pycrm.schema.list_index import ListIndex
from pycrm.storage.dialect import DIALECTS
from pycrm.storage.field_sql import DocumentIndex, index_keys, promoted_columns
from pycrm.storage.names import short_name
from pycrm.storage.types import Id

__all__ = ["drop_sql", "list_index", "table_list_index"]


def list_index(table: Table, known: Mapping[str, Field], index: ListIndex, dialect_name: str) -> DocumentIndex:
    """Return *index* as driver SQL.

    Args:
        table: The entity's table.
        known: The entity's fields by path, those that the index is over among them.
        index: What it is over.
        dialect_name: ``"sqlite"`` or ``"postgresql"``.
    """
    # An index adds itself to its table, and tables are shared between schemas with other custom fields.
    promoted = [field for field in _fields(known, index) if field.promoted]
    lookalike = Table(
        table.name,
        MetaData(),
        *(Column(column.name, column.type) for column in table.columns),
        *(column for field in promoted for column in promoted_columns(field, dialect_name)),
        schema=table.schema,
    )
    made = table_list_index(lookalike, known, index, dialect_name)
    sa = DIALECTS[dialect_name].sa
    return DocumentIndex(
        name=str(made.name),
        create=str(CreateIndex(made, if_not_exists=True).compile(dialect=sa)).strip(),
        drop=drop_sql(table, known, index, dialect_name),
    )


def drop_sql(table: Table, known: Mapping[str, Field], index: ListIndex, dialect_name: str) -> str:
    """Return the driver SQL that drops *index*, also one over columns that are called otherwise by now."""
    lookalike = Table(table.name, MetaData(), Column("id", Id()), schema=table.schema)
    made = Index(_name(table, known, index), lookalike.c.id)
    return str(DropIndex(made, if_exists=True).compile(dialect=DIALECTS[dialect_name].sa)).strip()


def table_list_index(table: Table, known: Mapping[str, Field], index: ListIndex, dialect_name: str = "") -> Index:
    """Return *index* on *table*, which has it from then on; without a database it is over columns alone.

    Every key has all its parts in the order of a page's keys. The id is never missing, so it is taken as it comes.
    """
    *keys, last = zip(_fields(known, index), index.all_keys, strict=True)
    expressions: list[Any] = []
    for field, key in keys:
        expressions += index_keys(table, field, dialect_name, descending=key.descending)
    expressions.append(table.c.id.desc() if last[1].descending else table.c.id)
    return Index(_name(table, known, index), *expressions)


def _name(table: Table, known: Mapping[str, Field], index: ListIndex) -> str:
    """Return its name: the fields, and a mark of what exactly it is over.

    So one over other columns or keys of the document is another index, as after a conversion or a promotion, and two
    whose fields read the same when they are strung together do not meet.
    """
    exactly = "\n".join(
        f"{field.place.name} {field.promoted} {' '.join(field.part_names)} {key.descending}"
        for field, key in zip(_fields(known, index), index.all_keys, strict=True)
    )
    mark = hashlib.blake2s(exactly.encode(), digest_size=4).hexdigest()
    words = (path.replace(".", "_") for path in index.paths)
    return short_name(table.name, *words, f"list_{mark}")


def _fields(known: Mapping[str, Field], index: ListIndex) -> list[Field]:
    """Return the fields of all keys, the id's too."""
    return [known[key.path] for key in index.all_keys]
