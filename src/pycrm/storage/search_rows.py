"""The rows of the search index: written beside those that they are about, looked up by the grams that they hold.

What grams are is the search room's matter; here they are texts without spaces. A question is a conjunction: each of its
terms is given by alternatives, and an alternative is a set of grams that a row must all hold.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias
from uuid import UUID

import attrs
from sqlalchemy import Table

from pycrm.fields.kind import PartType
from pycrm.storage.bulk import BulkInsert
from pycrm.storage.codecs import CODECS
from pycrm.storage.dialect import Dialect
from pycrm.storage.search_scores import Wanted, score_sql
from pycrm.storage.tables import Tables
from pycrm.storage.unit import Unit

__all__ = ["MOST_COUNTED", "FoundRow", "IndexRow", "Question", "SearchIndex"]

MOST_COUNTED = 10_000
"""Counting those that wait stops here: an import of millions would make each search slow."""

Question: TypeAlias = Sequence[Sequence[frozenset[str]]]
"""Terms; alternatives of each; grams of an alternative."""

FoundRow: TypeAlias = tuple[int, str, Any]
"""Number in the index, entity, id as the driver gives it."""


@attrs.frozen
class IndexRow:
    """What a record is found by.

    Attributes:
        entity: Its entity.
        record_id: Its id.
        head: Its short texts, one per line and the title first.
        grams: All its grams, some perhaps repeatedly; those of one text may have many with a space between.
    """

    entity: str
    record_id: UUID
    head: str
    grams: Sequence[str]


class SearchIndex(ABC):
    """The index of one CRM on one database.

    Attributes:
        doc: The quoted name of the table of what can be found.
        queue: The quoted name of the table of what waits.
    """

    def __init__(self, tables: Tables, dialect: Dialect) -> None:
        quote = dialect.sa.identifier_preparer
        self._dialect = dialect
        self._quote = quote
        self._codec = CODECS[dialect.name]
        self._tables: dict[str, Table] = dict(tables.entities)
        self.doc = quote.format_table(tables.search_doc)
        self.queue = quote.format_table(tables.search_queue)
        self._enqueue = BulkInsert(
            dialect, tables.search_queue, [("entity", PartType.TEXT), ("record_id", PartType.ID)]
        )

    # What can be found

    def add(self, unit: Unit, rows: Sequence[IndexRow], tokenizer: int) -> None:
        """Write the rows of records that have none yet, as the newest."""
        self.add_made(unit, rows, len(rows), tokenizer)

    @abstractmethod
    def add_made(self, unit: Unit, rows: Iterable[IndexRow], count: int, tokenizer: int) -> None:
        """Do what `add` does with *count* rows that are made meanwhile: this process and PostgreSQL work at once."""

    @abstractmethod
    def replace(self, unit: Unit, rows: Sequence[IndexRow], tokenizer: int) -> None:
        """Write the rows of records that may have one, which keeps its place."""

    @abstractmethod
    def has_rows_of(self, unit: Unit, ids: Sequence[UUID]) -> bool:
        """Return whether one of these records has a row; perhaps also if one made in the same moments has."""

    @abstractmethod
    def remove(self, unit: Unit, ids: Sequence[UUID]) -> None:
        """Forget the records with these ids; those without a row are passed over."""

    @abstractmethod
    def clear(self, unit: Unit) -> None:
        """Forget all records."""

    def newest(self, unit: Unit, question: Question, entities: Sequence[str] | None, limit: int) -> list[FoundRow]:
        """Return the newest rows that hold every term of *question*, newest first.

        Args:
            unit: Where.
            question: At least one term.
            entities: Only rows of these, each of which is a gram of its rows: ``@`` and its name. All where None.
            limit: At most so many.
        """
        sql, params = self._newest_sql(unit, question, entities)
        found: list[Any] = unit.rows(f"SELECT n, entity, record_id FROM ({sql} LIMIT {int(limit)}) AS found", params)
        return found

    def best(
        self,
        unit: Unit,
        question: Question,
        entities: Sequence[str] | None,
        wanted: Wanted,
        most: int,
        limit: int,
    ) -> tuple[list[tuple[float, FoundRow]], bool]:
        """Return those of the newest rows that fit best, and whether more rows than were looked at hold *question*.

        Args:
            unit: Where.
            question: See `newest`.
            entities: See `newest`.
            wanted: What the rows are ranked by; among equals the newest come first.
            most: So many of the newest rows are looked at.
            limit: At most so many are returned, each with its score.
        """
        sql, params = self._newest_sql(unit, question, entities)
        # One more is looked at, to see whether there is one, and left out of what is returned.
        looked_at = f"{sql} LIMIT {most + 1}"
        score = score_sql(self._dialect, len(wanted.texts))
        rows = unit.rows(
            f"SELECT n, entity, record_id, score, total, oldest FROM (SELECT n, entity, record_id, {score} AS score, "
            f"count(*) OVER () AS total, min(n) OVER () AS oldest FROM ({looked_at}) AS looked_at) AS scored "
            f"ORDER BY score DESC, n DESC LIMIT {limit + 1}",
            {**params, **wanted.params()},
        )
        is_capped = bool(rows) and rows[0][4] > most
        kept = [row for row in rows if not (is_capped and row[0] == row[5])]
        return [(float(row[3]), row[:3]) for row in kept[:limit]], is_capped

    @abstractmethod
    def _newest_sql(self, unit: Unit, question: Question, entities: Sequence[str] | None) -> tuple[str, dict[str, Any]]:
        """Return SQL for n, entity, record_id and head of `newest`, without its limit, and its parameters."""

    @abstractmethod
    def settle(self, unit: Unit) -> None:
        """Make the index quick to read after much was written to it."""

    @abstractmethod
    def bring_up(self, unit: Unit) -> None:
        """Give the tables today's form, in a database that an older release has made; what they hold may go."""

    def oldest_tokenizer(self, unit: Unit) -> int | None:
        """Return the number of the rules that made the oldest row; None where nothing can be found."""
        rows = unit.rows(f"SELECT tokenizer FROM {self.doc} ORDER BY n LIMIT 1")
        return int(rows[0][0]) if rows else None

    def id_of(self, given: Any) -> UUID:
        """Return the id that the driver has *given* in a row."""
        decode = self._codec.decode(PartType.ID)
        found: UUID = decode(given) if decode else given
        return found

    # What waits

    def enqueue(self, unit: Unit, entity: str, ids: Iterable[UUID]) -> None:
        """Let the records with these ids wait to be indexed."""
        rows = [(entity, self._id(id)) for id in ids]
        if self._enqueue.copies(len(rows)):
            self._enqueue.copy(unit, [rows])
        else:
            self._enqueue.write(unit, rows)

    def enqueue_all(self, unit: Unit, entities: Sequence[str]) -> None:
        """Let all records of *entities* outside the bin wait, in the order of their ids, which is that of their age."""
        parts = " UNION ALL ".join(
            f"SELECT {_literal(name)} AS entity, id FROM {self._quote.format_table(self._tables[name])} "
            "WHERE deleted_at IS NULL"
            for name in entities
        )
        if parts:
            unit.execute(f"INSERT INTO {self.queue} (entity, record_id) SELECT entity, id FROM ({parts}) a ORDER BY id")

    def take(self, unit: Unit, limit: int) -> list[tuple[str, UUID]]:
        """Take the next records off the queue and return them in its order: entity and id of each."""
        # Two who take at once do not get the same ones: who comes second waits, and finds those rows gone.
        last = f"SELECT n FROM {self.queue} ORDER BY n LIMIT 1 OFFSET {int(limit) - 1}"
        found = unit.returning(
            f"DELETE FROM {self.queue} WHERE n <= coalesce(({last}), (SELECT max(n) FROM {self.queue})) "
            "RETURNING n, entity, record_id"
        )
        return [(entity, self.id_of(id)) for _, entity, id in sorted(found, key=lambda row: row[0])]

    def waiting(self, unit: Unit) -> int:
        """Return how many records wait, counted up to `MOST_COUNTED`."""
        sql = f"SELECT count(*) FROM (SELECT 1 FROM {self.queue} LIMIT {MOST_COUNTED}) AS waiting"
        return int(unit.rows(sql)[0][0])

    def forget_waiting(self, unit: Unit) -> None:
        """Let nothing wait any more."""
        unit.execute(f"DELETE FROM {self.queue}")

    def _id(self, id: UUID) -> Any:
        return self._codec.encode_value(PartType.ID, id)


def _literal(text: str) -> str:
    # Names of entities are identifiers and dots.
    return f"'{text}'"
