"""The search index on PostgreSQL: an array of grams per record under a GIN index.

Grams stand in it as numbers, see `gram_numbers`, and are asked for as `search_questions` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from pycrm.storage.bulk import COPY_FROM, copy_rows
from pycrm.storage.dialect import Dialect
from pycrm.storage.gram_frequencies import Frequencies, read_frequencies
from pycrm.storage.gram_numbers import array_text, binary_array, block_sql
from pycrm.storage.search_questions import Asked
from pycrm.storage.search_rows import IndexRow, Question, Searched, SearchIndex, ends_of
from pycrm.storage.search_tables import entity_index_name, make_postgresql_form
from pycrm.storage.tables import Tables
from pycrm.storage.unit import Unit

__all__ = ["PostgresqlIndex"]

MOST_SORTED = 15_000
"""Of more rows than these only some are read, block by block."""

OUTDATED = 0.1
OUTDATED_FROM = 50_000
"""The commonest grams are counted anew where this part of the rows, and so many, were written since.

That takes a second or two. PostgreSQL's own daemon does it within a minute; so many rows can be sorted meanwhile.
"""


class PostgresqlIndex(SearchIndex):
    """See `SearchIndex`. A batch is one statement, whose parameters are arrays."""

    def __init__(self, tables: Tables, dialect: Dialect) -> None:
        super().__init__(tables, dialect)
        self._prefix = tables.prefix
        self._known_frequencies: Frequencies | None = None
        self._sequence_name: str | None = None
        self._statements: dict[str, str] = {}
        self._seen: set[str] = set()  # entities that had rows; one whose last has gone may stay

    def add_made(
        self, unit: Unit, rows: Iterable[IndexRow], count: int, tokenizer: int, places: Sequence[int] = ()
    ) -> None:
        if count < COPY_FROM:
            self._upsert(unit, list(rows), tokenizer)
        else:
            self._copy(unit, rows, places or self.places(unit, count), tokenizer)

    def places(self, unit: Unit, count: int) -> Sequence[int]:
        if count < COPY_FROM:
            return ()
        ((given,),) = unit.returning(
            f"SELECT array_agg(nextval('{self._sequence(unit)}')) FROM generate_series(1, %s)", (count,)
        )
        return sorted(given)

    def replace(self, unit: Unit, rows: Sequence[IndexRow], tokenizer: int) -> None:
        if len(rows) < COPY_FROM:
            self._upsert(unit, rows, tokenizer)
            return
        known = self._known(unit, [row.record_id for row in rows])
        self._upsert(unit, [row for row in rows if row.record_id in known], tokenizer)
        self.add(unit, [row for row in rows if row.record_id not in known], tokenizer)

    def has_rows_of(self, unit: Unit, ids: Sequence[UUID]) -> bool:
        sql = f"SELECT 1 FROM {self.doc} WHERE record_id BETWEEN %s AND %s LIMIT 1"
        return bool(ids) and bool(unit.rows(sql, ends_of(ids)))

    def _known(self, unit: Unit, ids: list[UUID]) -> set[UUID]:
        """Return those of *ids* that have a row."""
        sql = f"SELECT record_id FROM {self.doc} WHERE record_id = ANY(%(_ids)s)"
        return {id for (id,) in unit.rows(sql, {"_ids": ids})}

    def _upsert(self, unit: Unit, rows: Sequence[IndexRow], tokenizer: int) -> None:
        # Two units may meet the same new user; the row of either will do.
        if len(rows) == 1:
            (row,) = rows
            values = (row.entity, row.record_id, tokenizer, row.head, array_text(row.entity, row.grams))
            unit.execute(self._statement(unit, _ONE), values)
        elif rows:
            unit.execute(self._statement(unit, _SEVERAL), _columns(rows, tokenizer))

    def _copy(self, unit: Unit, rows: Iterable[IndexRow], places: Sequence[int], tokenizer: int) -> None:
        """Write rows of records that have none; each gets its number first, for the number of its block is in it."""
        copy_rows(
            unit,
            f"COPY {self.doc} (n, entity, record_id, tokenizer, head, grams) FROM STDIN (FORMAT BINARY)",
            ("int8", "text", "uuid", "int4", "text", "bytea"),
            (
                (n, row.entity, row.record_id, tokenizer, row.head, binary_array(row.entity, row.grams, n))
                for n, row in zip(places, rows, strict=True)
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
        # Who has a row takes no further number: blocks of numbers that no row has would be asked for nothing.
        n = f"coalesce((SELECT n FROM {self.doc} WHERE record_id = given.id), nextval('{self._sequence(unit)}'))"
        return (
            f"INSERT INTO {self.doc} AS doc (n, entity, record_id, tokenizer, head, grams) OVERRIDING SYSTEM VALUE "
            f"SELECT n, entity, id, tokenizer, head, grams::integer[] || {block_sql('n')} FROM ("
            f"SELECT {n} AS n, given.* FROM {given} "
            "AS given (entity, id, tokenizer, head, grams)) AS numbered ON CONFLICT (record_id) DO UPDATE "
            "SET tokenizer = excluded.tokenizer, head = excluded.head, "
            f"grams = excluded.grams[:cardinality(excluded.grams) - 1] || {block_sql('doc.n')}"
        )

    def remove(self, unit: Unit, ids: Sequence[UUID]) -> None:
        if ids:
            unit.execute(f"DELETE FROM {self.doc} WHERE record_id = ANY(%(_ids)s)", {"_ids": list(ids)})

    def clear(self, unit: Unit) -> None:
        unit.execute(f"TRUNCATE {self.doc} RESTART IDENTITY")

    def bring_up(self, unit: Unit) -> bool:
        (is_made,) = unit.rows(
            "SELECT count(*) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
            "WHERE indrelid = %(_table)s::regclass AND relname = %(_index)s",
            {"_table": self.doc, "_index": entity_index_name(self._prefix)},
        )[0]
        if is_made:
            return False
        # Older grams were texts, or numbers that were the same in all entities.
        self.clear(unit)
        unit.execute(f"ALTER TABLE {self.doc} ALTER COLUMN grams TYPE integer[] USING NULL")
        for statement in make_postgresql_form(self._prefix, self.doc):
            unit.execute(statement)
        return True

    def settle(self, unit: Unit) -> None:
        # Each search reads what the index has not sorted in yet. Only its owner may ask for that; vacuum does it too.
        unit.rows(
            "SELECT gin_clean_pending_list(indexrelid) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
            "WHERE indrelid = %(_table)s::regclass AND relam = (SELECT oid FROM pg_am WHERE amname = 'gin') "
            "AND pg_has_role(relowner, 'USAGE')",
            {"_table": self.doc},
        )
        ((is_outdated,),) = unit.rows(
            "SELECT n_mod_since_analyze > greatest(reltuples * %(_part)s, %(_from)s) FROM pg_class "
            "JOIN pg_stat_all_tables ON relid = pg_class.oid WHERE relid = %(_table)s::regclass",
            {"_table": self.doc, "_part": OUTDATED, "_from": OUTDATED_FROM},
        )
        if is_outdated:
            unit.execute(f"ANALYZE {self.doc}")
        self._known_frequencies = None

    def _newest_sql(
        self, unit: Unit, question: Question, searched: Searched, columns: str, limit: int
    ) -> tuple[str, dict[str, Any]]:
        asked = Asked(self.doc, question, columns, limit, searched.readable)
        entities = self._with_rows(unit, searched.entities) or searched.entities[:1]
        sql = asked.newest(entities, self._frequencies(unit), MOST_SORTED)
        return sql, {**searched.params, **asked.params}

    def _with_rows(self, unit: Unit, entities: Sequence[str]) -> list[str]:
        """Return those of *entities* that have rows: each further one has a page of the index read for each gram."""
        if unknown := [entity for entity in entities if entity not in self._seen]:
            # Compared as pairs, for which no other index will do.
            self._seen.update(
                entity
                for (entity,) in unit.rows(
                    "SELECT named.entity FROM unnest(%(_entities)s::text[]) AS named (entity) CROSS JOIN LATERAL "
                    f"(SELECT doc.entity FROM {self.doc} AS doc WHERE (doc.entity, doc.n) > (named.entity, 0) "
                    "ORDER BY doc.entity, doc.n LIMIT 1) AS next WHERE next.entity = named.entity",
                    {"_entities": unknown},
                )
            )
        return [entity for entity in entities if entity in self._seen]

    def _frequencies(self, unit: Unit) -> Frequencies:
        """Return how often grams occur, as PostgreSQL's statistics said within the last minutes."""
        if self._known_frequencies is None or self._known_frequencies.is_old:
            self._known_frequencies = read_frequencies(unit, self.doc)
        return self._known_frequencies


_ONE = "(VALUES (%s::text, %s::uuid, %s::integer, %s::text, %s::integer[]))"
_SEVERAL = "unnest(%s::text[], %s::uuid[], %s::integer[], %s::text[], %s::text[])"


def _columns(rows: Sequence[IndexRow], tokenizer: int) -> tuple[list[Any], ...]:
    return (
        [row.entity for row in rows],
        [row.record_id for row in rows],
        [tokenizer] * len(rows),
        [row.head for row in rows],
        [array_text(row.entity, row.grams) for row in rows],
    )
