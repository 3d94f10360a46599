"""Writing and re-reading the rows of one entity."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property, partial
from operator import attrgetter
from typing import Any, TypeVar
from uuid import UUID

import attrs
from sqlalchemy import ColumnElement, Select, delete, literal_column, select

from pycrm.fields.field import Field
from pycrm.fields.kind import PartType
from pycrm.fields.references import RefKind, id_of
from pycrm.schema import Entity, Record
from pycrm.schema.record import slot_of
from pycrm.storage.bulk import COPY_FROM, BulkInsert
from pycrm.storage.codecs import CODECS
from pycrm.storage.dialect import Dialect
from pycrm.storage.dumper import Dump, make_dumper, make_value_dumper
from pycrm.storage.loader import Load, make_loader
from pycrm.storage.row_sql import (
    AllParameters,
    MixedUpdate,
    RowUpdate,
    Stamp,
    bin_update,
    field_update,
    loaded_version,
    mixed_update,
    required_name,
    unbin_update,
)
from pycrm.storage.tables import Tables, select_list
from pycrm.storage.unit import Unit
from pycrm.storage.value_lists import ValueList, driver_sql

__all__ = ["BatchOutcome", "RowWriter", "UpdateOutcome"]

K = TypeVar("K")
S = TypeVar("S")

# Records per savepoint: if one of them was changed by somebody else, only these are written again one by one.
BATCH = 1_000
# More sorts of changes than this, of few records each, are written by one statement in which each row says what it
# changes. A statement is compiled for each sort, and a table of twenty fields has a million of them.
FEW_SORTS = 4
MANY = 100  # of one sort, which has earned a statement of its own
MOST_STATEMENTS = 500


@attrs.frozen
class UpdateOutcome:
    """What became of one update.

    Attributes:
        version: The new version; None if nothing was written: the row is gone, in the bin, or changed where we did.
        merged: Somebody else had changed other fields, so that the row is now neither ours nor theirs alone.
    """

    version: int | None
    merged: bool = False

    def __bool__(self) -> bool:
        return self.version is not None


@attrs.frozen
class BatchOutcome:
    """What became of many updates.

    Attributes:
        versions: The new version by id of every record that was written.
        merged: The records written over rows that somebody else had changed elsewhere.
        lost: The records that were not written.
    """

    versions: dict[UUID, int] = attrs.field(factory=dict)
    merged: list[Any] = attrs.field(factory=list)
    lost: list[Any] = attrs.field(factory=list)

    def left_of(self, records: Sequence[Record]) -> list[Record]:
        """Return those of *records* that are not written yet."""
        return [record for record in records if record.id not in self.versions]

    def add(self, record: Record, outcome: UpdateOutcome) -> None:
        """Note what became of *record*."""
        if outcome.version is None:
            self.lost.append(record)
            return
        self.versions[record.id] = outcome.version
        if outcome.merged:
            self.merged.append(record)


class _StaleBatch(Exception):
    """Leaves a savepoint in which fewer rows were written than wanted."""


class RowWriter:
    """Writes and reads the rows of one entity. Statements and generated code are made on first use and kept.

    It writes what it is given: rights, hooks and values are the door's matter, and records are not changed.
    """

    def __init__(self, entity: Entity, tables: Tables, dialect: Dialect) -> None:
        self.entity = entity
        self.table = tables.table(entity.name)
        self.dialect = dialect
        self._codec = CODECS[dialect.name]
        self._updates: dict[tuple[tuple[str, ...], tuple[str, ...]], RowUpdate] = {}
        self._mixed: dict[tuple[tuple[str, ...], bool], MixedUpdate] = {}
        self._taken: dict[str, ValueList] = {}
        self._held: dict[str, str] = {}
        self._looks: dict[tuple[Any, ...], tuple[ValueList, Load]] = {}

    def insert(self, unit: Unit, records: Sequence[Record], *, if_absent: bool = False) -> None:
        """Insert *records* as they are; they may refer to each other in any order.

        Args:
            unit: Where.
            records: With all common fields filled in.
            if_absent: Pass over those that break a unique key.
        """
        if if_absent:
            self._bulk.write_absent(unit, self._dump(records))
        elif self._bulk.copies(len(records)):
            self._bulk.copy(unit, map(self._copy_dump, _portions(records)))
        elif self.dialect.name == "sqlite" and self._refers_forward(records):
            with _references_deferred(unit):
                self._insert(unit, records)
        else:
            self._insert(unit, records)

    def update(
        self,
        unit: Unit,
        record: Record,
        changed: Sequence[Field],
        *,
        at: datetime,
        by: UUID | None,
        require: Mapping[str, Any] | None = None,
    ) -> UpdateOutcome:
        """Write the fields *changed* of a loaded record in one statement.

        Args:
            unit: Where.
            record: As it will be; what was loaded is known to it.
            changed: What differs from what was loaded.
            at: The moment of the change.
            by: The user who makes it.
            require: Path to inside value of column fields that the row must hold, as the state that a move starts from.
        """
        require = require or {}
        statement = self._update(changed, tuple(require))
        params = statement.merging_params(record, Stamp.of(self.dialect, at, by))
        for number, (path, value) in enumerate(require.items()):
            params[required_name(number)] = make_value_dumper(self.entity.fields[path], self._codec)(value)[0]
        return _outcome(record, unit.returning(statement.merging, params))

    def update_many(
        self, unit: Unit, changes: Iterable[tuple[Record, Sequence[Field]]], *, at: datetime, by: UUID | None
    ) -> BatchOutcome:
        """Write many records, each with the fields that changed in it.

        Records of the same fields go together; where there are many sorts of them, as in an import, all do.
        """
        groups: dict[tuple[str, ...], tuple[Sequence[Field], list[Record]]] = {}
        for record, changed in changes:
            groups.setdefault(tuple(field.path for field in changed), (changed, []))[1].append(record)
        stamp = Stamp.of(self.dialect, at, by)
        outcome = BatchOutcome()
        if len(groups) > FEW_SORTS and sum(len(records) for _, records in groups.values()) < MANY * len(groups):
            self._write_mixed(unit, groups.values(), stamp, outcome)
        else:
            for changed, records in groups.values():
                self._write_many(unit, self._update(changed, ()), records, stamp, outcome)
        return outcome

    def bin(self, unit: Unit, records: Sequence[Record], *, at: datetime, by: UUID | None) -> BatchOutcome:
        """Put *records* into the bin; missed are those that are gone or in it already."""
        return self._write_all(unit, self._bin, records, at, by)

    def unbin(self, unit: Unit, records: Sequence[Record], *, at: datetime, by: UUID | None) -> BatchOutcome:
        """Take *records* out of the bin; missed are those that are gone or not in it."""
        return self._write_all(unit, self._unbin, records, at, by)

    def purge(self, unit: Unit, ids: Sequence[UUID]) -> int:
        """Remove the rows of *ids* for good and return how many there were; their links are `Links`' matter."""
        return sum(unit.execute(sql, params) for sql, params in self._purge.portions(ids))

    def current(self, unit: Unit, ids: Sequence[UUID]) -> list[Any]:
        """Return the records of *ids* as they are now, those in the bin too, in no particular order."""
        return [record for sql, params in self._current.portions(ids) for record in self._load(unit.rows(sql, params))]

    def holds_any(self, unit: Unit, field: Field) -> bool:
        """Return whether any row, one in the bin too, holds a value in *field*, a column."""
        if field.path not in self._held:
            column = self.table.c[field.part_names[0]]
            found: Select[Any] = select(literal_column("1")).where(column.is_not(None))
            self._held[field.path] = f"{driver_sql(found, self.dialect)} LIMIT 1"
        return bool(unit.rows(self._held[field.path]))

    def taken(self, unit: Unit, field: Field, values: Sequence[Any]) -> set[Any]:
        """Return those of *values* that rows outside the bin hold in *field*, a column of one part."""
        if field.path not in self._taken:
            column = self.table.c[field.part_names[0]]
            outside = select(column).where(self.table.c.deleted_at.is_(None))
            self._taken[field.path] = ValueList(self.dialect, column, outside.where, field.kind.parts[0].type)
        decode = self._codec.decode(field.kind.parts[0].type)
        found = {row[0] for sql, params in self._taken[field.path].portions(values) for row in unit.rows(sql, params)}
        return found if decode is None else set(map(decode, found))

    def lock(self, unit: Unit, ids: Sequence[UUID]) -> list[Any]:
        """Return the records of *ids* as they are now, in order of id, and keep others from writing them.

        On SQLite a writing unit is alone anyway.
        """
        unit.begin_writing()
        found = [row for sql, params in self._lock.portions(sorted(ids)) for row in unit.rows(sql, params)]
        return self._load(found)

    def lock_for_look(self, unit: Unit, ids: Sequence[UUID], fields: Sequence[Field]) -> list[Any]:
        """Do what `lock` does, with records that have no more than their common fields, document and *fields*."""
        unit.begin_writing()
        statement, load = self._look(fields, locked=True)
        ordered = sorted(ids, key=attrgetter("int"))
        return load([row for sql, params in statement.portions(ordered) for row in unit.rows(sql, params)])

    def look(self, unit: Unit, ids: Sequence[UUID], fields: Sequence[Field]) -> list[Any]:
        """Return the records of *ids* outside the bin, with no more than id, document and *fields*, in no order."""
        statement, load = self._look(fields, locked=False)
        found = load([row for sql, params in statement.portions(ids) for row in unit.rows(sql, params)])
        return [record for record in found if record.deleted_at is None]

    # Statements and generated code, made on first use

    @cached_property
    def _load(self) -> Load:
        return make_loader(self.entity, self.dialect)

    @cached_property
    def _dump(self) -> Dump:
        return make_dumper(self.entity, self._codec.encode_source, str)

    @cached_property
    def _copy_dump(self) -> Dump:
        return make_dumper(self.entity, self._codec.copy_source, lambda text: b"\x01" + text.encode())

    @cached_property
    def _bulk(self) -> BulkInsert:
        fields = self.entity.column_fields
        parts = [part for field in fields for part in zip(field.part_names, field.kind.parts, strict=True)]
        columns = [*((name, part.type) for name, part in parts), ("doc", PartType.JSON)]
        # A row sent alone is checked at once, and could not refer to a later one.
        return BulkInsert(self.dialect, self.table, columns, copy_from=2 if self._own_references else COPY_FROM)

    @cached_property
    def _own_references(self) -> tuple[str, ...]:
        """The slots of references to the same entity."""
        return tuple(
            slot_of(field)
            for field in self.entity.column_fields
            if isinstance(field.kind, RefKind) and field.kind.target == self.entity.name
        )

    @cached_property
    def _bin(self) -> RowUpdate:
        return bin_update(self.entity, self.table, self.dialect)

    @cached_property
    def _unbin(self) -> RowUpdate:
        return unbin_update(self.entity, self.table, self.dialect)

    @cached_property
    def _purge(self) -> ValueList:
        return ValueList(self.dialect, self.table.c.id, lambda condition: delete(self.table).where(condition))

    @cached_property
    def _versions(self) -> ValueList:
        outside = select(self.table.c.id, self.table.c.version).where(self.table.c.deleted_at.is_(None))
        return ValueList(self.dialect, self.table.c.id, outside.where)

    @cached_property
    def _current(self) -> ValueList:
        return ValueList(self.dialect, self.table.c.id, self._select)

    @cached_property
    def _lock(self) -> ValueList:
        return self._locking(select_list(self.entity, self.table, self.dialect.name))

    def _locking(self, columns: Sequence[ColumnElement[Any]]) -> ValueList:
        statement = select(*columns).order_by(self.table.c.id).with_for_update(key_share=True)
        return ValueList(self.dialect, self.table.c.id, statement.where)

    def _look(self, fields: Sequence[Field], *, locked: bool) -> tuple[ValueList, Load]:
        key = (locked, *(field.path for field in fields))
        if key not in self._looks:
            wanted = {"id", "deleted_at", *key[1:]}
            read = [field for field in self.entity.column_fields if field.path in wanted]
            columns = select_list(self.entity, self.table, self.dialect.name, read)
            statement = (
                self._locking(columns) if locked else ValueList(self.dialect, self.table.c.id, select(*columns).where)
            )
            self._looks[key] = statement, make_loader(self.entity, self.dialect, read)
        return self._looks[key]

    def _select(self, condition: ColumnElement[bool]) -> Select[Any]:
        return select(*select_list(self.entity, self.table, self.dialect.name)).where(condition)

    def _update(self, changed: Sequence[Field], required: tuple[str, ...]) -> RowUpdate:
        make = partial(field_update, self.entity, self.table, self.dialect, changed, required)
        return _made(self._updates, (tuple(field.path for field in changed), required), make)

    def _mixed_update(self, paths: AbstractSet[str]) -> MixedUpdate:
        columns = [field for field in self.entity.column_fields if field.path in paths]
        with_document = any(field.path in paths for field in self.entity.document_fields)
        make = partial(mixed_update, self.entity, self.table, self.dialect, columns, with_document=with_document)
        return _made(self._mixed, (tuple(field.path for field in columns), with_document), make)

    def _insert(self, unit: Unit, records: Sequence[Record]) -> None:
        for portion in _portions(records):
            self._bulk.write(unit, self._dump(portion))

    def _refers_forward(self, records: Sequence[Record]) -> bool:
        """Return whether one of *records* refers to a later one, or to itself."""
        if not self._own_references:
            return False
        later = {record.id for record in records}
        for record in records:
            for slot in self._own_references:
                reference = getattr(record, slot)
                if reference is not None and id_of(reference) in later:
                    return True
            later.discard(record.id)
        return False

    def _write_all(
        self, unit: Unit, statement: RowUpdate, records: Sequence[Record], at: datetime, by: UUID | None
    ) -> BatchOutcome:
        outcome = BatchOutcome()
        self._write_many(unit, statement, records, Stamp.of(self.dialect, at, by), outcome)
        return outcome

    def _write_many(
        self, unit: Unit, statement: RowUpdate, records: Sequence[Record], stamp: Stamp, outcome: BatchOutcome
    ) -> None:
        for batch in _portions(_in_order(records)):
            self._write_portion(unit, batch, partial(statement.for_all, stamp=stamp), outcome)
            for record in outcome.left_of(batch):
                outcome.add(record, self._write_one(unit, statement, record, stamp))

    def _write_mixed(
        self, unit: Unit, groups: Collection[tuple[Sequence[Field], list[Record]]], stamp: Stamp, outcome: BatchOutcome
    ) -> None:
        """Write records of which each changes other fields."""
        changed = {record.id: fields for fields, records in groups for record in records}
        statement = self._mixed_update({field.path for fields in changed.values() for field in fields})
        for batch in _portions(_in_order([record for _, records in groups for record in records])):
            self._write_portion(unit, batch, partial(statement.for_all, changed=changed, stamp=stamp), outcome)
            for record in outcome.left_of(batch):
                outcome.add(record, self._write_one(unit, self._update(changed[record.id], ()), record, stamp))

    def _write_portion(
        self,
        unit: Unit,
        records: Sequence[Record],
        for_all: Callable[[Sequence[Record]], tuple[str, AllParameters]],
        outcome: BatchOutcome,
    ) -> None:
        """Write those of *records* that nobody changed by one call of the driver, as far as that is to be had."""
        if len(records) < 2:
            return
        if not self._write_unchanged(unit, records, *for_all(records)):
            found = {
                id: version
                for sql, params in self._versions.portions([each.id for each in records])
                for id, version in unit.rows(sql, params)
            }
            encode = self._codec.encode(PartType.ID) or _same
            records = [each for each in records if found.get(encode(each.id)) == loaded_version(each)]
            if not records or not self._write_unchanged(unit, records, *for_all(records)):
                return
        outcome.versions.update((record.id, loaded_version(record) + 1) for record in records)

    def _write_one(self, unit: Unit, statement: RowUpdate, record: Record, stamp: Stamp) -> UpdateOutcome:
        return _outcome(record, unit.returning(statement.merging, statement.merging_params(record, stamp)))

    def _write_unchanged(self, unit: Unit, records: Sequence[Record], sql: str, params: AllParameters) -> bool:
        """Write *records* with one call of the driver if nobody changed any of them; else none, and return False."""
        try:
            with unit.savepoint():
                written = unit.execute(sql, params) if isinstance(params, dict) else unit.execute_many(sql, params)
                if written != len(records):
                    raise _StaleBatch
        except _StaleBatch:
            return False
        return True


