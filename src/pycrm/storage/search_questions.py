"""Questions to the search index on PostgreSQL: all rows at once where few hold what is asked for, else by blocks.

A GIN index knows no order: who wants the newest of the many rows that hold a common word has to read them all. So each
row has one more number among its grams, the block that it stands in. Blocks are asked one after the other, newest
first, and only those in which the entities that hold the word so often have a row.

Each gram is a condition of its own: between these GIN leaps from row to row that both may hold, while of several in one
condition it looks at each row that holds the rarest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from pycrm.storage.gram_frequencies import Frequencies
from pycrm.storage.gram_numbers import BLOCK_BITS, gram_number
from pycrm.storage.search_rows import Question

__all__ = ["Asked"]

_GREATEST: Final = 2**63 - 1


class Asked:
    """What is asked of the rows of some entities.

    Attributes:
        params: The values of the markers in the SQL that was made so far, by name.
    """

    def __init__(self, doc: str, question: Question, columns: str, limit: int, readable: str = "") -> None:
        """Ask a question of the index.

        Args:
            doc: Its table, a quoted name.
            question: What rows must hold.
            columns: What to return of them.
            limit: So many rows at most.
            readable: SQL for which rows of the alias ``doc`` may be found; empty for all.
        """
        self.params: dict[str, Any] = {}
        self._doc = doc
        self._question = question
        self._columns = columns
        self._limit = int(limit)
        self._readable = [f"({readable})"] if readable else []

    def newest(self, entities: Iterable[str], frequencies: Frequencies, most_sorted: int) -> str:
        """Return what finds the newest rows of *entities*, of which there is at least one.

        Args:
            entities: Whose rows.
            frequencies: How many rows hold a gram.
            most_sorted: So many rows are read and sorted; of entities that have more of them, blocks are asked.
        """
        few: list[str] = []
        many: list[str] = []
        expected = 0.0
        for rows, entity in sorted((self._most_rows(entity, frequencies), entity) for entity in entities):
            expected += rows
            (few if expected <= most_sorted else many).append(entity)
        if not many:
            return self._at_once(few)
        if not few:
            return self._by_blocks(many)
        both = f"({self._at_once(few)}) UNION ALL ({self._by_blocks(many)})"
        return f"SELECT * FROM ({both}) AS both_ways ORDER BY n DESC LIMIT {self._limit}"

    def _most_rows(self, entity: str, frequencies: Frequencies) -> float:
        terms = [[[gram_number(entity, gram) for gram in grams] for grams in term] for term in self._question]
        return frequencies.most_rows(terms)

    def _at_once(self, entities: Sequence[str]) -> str:
        arrays, conditions = self._conditions(entities)
        if len(conditions) == 1:
            # The planner assumes that one row in a hundred holds what it cannot look into, which of millions are so
            # many that it starts workers and compiles. A second condition, which follows from the first, lets it
            # assume few.
            arrays.append(f"{self._param(self._numbers(entities, self._any_grams()), 'integer')} AS any_of_them")
            conditions.append("grams && asked.any_of_them")
        # The order is spelt so that the key is not walked backwards in the hope of a common word.
        return (
            f"SELECT found.* FROM (SELECT {', '.join(arrays)} OFFSET 0) AS asked CROSS JOIN LATERAL "
            f"(SELECT {self._columns} FROM {self._doc} AS doc WHERE {' AND '.join(conditions + self._readable)} "
            f"ORDER BY n + 0 DESC LIMIT {self._limit}) AS found"
        )

    def _by_blocks(self, entities: Sequence[str]) -> str:
        """Return what looks in one block of rows after the other, until there are enough."""
        arrays, conditions = self._conditions(entities)
        names = self._param(list(entities), "text")
        blocks = (
            f"WITH RECURSIVE block (number) AS (SELECT {self._last_block(names, str(_GREATEST))} UNION ALL "
            f"SELECT {self._last_block(names, f'(block.number << {BLOCK_BITS})')} FROM block WHERE number IS NOT NULL) "
            f"SELECT (~number)::integer AS block, {', '.join(arrays)} FROM block WHERE number IS NOT NULL OFFSET 0"
        )
        conditions.append("grams && ARRAY[asked.block]")
        return (
            f"SELECT found.* FROM ({blocks}) AS asked CROSS JOIN LATERAL "
            f"(SELECT {self._columns} FROM {self._doc} AS doc WHERE {' AND '.join(conditions + self._readable)} "
            f"ORDER BY n + 0 DESC) AS found LIMIT {self._limit}"
        )

    def _last_block(self, names: str, before: str) -> str:
        """Return the SQL for the number of the last block with a row of these entities that is before *before*."""
        # Compared as pairs, for which no other index will do: the key would be walked through all rows of others.
        return (
            f"(SELECT max(last.n) >> {BLOCK_BITS} FROM unnest({names}) AS named (entity) CROSS JOIN LATERAL "
            f"(SELECT doc.entity, doc.n FROM {self._doc} AS doc WHERE (doc.entity, doc.n) < (named.entity, {before}) "
            "ORDER BY doc.entity DESC, doc.n DESC LIMIT 1) AS last WHERE last.entity = named.entity)"
        )

    def _conditions(self, entities: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return the columns of ``asked``, which have the numbers of grams, and what compares them, joined by AND."""
        columns: list[str] = []

        def holds_one_of(grams: Sequence[str]) -> str:
            columns.append(f"{self._param(self._numbers(entities, grams), 'integer')} AS array{len(columns)}")
            return f"grams && asked.array{len(columns) - 1}"

        certain: dict[str, None] = {}
        terms = []
        for alternatives in self._question:
            if len(alternatives) == 1:
                certain.update(dict.fromkeys(sorted(alternatives[0])))
                continue
            single = [gram for grams in alternatives if len(grams) == 1 for gram in grams]
            ways = [holds_one_of(single)] if single else []
            several = [sorted(grams) for grams in alternatives if len(grams) > 1]
            ways += [f"({' AND '.join(holds_one_of([gram]) for gram in grams)})" for grams in several]
            terms.append(f"({' OR '.join(ways)})")
        return columns, terms + [holds_one_of([gram]) for gram in certain]

    def _any_grams(self) -> list[str]:
        """Return grams of which a row that answers the question has at least one."""
        return [min(grams) for grams in self._question[0]]

    def _numbers(self, entities: Sequence[str], grams: Sequence[str]) -> list[int]:
        # A row has the numbers of its own entity only, so one array will do for all.
        return [gram_number(entity, gram) for entity in entities for gram in grams]

    def _param(self, values: list[Any], type: str) -> str:
        name = f"_asked{len(self.params)}"
        self.params[name] = values
        return f"%({name})s::{type}[]"
