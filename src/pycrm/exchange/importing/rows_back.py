"""Rows that came to nothing, given back: a file of the original columns with the reason, ready to be fed again."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs

from pycrm.entities import ImportRun
from pycrm.errors import Problem
from pycrm.exchange.formulas import neutral
from pycrm.exchange.importing.fed_again import ADDED
from pycrm.exchange.importing.typed_cells import type_of, unpacked, written
from pycrm.exchange.mapping.model import KEPT_LINE
from pycrm.schema.labels import Labels
from pycrm.storage.import_rows import ImportedRow, read_imported_rows
from pycrm.workspace import Reader

__all__ = ["kept_rows", "write_rows_back"]


def kept_rows(ws: Reader, run: ImportRun) -> Iterator[ImportedRow]:
    """Yield the rows of *run* that were refused or skipped, in the order of their lines, with their cells as read."""
    for row in read_imported_rows(ws._ctx.unit, ws._ctx.tools.tables, run.id):
        yield attrs.evolve(row, cells=[unpacked(cell) for cell in row.cells])


def write_rows_back(
    rows: Iterator[ImportedRow],
    columns: Sequence[str],
    path: str | os.PathLike[str],
    *,
    outcomes: frozenset[str] = frozenset({"refused"}),
    labels: Labels | None = None,
    language: str = "en",
) -> int:
    """Write those of *rows* that met one of *outcomes* to the CSV file *path* and return how many these were.

    Args:
        rows: As `kept_rows` gives them.
        columns: The headers of the source.
        path: Of the file, which is replaced when it is complete.
        outcomes: ``"refused"``, ``"skipped"``.
        labels: What reasons are told by in other languages.
        language: Of the reasons.
    """
    # Rows that were given back before have the columns already, with the line in the first source.
    own = {column: place for place, column in enumerate(columns) if column not in ADDED}
    lines = columns.index(KEPT_LINE) if KEPT_LINE in columns else None
    target = Path(path)
    beside = target.with_name(f".{target.name}.part")
    count = 0
    with beside.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([neutral(column) for column in (*own, *ADDED)])
        for row in rows:
            if row.outcome in outcomes:
                cells = {column: row.cells[place] for column, place in own.items()}
                line = row.line if lines is None else row.cells[lines] or row.line
                shown = (*map(written, cells.values()), str(line), *_added(row, labels, language), _types(cells))
                writer.writerow(map(neutral, shown))
                count += 1
    beside.replace(target)
    return count


def _added(row: ImportedRow, labels: Labels | None, language: str) -> tuple[str, str, str]:
    reasons = "; ".join(_reason(problem, labels, language) for problem in row.problems)
    return row.outcome, reasons, _hit(row.entity, row.record_id)


def _types(cells: Mapping[str, Any]) -> str:
    """Return which of *cells* are no texts, as reading takes it."""
    types = {column: type for column, cell in cells.items() if (type := type_of(cell))}
    return json.dumps(types, ensure_ascii=False) if types else ""


def _reason(data: Any, labels: Labels | None, language: str) -> str:
    problem = Problem.from_data(data, None)
    told = problem.message if labels is None else labels.problem(problem, language)
    where = problem.facts.get("column") or problem.field
    return f"{where}: {told}" if where else told


def _hit(entity: str | None, record_id: UUID | None) -> str:
    return f"{entity} {record_id}" if entity and record_id else ""
