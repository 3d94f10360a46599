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
from pycrm.storage.tables import Tables
from pycrm.storage.unit import Unit

__all__ = ["MOST_COUNTED", "FoundRow", "IndexRow", "Question", "SearchIndex"]

MOST_COUNTED = 10_000
"""Counting those that wait stops here: an import of millions would make each search slow."""

Question: TypeAlias = Sequence[Sequence[frozenset[str]]]
"""Terms; alternatives of each; grams of an alternative."""

FoundRow: TypeAlias = tuple[int, str, Any, str]
"""Number in the index, entity, id as the driver gives it, head."""


@attrs.frozen
class IndexRow:
    """What a record is found by.

    Attributes:
        entity: Its entity.
        record_id: Its id.
        head: Its short texts, one per line and the title first.
        grams: All its grams, a space between each.
    """

    entity: str
    record_id: UUID
    head: str
    grams: str


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

    @abstractmethod
    def add(self, unit: Unit, rows: Sequence[IndexRow], tokenizer: int) -> None:
        """Write the rows of records that have none yet, as the newest."""

    @abstractmethod
    def replace(self, unit: Unit, rows: Sequence[IndexRow], tokenizer: int) -> None:
        """Write the rows of records that may have one, which keeps its place."""

    @abstractmethod
    def remove(self, unit: Unit, ids: Sequence[UUID]) -> None:
        """Forget the records with these ids; those without a row are passed over."""

    @abstractmethod
    def clear(self, unit: Unit) -> None:
        """Forget all records."""

    @abstractmethod
    def newest(self, unit: Unit, question: Question, entities: Sequence[str] | None, limit: int) -> list[FoundRow]:
        """Return the newest rows that hold every term of *question*, newest first.

        Args:
            unit: Where.
            question: At least one term.
            entities: Only rows of these, each of which is a gram of its rows: ``@`` and its name. All where None.
            limit: At most so many.
        """

    @abstractmethod
    def settle(self, unit: Unit) -> None:
        """Make the index quick to read after much was written to it."""

    def is_empty(self, unit: Unit) -> bool:
        """Return whether nothing can be found."""
        return not unit.rows(f"SELECT 1 FROM {self.doc} LIMIT 1")

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
        next_ones = f"SELECT n FROM {self.queue} ORDER BY n LIMIT {int(limit)}{self._locking}"
        found = unit.returning(f"DELETE FROM {self.queue} WHERE n IN ({next_ones}) RETURNING n, entity, record_id")
        return [(entity, self.id_of(id)) for _, entity, id in sorted(found, key=lambda row: row[0])]

    def waiting(self, unit: Unit) -> int:
        """Return how many records wait, counted up to `MOST_COUNTED`."""
        sql = f"SELECT count(*) FROM (SELECT 1 FROM {self.queue} LIMIT {MOST_COUNTED}) AS waiting"
        return int(unit.rows(sql)[0][0])

    def forget_waiting(self, unit: Unit) -> None:
        """Let nothing wait any more."""
        unit.execute(f"DELETE FROM {self.queue}")

    _locking = ""

    def _id(self, id: UUID) -> Any:
        return self._codec.encode_value(PartType.ID, id)


def _literal(text: str) -> str:
    # Names of entities are identifiers and dots.
    return f"'{text}'"
