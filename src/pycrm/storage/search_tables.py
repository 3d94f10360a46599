"""The tables of the search index: one row per record that can be found, and the records that wait to be indexed.

The grams of a record, the short texts by which it is found, stand in an inverted index, of which each database has its
own form. SQLite: an FTS5 table whose row ids are the `n` of ``search_doc``. It keeps the grams itself, since SQLite
3.40 forgets a row only if it is told exactly what was in it; its tokenizer merely splits at spaces. (FTS5's trigram
tokenizer finds no word of two characters, and says nothing of it.) PostgreSQL: an array of numbers, one for each gram,
under a GIN index. Neither is something that SQLAlchemy's tables can say, so both are made right after the table.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ARRAY, Column, Connection, Identity, Integer, MetaData, Table, Text, UniqueConstraint, event
from sqlalchemy.types import TypeEngine

from pycrm.storage.types import COUNTER, TEXT, Id

__all__ = [
    "GRAM_MARKS",
    "entity_index_name",
    "gram_index_name",
    "gram_table_name",
    "make_gram_table",
    "make_postgresql_form",
    "search_doc",
    "search_queue",
]

GRAM_MARKS = "~+@#._"
"""The ASCII characters that a gram may hold beside letters and digits."""

STATISTICS = 200
"""PostgreSQL then knows of the two thousand commonest grams how common they are, and takes a second to count them."""

_GRAMS: TypeEngine[Any] = Text().with_variant(ARRAY(Integer()), "postgresql")


def search_doc(metadata: MetaData, prefix: str) -> Table:
    """Return the table of what can be found, newest last.

    Its ``tokenizer`` is the number of the rules that made the grams. ``head`` has the short searchable texts of the
    record, one per line and the title first, as search compares them. ``grams`` is empty on SQLite, see above.
    """
    table = Table(
        f"{prefix}search_doc",
        metadata,
        Column("n", COUNTER, Identity(), primary_key=True),
        Column("entity", TEXT, nullable=False),
        Column("record_id", Id(), nullable=False),
        Column("tokenizer", Integer(), nullable=False),
        Column("head", TEXT, nullable=False),
        Column("grams", _GRAMS),
        UniqueConstraint("record_id", name=f"{prefix}search_doc_key"),
    )
    event.listen(table, "after_create", _make_form)
    return table


def search_queue(metadata: MetaData, prefix: str) -> Table:
    """Return the table of records whose row is to be written anew, in the order in which that is done."""
    return Table(
        f"{prefix}search_queue",
        metadata,
        Column("n", COUNTER, Identity(), primary_key=True),
        Column("entity", TEXT, nullable=False),
        Column("record_id", Id(), nullable=False),
    )


def gram_table_name(prefix: str) -> str:
    """Return the name of the FTS5 table; those that SQLite keeps for it begin with it."""
    return f"{prefix}search_grams"


def gram_index_name(prefix: str) -> str:
    """Return the name of the GIN index."""
    return f"{prefix}search_doc_grams_idx"


def entity_index_name(prefix: str) -> str:
    """Return the name of the index by which PostgreSQL finds the next row of an entity."""
    return f"{prefix}search_doc_entity_idx"


def make_gram_table(prefix: str) -> str:
    """Return the SQL that makes the FTS5 table."""
    # Places of words are not asked for, and without them the index takes half the room.
    return (
        f'CREATE VIRTUAL TABLE "{gram_table_name(prefix)}" USING fts5'
        f"(grams, detail=none, columnsize=0, tokenize=\"ascii tokenchars '{GRAM_MARKS}'\")"
    )


def make_postgresql_form(prefix: str, doc: str) -> list[str]:
    """Return the SQL that gives the table *doc*, a quoted name, what search on PostgreSQL needs beside it."""
    return [
        f'CREATE INDEX IF NOT EXISTS "{gram_index_name(prefix)}" ON {doc} USING gin (grams)',
        f'CREATE INDEX "{entity_index_name(prefix)}" ON {doc} (entity, n)',
        f"ALTER TABLE {doc} ALTER COLUMN grams SET STATISTICS {STATISTICS}",
    ]


def _make_form(table: Table, connection: Connection, **_: Any) -> None:
    prefix = table.name.removesuffix("search_doc")
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(make_gram_table(prefix))
        return
    for statement in make_postgresql_form(prefix, connection.dialect.identifier_preparer.format_table(table)):
        connection.exec_driver_sql(statement)
