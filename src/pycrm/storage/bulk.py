"""Many rows into one table: INSERT per row by one call of the driver, or binary COPY on PostgreSQL.

COPY writes two to five times the rows per second of any INSERT, in the same transaction and with the same checks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Table

from pycrm.fields.kind import PartType
from pycrm.storage.dialect import Dialect
from pycrm.storage.errors import translate
from pycrm.storage.unit import Unit
from pycrm.storage.walls.cursors import door_cursor

__all__ = ["COPY_FROM", "BulkInsert", "copy_rows"]

COPY_FROM = 20
"""From so many rows on COPY costs less than sending a row at a time."""

# What psycopg calls the types of columns. JSON goes as raw bytes in jsonb's own form, since psycopg would serialise it.
_COPY_TYPES = {
    PartType.TEXT: "text",
    PartType.INTEGER: "int8",
    PartType.BOOLEAN: "bool",
    PartType.DATE: "date",
    PartType.INSTANT: "timestamptz",
    PartType.ID: "uuid",
    PartType.JSON: "bytea",
}


class BulkInsert:
    """Inserts rows into *table*, whose columns have the given names and part types.

    Args:
        dialect: The database.
        table: Where to.
        columns: Name and part type of each value of a row.
        copy_from: From how many rows on PostgreSQL is sent a COPY.
    """

    def __init__(
        self, dialect: Dialect, table: Table, columns: Sequence[tuple[str, PartType]], *, copy_from: int = COPY_FROM
    ) -> None:
        self._dialect = dialect
        self._copy_from = copy_from
        quote = dialect.sa.identifier_preparer
        target = f"{quote.format_table(table)} ({', '.join(quote.quote(name) for name, _ in columns)})"
        self._insert = f"INSERT INTO {target} VALUES ({', '.join([dialect.positional] * len(columns))})"
        self._copy = f"COPY {target} FROM STDIN (FORMAT BINARY)"
        self._copy_types = [_COPY_TYPES[part_type] for _, part_type in columns]

    def copies(self, count: int) -> bool:
        """Return whether that many rows should go by `copy`."""
        return count >= self._copy_from and self._dialect.name == "postgresql"

    def write(self, unit: Unit, rows: list[tuple[Any, ...]]) -> None:
        """Insert *rows* by INSERT."""
        unit.execute_many(self._insert, rows)

    def write_absent(self, unit: Unit, rows: list[tuple[Any, ...]]) -> None:
        """Insert those of *rows* that break no unique key."""
        unit.execute_many(f"{self._insert} ON CONFLICT DO NOTHING", rows)

    def copy(self, unit: Unit, portions: Iterable[list[tuple[Any, ...]]]) -> None:
        """Insert the rows of all *portions* by one COPY, JSON in the codec's copy form."""
        copy_rows(unit, self._copy, self._copy_types, (row for rows in portions for row in rows))


def copy_rows(unit: Unit, sql: str, types: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Send *rows* by the binary COPY that *sql* is; *types* are what psycopg calls those of the columns."""
    unit.begin_writing()
    connection = unit.connection
    if not connection.in_transaction():  # SQLAlchemy begins with the first statement that it sees itself
        connection.begin()
    try:
        with door_cursor(connection) as cursor, cursor.copy(sql) as copy:
            copy.set_types(types)
            write = copy.write_row
            for row in rows:
                write(row)
    except Exception as error:
        ours = translate(error)
        unit.fail(ours)
        raise ours from error
