"""Rows as an owner's step sees them: the values that they had, and those that they shall have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, bindparam, update

from pycrm.errors import ConfigurationError, UnknownNameError, nearest
from pycrm.fields.field import Field, Place
from pycrm.schema import Entity, Record
from pycrm.schema.document import decode_part, encode_part
from pycrm.storage.upgrade.state import Renames

__all__ = ["MigratedRow", "RowShape", "write_rows"]


class RowShape:
    """How the fields of one entity are found in its rows, under their names before a step and after it."""

    def __init__(self, was: Entity | None, now: Entity, renames: Renames) -> None:
        self.entity = now
        self.now = {path: field.part_names for path, field in _plain(now)}
        self.fields = dict(_plain(now))
        self.old_fields = dict(_plain(was)) if was is not None else {}
        self.was = {path: self._today(field, renames) for path, field in self.old_fields.items()}

    def _today(self, field: Field, renames: Renames) -> tuple[str, ...]:
        """Return where the parts of a former field stand now."""
        path = renames.after(self.entity.name, field.path)
        return tuple(path + part.suffix for part in field.kind.parts)


def _plain(entity: Entity) -> Iterator[tuple[str, Field]]:
    return ((path, field) for path, field in entity.fields.items() if field.place is not Place.LINK)


class MigratedRow:
    """One row of a batch. ``row.was["pol"]`` reads; ``row.now["place"] = …`` is written when its batch ends.

    Attributes:
        id: The record's id.
        was: The values by path as the release before had them, parked fields included. Read-only.
        now: The values by path as this release has them; a new value is judged by the field's kind.
    """

    __slots__ = ("_columns", "_document", "_shape", "changed", "now", "was")

    was: Mapping[str, Any]
    now: MutableMapping[str, Any]

    def __init__(self, shape: RowShape, columns: Mapping[str, Any]) -> None:
        self._shape = shape
        self._columns = columns
        self._document: Mapping[str, Any] = columns["doc"] or {}
        self.changed: dict[str, Any] = {}
        self.was = _Values(self, shape.old_fields, shape.was)
        self.now = _NewValues(self, shape.fields, shape.now)

    @property
    def id(self) -> UUID:
        """The record's id."""
        found: UUID = self._columns["id"]
        return found

    def __repr__(self) -> str:
        return f"<MigratedRow {self._shape.entity.name} {self.id}>"

    def stored(self, field: Field, names: Sequence[str]) -> Any:
        """Return the value of *field*, whose parts are called *names* today."""
        if field.place is Place.DOCUMENT:
            parts = [
                decode_part(part.type, self._document.get(name))
                for part, name in zip(field.kind.parts, names, strict=True)
            ]
        else:
            parts = [self._columns[name] for name in names]
        return field.kind.empty if parts[0] is None else field.kind.from_parts(*parts)

    def changes(self) -> dict[str, Any]:
        """Return the columns to be written, the whole document where one of its fields has a new value."""
        columns: dict[str, Any] = {}
        document = dict(self._document)
        for path, value in self.changed.items():
            field, names = self._shape.fields[path], self._shape.now[path]
            is_empty = value is None or value == field.kind.empty
            parts = (None,) * len(names) if is_empty else field.kind.to_parts(value)
            if field.place is Place.DOCUMENT:
                types = [part.type for part in field.kind.parts]
                document |= dict(zip(names, map(encode_part, types, parts), strict=True))
            else:
                columns |= dict(zip(names, parts, strict=True))
        if any(self._shape.fields[path].place is Place.DOCUMENT for path in self.changed):
            columns["doc"] = {key: value for key, value in document.items() if value is not None} or None
        return columns


class _Values(Mapping[str, Any]):
    """Values by path, made of the row when they are asked for."""

    __slots__ = ("_fields", "_names", "_row")

    def __init__(self, row: MigratedRow, fields: Mapping[str, Field], names: Mapping[str, Sequence[str]]) -> None:
        self._row = row
        self._fields = fields
        self._names = names

    def __getitem__(self, path: str) -> Any:
        return self._row.stored(self._field(path), self._names[path])

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def _field(self, path: str) -> Field:
        if path not in self._fields:
            raise UnknownNameError(
                f"{self._row!r} has no field {path!r} there{nearest(path, self._fields)}", field=path
            )
        return self._fields[path]


class _NewValues(_Values, MutableMapping[str, Any]):
    """The values that a row shall have."""

    __slots__ = ()

    def __getitem__(self, path: str) -> Any:
        return self._row.changed[path] if path in self._row.changed else super().__getitem__(path)

    def __setitem__(self, path: str, value: Any) -> None:
        field = self._field(path)
        if path in Record.__declared_fields__:
            raise ConfigurationError(f"{self._row!r}: {path} is the kernel's own; a step leaves it alone", field=path)
        is_empty = value is None or value == field.kind.empty
        self._row.changed[path] = field.kind.empty if is_empty else field.kind.parse(value)

    def __delitem__(self, path: str) -> None:
        self[path] = None


def write_rows(connection: Connection, table: Table, rows: Iterable[MigratedRow]) -> int:
    """Write what changed in *rows*, those with the same columns at once; return how many there were."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        if columns := row.changes():
            named = {f"new_{name}": value for name, value in columns.items()}
            groups.setdefault(tuple(columns), []).append({**named, "row_id": row.id})
    for names, values in groups.items():
        assigned = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names}
        connection.execute(update(table).where(table.c.id == bindparam("row_id")).values(assigned), values)
    return sum(map(len, groups.values()))
