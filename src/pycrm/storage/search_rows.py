"""The rows of the search index: written beside those that they are about, looked up by the grams that they hold.

What grams are is the search room's matter; here they are texts without spaces. A question is a conjunction: each of its
terms is given by alternatives, and an alternative is a set of grams that a row must all hold.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias
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

__all__ = ["MOST_COUNTED", "FoundRow", "IndexRow", "Question", "SearchIndex", "Searched", "Taken", "Waiting", "ends_of"]

MOST_COUNTED = 10_000
"""Counting those that wait stops here: an import of millions would make each search slow."""

Question: TypeAlias = Sequence[Sequence[frozenset[str]]]
"""Terms; alternatives of each; grams of an alternative."""

FoundRow: TypeAlias = tuple[int, str, Any]
"""Number in the index, entity, id as the driver gives it."""


class IndexRow(NamedTuple):
    """What a record is found by. A tuple, since a drain makes millions of them.

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


@attrs.frozen
class Searched:
    """Which entities' rows are looked at.

    Attributes:
        entities: Their names.
        is_all: No others have rows.
        readable: SQL for which of their rows may be found; those of the alias ``doc`` all where it is empty.
        params: The values of the markers in that, by name.
    """

    entities: Sequence[str]
    is_all: bool
    readable: str = ""
    params: Mapping[str, Any] = attrs.field(factory=dict)


@attrs.frozen
class Waiting:
    """A part of what waits.

    Attributes:
        after: The number in the queue that it begins behind.
        last: The number that it ends with; unless said, the greatest that there is.
    """

    after: int
    last: int = 2**63 - 1

    def __or__(self, other: Waiting) -> Waiting:
        """Return the part that holds both and all between."""
        return Waiting(min(self.after, other.after), max(self.last, other.last))


@attrs.frozen
class Taken:
    """What was taken off the queue.

    Attributes:
        records: Entity and id of each record, in the order in which they waited.
        last: The number in the queue of the last one; 0 if there is none.
    """

    records: Sequence[tuple[str, UUID]]
    last: int


