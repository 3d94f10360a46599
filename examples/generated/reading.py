"""How a row of a CSV file becomes a record: readers for columns, and `Table`, which says what a file holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pycrm import Money, Ref

Row = Mapping[str, str]
Ids = dict[str, dict[str, Ref[Any]]]
"""By file, then by the file's own id."""


@dataclass(frozen=True)
class Reader:
    """What gives one field its value, and the columns that it takes it from."""

    columns: tuple[str, ...]
    read: Callable[[Row, Ids], Any]


def text(column: str) -> Reader:
    """Take a column as it is; an empty one is no value."""
    return converted(column, str)


def constant(value: Any) -> Reader:
    """Take *value* for every row."""
    return Reader((), lambda *_: value)


def converted(column: str, convert: Callable[[str], Any]) -> Reader:
    """Take what *convert* makes of a column; an empty one is no value."""
    return Reader((column,), lambda row, _: convert(row[column]) if row[column] else None)


def mapped(column: str, values: Mapping[str, Any]) -> Reader:
    """Take what *values* has for a column; a word that it lacks is refused."""

    def meaning(word: str) -> Any:
        if word not in values:
            raise ValueError(f"{word!r} of column {column} has no meaning here; add it to the map")
        return values[word]

    return converted(column, meaning)


def money(amount: str, currency: str) -> Reader:
    """Take an amount and its currency from two columns."""
    return Reader((amount, currency), lambda row, _: Money(row[amount], row[currency]) if row[amount] else None)


def instant(column: str) -> Reader:
    """Take an instant, which the files write in UTC without saying so."""
    return converted(column, lambda value: datetime.fromisoformat(value).replace(tzinfo=UTC))


def reference(*columns: tuple[str, str]) -> Reader:
    """Take the record that the first filled one of *columns* names; each comes with the file that it points into."""

    def read(row: Row, ids: Ids) -> Any:
        return next((known(ids, file, row[column]) for column, file in columns if row[column]), None)

    return Reader(tuple(column for column, _ in columns), read)


def known(ids: Ids, file: str, name: str) -> Ref[Any]:
    """Return the record that a row of *file* became."""
    if name not in ids[file]:
        raise ValueError(f"{name} of {file} is not there; see why it was refused")
    return ids[file][name]


def references(*columns: tuple[str, str]) -> Reader:
    """Take every record that one of *columns* names."""

    def read(row: Row, ids: Ids) -> Any:
        return tuple(known(ids, file, row[column]) for column, file in columns if row[column])

    return Reader(tuple(column for column, _ in columns), read)


def parts(**columns: str) -> Reader:
    """Take several columns as the named parts of one value."""
    return Reader(
        tuple(columns.values()), lambda row, _: {part: row[name] for part, name in columns.items() if row[name]}
    )


def inside(column: str, key: str) -> Reader:
    """Take one key of a column that holds JSON."""
    return converted(column, lambda document: json.loads(document).get(key))


@dataclass(frozen=True)
class Table:
    """One file, or a part of it, and the records that its rows become.

    Attributes:
        file: The file's name without ``.csv``, and what the manifest counts it as.
        entity: The record class.
        fields: Where each field comes from; ``custom.x`` is a custom field.
        key: The column that later files name these records by.
        left_out: Columns that have no place here; every other one must be taken, so that none is lost unnoticed.
        counted: Tells these records from others of the entity.
    """

    file: str
    entity: type[Any]
    fields: Mapping[str, Reader]
    key: str | None = None
    left_out: str = ""
    counted: Any = None

    def record(self, row: Row, ids: Ids) -> Any:
        """Return the record of *row*, not yet written; a `ValueError` names the field that cannot be read."""
        own: dict[str, Any] = {}
        custom: dict[str, Any] = {}
        for name, reader in self.fields.items():
            is_custom = name.startswith("custom.")
            try:
                (custom if is_custom else own)[name.removeprefix("custom.")] = reader.read(row, ids)
            except (LookupError, ValueError, ArithmeticError) as error:
                raise ValueError(f"{name}: {error}") from error
        return self.entity(**own, custom=custom) if custom else self.entity(**own)

    def check_columns(self, columns: Iterable[str]) -> None:
        """Refuse a file that has other columns than this entry takes or leaves out."""
        taken = {column for reader in self.fields.values() for column in reader.columns}
        known = taken | set(self.left_out.split()) | ({self.key} if self.key else set())
        if wrong := known.symmetric_difference(columns):
            raise SystemExit(f"{self.file}.csv: columns {', '.join(sorted(wrong))} are not as expected; see TABLES")
