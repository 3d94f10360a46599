"""How often grams occur, by the statistics that PostgreSQL keeps of the commonest ones.

They are read at most once in five minutes: to ask the planner at each search would take as long as many searches do.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from pycrm.storage.unit import Unit

__all__ = ["Frequencies", "read_frequencies"]

READ_AGAIN: Final = 300.0
"""Seconds; the commonest grams are the same for months."""


@attrs.frozen
class Frequencies:
    """What the statistics said.

    Attributes:
        rows: How many rows there are, about.
        common: Which part of the rows holds a gram, by its number; no other gram is as common as these.
        read_at: When, by the monotonic clock.
    """

    rows: float
    common: Mapping[int, float]
    read_at: float

    @property
    def is_old(self) -> bool:
        """Whether they should be read again."""
        return time.monotonic() - self.read_at > READ_AGAIN

    def most_rows(self, terms: Sequence[Sequence[Sequence[int]]]) -> float:
        """Return how many rows may hold all *terms*, each of which is given by alternatives, all of whose grams count.

        Where one of these has a gram that is not common there are none to speak of.
        """
        known = self.common.get
        shares = (sum(min(known(gram, 0.0) for gram in grams) for grams in alternatives) for alternatives in terms)
        return self.rows * min(shares, default=0.0)


def read_frequencies(unit: Unit, doc: str) -> Frequencies:
    """Return what PostgreSQL knows of the grams of the table *doc*, a quoted name."""
    ((rows, grams, shares),) = unit.rows(
        "SELECT c.reltuples, s.most_common_elems::text::integer[], s.most_common_elem_freqs "
        "FROM pg_class c JOIN pg_namespace p ON p.oid = c.relnamespace LEFT JOIN pg_stats s "
        "ON s.schemaname = p.nspname AND s.tablename = c.relname AND s.attname = 'grams' "
        "WHERE c.oid = %(_table)s::regclass",
        {"_table": doc},
    )
    # Behind the frequencies of the elements stand their least and greatest.
    common = dict(zip(grams or (), shares or (), strict=False))
    return Frequencies(rows, common, time.monotonic())