class SearchIndex(ABC):
    """The index of one CRM on one database.

    Attributes:
        doc: The quoted name of the table of what can be found.
        queue: The quoted name of the table of what waits.
        id_of: Gives the id that the driver has given in a row.
    """

    def __init__(self, tables: Tables, dialect: Dialect) -> None:
        quote = dialect.sa.identifier_preparer
        self._dialect = dialect
        self._quote = quote
        codec = CODECS[dialect.name]
        self.id_of: Callable[[Any], UUID] = codec.decode(PartType.ID) or _as_it_is
        self._id: Callable[[UUID], Any] = codec.encode(PartType.ID) or _as_it_is
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
    def add_made(
        self, unit: Unit, rows: Iterable[IndexRow], count: int, tokenizer: int, places: Sequence[int] = ()
    ) -> None:
        """Do what `add` does with *count* rows that are made meanwhile: this process and PostgreSQL work at once.

        Args:
            unit: Where.
            rows: The rows, the newest last.
            count: How many these are.
            tokenizer: The rules of their grams.
            places: What `places` gave for them; taken now if empty.
        """

    @abstractmethod
    def places(self, unit: Unit, count: int) -> Sequence[int]:
        """Return numbers for *count* new rows, greater than those of all before, the newest last."""

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

    def newest(self, unit: Unit, question: Question, searched: Searched, limit: int) -> list[FoundRow]:
        """Return the newest rows that hold every term of *question*, newest first.

        Args:
            unit: Where.
            question: At least one term.
            searched: Whose rows; at least one entity's.
            limit: At most so many.
        """
        found: list[Any] = unit.rows(*self._newest_sql(unit, question, searched, "n, entity, record_id", limit))
        return found

    def best(
        self, unit: Unit, question: Question, searched: Searched, wanted: Wanted, most: int, limit: int
    ) -> tuple[list[tuple[float, FoundRow]], bool]:
        """Return those of the newest rows that fit best, and whether more rows than were looked at hold *question*.

        Args:
            unit: Where.
            question: See `newest`.
            searched: See `newest`.
            wanted: What the rows are ranked by; among equals the newest come first.
            most: So many of the newest rows are looked at.
            limit: At most so many are returned, each with its score.
        """
        columns = f"n, entity, record_id, {score_sql(self._dialect, len(wanted.texts))} AS score"
        # One more is looked at, to see whether there is one, and left out of what is returned.
        looked_at, params = self._newest_sql(unit, question, searched, columns, most + 1)
        rows = unit.rows(
            "SELECT n, entity, record_id, score, count(*) OVER () AS total, min(n) OVER () AS oldest "
            f"FROM ({looked_at}) AS looked_at ORDER BY score DESC, n DESC LIMIT {limit + 1}",
            {**params, **wanted.params()},
        )
        is_capped = bool(rows) and rows[0][4] > most
        kept = [row for row in rows if not (is_capped and row[0] == row[5])]
        return [(float(row[3]), row[:3]) for row in kept[:limit]], is_capped

    @abstractmethod
    def _newest_sql(
        self, unit: Unit, question: Question, searched: Searched, columns: str, limit: int
    ) -> tuple[str, dict[str, Any]]:
        """Return SQL for *columns* of `newest`, and its parameters."""

    @abstractmethod
    def settle(self, unit: Unit) -> None:
        """Make the index quick to read after much was written to it."""

    @abstractmethod
    def bring_up(self, unit: Unit) -> bool:
        """Give the tables of an older release today's form, and say whether what they held went with that."""

    def oldest_tokenizer(self, unit: Unit) -> int | None:
        """Return the number of the rules that made the oldest row; None where nothing can be found."""
        rows = unit.rows(f"SELECT tokenizer FROM {self.doc} ORDER BY n LIMIT 1")
        return int(rows[0][0]) if rows else None

    # What waits

    def enqueue(self, unit: Unit, entity: str, ids: Iterable[UUID]) -> Waiting:
        """Let the records with these ids wait to be indexed; the part that is returned holds them all."""
        rows = [(entity, self._id(id)) for id in ids]
        after = self._last_waiting(unit)
        if self._enqueue.copies(len(rows)):
            self._enqueue.copy(unit, [rows])
        else:
            self._enqueue.write(unit, rows)
        return Waiting(after, self._last_waiting(unit))

    def enqueue_all(self, unit: Unit, entities: Sequence[str]) -> Waiting:
        """Let all records of *entities* outside the bin wait, in the order of their ids, which is that of their age."""
        parts = " UNION ALL ".join(
            f"SELECT {_literal(name)} AS entity, id FROM {self._quote.format_table(self._tables[name])} "
            "WHERE deleted_at IS NULL"
            for name in entities
        )
        after = self._last_waiting(unit)
        if parts:
            unit.execute(f"INSERT INTO {self.queue} (entity, record_id) SELECT entity, id FROM ({parts}) a ORDER BY id")
        return Waiting(after, self._last_waiting(unit))

    def take(self, unit: Unit, limit: int, part: Waiting | None = None) -> Taken:
        """Take the next records off the queue, or off a *part* of it."""
        # Two who take at once do not get the same ones: who comes second waits, and finds those rows gone.
        within = "" if part is None else f"n > {part.after} AND n <= {part.last}"
        last = f"SELECT n FROM {self.queue}{within and f' WHERE {within}'} ORDER BY n LIMIT 1 OFFSET {int(limit) - 1}"
        greatest = f"(SELECT max(n) FROM {self.queue})" if part is None else str(part.last)
        found = unit.returning(
            f"DELETE FROM {self.queue} WHERE n <= coalesce(({last}), {greatest}){within and f' AND {within}'} "
            "RETURNING n, entity, record_id"
        )
        found.sort()  # by their numbers, of which no two are the same
        return Taken([(entity, self.id_of(id)) for _, entity, id in found], found[-1][0] if found else 0)

    def waiting(self, unit: Unit) -> int:
        """Return how many records wait, counted up to `MOST_COUNTED`."""
        sql = f"SELECT count(*) FROM (SELECT 1 FROM {self.queue} LIMIT {MOST_COUNTED}) AS waiting"
        return int(unit.rows(sql)[0][0])

    def _last_waiting(self, unit: Unit) -> int:
        ((last,),) = unit.rows(f"SELECT coalesce(max(n), 0) FROM {self.queue}")
        return int(last)

    def forget_waiting(self, unit: Unit) -> None:
        """Let nothing wait any more."""
        unit.execute(f"DELETE FROM {self.queue}")


def ends_of(ids: Sequence[UUID]) -> tuple[UUID, UUID]:
    """Return the least and the greatest of *ids*; their numbers compare in a tenth of the time that they take."""
    number = attrgetter("int")
    return min(ids, key=number), max(ids, key=number)


def _as_it_is(id: Any) -> Any:
    return id


def _literal(text: str) -> str:
    # Names of entities are identifiers and dots.
    return f"'{text}'"
