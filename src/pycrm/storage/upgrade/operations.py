"""What lies between two states of a database, as operations: most are Alembic's, on the connection of a unit.

Tables come from metadata on either side, so that what an upgrade reaches is what a new database is made of. Nothing is
ever dropped but indexes and constraints: what is taken away is parked, and its column stays.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import attrs
from sqlalchemy import Column, ForeignKey, ForeignKeyConstraint, Index, MetaData, Table
from sqlalchemy.schema import CreateIndex

from pycrm.errors import StorageError
from pycrm.storage.dialect import SQLITE
from pycrm.storage.field_sql import DocumentIndex
from pycrm.storage.promotion import repeated_of
from pycrm.storage.unit import Unit
from pycrm.storage.upgrade.renaming import rename_counters, rename_key, rename_links

if TYPE_CHECKING:
    from alembic.operations import Operations

__all__ = [
    "AddColumn",
    "Bench",
    "CreateDocumentIndex",
    "CreateTableIndex",
    "CreateTables",
    "DropDocumentIndex",
    "DropTableIndex",
    "ForeignKeys",
    "Operation",
    "RenameColumn",
    "RenameConstraint",
    "RenameCounters",
    "RenameIndex",
    "RenameKey",
    "RenameLinks",
]


@attrs.define(slots=False)
class Bench:
    """Where operations are carried out: a writing unit, and Alembic on its connection."""

    unit: Unit

    @cached_property
    def alembic(self) -> Operations:
        """Alembic's operations; the library is loaded for the first of them."""
        from alembic.migration import MigrationContext
        from alembic.operations import Operations

        return Operations(MigrationContext.configure(self.unit.connection))

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is SQLite, whose ALTER TABLE knows less."""
        return self.unit.dialect is SQLITE

    def quoted(self, name: str) -> str:
        """Return *name* as the database's SQL writes it."""
        text: str = self.unit.dialect.sa.identifier_preparer.quote(name)
        return text


class Operation(Protocol):
    """One thing to do.

    Attributes:
        waits: It asks something of the values, so it is done after the owner's own steps have run.
        rebuilds: On SQLite it makes the table anew, during which foreign keys must not be looked at.
    """

    @property
    def waits(self) -> bool: ...

    @property
    def rebuilds(self) -> bool: ...

    def run(self, bench: Bench) -> None:
        """Do it."""


@attrs.frozen
class _Simple:
    """Most operations neither wait nor rebuild."""

    waits: ClassVar[bool] = False
    rebuilds: ClassVar[bool] = False


@attrs.frozen(eq=False)
class CreateTables(_Simple):
    """New tables with their indexes, each after those that it refers to."""

    metadata: MetaData
    tables: tuple[Table, ...]

    def run(self, bench: Bench) -> None:
        self.metadata.create_all(bench.unit.connection, tables=list(self.tables), checkfirst=False)


@attrs.frozen(eq=False)
class AddColumn(_Simple):
    """A column that is NULL in every row, with its foreign key."""

    table: Table
    column: Column[Any]

    def run(self, bench: Bench) -> None:
        # SQLite takes a foreign key only with the column itself, PostgreSQL gives it the right name only afterwards.
        bench.alembic.add_column(
            self.table.name, self._unbound(), schema=self.table.schema, inline_references=bench.is_sqlite
        )

    def _unbound(self) -> Column[Any]:
        """Return the column by itself; SQLAlchemy's copy would leave the foreign key with the table."""
        keys = [
            ForeignKey(
                key.target_fullname, name=key.constraint.name, deferrable=key.deferrable, initially=key.initially
            )
            for key in self.column.foreign_keys
            if key.constraint is not None
        ]
        return Column(self.column.name, self.column.type, *keys)


@attrs.frozen(eq=False)
class RenameColumn(_Simple):
    """Another name for a column; indexes and constraints on it follow, under their old names."""

    table: Table
    old: str
    new: str

    def run(self, bench: Bench) -> None:
        bench.alembic.alter_column(self.table.name, self.old, new_column_name=self.new, schema=self.table.schema)


@attrs.frozen(eq=False)
class CreateTableIndex:
    """An index on an existing table."""

    rebuilds: ClassVar[bool] = False

    index: Index

    @property
    def waits(self) -> bool:
        """A unique one asks that no two values are equal."""
        return self.index.unique

    def run(self, bench: Bench) -> None:
        # Somebody may have defined the same index over several fields before a release brings it.
        bench.unit.connection.execute(CreateIndex(self.index, if_not_exists=not self.index.unique))


