"""Columns that repeat a custom field: made, kept by triggers, filled portion by portion.

The document stays what records are read from and written to. The database itself copies the field's parts into columns
of the table, so that whoever writes a row, by whatever statement, keeps them true. A column holds what `part_sql` says
of the document, in the same form, so that everything but that one seam is as before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import attrs
from sqlalchemy import Column, MetaData, Table, inspect

from pycrm.fields.field import Field
from pycrm.fields.kind import PartType
from pycrm.storage.codecs import CODECS
from pycrm.storage.dialect import SQLITE, Dialect
from pycrm.storage.field_sql import part_sql, promoted_columns
from pycrm.storage.names import short_name
from pycrm.storage.types import Document
from pycrm.storage.unit import Unit

__all__ = ["Promotion", "Repeated", "give_way", "repeated_of"]

PORTION = 5_000
# Shorter than the second after which PostgreSQL ends one of two transactions that wait for each other, whichever it is.
PATIENCE_MS = 300


class Promotion:
    """The columns of one custom field.

    Args:
        table: The entity's table.
        field: The field, promoted or not.
        dialect: The database.
    """

    def __init__(self, table: Table, field: Field, dialect: Dialect) -> None:
        self._dialect = dialect
        self._table = table
        self._field = attrs.evolve(field, promoted=False)
        self._columns = promoted_columns(field, dialect.name)
        preparer = dialect.sa.identifier_preparer
        self._quote = preparer.quote
        self._name = preparer.format_table(table)

    def prepare(self, unit: Unit) -> None:
        """Make the columns and the triggers that copy into them; what is there already stays."""
        there = self._there(unit)
        for column in self._columns:
            if column.name not in there:
                type_ = column.type.compile(dialect=self._dialect.sa)
                unit.execute(f"ALTER TABLE {self._name} ADD COLUMN {self._quote(column.name)} {type_}")
        self.stop(unit)
        for statement in self._triggers():
            unit.execute(statement)

    def fill(self, unit: Unit, after: UUID, portion: int = PORTION) -> tuple[UUID | None, int]:
        """Copy what the next rows have in the document, where the columns do not say so yet.

        Args:
            unit: Where.
            after: The id of the last row that was looked at.
            portion: How many rows to look at.
        Returns:
            The id of the last row that was looked at now, None where that was the last of all, and how many were.
        """
        codec = CODECS[unit.dialect.name]
        named, encode = self._dialect.named, codec.encode_value
        start = {"_after": encode(PartType.ID, after), "_limit": portion}
        sql = f"SELECT id FROM {self._name} WHERE id > {named('_after')} ORDER BY id LIMIT {named('_limit')}"
        rows = unit.rows(sql, start)
        if rows:
            unit.execute(self._fill_sql(), {"_after": start["_after"], "_last": rows[-1][0]})
        decode = codec.decode(PartType.ID)
        last = rows[-1][0] if len(rows) == portion else None
        return (last if last is None or decode is None else decode(last)), len(rows)

    def stop(self, unit: Unit) -> None:
        """Copy no longer; the columns stay."""
        if self._dialect is SQLITE:
            for event in ("insert", "update"):
                unit.execute(f"DROP TRIGGER IF EXISTS {self._quote(self._trigger(event))}")
            return
        unit.execute(f"DROP TRIGGER IF EXISTS {self._quote(self._trigger())} ON {self._name}")
        unit.execute(f"DROP FUNCTION IF EXISTS {self._function()}")

    def drop(self, unit: Unit) -> None:
        """Remove the columns, which nobody may ask any more."""
        self.stop(unit)
        there = self._there(unit)
        for column in self._columns:
            if column.name in there:
                unit.execute(f"ALTER TABLE {self._name} DROP COLUMN {self._quote(column.name)}")

    def _there(self, unit: Unit) -> set[str]:
        """Return the columns that the table has in the database."""
        found = inspect(unit.connection).get_columns(self._table.name, schema=self._table.schema)
        return {column["name"] for column in found}

    def _function(self) -> str:
        schema = f"{self._quote(self._table.schema)}." if self._table.schema else ""
        return f"{schema}{self._quote(self._trigger())}()"

    def _trigger(self, event: str = "") -> str:
        return short_name(*filter(None, (self._table.name, str(self._columns[0].name), "copy", event)))

    def _triggers(self) -> list[str]:
        new = Table("new", MetaData(), Column("doc", Document()))
        copies = list(zip((self._quote(column.name) for column in self._columns), self._values(new), strict=True))
        if self._dialect is SQLITE:
            sets = ", ".join(f"{name} = {value}" for name, value in copies)
            return [
                f"CREATE TRIGGER {self._quote(self._trigger(event))} AFTER {when} ON {self._name} "
                f"BEGIN UPDATE {self._name} SET {sets} WHERE id = new.id; END"
                for event, when in (("insert", "INSERT"), ("update", "UPDATE OF doc"))
            ]
        body = " ".join(f"new.{name} := {value};" for name, value in copies)
        return [
            f"CREATE FUNCTION {self._function()} RETURNS trigger LANGUAGE plpgsql "
            f"AS $copy$ BEGIN {body} RETURN new; END $copy$",
            f"CREATE TRIGGER {self._quote(self._trigger())} BEFORE INSERT OR UPDATE OF doc ON {self._name} "
            f"FOR EACH ROW EXECUTE FUNCTION {self._function()}",
        ]

    def _fill_sql(self) -> str:
        values = self._values(self._table)
        names = [self._quote(column.name) for column in self._columns]
        differs = "IS NOT" if self._dialect is SQLITE else "IS DISTINCT FROM"
        named = self._dialect.named
        return (
            f"UPDATE {self._name} SET {', '.join(f'{n} = {v}' for n, v in zip(names, values, strict=True))} "
            f"WHERE id > {named('_after')} AND id <= {named('_last')} "
            f"AND ({' OR '.join(f'{n} {differs} {v}' for n, v in zip(names, values, strict=True))})"
        )

    def _values(self, table: Table) -> list[str]:
        """Return the SQL of each part as the document of *table* says it."""
        parts = range(len(self._columns))
        sa = self._dialect.sa
        return [str(part_sql(table, self._field, part, self._dialect.name).compile(dialect=sa)) for part in parts]


def give_way(unit: Unit) -> None:
    """Let *unit*, which keeps writers waiting, give up a table that they hold, rather than have one of them cut off.

    A unit that has read a table holds it until its end, and may be about to write: it waits for us, and we for it.
    """
    if unit.dialect is not SQLITE:
        unit.execute(f"SET LOCAL lock_timeout = '{PATIENCE_MS}ms'")


@attrs.frozen
class Repeated:
    """What a SQLite table has of promoted fields, so that it can be made again with a table that is made anew."""

    columns: Sequence[tuple[str, str]]
    statements: Sequence[str]

    def put_back(self, unit: Unit, table: str) -> None:
        """Give *table*, a quoted name, the columns and what hangs on them, and let the triggers fill them."""
        for name, type_ in self.columns:
            unit.execute(f"ALTER TABLE {table} ADD COLUMN {name} {type_}")
        for statement in self.statements:
            unit.execute(statement)
        if self.columns:
            unit.execute(f"UPDATE {table} SET doc = doc WHERE doc IS NOT NULL")


def repeated_of(unit: Unit, table: Table) -> Repeated:
    """Return what the SQLite database has of promoted fields in *table*: columns, triggers and indexes."""
    quote = unit.dialect.sa.identifier_preparer.quote
    found: list[tuple[Any, ...]] = unit.rows(f"PRAGMA table_info({quote(table.name)})")
    columns = [(quote(name), type_) for _, name, type_, *_ in found if name.startswith("custom.")]
    known = {index.name for index in table.indexes}
    made = unit.rows(
        "SELECT name, sql FROM sqlite_master WHERE type IN ('trigger', 'index') AND tbl_name = :table "
        "AND sql IS NOT NULL ORDER BY type",
        {"table": table.name},
    )
    return Repeated(columns, [sql for name, sql in made if name not in known])
