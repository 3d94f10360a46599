"""Column grants on PostgreSQL: what a role of the database may select of our tables, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from pycrm.errors import ConfigurationError, UnknownNameError
from pycrm.storage.dialect import POSTGRESQL
from pycrm.storage.tables import Tables
from pycrm.storage.unit import Unit

__all__ = ["ColumnGrants", "apply_grants"]

MOST_TOLD = 5

# Whoever it has this from: itself, a role that it is a member of, everybody, being the owner or a superuser.
_SEEN = """
SELECT c.relname, a.attname FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE n.nspname = coalesce(%s, current_schema()) AND c.relname = ANY(%s) AND a.attnum > 0 AND NOT a.attisdropped
AND has_column_privilege(%s, c.oid, a.attnum, 'SELECT')
"""
_MAY_WRITE = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = coalesce(%s, current_schema()) AND c.relname = ANY(%s)
AND has_table_privilege(%s, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
"""


@attrs.frozen
class ColumnGrants:
    """What a role of the database may select.

    Attributes:
        database_role: The role of the database.
        columns: Table to the columns that it may select; of other tables it gets nothing.
        left_out: The entities that it gets nothing of although the role of the CRM reads some of their records, since
            the database knows no rules about rows.
    """

    database_role: str
    columns: Mapping[str, tuple[str, ...]]
    left_out: tuple[str, ...]

    def statements(self, tables: Tables) -> tuple[str, ...]:
        """Return the SQL that takes everything from the role and gives it this, for whoever owns *tables*."""
        return tuple(self._statements(tables))

    def _statements(self, tables: Tables) -> Iterator[str]:
        preparer = POSTGRESQL.sa.identifier_preparer
        role = preparer.quote_identifier(self.database_role)
        by_name = {table.name: preparer.format_table(table) for table in tables.metadata.tables.values()}
        yield f"REVOKE ALL ON TABLE {', '.join(sorted(by_name.values()))} FROM {role}"
        if tables.metadata.schema is not None:
            yield f"GRANT USAGE ON SCHEMA {preparer.quote_identifier(tables.metadata.schema)} TO {role}"
        for name, columns in sorted(self.columns.items()):
            listed = ", ".join(map(preparer.quote_identifier, columns))
            yield f"GRANT SELECT ({listed}) ON TABLE {by_name[name]} TO {role}"


def apply_grants(unit: Unit, tables: Tables, grants: ColumnGrants) -> None:
    """Give a role of the database what *grants* say, and see to it that it has no more.

    Raises:
        UnknownNameError: There is no such role.
        ConfigurationError: It sees or writes more all the same, as an owner, a superuser or a member of such a role.
        StorageError: The role that we are connected as does not own the tables.
    """
    unit.begin_writing()
    role = grants.database_role
    if not unit.rows("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)):
        raise UnknownNameError(f"the database has no role {role!r}; make it by CREATE ROLE", role=role)
    for statement in grants.statements(tables):
        unit.execute(statement.replace("%", "%%"))
    names = [table.name for table in tables.metadata.tables.values()]
    place = (tables.metadata.schema, names, role)
    allowed = {(table, column) for table, columns in grants.columns.items() for column in columns}
    more = sorted(f"{table}.{column}" for table, column in set(unit.rows(_SEEN, place)) - allowed)
    more += sorted(f"{table} for writing" for (table,) in unit.rows(_MAY_WRITE, place))
    if more:
        raise ConfigurationError(
            f"the role {role!r} has {', '.join(more[:MOST_TOLD])}{' and more' if len(more) > MOST_TOLD else ''} "
            "all the same, as an owner, as a superuser, from PUBLIC or from a role that it is a member of; use one "
            "that has nothing else",
            role=role,
        )
