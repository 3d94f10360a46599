"""The database: tables, field SQL, units of work, a host's transactions; SQLite and PostgreSQL.

SQLAlchemy lives here and in the query room, nowhere else. Imports values, fields and schema.

A `Database` (`open_engine`) hands out a `Unit` per unit of work, which runs driver SQL and answers with the driver's
tuples; `Announcer` delivers the facts of units inside a host's transaction.
"""

from pycrm.storage.announce import Announcer
from pycrm.storage.dialect import POSTGRESQL, SQLITE, Dialect
from pycrm.storage.engine import Database, open_engine
from pycrm.storage.errors import ForeignKeyViolation, UniqueViolation, translate
from pycrm.storage.ports import Announcements, Outcome, Transaction
from pycrm.storage.unit import Unit

__all__ = [
    "POSTGRESQL",
    "SQLITE",
    "Announcements",
    "Announcer",
    "Database",
    "Dialect",
    "ForeignKeyViolation",
    "Outcome",
    "Transaction",
    "UniqueViolation",
    "Unit",
    "open_engine",
    "translate",
]
