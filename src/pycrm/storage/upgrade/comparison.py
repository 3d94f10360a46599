"""Comparing two states of a database: which operations lead from the one to the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import Any, TypeAlias

import attrs
from sqlalchemy import ForeignKeyConstraint, Index, Table, UnaryExpression

from pycrm.fields.autonumber import AutonumberKind
from pycrm.fields.field import Field, Place
from pycrm.schema import Entity
from pycrm.storage.dialect import Dialect
from pycrm.storage.field_sql import DescendingKey, DocumentIndex, IndexKey, document_index
from pycrm.storage.upgrade.operations import (
    AddColumn,
    CreateDocumentIndex,
    CreateTableIndex,
    CreateTables,
    DropDocumentIndex,
    DropTableIndex,
    ForeignKeys,
    Operation,
    RenameColumn,
    RenameConstraint,
    RenameCounters,
    RenameIndex,
    RenameKey,
    RenameLinks,
)
from pycrm.storage.upgrade.renaming import in_order
from pycrm.storage.upgrade.state import Renames, State

__all__ = ["operations"]

_Key: TypeAlias = tuple[Any, ...]


def operations(before: State, after: State, renames: Renames, dialect: Dialect) -> list[Operation]:
    """Return what leads from *before* to *after*, in an order in which it can be done.

    Args:
        before: What the database consists of.
        after: What it shall consist of. Everything of *before* is in it, under the names that *renames* gives.
        renames: Of fields.
        dialect: Of the database.
    """
    known = before.schema.entities
    pairs = [_Pair(name, before, after, renames, dialect) for name in after.schema.entities if name in known]
    new = {name: table for name, table in after.tables.entities.items() if name not in known}
    made: list[Operation] = []
    made += chain.from_iterable(pair.dropped_indexes() for pair in pairs)
    made += chain.from_iterable(pair.renamings() for pair in pairs)
    if new:
        made.append(CreateTables(after.tables.metadata, tuple(new.values())))
    made += chain.from_iterable(pair.new_columns() for pair in pairs)
    made += chain.from_iterable(pair.new_indexes() for pair in pairs)
    for name, table in new.items():
        made += [
            CreateDocumentIndex(index, unique)
            for index, unique in _document_indexes(after.schema.entities[name], table, dialect).values()
        ]
    made += chain.from_iterable(pair.foreign_keys() for pair in pairs)
    return made


@attrs.define(eq=False, slots=False)
class _Pair:
    """One entity, as it is and as it shall be."""

    name: str
    before: State
    after: State
    renames: Renames
    dialect: Dialect

    @property
    def was(self) -> Table:
        return self.before.tables.table(self.name)

    @property
    def now(self) -> Table:
        return self.after.tables.table(self.name)

    @property
    def entity(self) -> Entity:
        return self.after.schema.entities[self.name]

    @cached_property
    def renamed_fields(self) -> list[tuple[Field, str]]:
        """The fields that have another path now, with that path."""
        paths = ((field, self.renames.after(self.name, path)) for path, field in self._old_entity.fields.items())
        return [(field, path) for field, path in paths if path != field.path]

    @cached_property
    def columns(self) -> Mapping[str, str]:
        """Old to new names of the columns that are renamed."""
        return {
            field.name + part.suffix: path + part.suffix
            for field, path in self.renamed_fields
            for part in field.kind.parts
            if field.place is Place.COLUMN
        }

    @property
    def _old_entity(self) -> Entity:
        return self.before.schema.entities[self.name]

    def renamings(self) -> Iterator[Operation]:
        """Yield what gives columns, keys, links and counters their new names, then indexes and constraints."""
        for old, new in in_order(self.columns):
            yield RenameColumn(self.now, old, new)
        keys = {
            field.path + part.suffix: path + part.suffix
            for field, path in self.renamed_fields
            for part in field.kind.parts
            if field.place is Place.DOCUMENT
        }
        for old, new in in_order(keys):
            yield RenameKey(self.now, old, new)
        links = {field.path: path for field, path in self.renamed_fields if field.place is Place.LINK}
        for old, new in in_order(links):
            yield RenameLinks(self.after.tables.link, f"{self.name}.{old}", f"{self.name}.{new}")
        counted = {field.path: path for field, path in self.renamed_fields if isinstance(field.kind, AutonumberKind)}
        for old, new in in_order(counted):
            yield RenameCounters(self.after.tables.sequence, f"{self.name}.{old}", f"{self.name}.{new}")
        for key, index in _indexes(self.now).items():
            old_index = self._old_indexes.get(key)
            if old_index is not None and old_index.name != index.name:
                yield RenameIndex(index, self.now, str(old_index.name))
        for key, constraint in _foreign_keys(self.now).items():
            old_constraint = self._old_foreign_keys.get(key)
            if old_constraint is not None and old_constraint.name != constraint.name:
                yield RenameConstraint(self.now, str(old_constraint.name), str(constraint.name))

    def new_columns(self) -> Iterator[Operation]:
        """Yield the columns that come; those of a renamed field are there."""
        there = {self.columns.get(column.name, column.name) for column in self.was.columns}
        for column in self.now.columns:
            if column.name not in there:
                yield AddColumn(self.now, column)

    def dropped_indexes(self) -> Iterator[Operation]:
        """Yield the indexes that go, of a renamed document key too, for its index spells the key."""
        wanted = _indexes(self.now)
        for key, index in self._old_indexes.items():
            if key not in wanted:
                yield DropTableIndex(self.was, str(index.name))
        new = self._documents(self.after)
        for name, (document, _) in self._documents(self.before).items():
            if name not in new:
                yield DropDocumentIndex(document)

    def new_indexes(self) -> Iterator[Operation]:
        """Yield the indexes that come."""
        for key, index in _indexes(self.now).items():
            if key not in self._old_indexes:
                yield CreateTableIndex(index)
        old = self._documents(self.before)
        for name, (document, unique) in self._documents(self.after).items():
            if name not in old:
                yield CreateDocumentIndex(document, unique)

    def foreign_keys(self) -> Iterator[Operation]:
        """Yield the foreign keys that come to existing columns, or go from them."""
        there = {self.columns.get(column.name, column.name) for column in self.was.columns}
        old, new = self._old_foreign_keys, _foreign_keys(self.now)
        added = tuple(key for name, key in new.items() if name not in old and name[0] in there)
        dropped = tuple(str(key.name) for name, key in old.items() if name not in new)
        if added or dropped:
            yield ForeignKeys(self.now, added, dropped)

    @cached_property
    def _old_indexes(self) -> Mapping[_Key, Index]:
        """The indexes that are there, by what they are over under the new names."""
        return _indexes(self.was, self.columns)

    @cached_property
    def _old_foreign_keys(self) -> Mapping[_Key, ForeignKeyConstraint]:
        return _foreign_keys(self.was, self.columns)

    def _documents(self, state: State) -> Mapping[str, tuple[DocumentIndex, bool]]:
        return _document_indexes(state.schema.entities[self.name], state.tables.table(self.name), self.dialect)


def _indexes(table: Table, renamed: Mapping[str, str] | None = None) -> Mapping[_Key, Index]:
    """Return the indexes of *table* by uniqueness and columns, these under their new names and with directions."""
    names = renamed or {}
    ordered = sorted(table.indexes, key=lambda index: str(index.name))
    return {
        (index.unique, *((names.get(name, name), descending) for name, descending in _columns(index))): index
        for index in ordered
    }


def _columns(index: Index) -> Iterator[tuple[str, bool]]:
    """Yield what *index* is over, and whether the largest value comes first."""
    for expression in index.expressions:
        column: Any = expression
        if isinstance(column, IndexKey):
            (column,) = column.clauses
        descending = isinstance(expression, (DescendingKey, UnaryExpression))
        yield (column.element if isinstance(column, UnaryExpression) else column).name, descending


def _foreign_keys(table: Table, renamed: Mapping[str, str] | None = None) -> Mapping[_Key, ForeignKeyConstraint]:
    """Return the foreign keys of *table* by column, under its new name, and target."""
    names = renamed or {}
    found: dict[_Key, ForeignKeyConstraint] = {}
    for key in sorted(table.foreign_key_constraints, key=lambda key: str(key.name)):
        (column,) = key.columns
        found[(names.get(column.name, column.name), key.referred_table.name)] = key
    return found


def _document_indexes(entity: Entity, table: Table, dialect: Dialect) -> Mapping[str, tuple[DocumentIndex, bool]]:
    """Return by name the indexes of an entity's extension fields, and whether each is unique."""
    found: dict[str, tuple[DocumentIndex, bool]] = {}
    for field in entity.document_fields:
        if not field.parked and (field.indexed or field.unique):
            index = document_index(table, field, dialect.name)
            found[index.name] = (index, field.unique)
    return found
