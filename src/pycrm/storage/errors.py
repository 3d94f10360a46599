"""Errors of SQLAlchemy and the drivers become ours here: one table of causes per database.

Messages name tables, columns, constraints and causes, never a bound value: they end up in logs and on screens.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import attrs
from sqlalchemy.exc import DBAPIError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from pycrm.errors import ConflictError, NotMigratedError, PycrmError, SchemaMismatchError, StorageError
from pycrm.storage.functions import take_failure

AGAIN = "run the whole unit again (`crm.run` does), or hold the database for a shorter time"
MIGRATE = "run `crm.migrate()` or `pycrm migrate` on this database"


class UniqueViolation(StorageError):
    """Another row has this value already; `table` and `columns`, or `constraint`, say where, as far as known."""

    code = "storage.unique"


class ForeignKeyViolation(StorageError):
    """A reference to a row that does not exist, or a row that is still referenced.

    `table` and `constraint` say where; SQLite tells neither.
    """

    code = "storage.foreign_key"


@attrs.frozen
class Cause:
    """What one error code of a driver means: our error and the sentence that says what and how to cure it."""

    error: type[PycrmError]
    message: str


_BUSY = Cause(ConflictError, f"another connection holds the database longer than the busy timeout; {AGAIN}")
_NOT_MIGRATED = Cause(NotMigratedError, f"a table of this CRM is missing; {MIGRATE}")
_NO_SAVEPOINT = Cause(
    StorageError,
    "the savepoint that this unit lives in has ended before the unit; keep the host's own savepoints, such as an inner "
    "`atomic` of Django, out of the unit's block, and use `ws.savepoint()` there",
)
_OTHER_COLUMNS = Cause(
    SchemaMismatchError,
    "a column that the code declares is not there; another process has upgraded this database meanwhile: start this "
    "one again with the code that it was upgraded to",
)
_READ_ONLY = Cause(StorageError, "the database is read-only; give the process the right to write it")

# By SQLite's extended error name, then by its family: SQLITE_READONLY_DIRECTORY is found under SQLITE_READONLY.
_SQLITE: Mapping[str, Cause] = {
    "SQLITE_CONSTRAINT_UNIQUE": Cause(UniqueViolation, "a value that must be unique exists already"),
    "SQLITE_CONSTRAINT_PRIMARYKEY": Cause(UniqueViolation, "a primary key exists already"),
    "SQLITE_CONSTRAINT_FOREIGNKEY": Cause(
        ForeignKeyViolation, "a reference points to no record, or a record is still referenced"
    ),
    "SQLITE_CONSTRAINT_NOTNULL": Cause(StorageError, "a required column was left empty"),
    "SQLITE_CONSTRAINT": Cause(StorageError, "a constraint of the database refused the row"),
    "SQLITE_BUSY_SNAPSHOT": Cause(
        ConflictError, f"another connection wrote after this transaction had read, so that it cannot write; {AGAIN}"
    ),
    "SQLITE_BUSY": _BUSY,
    "SQLITE_LOCKED": _BUSY,
    "SQLITE_READONLY": _READ_ONLY,
    "SQLITE_FULL": Cause(StorageError, "the disk is full; make room and run the unit again"),
    "SQLITE_IOERR": Cause(StorageError, "the disk or file system failed while reading or writing the database"),
    "SQLITE_CANTOPEN": Cause(StorageError, "the database file cannot be opened; check that its folder exists"),
    "SQLITE_CORRUPT": Cause(StorageError, "the database file is damaged; restore it from a backup"),
    "SQLITE_NOTADB": Cause(StorageError, "the file is not a SQLite database"),
    "SQLITE_TOOBIG": Cause(StorageError, "a value is larger than SQLite can store"),
}

# By SQLSTATE, then by its class, the first two characters.
_POSTGRESQL: Mapping[str, Cause] = {
    "23505": Cause(UniqueViolation, "a value that must be unique exists already"),
    "23503": Cause(ForeignKeyViolation, "a reference points to no record, or a record is still referenced"),
    "23502": Cause(StorageError, "a required column was left empty"),
    "23": Cause(StorageError, "a constraint of the database refused the row"),
    "40001": Cause(ConflictError, f"concurrent units could not be put in an order; {AGAIN}"),
    "40P01": Cause(ConflictError, f"two units waited for each other; {AGAIN}"),
    "55P03": Cause(ConflictError, f"a row or table is locked by another unit; {AGAIN}"),
    "42703": _OTHER_COLUMNS,
    "42P01": _NOT_MIGRATED,
    "3B001": _NO_SAVEPOINT,
    "3F000": Cause(NotMigratedError, f"the database schema of this CRM is missing; {MIGRATE}"),
    "42501": Cause(StorageError, "the database role lacks a right; grant it, or connect as another role"),
    "25006": _READ_ONLY,
    "25P02": Cause(StorageError, "the transaction failed before and must be rolled back"),
    "53100": Cause(StorageError, "the disk of the database server is full; make room and run the unit again"),
    "53": Cause(StorageError, "the database server is out of connections or memory"),
    "57014": Cause(StorageError, "the statement was cancelled, by a time limit or by hand"),
    "57": Cause(StorageError, "the database server is shutting down or starting; try again later"),
    "08": Cause(StorageError, "the connection to the database server was lost; run the unit again"),
    "28": Cause(StorageError, "the database server refused the login; check user and password"),
    "3D": Cause(StorageError, "there is no database of this name on the server; create it first"),
}

_UNIQUE_COLUMNS = re.compile(r"UNIQUE constraint failed: (?:index '(?P<index>.+)'|(?P<columns>.+))")
_NOT_NULL_COLUMN = re.compile(r"NOT NULL constraint failed: (?P<columns>.+)")


def translate(error: Exception) -> PycrmError:
    """Return our error for *error*, an exception of SQLAlchemy or of a driver; ours come back as they are.

    The caller raises it ``from`` *error*, whose own text is made to hide its parameters.
    """
    if isinstance(error, PycrmError):
        return error
    if isinstance(error, PoolTimeoutError):
        return StorageError("every connection of the pool is in use; close units sooner, or enlarge the engine's pool")
    if isinstance(error, StatementError):
        error.hide_parameters = True
    if (failure := take_failure()) is not None and "user-defined function" in str(error):
        return translate(failure)
    driver_error = error.orig if isinstance(error, StatementError) and error.orig is not None else error
    if getattr(driver_error, "sqlite_errorname", None):
        return _from_sqlite(driver_error)
    if getattr(driver_error, "sqlstate", None):
        return _from_postgresql(driver_error)
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return _made(_POSTGRESQL["08"], {})
    if isinstance(error, OperationalError):  # psycopg gives no code where there was no connection yet
        return StorageError("the database cannot be reached; check host, port, name, user and password in its URL")
    return StorageError(
        f"the database driver failed with {type(driver_error).__name__}; its own message is in the cause"
    )


def _from_sqlite(error: BaseException) -> PycrmError:
    name: str = error.sqlite_errorname  # type: ignore[attr-defined]
    text = str(error)
    if name == "SQLITE_ERROR" and text.startswith("no such table"):
        return _made(_NOT_MIGRATED, {"table": text.partition(": ")[2]})
    if name == "SQLITE_ERROR" and ("no such column" in text or "has no column named" in text):
        return _made(_OTHER_COLUMNS, {})
    if name == "SQLITE_ERROR" and text.startswith("no such savepoint"):
        return _made(_NO_SAVEPOINT, {})
    family = "_".join(name.split("_")[:2])
    cause = _SQLITE.get(name) or _SQLITE.get(family)
    if cause is None:
        return StorageError(f"SQLite failed with {name}; its own message is in the cause")
    return _made(cause, _sqlite_facts(text))


def _sqlite_facts(text: str) -> dict[str, Any]:
    """Take table and columns, or the index, from a message such as ``UNIQUE constraint failed: t.a, t.b``."""
    found = _UNIQUE_COLUMNS.search(text) or _NOT_NULL_COLUMN.search(text)
    if found is None:
        return {}
    if index := found.groupdict().get("index"):
        return {"constraint": index}
    columns = [column.rpartition(".") for column in found["columns"].split(", ")]
    return {"table": columns[0][0], "columns": tuple(name for _, _, name in columns)}


def _from_postgresql(error: BaseException) -> PycrmError:
    state: str = error.sqlstate  # type: ignore[attr-defined]
    cause = _POSTGRESQL.get(state) or _POSTGRESQL.get(state[:2])
    if cause is None:
        return StorageError(f"PostgreSQL failed with SQLSTATE {state}; its own message is in the cause")
    diagnosis = getattr(error, "diag", None)
    facts = {
        "table": getattr(diagnosis, "table_name", None),
        "constraint": getattr(diagnosis, "constraint_name", None),
        "columns": (column,) if (column := getattr(diagnosis, "column_name", None)) else None,
    }
    return _made(cause, {name: value for name, value in facts.items() if value})


def _made(cause: Cause, facts: dict[str, Any]) -> PycrmError:
    where = [f"{name} {', '.join(value) if isinstance(value, tuple) else value}" for name, value in facts.items()]
    message = f"{cause.message} ({'; '.join(where)})" if where else cause.message
    known = {"table": None, "columns": (), "constraint": None}
    return cause.error(message, **(known | facts if issubclass(cause.error, StorageError) else facts))