@attrs.frozen(eq=False)
class DropTableIndex(_Simple):
    """An index that is no longer wanted."""

    table: Table
    name: str

    def run(self, bench: Bench) -> None:
        bench.alembic.drop_index(self.name, self.table.name, schema=self.table.schema)


@attrs.frozen(eq=False)
class RenameIndex(_Simple):
    """Another name for an index whose columns were renamed. SQLite has to make it anew."""

    index: Index
    table: Table
    old: str

    def run(self, bench: Bench) -> None:
        if bench.is_sqlite:
            DropTableIndex(self.table, self.old).run(bench)
            bench.unit.connection.execute(CreateIndex(self.index))
            return
        schema = f"{bench.quoted(self.table.schema)}." if self.table.schema else ""
        bench.unit.execute(
            f"ALTER INDEX {schema}{bench.quoted(self.old)} RENAME TO {bench.quoted(str(self.index.name))}"
        )


@attrs.frozen(eq=False)
class RenameConstraint(_Simple):
    """Another name for a foreign key whose column was renamed; nobody can ask SQLite for the old one."""

    table: Table
    old: str
    new: str

    def run(self, bench: Bench) -> None:
        if not bench.is_sqlite:
            table = bench.unit.dialect.sa.identifier_preparer.format_table(self.table)
            bench.unit.execute(
                f"ALTER TABLE {table} RENAME CONSTRAINT {bench.quoted(self.old)} TO {bench.quoted(self.new)}"
            )


@attrs.frozen(eq=False)
class ForeignKeys:
    """Foreign keys of existing columns that come or go. SQLite makes the whole table anew for them."""

    waits: ClassVar[bool] = True
    rebuilds: ClassVar[bool] = True

    table: Table
    added: tuple[ForeignKeyConstraint, ...]
    dropped: tuple[str, ...]

    def run(self, bench: Bench) -> None:
        if bench.is_sqlite:
            self._rebuild(bench)
            return
        for name in self.dropped:
            bench.alembic.drop_constraint(name, self.table.name, type_="foreignkey", schema=self.table.schema)
        for key in self.added:
            bench.alembic.create_foreign_key(
                str(key.name),
                self.table.name,
                key.referred_table.name,
                [column.name for column in key.columns],
                [element.column.name for element in key.elements],
                deferrable=key.deferrable,
                initially=key.initially,
                source_schema=self.table.schema,
                referent_schema=key.referred_table.schema,
            )

    def _rebuild(self, bench: Bench) -> None:
        """Copy the rows into a table as it shall be; indexes go with the old one and are made again."""
        promoted = repeated_of(bench.unit, self.table)
        bare = self.table.to_metadata(MetaData())
        bare.indexes.clear()
        with bench.alembic.batch_alter_table(self.table.name, copy_from=bare, recreate="always"):
            """Nothing more: what it shall be is said."""
        for index in sorted(self.table.indexes, key=lambda index: str(index.name)):
            bench.unit.connection.execute(CreateIndex(index))
        promoted.put_back(bench.unit, bench.quoted(self.table.name))
        if bench.unit.rows(f"PRAGMA foreign_key_check({bench.quoted(self.table.name)})"):
            raise StorageError(
                f"the table {self.table.name} refers to rows that do not exist; nothing was changed",
                table=self.table.name,
            )


@attrs.frozen
class CreateDocumentIndex:
    """The index of a field that is kept in documents."""

    rebuilds: ClassVar[bool] = False

    index: DocumentIndex
    waits: bool

    def run(self, bench: Bench) -> None:
        bench.unit.execute(self.index.create)


@attrs.frozen
class DropDocumentIndex(_Simple):
    """The index of such a field, which is no longer wanted."""

    index: DocumentIndex

    def run(self, bench: Bench) -> None:
        bench.unit.execute(self.index.drop)


@attrs.frozen(eq=False)
class RenameKey(_Simple):
    """Another key in the documents of a table."""

    table: Table
    old: str
    new: str

    def run(self, bench: Bench) -> None:
        rename_key(bench.unit, self.table, self.old, self.new)


@attrs.frozen(eq=False)
class RenameLinks(_Simple):
    """Another name for the links of a multi-reference."""

    link: Table
    old: str
    new: str

    def run(self, bench: Bench) -> None:
        rename_links(bench.unit, self.link, self.old, self.new)


@attrs.frozen(eq=False)
class RenameCounters(_Simple):
    """Another name for the counters of an autonumber."""

    sequence: Table
    old: str
    new: str

    def run(self, bench: Bench) -> None:
        rename_counters(bench.unit, self.sequence, self.old, self.new)
