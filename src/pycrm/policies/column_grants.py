"""What a role of this CRM reads, as columns that a role of the database may select."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

from pycrm.policies.matrix import access_matrix
from pycrm.policies.rights import EVERYTHING, People, Rights, SeenSchemas
from pycrm.policies.role_check import RoleCheck
from pycrm.policies.roles import RoleDefinition, effective
from pycrm.schema import Entity, Schema
from pycrm.schema.sight import ALWAYS_SEEN
from pycrm.storage.column_grants import ColumnGrants
from pycrm.storage.field_sql import promoted_columns
from pycrm.storage.tables import Tables
from pycrm.values.principal import ADMINISTRATOR

__all__ = ["column_grants"]


def column_grants(
    schema: Schema, tables: Tables, role: RoleDefinition, check: RoleCheck, database_role: str, *, all_rows: bool
) -> ColumnGrants:
    """Return what *database_role* may select so that it sees no field that *role* hides or masks.

    Args:
        schema: With custom fields.
        tables: Its tables.
        role: The role of the CRM.
        check: Knows the actions of each entity.
        database_role: The role of the database.
        all_rows: Grant entities, too, of which *role* reads some records only: all of them are selected then.
    """
    read = dict(_readable(schema, role, check))
    whole = {name for name in read if _is_whole(schema, role, schema.entities[name])}
    granted = {name: paths for name, paths in read.items() if all_rows or name in whole}
    columns = {
        tables.table(name).name: _columns(tables, schema.entities[name], paths) for name, paths in granted.items()
    }
    return ColumnGrants(database_role, columns, tuple(sorted(read.keys() - granted)))


def _readable(schema: Schema, role: RoleDefinition, check: RoleCheck) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the entities of which *role* reads any records, with the paths of the fields that it reads as they are."""
    for row in access_matrix(schema, [role], check).rows:
        paths = frozenset(path for path, right in row.fields.items() if right in ("read", "write"))
        if paths:
            yield row.entity, paths | ALWAYS_SEEN


def _is_whole(schema: Schema, role: RoleDefinition, entity: Entity) -> bool:
    """Return whether *role* lets everybody who has it read all records of *entity*."""
    if role.name == ADMINISTRATOR:
        return True
    # Of a stranger, whom no scope but the widest gives all, and any that is denied takes some; rules give nothing.
    rights = Rights(
        schema=schema,
        roles=frozenset({role.name}),
        grants=effective([role]),
        people=People((uuid4(),)),
        shared={},
        number=0,
        until=None,
        rules={},
        seen_schemas=SeenSchemas(schema),
    )
    return rights.reach("read", entity) is EVERYTHING


def _columns(tables: Tables, entity: Entity, paths: frozenset[str]) -> tuple[str, ...]:
    columns = [name for field in entity.column_fields if field.path in paths for name in field.part_names]
    for field in entity.document_fields:
        if field.promoted and field.path in paths:
            columns += [column.name for column in promoted_columns(field, "postgresql")]
    if all(field.path in paths for field in entity.document_fields):
        columns.append("doc")
    return tuple(columns)
