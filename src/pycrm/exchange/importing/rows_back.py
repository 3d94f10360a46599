"""Rows that came to nothing, given back: a file of the original columns with the reason, ready to be fed again."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from pycrm.entities import ImportRun
from pycrm.errors import Problem
from pycrm.exchange.formulas import neutral
from pycrm.exchange.mapping.model import KEPT_LINE
from pycrm.schema.labels import Labels
from pycrm.storage.import_rows import ImportedRow, read_imported_rows
from pycrm.workspace import Reader

__all__ = ["ADDED", "kept_rows", "write_rows_back"]

ADDED = (KEPT_LINE, "pycrm outcome", "pycrm reason", "pycrm record")
"""Columns behind the original ones; an import leaves them aside."""


def kept_rows(ws: Reader, run: ImportRun) -> Iterator[ImportedRow]:
    """Yield the rows of *run* that were refused or skipped, in the order of their lines."""
    return read_imported_rows(ws._ctx.unit, ws._ctx.tools.tables, run.id)


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
    columns = [column for column in columns if column not in ADDED]
    target = Path(path)
    beside = target.with_name(f".{target.name}.part")
    count = 0
    with beside.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([neutral(column) for column in (*columns, *ADDED)])
        for row in rows:
            if row.outcome in outcomes:
                writer.writerow([*map(_cell, row.cells[: len(columns)]), *_added(row, labels, language)])
                count += 1
    beside.replace(target)
    return count


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return neutral(str(value))


def _added(row: ImportedRow, labels: Labels | None, language: str) -> list[str]:
    reasons = "; ".join(_reason(problem, labels, language) for problem in row.problems)
    return [str(row.line), row.outcome, neutral(reasons), _hit(row.entity, row.record_id)]


def _reason(data: Any, labels: Labels | None, language: str) -> str:
    problem = Problem.from_data(data, None)
    told = problem.message if labels is None else labels.problem(problem, language)
    where = problem.facts.get("column") or problem.field
    return f"{where}: {told}" if where else told


def _hit(entity: str | None, record_id: UUID | None) -> str:
    return f"{entity} {record_id}" if entity and record_id else ""
