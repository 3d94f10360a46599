"""Running a mapping over a table, batch by batch."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from itertools import islice
from typing import TypeVar

from pycrm.errors import ConfigurationError, nearest
from pycrm.exchange.importing.fed_again import is_given_back
from pycrm.exchange.mapping import Mapping
from pycrm.exchange.mapping import missing_custom_fields as missing_fields
from pycrm.exchange.reading.delimited import DelimitedTable
from pycrm.exchange.rows import Source, Table
from pycrm.fields.declare import of_kind
from pycrm.workspace import Workspace
from pycrm.workspace.garbage import collection_paused

__all__ = ["BATCH_SIZE", "define_missing_fields", "in_batches", "lines_of", "table_of"]

T = TypeVar("T")

BATCH_SIZE = 5_000
"""Rows that are applied in one transaction where nothing else is said: at most so many are done again after a kill."""

COLLECTED_EVERY = 50_000
"""Rows of large batches between two looks for garbage: they leave little, and a look walks over what they hold."""


def in_batches(rows: Iterable[T], size: int) -> Generator[list[T], None, None]:
    """Yield *rows* in lists of *size*; while they are read and worked on, garbage is seldom collected. To be closed.

    Rows, records and what is known of them are no garbage, and walking over them took a third of the time. Who lets
    go of a list before asking for the next has them freed at once.

    Raises:
        ConfigurationError: *size* is no number of rows.
    """
    if size < 1:
        raise ConfigurationError(f"batch_size={size}: a batch has at least one row")
    iterator = iter(rows)
    while True:
        with collection_paused(size):
            for _ in range(0, COLLECTED_EVERY, size):
                if not (batch := list(islice(iterator, size))):
                    return
                yield batch
                del batch


def table_of(source: Source, mapping: Mapping) -> Table:
    """Return the table of *source* that *mapping* is for: the one that it names, else the only one with its columns.

    Tables without rows count only where there is no other.

    Rows that were given back are in a table of another name.

    Raises:
        ConfigurationError: There is none of that name, or it is not clear which one is meant.
    """
    wanted, names = mapping.reading.get("sheet"), [table.name for table in source.tables]
    if wanted is not None:
        for table in source.tables:
            if table.name == wanted or is_given_back(table.columns):
                return table
        raise ConfigurationError(
            f"{source.name} has no table {wanted!r}{nearest(str(wanted), names)}; it has {', '.join(names) or 'none'}"
        )
    if len(source.tables) < 2:
        return source.tables[0]
    filled = [table for table in source.tables if next(table.rows(), None) is not None]
    needed = {column for entity in mapping.entities for field in entity.fields for column in field.columns}
    fitting = [table for table in filled if needed <= set(table.columns)]
    if len(fitting) == 1 or not filled:
        return (fitting or source.tables)[0]
    reason = ""
    if needed:
        reason = ", all with the columns of the mapping" if fitting else ", none with all columns of the mapping"
    told = ", ".join(table.name for table in fitting or filled)
    raise ConfigurationError(
        f"{source.name} has several tables{reason}: {told}; import one after the "
        'other, each by its name: --sheet NAME, or sheet = "NAME" under [reading]',
        source=source.name,
        tables=tuple(names),
    )


def lines_of(table: Table) -> int | None:
    """Return how many lines *table* has, for the time left, where that is counted fast: in delimited text."""
    return table.count_lines() if isinstance(table, DelimitedTable) else None


def define_missing_fields(ws: Workspace, mapping: Mapping) -> list[str]:
    """Define the custom fields of *mapping* that nobody has defined yet, and return their paths.

    Raises:
        NotAllowedError: The principal may not define fields.
    """
    schema = ws._ctx.tools.schema
    missing = missing_fields(mapping, schema)
    for field in mapping.custom_fields:
        if f"{field.entity}.{field.path}" in missing:
            kind = schema.kinds[field.kind].from_options(dict(field.options))
            record_class = schema.entity(field.entity).record_class
            ws.define_field(record_class, field.name, of_kind(kind), label=field.label, unique=field.unique)
    return missing
