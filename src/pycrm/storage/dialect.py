"""The two databases as values: how SQL is compiled for each and how a driver marks a parameter."""

from __future__ import annotations

import attrs
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Dialect as SADialect


@attrs.frozen(eq=False)
class Dialect:
    """One of `SQLITE` and `POSTGRESQL`; compared by identity.

    Attributes:
        name: ``"sqlite"`` or ``"postgresql"``.
        sa: Compiles SQLAlchemy statements to driver SQL with named parameters. It belongs to no engine, so text
            compiled once serves every engine of this database.
        positional: Marks one parameter in SQL that is run with tuples.
    """

    name: str
    sa: SADialect
    positional: str

    def named(self, name: str) -> str:
        """Return the marker of the parameter *name* in SQL that is run with a mapping."""
        return f":{name}" if self is SQLITE else f"%({name})s"

    def __repr__(self) -> str:
        return f"<Dialect {self.name}>"


# Both SQL texts are driver SQL: on PostgreSQL a literal percent sign is written twice, parameters or not.
SQLITE = Dialect("sqlite", SQLiteDialect_pysqlite(paramstyle="named"), "?")
POSTGRESQL = Dialect("postgresql", PGDialect_psycopg(), "%s")  # type: ignore[no-untyped-call]
DIALECTS = {dialect.name: dialect for dialect in (SQLITE, POSTGRESQL)}
