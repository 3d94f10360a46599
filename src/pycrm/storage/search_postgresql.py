"""The search index on PostgreSQL: an array of grams per record under a GIN index.

A GIN index knows no order: who wants the newest of the many rows that hold a common word has to read them all. So
each row has one more number among its grams, the block that it stands in. Blocks are asked one after the other, newest
first, and GIN passes over the rows of all others without reading them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from pycrm.storage.bulk import COPY_FROM, copy_rows
from pycrm.storage.dialect import Dialect
from pycrm.storage.gram_frequencies import Frequencies, read_frequencies
from pycrm.storage.gram_numbers import BLOCK_BITS, array_text, binary_array, block_sql, gram_numbers
from pycrm.storage.search_rows import IndexRow, Question, SearchIndex
from pycrm.storage.tables import Tables
from pycrm.storage.unit import Unit

__all__ = ["PostgresqlIndex"]

MOST_SORTED = 20_000
"""Of more rows than these only some are read, block by block."""


class PostgresqlIndex(SearchIndex):
    """See `SearchIndex`. A batch is one statement, whose parameters are arrays."""

    def __init__(self, tables: Tables, dialect: Dialect) -> None:
        super().__init__(tables, dialect)
        self._known_frequencies: Frequencies | None = None
        self._sequence_name: str | None = None
        self._statements: dict[str, str] = {}

    def add_made(self, unit: Unit, rows: Iterable[IndexRow], count: int, tokenizer: int) -> None:
        if count < COPY_FROM:
            self._upsert(unit, list(rows), tokenizer)
        else:
            self._copy(unit, rows, count, tokenizer)

    def replace(self, unit: Unit, rows: Sequence[IndexRow], tokenizer: int) -> None:
        if len(rows) < COPY_FROM:
            self._upsert(unit, rows, tokenizer)
            return
        known = self._known(unit, [row.record_id for row in rows])
        self._upsert(unit, [row for row in rows if row.record_id in known], tokenizer)
        self.add(unit, [row for row in rows if row.record_id not in known], tokenizer)

    def has_rows_of(self, unit: Unit, ids: Sequence[UUID]) -> bool:
        sql = f"SELECT 1 FROM {self.doc} WHERE record_id BETWEEN %s AND %s LIMIT 1"
        return bool(ids) and bool(unit.rows(sql, (min(ids), max(ids))))

    def _known(self, unit: Unit, ids: list[UUID]) -> set[UUID]:
        """Return those of *ids* that have a row."""
        sql = f"SELECT record_id FROM {self.doc} WHERE record_id = ANY(%(_ids)s)"
        return {id for (id,) in unit.rows(sql, {"_ids": ids})}

    def _upsert(self, unit: Unit, rows: Sequence[IndexRow], tokenizer: int) -> None:
        # Two units may meet the same new user; the row of either will do.
        if len(rows) == 1:
            (row,) = rows
            values = (row.entity, row.record_id, tokenizer, row.head, array_text(row.grams))
            unit.execute(self._statement(unit, _ONE), values)
        elif rows:
            unit.execute(self._statement(unit, _SEVERAL), _columns(rows, tokenizer))

    def _copy(self, unit: Unit, rows: Iterable[IndexRow], count: int, tokenizer: int) -> None:
        """Write rows of records that have none; each gets its number first, for the number of its block is in it."""
        ((given,),) = unit.returning(
            f"SELECT array_agg(nextval('{self._sequence(unit)}')) FROM generate_series(1, %s)", (count,)
        )
        copy_rows(
            unit,
            f"COPY {self.doc} (n, entity, record_id, tokenizer, head, grams) FROM STDIN (FORMAT BINARY)",
            ("int8", "text", "uuid", "int4", "text", "bytea"),
            (
                (n, row.entity, row.record_id, tokenizer, row.head, binary_array(row.grams, n))
                for n, row in zip(sorted(given), rows, strict=True)
            ),
        )

    # SQL that is made once

    def _sequence(self, unit: Unit) -> str:
        """Return the name of the sequence that numbers rows, ready to stand in quotation marks."""
        if self._sequence_name is None:
            ((name,),) = unit.rows("SELECT pg_get_serial_sequence(%s, 'n')", (self.doc,))
            self._sequence_name = str(name).replace("'", "''").replace("%", "%%")
        return self._sequence_name

    def _statement(self, unit: Unit, given: str) -> str:
        """Return what writes the rows of *given*, whose records may have one."""
        if given not in self._statements:
            self._statements[given] = self._upsert_sql(unit, given)
        return self._statements[given]

    def _upsert_sql(self, unit: Unit, given: str) -> str:
        return (
            f"INSERT INTO {self.doc} AS doc (n, entity, record_id, tokenizer, head, grams) OVERRIDING SYSTEM VALUE "
            f"SELECT n, entity, id, tokenizer, head, grams::integer[] || {block_sql('n')} FROM ("
            f"SELECT nextval('{self._sequence(unit)}') AS n, given.* FROM {given} "
            "AS given (entity, id, tokenizer, head, grams)) AS numbered ON CONFLICT (record_id) DO UPDATE "
            "SET tokenizer = excluded.tokenizer, head = excluded.head, "
            f"grams = excluded.grams[:cardinality(excluded.grams) - 1] || {block_sql('doc.n')}"
        )

    def remove(self, unit: Unit, ids: Sequence[UUID]) -> None:
        if ids:
            unit.execute(f"DELETE FROM {self.doc} WHERE record_id = ANY(%(_ids)s)", {"_ids": list(ids)})

    def clear(self, unit: Unit) -> None:
        unit.execute(f"TRUNCATE {self.doc} RESTART IDENTITY")

    def bring_up(self, unit: Unit) -> None:
        ((form,),) = unit.rows(
            "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = %(_table)s::regclass "
            "AND attname = 'grams'",
            {"_table": self.doc},
        )
        if form != "integer[]":  # it was text[]
            self.clear(unit)
            unit.execute(f"ALTER TABLE {self.doc} ALTER COLUMN grams TYPE integer[] USING NULL")

    def settle(self, unit: Unit) -> None:
        # Each search reads what the index has not sorted in yet. Only its owner may ask for that; vacuum does it too.
        unit.rows(
            "SELECT gin_clean_pending_list(indexrelid) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
            "WHERE indrelid = %(_table)s::regclass AND relam = (SELECT oid FROM pg_am WHERE amname = 'gin') "
            "AND pg_has_role(relowner, 'USAGE')",
            {"_table": self.doc},
        )
        unit.execute(f"ANALYZE {self.doc}")

    def _newest_sql(self, unit: Unit, question: Question, entities: Sequence[str] | None) -> tuple[str, dict[str, Any]]:
        asked = _Asked(question, entities)
        if self._frequencies(unit).most_rows(asked.terms) > MOST_SORTED:
            return self._by_blocks(asked), asked.params
        # The order is spelt so that the planner does not walk the key backwards in the hope of a common word.
        return f"{_COLUMNS} FROM {self.doc} WHERE {asked.where()} ORDER BY n + 0 DESC", asked.params

    def _by_blocks(self, asked: _Asked) -> str:
        """Return what looks in one block of rows after the other, the newest first, until there are enough.

        A block without a hit costs a third of a millisecond.
        """
        blocks = f"generate_series((SELECT max(n) FROM {self.doc}) >> {BLOCK_BITS}, 0, -1) AS block"
        of_block = f"{_COLUMNS} FROM {self.doc} WHERE {asked.where('~block::integer')} ORDER BY n + 0 DESC"
        return f"SELECT found.* FROM {blocks} CROSS JOIN LATERAL ({of_block}) AS found"

    def _frequencies(self, unit: Unit) -> Frequencies:
        """Return how often grams occur, as PostgreSQL's statistics said within the last minutes."""
        if self._known_frequencies is None or self._known_frequencies.is_old:
            self._known_frequencies = read_frequencies(unit, self.doc)
        return self._known_frequencies


