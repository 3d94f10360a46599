"""What a database says of itself: its installation, its secret, its schema's number, and who is installed in it."""

from __future__ import annotations

import json
import secrets
from typing import Any
from uuid import UUID

import attrs
from sqlalchemy import ColumnElement, Connection, Table, insert, select, update
from sqlalchemy.exc import DBAPIError

from pycrm.errors import NotMigratedError
from pycrm.storage.dialect import SQLITE, Dialect
from pycrm.storage.errors import translate
from pycrm.storage.per_tables import per_tables
from pycrm.storage.tables import Tables
from pycrm.storage.unit import Unit
from pycrm.storage.walls.tripwire import THE_DOORS

__all__ = [
    "Installed",
    "complete_state",
    "count_access_change",
    "read_access_number",
    "read_installation",
    "read_installed",
    "read_schema_number",
    "read_secret",
    "write_installation",
    "write_installed",
    "write_schema_number",
]


@attrs.frozen
class Installed:
    """One row of the installed owners.

    Attributes:
        name: The owner, ``"core"`` or a plugin.
        version: Of its code when it was last migrated.
        snapshot: What it brought, as `pycrm.schema.snapshot` writes it.
        head: The last migration that ran; None as long as there are none.
    """

    name: str
    version: str
    snapshot: dict[str, Any]
    head: str | None = None


def read_schema_number(unit: Unit, tables: Tables, *, shared: bool = False, exclusive: bool = False) -> int:
    """Return the stored schema number.

    Args:
        unit: Where.
        tables: Of the CRM.
        shared: Nobody may change it until the unit ends.
        exclusive: Nor may anybody else hold it shared: waits until all other writing units have ended.
    """
    lock = "FOR UPDATE" if exclusive else "FOR SHARE" if shared else ""
    # On SQLite a writing unit is alone anyway.
    sql = f"{_number_sql(tables, unit.dialect)} {lock if unit.dialect is not SQLITE else ''}"
    ((number,),) = unit.rows(sql)
    return int(number)


def write_schema_number(unit: Unit, tables: Tables, number: int) -> None:
    """Store *number*."""
    table = unit.dialect.sa.identifier_preparer.format_table(tables.state)
    unit.execute(f"UPDATE {table} SET schema_number = {unit.dialect.named('number')}", {"number": number})


def read_installation(connection: Connection, tables: Tables) -> UUID:
    """Return the installation id.

    Raises:
        NotMigratedError: The database has no tables of this CRM.
    """
    return UUID(str(_stored(connection, tables.state.c.installation)))


def read_secret(connection: Connection, tables: Tables) -> bytes:
    """Return the key with which this database's processes sign what they hand out, 32 bytes.

    Raises:
        NotMigratedError: The database has no tables of this CRM.
    """
    return bytes.fromhex(_stored(connection, tables.state.c.secret))


def write_installation(connection: Connection, tables: Tables, installation: UUID) -> None:
    """Store the installation id of a new database, with a secret and schema number 0, unless it has one."""
    if connection.execute(select(tables.state.c.id)).first() is None:
        values = {"id": 1, "installation": installation, "schema_number": 0, "secret": _new_secret()}
        connection.execute(insert(tables.state).values(values))
    _begin_access(connection, tables)


def complete_state(connection: Connection, tables: Tables) -> None:
    """Give a database that an older release made the secret and the access number that it may lack."""
    state = tables.state
    connection.execute(update(state).where(state.c.secret.is_(None)).values(secret=_new_secret()))
    _begin_access(connection, tables)


def _begin_access(connection: Connection, tables: Tables) -> None:
    if connection.execute(select(tables.access.c.id)).first() is None:
        connection.execute(insert(tables.access).values(id=1, number=0))


def read_access_number(unit: Unit, tables: Tables) -> int:
    """Return the number that counts the changes to who may do what."""
    ((number,),) = unit.rows(_access_sql(tables, unit.dialect))
    return int(number)


def count_access_change(unit: Unit, tables: Tables) -> None:
    """Note that who may do what has changed; every process asks anew from the commit on."""
    table = unit.dialect.sa.identifier_preparer.format_table(tables.access)
    unit.execute(f"UPDATE {table} SET number = number + 1")


def read_installed(connection: Connection, plugins: Table) -> dict[str, Installed]:
    """Return the installed owners by name.

    Raises:
        NotMigratedError: The database has no tables of this CRM.
    """
    try:
        found = connection.execute(select(plugins).order_by(plugins.c.name), execution_options=THE_DOORS)
        rows = found.mappings().all()
    except DBAPIError as error:
        raise translate(error) from error
    return {row["name"]: Installed(row["name"], row["version"], _as_dict(row["snapshot"]), row["head"]) for row in rows}


def write_installed(connection: Connection, plugins: Table, installed: Installed) -> None:
    """Store one owner's row, replacing the one that is there."""
    values = {"version": installed.version, "snapshot": installed.snapshot, "head": installed.head}
    changed = connection.execute(update(plugins).where(plugins.c.name == installed.name).values(**values))
    if changed.rowcount == 0:
        connection.execute(insert(plugins).values(name=installed.name, **values))


def _stored(connection: Connection, column: ColumnElement[Any]) -> Any:
    try:
        found = connection.execute(select(column), execution_options=THE_DOORS).scalar_one_or_none()
    except DBAPIError as error:
        raise translate(error) from error
    if found is None:
        raise NotMigratedError("the database was never migrated; call `crm.migrate()` or run `pycrm migrate`")
    return found


def _new_secret() -> str:
    return secrets.token_hex(32)


def _as_dict(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(value) if isinstance(value, str) else dict(value)
    return found


@per_tables
def _number_sql(tables: Tables, dialect: Dialect) -> str:
    return f"SELECT schema_number FROM {dialect.sa.identifier_preparer.format_table(tables.state)}"


@per_tables
def _access_sql(tables: Tables, dialect: Dialect) -> str:
    return f"SELECT number FROM {dialect.sa.identifier_preparer.format_table(tables.access)}"
