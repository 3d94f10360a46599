"""Bringing a database to what the code declares, and reading what a database says of itself.

For now only what is missing is created: a new database, a newly installed plugin. Every other difference between the
stored snapshot and the code is refused by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from uuid import UUID, uuid4

import attrs
from sqlalchemy import Connection, inspect
from sqlalchemy.schema import CreateSchema

from pycrm.errors import NotMigratedError, SchemaMismatchError
from pycrm.schema import OwnerDeclarations, Schema, assemble
from pycrm.schema.snapshot import differences, parked_entities, parked_fields, snapshot
from pycrm.storage.dialect import POSTGRESQL
from pycrm.storage.errors import translate
from pycrm.storage.field_sql import document_index
from pycrm.storage.state import (
    Installed,
    read_installation,
    read_installed,
    write_installation,
    write_installed,
)
from pycrm.storage.tables import Tables, build_tables
from pycrm.storage.unit import Unit
from pycrm.values.versions import release_of

__all__ = ["StoredSchema", "migrate", "read_stored"]

# Two processes that start at once must not both create the tables: the number is ours alone ("pycrm" in ASCII).
_MIGRATION_LOCK = 0x707963726D


@attrs.frozen
class StoredSchema:
    """What a migrated database holds.

    Attributes:
        schema: As the code declares it, plus what missing plugins left; without custom fields.
        tables: Its tables.
        installation: The id of this installation.
        parked: Missing plugins by name, with the version that was there.
    """

    schema: Schema
    tables: Tables
    installation: UUID
    parked: Mapping[str, str]


def read_stored(unit: Unit, owners: Sequence[OwnerDeclarations], prefix: str, db_schema: str | None) -> StoredSchema:
    """Return what the database holds, in agreement with *owners*.

    Raises:
        NotMigratedError: It has no tables of this CRM, or a plugin is not in it yet.
        SchemaMismatchError: It differs from the code, or comes from newer code.
    """
    connection = unit.connection
    tables = build_tables(assemble(owners), prefix, db_schema)
    installed = read_installed(connection, tables.plugins)
    missing = [owner.owner for owner in owners if owner.owner not in installed]
    if missing:
        raise NotMigratedError(
            f"the database does not know {', '.join(missing)} yet; call `crm.migrate()` or run `pycrm migrate`",
            missing=tuple(missing),
        )
    schema, parked = _with_parked(owners, installed)
    _refuse_differences(schema, owners, installed)
    if parked:
        tables = build_tables(schema, prefix, db_schema)
    return StoredSchema(schema, tables, read_installation(connection, tables), parked)


def migrate(
    unit: Unit, owners: Sequence[OwnerDeclarations], prefix: str, db_schema: str | None
) -> tuple[StoredSchema, list[str], list[str]]:
    """Create what is missing in *unit*, a writing one.

    Returns:
        What the database holds now, the owners that are new to it, and one line per thing done.
    Raises:
        SchemaMismatchError: The stored schema differs in another way, or comes from newer code.
    """
    connection = unit.connection
    try:
        if unit.dialect is POSTGRESQL:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
            if db_schema is not None:
                connection.execute(CreateSchema(db_schema, if_not_exists=True))
        names = build_tables(assemble(owners), prefix, db_schema)
        is_new = not inspect(connection).has_table(names.plugins.name, schema=db_schema)
        installed = {} if is_new else read_installed(connection, names.plugins)
        schema, parked = _with_parked(owners, installed)
        _refuse_differences(schema, owners, installed)
        tables = build_tables(schema, prefix, db_schema)
        new = [owner for owner in owners if owner.owner not in installed]
        if new:
            tables.create_missing(connection)
            _create_document_indexes(unit, schema, tables, {owner.owner for owner in new})
            write_installation(connection, tables, uuid4())
        done = _write_owners(connection, tables, schema, owners, installed)
        installation = read_installation(connection, tables)
    except Exception as error:
        unit.fail(error)
        ours = translate(error)
        if ours is error:
            raise
        raise ours from error
    return StoredSchema(schema, tables, installation, parked), [owner.owner for owner in new], done


def _with_parked(
    owners: Sequence[OwnerDeclarations], installed: Mapping[str, Installed]
) -> tuple[Schema, Mapping[str, str]]:
    """Return the schema of *owners* with what installed owners without code left, and those owners' versions."""
    present = {owner.owner for owner in owners}
    gone = [each for name, each in installed.items() if name not in present]
    entities = [entity for each in gone for entity in parked_entities(each.name, each.snapshot)]
    fields: dict[str, list[object]] = {}
    for each in gone:
        for name, added in parked_fields(each.name, each.snapshot).items():
            fields.setdefault(name, []).extend(added)
    schema = assemble(owners, entities, fields)  # type: ignore[arg-type]
    return schema, MappingProxyType({each.name: each.version for each in gone})


def _refuse_differences(
    schema: Schema, owners: Iterable[OwnerDeclarations], installed: Mapping[str, Installed]
) -> None:
    for owner in owners:
        if (stored := installed.get(owner.owner)) is None:
            continue
        if release_of(stored.version) > release_of(owner.version):
            raise SchemaMismatchError(
                f"the database was migrated by {owner.owner} {stored.version}, and this code is {owner.version}; "
                f"install {owner.owner} {stored.version} or newer",
                owner=owner.owner,
            )
        if found := differences(stored.snapshot, snapshot(schema, owner.owner)):
            lines = "\n".join(f"  {line}" for line in found)
            raise SchemaMismatchError(
                f"{owner.owner} {owner.version} does not match what is stored:\n{lines}\n"
                f"Run the version that made it ({stored.version}), or start a new database.",
                owner=owner.owner,
                differences=tuple(found),
            )


def _create_document_indexes(unit: Unit, schema: Schema, tables: Tables, owners: set[str]) -> None:
    """Create the indexes of fields that new plugins add to entities of others."""
    for entity in schema.entities.values():
        for field in entity.document_fields:
            if field.owner in owners and not field.parked and (field.indexed or field.unique):
                unit.execute(document_index(tables.table(entity.name), field, unit.dialect.name).create)


def _write_owners(
    connection: Connection,
    tables: Tables,
    schema: Schema,
    owners: Iterable[OwnerDeclarations],
    installed: Mapping[str, Installed],
) -> list[str]:
    done = []
    for owner in owners:
        stored = installed.get(owner.owner)
        if stored is not None and stored.version == owner.version:
            continue
        content = snapshot(schema, owner.owner)
        write_installed(connection, tables.plugins, Installed(owner.owner, owner.version, content))
        what = "installed" if stored is None else f"upgraded from {stored.version} to"
        names = ", ".join(content["entities"]) or "no entities of its own"
        done.append(f"{what} {owner.owner} {owner.version}: {names}")
    return done
