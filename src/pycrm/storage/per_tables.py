"""What is made once for the tables of one CRM on one database, such as compiled statements, and goes with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from weakref import WeakKeyDictionary

from pycrm.storage.dialect import Dialect
from pycrm.storage.tables import Tables

__all__ = ["per_tables"]

T = TypeVar("T")


def per_tables(make: Callable[[Tables, Dialect], T]) -> Callable[[Tables, Dialect], T]:
    """Return *make* with its results kept as long as the tables live; a result must not hold the `Tables` itself."""
    made: WeakKeyDictionary[Tables, dict[str, T]] = WeakKeyDictionary()

    def get(tables: Tables, dialect: Dialect) -> T:
        by_dialect = made.setdefault(tables, {})
        if dialect.name not in by_dialect:
            by_dialect[dialect.name] = make(tables, dialect)
        return by_dialect[dialect.name]

    return get
