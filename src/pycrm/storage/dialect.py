"""The two databases as values: how SQL is compiled for each and how a driver marks a parameter."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import attrs
from sqlalchemy import make_url
from sqlalchemy.engine import Dialect as SADialect


@attrs.frozen(eq=False)
class Dialect:
    """One of `SQLITE` and `POSTGRESQL`; compared by identity.

    Attributes:
        name: ``"sqlite"`` or ``"postgresql"``.
        driver: What SQLAlchemy calls the driver.
        paramstyle: What Python's database interface calls the marking of named parameters.
        positional: Marks one parameter in SQL that is run with tuples.
        row_address: The column that every table has and by which a row is found at once, within one statement.
    """

    name: str
    driver: str
    paramstyle: str
    positional: str
    row_address: str

    @cached_property
    def sa(self) -> SADialect:
        """Compiles SQLAlchemy statements to driver SQL with named parameters.

        It belongs to no engine, so text compiled once serves every engine of this database. Loaded on first use:
        each of SQLAlchemy's dialects takes a tenth of SQLAlchemy's own import time, and most processes need one.
        """
        make: Any = make_url(f"{self.name}+{self.driver}://").get_dialect()
        dialect: SADialect = make(paramstyle=self.paramstyle)
        return dialect

    def named(self, name: str) -> str:
        """Return the marker of the parameter *name* in SQL that is run with a mapping."""
        return f":{name}" if self is SQLITE else f"%({name})s"

    def __repr__(self) -> str:
        return f"<Dialect {self.name}>"


# Both SQL texts are driver SQL: on PostgreSQL a literal percent sign is written twice, parameters or not.
SQLITE = Dialect("sqlite", "pysqlite", "named", "?", "rowid")
POSTGRESQL = Dialect("postgresql", "psycopg", "pyformat", "%s", "ctid")
DIALECTS = {dialect.name: dialect for dialect in (SQLITE, POSTGRESQL)}
