"""The tables of one CRM: one per entity of its schema, and the kernel's own, as SQLAlchemy metadata.

Custom fields need no table of their own and no change to one, so schemas that differ only in them share these tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import attrs
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    FromClause,
    Index,
    MetaData,
    Table,
    Text,
    cast,
    inspect,
    literal_column,
)
from sqlalchemy.schema import CreateIndex

from pycrm.errors import NameClashError
from pycrm.fields.field import Field
from pycrm.fields.references import AnyRefKind, RefKind
from pycrm.schema import Entity, Schema
from pycrm.schema.sight import SeenEntity
from pycrm.storage.field_sql import index_keys
from pycrm.storage.kernel_tables import kernel_tables
from pycrm.storage.list_index_sql import table_list_index
from pycrm.storage.names import check_name_length, short_name
from pycrm.storage.search_tables import gram_table_name
from pycrm.storage.types import PART_TYPES, Document, Json

__all__ = ["Tables", "build_tables", "select_list"]

# What is required of a caller is the schema's matter and may be loosened without touching a table.
_NEVER_NULL = frozenset({"id", "version", "created_at", "updated_at"})
# Who wrote a record is shown, never asked for by the user.
_ACTORS = frozenset({"created_by", "updated_by"})


@attrs.frozen(eq=False)
class Tables:
    """All tables of one CRM.

    Attributes:
        metadata: Holds them all.
        prefix: What every table name begins with.
        entities: Entity name to table.
        change: The small change rows.
        audit: What was refused, and what was let through beyond somebody's rights.
        outbox: Facts to be announced, one row per batch and entity.
        link: The rows of multi-references.
        bulk_call: One row per call that wrote what a filter selects, and may be undone.
        bookmark: Which records somebody saw last, and which are his favourites.
        idempotency: Calls that were made under a key of the caller's.
        import_batch: One row per batch of an import that has been applied.
        import_row: The rows of imports that were refused or skipped.
        search_doc: What search finds: one row per record, and on PostgreSQL its grams.
        search_queue: Records whose row in `search_doc` is still to be written.
        sequence: Counters of autonumbers.
        plugins: Installed owners with their snapshots.
        state: One row: the installation and the number of its schema.
        access: One row: a number that counts the changes to who may do what.
    """

    metadata: MetaData
    prefix: str
    entities: Mapping[str, Table]
    change: Table
    audit: Table
    outbox: Table
    link: Table
    bulk_call: Table
    bookmark: Table
    idempotency: Table
    import_batch: Table
    import_row: Table
    search_doc: Table
    search_queue: Table
    sequence: Table
    plugins: Table
    state: Table
    access: Table

    def table(self, entity_name: str) -> Table:
        """Return the table of an entity."""
        return self.entities[entity_name]

    def columns(self, entity: Entity) -> list[str]:
        """Return the entity's column names in load order: parts of its column fields, ``doc`` last."""
        return [*(name for field in entity.column_fields for name in field.part_names), "doc"]

    @property
    def all_names(self) -> frozenset[str]:
        """The names of all tables, those too that SQLite keeps for full-text search."""
        grams = gram_table_name(self.prefix)
        shadows = (f"{grams}_{part}" for part in ("data", "idx", "content", "docsize", "config"))
        return frozenset({*(table.name for table in self.metadata.tables.values()), grams, *shadows})

    def create_missing(self, connection: Connection) -> None:
        """Create the tables and indexes that are not there yet, each after those it refers to."""
        schema = self.metadata.schema
        before = set(inspect(connection).get_table_names(schema=schema))
        self.metadata.create_all(connection, checkfirst=True)
        for table in self.metadata.tables.values():
            if table.name in before:
                for index in sorted(table.indexes, key=lambda index: str(index.name)):
                    connection.execute(CreateIndex(index, if_not_exists=True))


def build_tables(schema: Schema, prefix: str = "crm_", db_schema: str | None = None) -> Tables:
    """Return the tables of all entities of *schema*, parked ones too, and the kernel's own.

    Args:
        schema: Only its column fields matter.
        prefix: What every table name begins with.
        db_schema: The database schema (namespace) that the tables are in; PostgreSQL only.
    Raises:
        NameClashError: An entity's table would be one of the kernel's own.
        ConfigurationError: A table or column name is longer than databases keep.
    """
    metadata = MetaData(schema=db_schema)
    own = kernel_tables(metadata, prefix)
    entities = {name: _entity_table(metadata, prefix, entity, schema) for name, entity in schema.entities.items()}
    return Tables(metadata=metadata, prefix=prefix, entities=MappingProxyType(entities), **own)