def _made(kept: dict[K, S], key: K, make: Callable[[], S]) -> S:
    """Return what *make* gives, *kept* under *key* among some hundred others."""
    made = kept.get(key)
    if made is None:
        if len(kept) >= MOST_STATEMENTS:
            kept.clear()
        made = kept[key] = make()
    return made


def _same(value: Any) -> Any:
    return value


def _in_order(records: Sequence[Record]) -> Sequence[Record]:
    """Return *records* in order of id: batches over the same rows then wait for each other, and none dies of it."""
    return sorted(records, key=lambda record: record.id.int)


def _portions(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    """Yield *records* in portions, so that their rows take little memory and die young."""
    for start in range(0, len(records), BATCH):
        yield records[start : start + BATCH]


@contextmanager
def _references_deferred(unit: Unit) -> Iterator[None]:
    """Have SQLite check the foreign keys of the block at the end of the transaction instead of row by row.

    PostgreSQL needs none of this: it checks a COPY at its end.
    """
    ((was_on,),) = unit.rows("PRAGMA defer_foreign_keys")
    unit.execute("PRAGMA defer_foreign_keys = ON")
    yield
    if not was_on:
        unit.execute("PRAGMA defer_foreign_keys = OFF")


def _outcome(record: Record, returned: Sequence[tuple[Any, ...]]) -> UpdateOutcome:
    if not returned:
        return UpdateOutcome(None)
    ((version,),) = returned
    return UpdateOutcome(version, merged=version != loaded_version(record) + 1)
