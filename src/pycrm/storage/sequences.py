"""Counters of autonumbers: with gaps where units roll back, or without at the price of waiting for each other."""

from __future__ import annotations

from pycrm.storage.dialect import Dialect
from pycrm.storage.per_tables import per_tables
from pycrm.storage.tables import Tables
from pycrm.storage.unit import Unit

__all__ = ["take"]


def take(unit: Unit, tables: Tables, key: str, count: int, *, gap_free: bool) -> int:
    """Return the first of *count* numbers that nobody else gets; the others follow it. The first ever is 1.

    Args:
        unit: Who wants them.
        tables: Where the counters are.
        key: Which counter.
        count: How many.
        gap_free: A number that is rolled back is given again; so other units that want numbers of the same key wait
            until this one ends. Without it nobody waits on PostgreSQL, and what is rolled back there is lost, unless
            the unit is inside a host's transaction.
    """
    ask = unit.returning if gap_free else unit.returning_beside
    ((following,),) = ask(_take_sql(tables, unit.dialect), {"key": key, "count": count})
    return int(following) - count


@per_tables
def _take_sql(tables: Tables, dialect: Dialect) -> str:
    table = dialect.sa.identifier_preparer.format_table(tables.sequence)
    key, count = dialect.named("key"), dialect.named("count")
    # The counter holds the next free number, hence the 1.
    return (
        f"INSERT INTO {table} AS kept (key, next) VALUES ({key}, 1 + {count}) "
        f"ON CONFLICT (key) DO UPDATE SET next = kept.next + {count} RETURNING next"
    )
