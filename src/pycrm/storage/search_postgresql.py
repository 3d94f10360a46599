"""The search index on PostgreSQL: an array of grams per record under a GIN index.

A GIN index knows no order: who wants the newest of the many rows that hold a common word has to read them all. So
each row has one more gram, the block of numbers that it stands in. Blocks are asked one after the other, newest first,
and GIN passes over the rows of all other blocks without reading them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pycrm.storage.search_rows import FoundRow, IndexRow, Question, SearchIndex
from pycrm.storage.unit import Unit

__all__ = ["PostgresqlIndex"]

BLOCK_BITS = 14
"""Each row has the gram of its block of 16,384 numbers, as ``#7``, by which a block can be asked for alone."""

MOST_SORTED = 20_000
"""Of more rows than these only some are read, block by block."""


class PostgresqlIndex(SearchIndex):
    """See `SearchIndex`. A batch is one statement, whose parameters are arrays."""

    # Two who take at once do not get the same records.
    _locking = " FOR UPDATE"

    def add(self, unit: Unit, rows: Sequence[IndexRow], tokenizer: int) -> None:
        if rows:
            # Two units may meet the same new user; the row of either will do.
            unit.execute(
                f"INSERT INTO {self.doc} AS doc (n, entity, record_id, tokenizer, head, grams) "
                f"OVERRIDING SYSTEM VALUE {_GIVEN} ON CONFLICT (record_id) DO UPDATE "
                "SET tokenizer = excluded.tokenizer, head = excluded.head, "
                f"grams = excluded.grams[:cardinality(excluded.grams) - 1] || ('#' || (doc.n >> {BLOCK_BITS}))",
                {**_params(rows, tokenizer), "_table": self.doc},
            )

    def replace(self, unit: Unit, rows: Sequence[IndexRow], tokenizer: int) -> None:
        self.add(unit, rows, tokenizer)

    def remove(self, unit: Unit, ids: Sequence[UUID]) -> None:
        if ids:
            unit.execute(f"DELETE FROM {self.doc} WHERE record_id = ANY(%(_ids)s)", {"_ids": list(ids)})

    def clear(self, unit: Unit) -> None:
        unit.execute(f"TRUNCATE {self.doc} RESTART IDENTITY")

    def settle(self, unit: Unit) -> None:
        # Each search reads what the index has not sorted in yet. Only its owner may ask for that; vacuum does it too.
        unit.rows(
            "SELECT gin_clean_pending_list(indexrelid) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
            "WHERE indrelid = %(_table)s::regclass AND relam = (SELECT oid FROM pg_am WHERE amname = 'gin') "
            "AND pg_has_role(relowner, 'USAGE')",
            {"_table": self.doc},
        )
        unit.execute(f"ANALYZE {self.doc}")

    def newest(self, unit: Unit, question: Question, entities: Sequence[str] | None, limit: int) -> list[FoundRow]:
        asked = _Asked(question, entities)
        where = asked.where()
        if self._estimate(unit, where, asked.params) > MOST_SORTED:
            return self._newest_by_blocks(unit, asked, limit)
        # The order is spelt so that the planner does not walk the key backwards in the hope of a common word.
        return self._read(unit, f"{_COLUMNS} FROM {self.doc} WHERE {where} ORDER BY n + 0 DESC", asked.params, limit)

    def _newest_by_blocks(self, unit: Unit, asked: _Asked, limit: int) -> list[FoundRow]:
        """Return what `newest` does, looked for in one block of rows after the other until there are enough."""
        blocks = f"generate_series((SELECT max(n) FROM {self.doc}) >> {BLOCK_BITS}, 0, -1) AS block"
        of_block = f"{_COLUMNS} FROM {self.doc} WHERE {asked.where(in_block=True)} ORDER BY n + 0 DESC"
        return self._read(
            unit, f"SELECT found.* FROM {blocks} CROSS JOIN LATERAL ({of_block}) AS found", asked.params, limit
        )

    def _estimate(self, unit: Unit, where: str, params: dict[str, Any]) -> int:
        """Return how many rows PostgreSQL expects, which knows the commonest grams by its statistics."""
        ((line,), *_) = unit.rows(f"EXPLAIN SELECT 1 FROM {self.doc} WHERE {where}", params)
        return int(str(line).rpartition(" rows=")[2].partition(" ")[0])

    @staticmethod
    def _read(unit: Unit, sql: str, params: dict[str, Any], limit: int) -> list[FoundRow]:
        found: list[Any] = unit.rows(f"{sql} LIMIT %(_limit)s", {**params, "_limit": limit})
        return found


class _Asked:
    """A question in SQL.

    Attributes:
        params: Its values by the names of their markers.
    """

    def __init__(self, question: Question, entities: Sequence[str] | None) -> None:
        certain = [alternatives[0] for alternatives in question if len(alternatives) == 1]
        terms: list[Sequence[frozenset[str]]] = [[frozenset[str]().union(*certain)]] if certain else []
        terms += [alternatives for alternatives in question if len(alternatives) > 1]
        if entities is not None:
            terms.append([frozenset({f"@{name}"}) for name in entities])
        self.params: dict[str, Any] = {}
        self._terms = [[self._named(grams) for grams in alternatives] for alternatives in terms]

    def where(self, *, in_block: bool = False) -> str:
        """Return the condition; with *in_block* for the rows of the block of that name."""
        held = "%(NAME)s::text[] || ('#' || block)" if in_block else "%(NAME)s::text[]"
        terms = (
            " OR ".join(f"grams @> ({held.replace('NAME', name)})" for name in alternatives)
            for alternatives in self._terms
        )
        return " AND ".join(f"({term})" for term in terms)

    def _named(self, grams: frozenset[str]) -> str:
        name = f"_grams{len(self.params)}"
        self.params[name] = sorted(grams)
        return name


_COLUMNS = "SELECT n, entity, record_id, head"

# A row has its number before it is written, so that the gram of its block can be among the others.
_GIVEN = (
    "SELECT n, entity, id, %(_tokenizer)s, head, "
    f"string_to_array(grams, ' ') || ('#' || (n >> {BLOCK_BITS})) FROM ("
    "SELECT nextval(pg_get_serial_sequence(%(_table)s, 'n')) AS n, entity, id, head, grams FROM "
    "unnest(%(_entities)s::text[], %(_ids)s::uuid[], %(_heads)s::text[], %(_grams)s::text[]) "
    "AS given (entity, id, head, grams)) AS numbered"
)


def _params(rows: Sequence[IndexRow], tokenizer: int) -> dict[str, Any]:
    return {
        "_tokenizer": tokenizer,
        "_entities": [row.entity for row in rows],
        "_ids": [row.record_id for row in rows],
        "_heads": [row.head for row in rows],
        "_grams": [row.grams for row in rows],
    }
