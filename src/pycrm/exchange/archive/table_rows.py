"""The rows of a table out of a database and into another one, portion by portion."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Table

from pycrm.exchange.archive.forms import columns_of, text_form
from pycrm.fields.kind import PartType
from pycrm.storage.bulk import BulkInsert
from pycrm.storage.dialect import POSTGRESQL, SQLITE, Dialect
from pycrm.storage.tables import Tables
from pycrm.storage.unit import Unit

__all__ = ["archived_tables", "begin_loading", "end_loading", "lines_of", "load_rows"]

PORTION: Final = 2_000


def archived_tables(tables: Tables) -> dict[str, Table]:
    """Return the tables that an archive holds, by their name without prefix.

    Not what is made anew where it is loaded: the search index, the row of the state with its secret, the number of
    rights, and what the owners declared, which stands in a member of its own.
    """
    made_anew = {tables.search_doc, tables.search_queue, tables.state, tables.access, tables.plugins}
    found = {table.name.removeprefix(tables.prefix): table for table in tables.metadata.tables.values()}
    return {name: found[name] for name in sorted(found) if found[name] not in made_anew}


def lines_of(unit: Unit, table: Table) -> Iterator[list[str]]:
    """Yield all rows of *table* as lines of JSON without their ends, in the order of its key."""
    dialect = unit.dialect
    columns = columns_of(table)
    forms = [text_form(part_type, dialect) for _, part_type in columns]
    keys = [column.name for column in table.primary_key.columns]
    places = [place for place, (name, _) in enumerate(columns) if name in keys]
    names = [columns[place][0] for place in places]
    first, following = _selects(table, columns, names, dialect)
    rows = unit.rows(first, {"_limit": PORTION})
    while rows:
        yield [_line(forms, row) for row in rows]
        if len(rows) < PORTION:
            return
        last = {f"_k{number}": rows[-1][place] for number, place in enumerate(places)}
        rows = unit.rows(following, {**last, "_limit": PORTION})


def _line(forms: Sequence[Callable[[Any], str]], row: Sequence[Any]) -> str:
    values = ["null" if value is None else form(value) for form, value in zip(forms, row, strict=True)]
    return f"[{','.join(values)}]"


def _selects(
    table: Table, columns: Sequence[tuple[str, PartType]], keys: Sequence[str], dialect: Dialect
) -> tuple[str, str]:
    """Return the statements for the first rows and for those behind a key."""
    quote = dialect.sa.identifier_preparer
    # psycopg would parse JSON, only to have it written again.
    read = [
        f"CAST({quote.quote(name)} AS text)"
        if part_type is PartType.JSON and dialect is POSTGRESQL
        else quote.quote(name)
        for name, part_type in columns
    ]
    ordered = ", ".join(map(quote.quote, keys))
    marks = ", ".join(dialect.named(f"_k{number}") for number in range(len(keys)))
    begin = f"SELECT {', '.join(read)} FROM {quote.format_table(table)}"
    end = f"ORDER BY {ordered} LIMIT {dialect.named('_limit')}"
    return f"{begin} {end}", f"{begin} WHERE ({ordered}) > ({marks}) {end}"


def begin_loading(unit: Unit) -> None:
    """Let rows come in any order, whichever they refer to."""
    unit.execute("PRAGMA defer_foreign_keys = ON" if unit.dialect is SQLITE else "SET CONSTRAINTS ALL DEFERRED")


def load_rows(
    unit: Unit, table: Table, columns: Sequence[tuple[str, PartType]], portions: Iterator[list[tuple[Any, ...]]]
) -> None:
    """Write rows, in the forms of `driver_form`, into *table*."""
    into = BulkInsert(unit.dialect, table, columns)
    if unit.dialect is POSTGRESQL:
        into.copy(unit, portions)
        return
    for rows in portions:
        into.write(unit, rows)


def end_loading(unit: Unit, tables: Tables) -> None:
    """Have references checked, and counters go on behind the highest number."""
    if unit.dialect is SQLITE:
        return  # which counts from the highest number by itself, and checks at the end
    unit.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for table in archived_tables(tables).values():
        for column in table.columns:
            if column.identity is not None:
                _set_counter(unit, table, column.name)


def _set_counter(unit: Unit, table: Table, column: str) -> None:
    quote = unit.dialect.sa.identifier_preparer
    name = quote.format_table(table)
    unit.rows(
        f"SELECT setval(pg_get_serial_sequence(%(table)s, %(column)s), max({quote.quote(column)})) FROM {name} "
        f"HAVING max({quote.quote(column)}) IS NOT NULL",
        {"table": name, "column": column},
    )
