"""The search index on SQLite: FTS5, with a row beside each that says which record it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from pycrm.storage.dialect import Dialect
from pycrm.storage.search_rows import IndexRow, Question, Searched, SearchIndex, ends_of
from pycrm.storage.search_tables import gram_table_name, make_gram_table
from pycrm.storage.tables import Tables
from pycrm.storage.unit import Unit

__all__ = ["SqliteIndex"]

# SQLite's oldest limit of parameters in one statement is 999.
_PORTION = 500


class SqliteIndex(SearchIndex):
    """See `SearchIndex`. Rows are written in the order of their numbers, which is much cheaper than at random."""

    def __init__(self, tables: Tables, dialect: Dialect) -> None:
        super().__init__(tables, dialect)
        self._prefix = tables.prefix
        self._grams = f'"{gram_table_name(tables.prefix)}"'
        self._insert_next = f"INSERT INTO {self.doc} (entity, record_id, tokenizer, head) VALUES (?, ?, ?, ?)"
        self._insert_its_grams = f"INSERT INTO {self._grams} (rowid, grams) VALUES (last_insert_rowid(), ?)"

    def add_made(
        self, unit: Unit, rows: Iterable[IndexRow], count: int, tokenizer: int, places: Sequence[int] = ()
    ) -> None:
        if count == 1:
            for row in rows:
                self._add_one(unit, row, tokenizer)
        if count < 2:
            return
        docs, grams = [], []
        encode = self._id
        for n, (entity, record_id, head, its_grams) in zip(places or self.places(unit, count), rows, strict=True):
            docs.append((n, entity, encode(record_id), tokenizer, head))
            grams.append((n, f"@{entity} {' '.join(its_grams)}"))
        unit.execute_many(
            f"INSERT INTO {self.doc} (n, entity, record_id, tokenizer, head) VALUES (?, ?, ?, ?, ?)", docs
        )
        unit.execute_many(f"INSERT INTO {self._grams} (rowid, grams) VALUES (?, ?)", grams)

    def places(self, unit: Unit, count: int) -> Sequence[int]:
        # Nobody else writes while this unit does.
        unit.begin_writing()
        ((last,),) = unit.rows(f"SELECT coalesce(max(n), 0) FROM {self.doc}")
        return range(last + 1, last + 1 + count)

    def _add_one(self, unit: Unit, row: IndexRow, tokenizer: int) -> None:
        unit.execute(self._insert_next, (row.entity, self._id(row.record_id), tokenizer, row.head))
        unit.execute(self._insert_its_grams, (_text(row),))

    def replace(self, unit: Unit, rows: Sequence[IndexRow], tokenizer: int) -> None:
        numbers = self._numbers(unit, [row.record_id for row in rows])
        known = sorted(
            ((numbers[id], row) for row in rows if (id := self._id(row.record_id)) in numbers),
            key=lambda found: found[0],
        )
        if known:
            unit.execute_many(
                f"UPDATE {self._grams} SET grams = ? WHERE rowid = ?", [(_text(row), n) for n, row in known]
            )
            unit.execute_many(
                f"UPDATE {self.doc} SET tokenizer = ?, head = ? WHERE n = ?",
                [(tokenizer, row.head, n) for n, row in known],
            )
        self.add(unit, [row for row in rows if self._id(row.record_id) not in numbers], tokenizer)

    def has_rows_of(self, unit: Unit, ids: Sequence[UUID]) -> bool:
        sql = f"SELECT 1 FROM {self.doc} WHERE record_id BETWEEN ? AND ? LIMIT 1"
        return bool(ids) and bool(unit.rows(sql, tuple(map(self._id, ends_of(ids)))))

    def remove(self, unit: Unit, ids: Sequence[UUID]) -> None:
        numbers = [(n,) for n in sorted(self._numbers(unit, ids).values())]
        if numbers:
            unit.execute_many(f"DELETE FROM {self._grams} WHERE rowid = ?", numbers)
            unit.execute_many(f"DELETE FROM {self.doc} WHERE n = ?", numbers)

    def clear(self, unit: Unit) -> None:
        # FTS5 would look up each row that it is to forget.
        unit.execute(f"DROP TABLE {self._grams}")
        unit.execute(make_gram_table(self._prefix))
        unit.execute(f"DELETE FROM {self.doc}")

    def bring_up(self, unit: Unit) -> bool:
        return False  # its tables have always been like this

    def settle(self, unit: Unit) -> None:
        pass  # FTS5 merges as it goes

    def _newest_sql(
        self, unit: Unit, question: Question, searched: Searched, columns: str, limit: int
    ) -> tuple[str, dict[str, Any]]:
        # CROSS JOIN keeps FTS5 the outer loop, which gives its rows newest first and stops early.
        readable = f" AND ({searched.readable})" if searched.readable else ""
        sql = (
            f"SELECT {columns} FROM {self._grams} CROSS JOIN {self.doc} AS doc "
            f"WHERE {self._grams} MATCH :_match AND n = {self._grams}.rowid{readable} "
            f"ORDER BY {self._grams}.rowid DESC LIMIT {int(limit)}"
        )
        asked = match_text(question, None if searched.is_all else searched.entities)
        return sql, {**searched.params, "_match": asked}

    def _numbers(self, unit: Unit, ids: Sequence[UUID]) -> dict[Any, int]:
        """Return the numbers of the rows of *ids*, by id as the driver gives it."""
        unit.begin_writing()
        numbers: dict[Any, int] = {}
        for start in range(0, len(ids), _PORTION):
            portion = tuple(map(self._id, ids[start : start + _PORTION]))
            marks = ", ".join("?" * len(portion))
            found = unit.rows(f"SELECT record_id, n FROM {self.doc} WHERE record_id IN ({marks})", portion)
            numbers.update((id, n) for id, n in found)
        return numbers


def _text(row: IndexRow) -> str:
    """Return what FTS5 keeps of *row*: its grams, and one for its entity."""
    return f"@{row.entity} {' '.join(row.grams)}"


def match_text(question: Question, entities: Sequence[str] | None) -> str:
    """Return what FTS5 is asked: terms joined by AND, alternatives by OR, each gram in quotation marks."""
    terms = [_any_of([_all_of(sorted(grams)) for grams in alternatives]) for alternatives in question]
    if entities is not None:
        terms.append(_any_of([f'"@{name}"' for name in entities]))
    return " AND ".join(terms)


def _all_of(grams: Sequence[str]) -> str:
    quoted = " AND ".join(f'"{gram}"' for gram in grams)
    return quoted if len(grams) == 1 else f"({quoted})"


def _any_of(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else f"({' OR '.join(texts)})"