def select_list(
    entity: Entity, table: FromClause, dialect_name: str, fields: Sequence[Field] | None = None
) -> list[ColumnElement[Any]]:
    """Return what to select from *table* (or an alias of it) so that `make_loader`'s function takes the rows.

    JSON is read as text: the document is decoded only when somebody looks, and psycopg would parse it at once. In the
    place of what is hidden from whom *entity* is for stands NULL.

    Args:
        entity: What the rows are.
        table: Where they are.
        dialect_name: ``"sqlite"`` or ``"postgresql"``.
        fields: The only column fields to read; all unless given.
    """
    withheld = entity.withheld if isinstance(entity, SeenEntity) else frozenset()
    expressions: list[ColumnElement[Any]] = []
    for field in entity.column_fields if fields is None else fields:
        columns = [table.c[name] for name in field.part_names]
        # Named, since whoever selects from this as a subquery asks for each column by its name.
        expressions += (
            [literal_column("NULL").label(each.name) for each in columns] if field.path in withheld else columns
        )
    expressions.append(table.c.doc)
    if dialect_name == "postgresql":
        return [cast(each, Text()) if isinstance(each.type, (Json, Document)) else each for each in expressions]
    return expressions


def _entity_table(metadata: MetaData, prefix: str, entity: Entity, schema: Schema) -> Table:
    name = check_name_length(prefix + entity.table_name, f"entity {entity.name!r}")
    if name in _names(metadata):
        raise NameClashError(
            f"entity {entity.name!r} would be stored in {name!r}, which the kernel keeps for itself; rename the class",
            entity=entity.name,
        )
    columns = [column for field in entity.column_fields for column in _columns(name, prefix, entity, field, schema)]
    table = Table(name, metadata, *columns, Column("doc", Document()))
    for field in entity.column_fields:
        _add_indexes(table, field)
    for paths in entity.unique:
        _add_unique(table, [entity.fields[path] for path in paths])
    for index in entity.indexes:
        if index.owner != "custom":
            table_list_index(table, entity.fields, index)
    return table


def _names(metadata: MetaData) -> set[str]:
    return {table.name for table in metadata.tables.values()}


def _columns(table: str, prefix: str, entity: Entity, field: Field, schema: Schema) -> Iterator[Column[Any]]:
    target = _target(entity, field, schema)
    for number, (name, part) in enumerate(zip(field.part_names, field.kind.parts, strict=True)):
        check_name_length(name, f"{entity.name}.{field.path}")
        yield Column(
            name,
            PART_TYPES[part.type](),
            *([_foreign_key(table, name, prefix + target.table_name)] if target and number == 0 else []),
            primary_key=field.name == "id",
            nullable=field.name not in _NEVER_NULL,
        )


def _target(entity: Entity, field: Field, schema: Schema) -> Entity | None:
    """Return the entity that the database itself shall hold *field* to.

    Not for soft references, and not where either side is parked: those must outlive the other's removal.
    """
    kind = field.kind
    if not isinstance(kind, RefKind) or kind.soft or entity.parked or field.parked:
        return None
    target = schema.entities.get(str(kind.target))
    return None if target is None or target.parked else target


def _foreign_key(table: str, column: str, target: str) -> ForeignKey:
    """Return the constraint that *column* holds an id of *target*.

    Without an action: the door deletes what belongs to a record, so that hooks and history see it. Checked at once,
    so that an error surfaces in the call that caused it, in a host's transaction too; deferrable, so that a batch
    whose records refer to each other may be written in any order.
    """
    return ForeignKey(f"{target}.id", name=short_name(table, column, "fkey"), deferrable=True, initially="IMMEDIATE")


def _add_indexes(table: Table, field: Field) -> None:
    """Give *table* the indexes that *field* asks for: unique outside the bin, page order, or the way back.

    None where its owner has taken it away: only the values stay.
    """
    if field.name == "id" or field.parked:
        return
    if field.unique:
        _add_unique(table, [field])
    keys: list[Any] = index_keys(table, field, "")
    if field.indexed:
        Index(short_name(str(table.name), *field.part_names, "idx"), *keys, table.c.id)
    elif isinstance(field.kind, (RefKind, AnyRefKind)) and not field.unique and field.name not in _ACTORS:
        Index(short_name(str(table.name), *field.part_names, "idx"), *keys)


def _add_unique(table: Table, fields: Sequence[Field]) -> None:
    columns = [table.c[name] for field in fields for name in field.part_names]
    alive = table.c.deleted_at.is_(None)
    Index(
        short_name(str(table.name), *(column.name for column in columns), "key"),
        *columns,
        unique=True,
        postgresql_where=alive,
        sqlite_where=alive,
    )