class _Asked:
    """A question in SQL.

    Attributes:
        terms: The numbers of the grams of each alternative of each term.
        params: Its values by the names of their markers.
    """

    def __init__(self, question: Question, entities: Sequence[str] | None) -> None:
        certain = [alternatives[0] for alternatives in question if len(alternatives) == 1]
        terms: list[Sequence[frozenset[str]]] = [[frozenset[str]().union(*certain)]] if certain else []
        terms += [alternatives for alternatives in question if len(alternatives) > 1]
        if entities is not None:
            terms.append([frozenset({f"@{name}"}) for name in entities])
        self.params: dict[str, Any] = {}
        self.terms = [[gram_numbers(grams) for grams in alternatives] for alternatives in terms]
        self._names = [[self._named(numbers) for numbers in alternatives] for alternatives in self.terms]

    def where(self, place: str | None = None) -> str:
        """Return the condition, with *place* for those rows only that have this number too."""
        held = "%(NAME)s::integer[]" if place is None else f"%(NAME)s::integer[] || ({place})"
        terms = (
            " OR ".join(f"grams @> ({held.replace('NAME', name)})" for name in alternatives)
            for alternatives in self._names
        )
        return " AND ".join(f"({term})" for term in terms)

    def _named(self, numbers: list[int]) -> str:
        name = f"_grams{len(self.params)}"
        self.params[name] = numbers
        return name


_ONE = "(VALUES (%s::text, %s::uuid, %s::integer, %s::text, %s::integer[]))"
_SEVERAL = "unnest(%s::text[], %s::uuid[], %s::integer[], %s::text[], %s::text[])"
_COLUMNS = "SELECT n, entity, record_id, head"


def _columns(rows: Sequence[IndexRow], tokenizer: int) -> tuple[list[Any], ...]:
    return (
        [row.entity for row in rows],
        [row.record_id for row in rows],
        [tokenizer] * len(rows),
        [row.head for row in rows],
        [array_text(row.grams) for row in rows],
    )
